"""Tangible things that an activity left behind, one by one. They are part of the activity, and count in its version."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid
from activities.models import Activity, Output, OutputType
from activities.services.facts import LONGEST_OUTPUT_NOTE, MOST_OUTPUTS, Reach, refuse_archived
from activities.services.refusals import ActivityChangedMeanwhile
from strategy.services import refuse_closed


def add_output(*, activity: Activity, type: OutputType, actor: Membership, at: datetime, note: str = "") -> Output:
    """Say that an activity left something behind. Raises Invalid, NotYourActivity, NotAllowed, PeriodClosed."""
    note = _tidied(note)
    refuse_archived("type", [type])
    with transaction.atomic():
        activity = _held(activity, actor)
        if activity.outputs.count() >= MOST_OUTPUTS:
            raise Invalid(fields={"activity": _("Name up to {most}.").format(most=MOST_OUTPUTS)})
        output = Output.objects.create(activity=activity, type=type, note=note)
        _renew(activity)
        audit.record(verb="output.added", subject=output, actor=actor, at=at, type=type.name, note=note)
    return output


def change_output(
    *, output: Output, actor: Membership, at: datetime, type: OutputType | None = None, note: str | None = None
) -> None:
    """Say it in another way; what is left out stays. Raises Invalid, NotYourActivity, NotAllowed, PeriodClosed."""
    told: dict[str, list[str]] = {}
    with transaction.atomic():
        activity = _held(output.activity, actor)
        if type is not None and type.pk != output.type_id:
            refuse_archived("type", [type])
            told["type"], output.type = [output.type.name, type.name], type
        if note is not None and (note := _tidied(note)) != output.note:
            told["note"], output.note = [output.note, note], note
        if not told:
            return
        output.save(update_fields=["type", "note"])
        _renew(activity)
        audit.record(verb="output.changed", subject=output, actor=actor, at=at, type=output.type.name, changed=told)


def remove_output(*, output: Output, actor: Membership, at: datetime) -> None:
    """Say that it was not left behind. Raises NotYourActivity, NotAllowed, PeriodClosed."""
    with transaction.atomic():
        activity = _held(output.activity, actor)
        audit.record(verb="output.removed", subject=output, actor=actor, at=at, type=output.type.name, note=output.note)
        output.delete()
        _renew(activity)


def _held(activity: Activity, actor: Membership) -> Activity:
    """The activity, which nobody else changes meanwhile."""
    require(actor, "activity.log")
    found = Activity.objects.select_for_update(no_key=True).filter(pk=activity.pk).first()
    if found is None:
        raise ActivityChangedMeanwhile
    Reach(actor).refuse(found)
    if found.deal_id is not None:
        refuse_closed(actor.tenant, found.day, field="activity")
    return found


def _renew(activity: Activity) -> None:
    Activity.objects.filter(pk=activity.pk).update(version=F("version") + 1)


def _tidied(note: str) -> str:
    note = note.strip()
    if len(note) > LONGEST_OUTPUT_NOTE:
        raise Invalid(fields={"note": _("Say what it is in up to {most} letters.").format(most=LONGEST_OUTPUT_NOTE)})
    return note
