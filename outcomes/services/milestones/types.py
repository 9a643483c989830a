"""The milestones that an organisation watches for: acts of the customer, in its own words and order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.api import ids
from accounts.models import Membership
from accounts.refusals import Invalid
from accounts.services.turns import take_turn_as
from outcomes.models import MilestoneType
from outcomes.services.milestones.refusals import MilestoneTypeRequired, TooManyMilestoneTypes
from strategy.models import Stage
from strategy.services.word_lists import change, free_name

#: More than these at a time nobody keeps in mind.
MOST_TYPES = 8
LONGEST, LONGEST_BEFORE, LONGEST_STATEMENT = 80, 120, 300


def add_milestone_type(
    *, name: str, statement: str, actor: Membership, at: datetime, before: str = ""
) -> MilestoneType:
    """Watch for one more milestone, after the others. `statement` says what the customer did, `before` how deals that
    stopped earlier are told of: “before the goal was agreed”.

    Raises Invalid, NameTaken, TooManyMilestoneTypes, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        beside = list(MilestoneType.objects.order_by("position"))
        _refuse_too_many(beside)
        facts = _facts({"statement": statement, "before": before})
        place = max((one.position for one in beside), default=0) + 1
        made = MilestoneType.objects.create(name=free_name(name, beside, longest=LONGEST), position=place, **facts)
        audit.record(verb="milestone_type.added", subject=made, actor=actor, at=at, name=made.name)
    return made


def change_milestone_type(*, type: MilestoneType, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Change a milestone's `name`, `statement`, `before` or place (`position`, from 1), archive it or take it back.

    What is left out stays. What was recorded goes on saying so. Raises Invalid, NameTaken, TooManyMilestoneTypes,
    MilestoneTypeRequired for one that stages ask for, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        type.refresh_from_db()
        archived = wanted.get("is_archived")
        if archived is False and type.is_archived:
            _refuse_too_many(MilestoneType.objects.exclude(pk=type.pk))
        if archived and not type.is_archived and (stages := stages_that_require([type]).get(type.pk)):
            raise MilestoneTypeRequired(stages=", ".join(one.name for one in stages), milestone=type.name)
        facts = _facts({name: wanted[name] for name in ("statement", "before") if wanted.get(name) is not None})
        changed = {name: [getattr(type, name), told] for name, told in facts.items() if getattr(type, name) != told}
        for name, (_was, told) in changed.items():
            setattr(type, name, told)
        if changed:
            type.save(update_fields=list(changed))
        changed |= change(type, MilestoneType.objects.order_by("position"), longest=LONGEST, **wanted)
        if changed:
            audit.record(
                verb="milestone_type.changed", subject=type, actor=actor, at=at, name=type.name, changed=changed
            )


def key_of(type: MilestoneType) -> str:
    """What a stage keeps of a milestone that it asks for: its public id."""
    return ids.encode(ids.MILESTONE_TYPE, type.pk)


def stages_that_require(types: Sequence[MilestoneType]) -> dict[Any, list[Stage]]:
    """The stages that ask for each of some milestones, by its key; in the order of their pipelines."""
    keys = {key_of(one): one.pk for one in types}
    found: dict[Any, list[Stage]] = {}
    stages = Stage.objects.filter(requires__overlap=list(keys)).select_related("pipeline") if keys else ()
    for stage in sorted(stages, key=lambda one: (one.pipeline.position, one.position)):
        for key in stage.requires:
            if key in keys:
                found.setdefault(keys[key], []).append(stage)
    return found


def _facts(given: dict[str, str]) -> dict[str, str]:
    told = {name: text.strip() for name, text in given.items()}
    wrong = {}
    if "statement" in told and not 1 <= len(told["statement"]) <= LONGEST_STATEMENT:
        wrong["statement"] = _("Say in up to {most} letters what the customer did.").format(most=LONGEST_STATEMENT)
    if len(told.get("before", "")) > LONGEST_BEFORE:
        wrong["before"] = _("Say it in up to {most} letters.").format(most=LONGEST_BEFORE)
    if wrong:
        raise Invalid(fields=wrong)
    return told


def _refuse_too_many(beside: Any) -> None:
    if sum(not one.is_archived for one in beside) >= MOST_TYPES:
        raise TooManyMilestoneTypes(most=MOST_TYPES)
