"""Milestones that a stage asks for: each type is a requirement of its organisation, its public id is the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.api import ids
from accounts.models import Tenant
from accounts.refusals import Invalid
from accounts.tenancy.scope import current_tenant_id
from accounts.visibility import of_everybody
from outcomes.models import Grade, Milestone, MilestoneType
from outcomes.services.milestones.deeds import planned_record
from outcomes.services.milestones.ledger import write_event
from outcomes.services.milestones.types import key_of
from strategy.models import Deal
from strategy.requirements import Family, Requirement, Step, register_family
from strategy.services.deals.drafts import Draft
from strategy.services.deals.moving import SUPPLIERS

SUPPLY = "milestones"
PREFIX = f"{ids.MILESTONE_TYPE}_"
#: What makes a milestone count, by the grade from which the organisation counts it.
TOLD = {
    Grade.E0: gettext_lazy("Record that the customer did it: {statement}"),
    Grade.E1: gettext_lazy("It counts from grade E1. Record it with a link to the evidence: {statement}"),
    Grade.E2: gettext_lazy("It counts from grade E2. Record it on the deal's page, and have a second member check it."),
    Grade.E3: gettext_lazy("It counts from grade E3. Ask the customer to confirm it."),
    Grade.E4: gettext_lazy("It counts from grade E4. It has to stand in a system of record."),
}


def find(keys: Sequence[str]) -> list[Requirement]:
    """The requirements of some keys."""
    wanted = []
    for key in keys:
        try:
            wanted.append(ids.decode(ids.MILESTONE_TYPE, key))
        except ids.NotAnId:
            continue
    return _requirements(MilestoneType.objects.filter(pk__in=wanted, is_archived=False))


def type_of(key: str) -> MilestoneType:
    """The milestone that a stage asks for under a key."""
    return MilestoneType.objects.get(pk=ids.decode(ids.MILESTONE_TYPE, key))


def offered() -> list[Requirement]:
    """The milestones that are watched for."""
    return _requirements(MilestoneType.objects.filter(is_archived=False))


def _requirements(types: Any) -> list[Requirement]:
    found = list(types.order_by("position"))
    if not found:
        return []
    grade = Grade(Tenant.objects.values_list("counts_from_grade", flat=True).get(pk=current_tenant_id()))
    return [_requirement(one, grade) for one in found]


def _requirement(type: MilestoneType, grade: Grade) -> Requirement:
    key = key_of(type)
    said = _("“{milestone}” is missing.").format(milestone=type.name)
    told = str(TOLD[grade]).format(statement=type.statement)
    return Requirement(
        key=key,
        name=f"“{type.name}”",
        told=f"{said} {told}",
        holds=partial(_holds, type=type, key=key, grade=grade),
        supply=(SUPPLY,) if grade <= Grade.E1 else (),
        about={"counts_from_grade": int(grade)},
        lacking=partial(_lacking, type=type, grade=grade),
    )


def _lacking(deals: QuerySet[Deal], *, type: MilestoneType, grade: Grade) -> QuerySet[Deal]:
    """Of many deals those that did not reach the milestone, at a grade that counts."""
    reached = Milestone.objects.filter(deal=OuterRef("pk"), type=type, state=Milestone.State.REACHED)
    return deals.exclude(Exists(reached.filter(grade__gte=grade)))


def _holds(step: Step, *, type: MilestoneType, key: str, grade: Grade) -> bool:
    """Whether the milestone is reached, at a grade that counts, with what comes with the step."""
    if step.supplied.get(key, -1) >= grade:
        return True
    with of_everybody():
        reached = Milestone.objects.filter(deal=step.deal, type=type, state=Milestone.State.REACHED)
        return reached.filter(grade__gte=grade).exists()


def plan_supply(draft: Draft, given: Sequence[Mapping[str, Any]] | None) -> None:
    """Plan what customers did that is written down with a step, each as it is taken by `record_milestone`: on the day
    of the step unless another is given. Raises Invalid with the place of what is wrong: “milestones/0/on”."""
    wrong: dict[str, str] = {}
    for place, one in enumerate(given or ()):
        said = {name: value for name, value in one.items() if value is not None}
        on = said.pop("on", None) or draft.on
        try:
            event = planned_record(actor=draft.run.actor, deal=draft.deal, at=draft.run.at, on=on, **said)
        except Invalid as refusal:
            wrong |= {f"{SUPPLY}/{place}/{name}": told for name, told in refusal.fields.items()}
            continue
        if on > draft.on:
            wrong[f"{SUPPLY}/{place}/on"] = _("Give a day that is not after the step.")
        key = key_of(event.type)
        draft.supplied[key] = max(draft.supplied.get(key, 0), event.grade)
        kept = {"tenant": draft.run.actor.tenant, "activities": said.get("activities", ())}
        draft.afterwards.append(partial(write_event, event, verb="milestone.recorded", **kept))
    if wrong:
        raise Invalid(fields=wrong)


register_family(Family(PREFIX, find, offered))
SUPPLIERS[SUPPLY] = plan_supply
