"""Deeds on the plan that seller and customer share on a deal: its steps, their order, and that they are done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from accounts.signals import placeholder_linked
from outcomes.models import MilestoneType, MutualStep, StepProposal
from outcomes.services.plan_facts import (
    an_active,
    at_company,
    held,
    moved_back,
    moved_rows,
    offered,
    refuse_stale,
    said,
    sensible,
    store,
    write,
)
from strategy.models import Contact, Deal
from strategy.services import refuse_merged
from strategy.services.word_lists import number, placed
from strategy.signals import deals_merged, deals_parted

#: More steps than these are no plan that two sides keep in mind.
MOST_STEPS = 60


class TooManySteps(Refused):
    """The mutual plan has as many steps as it may. Remove one that is not needed any more."""

    code = "too_many_steps"
    sentence = gettext_lazy("A plan has at most {most} steps. Remove one that is not needed any more.")


class NoPlanYet(Refused):
    """The deal has no mutual plan that could be shown."""

    code = "no_plan_yet"
    sentence = gettext_lazy("Nothing is planned yet. Add a step first.")


def add_step(
    *,
    deal: Deal,
    name: str,
    due_on: date,
    actor: Membership,
    at: datetime,
    our_owner: Membership | None = None,
    their_owner: Contact | None = None,
    their_name: str = "",
    type: MilestoneType | None = None,
    position: int | None = None,
) -> MutualStep:
    """Add a dated step: at a place (from 1), or after those that are due on its day or before.

    Raises NotAllowed, Invalid, TooManySteps, WasMerged.
    """
    require(actor, "deal.move")
    offered(type=type)
    with transaction.atomic():
        deal = _plan_of(deal)
        given = {"name": name, "due_on": due_on, "our_owner": our_owner, "their_owner": their_owner}
        facts = _judged(deal, given | {"their_name": their_name, "type": type})
        beside = list(MutualStep.objects.filter(deal=deal))
        if len(beside) >= MOST_STEPS:
            raise TooManySteps(most=MOST_STEPS)
        if position is None:
            position = 1 + max((place for place, one in enumerate(beside, 1) if one.due_on <= due_on), default=0)
        last = MutualStep.objects.filter(deal=deal).aggregate(last=Max("position"))["last"] or 0
        step = MutualStep.objects.create(deal=deal, position=last + 1, created_at=at, **facts)
        number(placed(step, beside, position))
        audit.record(verb="mutual_step.added", subject=step, actor=actor, at=at, name=step.name, deal=deal.name)
    return step


def change_step(
    *, step: MutualStep, actor: Membership, at: datetime, version: int | None = None, **given: Any
) -> MutualStep:
    """Change a step; what is left out stays. `position` puts it into another place, `done_on` says the day on which it
    was done (None: it is not). `version` is the one that the actor saw.

    Raises NotAllowed, Invalid, PlanChangedMeanwhile, WasMerged.
    """
    require(actor, "deal.move")
    with transaction.atomic():
        deal = _plan_of(step.deal)
        step = held(MutualStep, step)
        refuse_stale(step, version)
        position = given.pop("position", None)
        if (done_on := given.get("done_on")) is not None and done_on > actor.tenant.day_of(at):
            raise Invalid(fields={"done_on": _("Give a day that is not to come.")})
        changed = write(step, _judged(deal, given))
        if position is not None:
            before, beside = step.position, list(MutualStep.objects.filter(deal=deal))
            number(placed(step, beside, position))
            if step.position != before:
                changed["position"] = [before, step.position]
        if changed:
            store(step, changed)
            audit.record(
                verb="mutual_step.changed",
                subject=step,
                actor=actor,
                at=at,
                name=step.name,
                deal=deal.name,
                changed=changed,
            )
    return step


def remove_step(*, step: MutualStep, actor: Membership, at: datetime) -> None:
    """Take a step out of the plan; what was proposed for it is declined with it. Raises NotAllowed, WasMerged."""
    require(actor, "deal.move")
    with transaction.atomic():
        deal = _plan_of(step.deal)
        waiting = StepProposal.objects.filter(step=step, state=StepProposal.State.OPEN)
        waiting.update(state=StepProposal.State.DECLINED, settled_by=actor, settled_at=at)
        audit.record(verb="mutual_step.removed", subject=step, actor=actor, at=at, name=step.name, deal=deal.name)
        step.delete()
        number(MutualStep.objects.filter(deal=deal))


def _plan_of(deal: Deal) -> Deal:
    """The deal, whose plan one person changes at a time. Raises WasMerged."""
    found = Deal.objects.select_for_update(of=("self",), no_key=True).get(pk=deal.pk)
    refuse_merged(found)
    return found


def _judged(deal: Deal, given: dict[str, Any]) -> dict[str, Any]:
    """The facts as they are stored. Raises Invalid."""
    facts = dict(given)
    if "name" in facts:
        facts["name"] = said("name", facts["name"], longest=200, needed=_("Say what is to happen."))
    if "their_name" in facts:
        facts["their_name"] = said("their_name", facts["their_name"], longest=120)
    for field in ("due_on", "done_on"):
        if field in facts:
            facts[field] = sensible(field, facts[field])
    if "their_owner" in facts:
        facts["their_owner"] = at_company("their_owner", facts["their_owner"], deal.company_id)
        if facts["their_owner"] is not None and facts.get("their_name"):
            raise Invalid(fields={"their_name": _("Choose somebody known, or write a name: not both.")})
        if facts["their_owner"] is not None:
            facts["their_name"] = ""
    elif facts.get("their_name"):
        # Whoever is named now sees to it, and not whom the step named before.
        facts["their_owner"] = None
    if "our_owner" in facts:
        an_active("our_owner", facts["our_owner"])
    return facts


@receiver(placeholder_linked)
def follow(placeholder: Membership, member: Membership, **_: Any) -> dict[str, int]:
    """Steps of a placeholder are the member's."""
    return {"mutual_steps": MutualStep.objects.filter(our_owner=placeholder).update(our_owner=member)}


@receiver(deals_merged)
def follow_merge(kept: Deal, gone: Deal, **_: Any) -> dict[str, list[str]]:
    """The plan of the deal that goes, with what customers proposed for it, is part of the plan of the other."""
    moved = moved_rows(MutualStep, kept, gone) | moved_rows(StepProposal, kept, gone)
    number(MutualStep.objects.filter(deal=kept).order_by("due_on", "position", "pk"))
    return moved


@receiver(deals_parted)
def follow_parting(kept: Deal, gone: Deal, moved: dict[str, list[str]], **_: Any) -> None:
    """Each deal has its own plan again."""
    for table in (MutualStep, StepProposal):
        moved_back(table, kept, gone, moved)
    for deal in (kept, gone):
        number(MutualStep.objects.filter(deal=deal))
