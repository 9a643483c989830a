"""Taking back an entry of the quick log: the activity, and what was recorded in the same breath."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid5

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Refused
from activities.models import Activity
from activities.services import take_back_activity
from outcomes.models import Grade, MilestoneEvent
from outcomes.services.milestones import write_event


class LedgerWentOn(Refused):
    """The outcome was on record before the entry, or more was written about it since."""

    code = "ledger_went_on"
    status = 409
    sentence = _(
        "It is too late to undo this entry: more is on record about “{milestone}” on {deal}. "
        "Take the activity back on its own page, and correct the outcome on the page of the deal."
    )


def undo_entry(*, activity: Activity, actor: Membership, at: datetime) -> None:
    """Take an entry back. An outcome recorded with it is corrected by a new event: the ledger keeps both.

    Raises LedgerWentOn, NotAllowed and what `take_back_activity` does; then nothing is changed.
    """
    require(actor, "activity.log")
    with transaction.atomic():
        if event := recorded_with(activity):
            _take_back(event, actor=actor, at=at)
        take_back_activity(activity=activity, actor=actor, at=at)


def recorded_with(activity: Activity) -> MilestoneEvent | None:
    """What was recorded under the entry's key, if anything."""
    if activity.entry_key is None or activity.deal_id is None:
        return None
    rows = MilestoneEvent.objects.filter(entry_key=activity.entry_key).select_related("type", "deal")
    return rows.first()


def _take_back(event: MilestoneEvent, *, actor: Membership, at: datetime) -> None:
    require(actor, "milestone.record")
    others = MilestoneEvent.objects.filter(deal=event.deal_id, type=event.type_id).exclude(pk=event.pk)
    last = others.order_by("-recorded_at", "-pk").first()
    ended = (MilestoneEvent.Kind.CONTRADICTED, MilestoneEvent.Kind.LAPSED, MilestoneEvent.Kind.CORRECTED)
    if last is not None and (last.recorded_at > event.recorded_at or last.kind not in ended):
        raise LedgerWentOn(milestone=event.type.name, deal=event.deal.name)
    undone = MilestoneEvent(
        deal=event.deal,
        type=event.type,
        kind=MilestoneEvent.Kind.CORRECTED,
        grade=Grade.E0,
        effective_on=event.effective_on,
        recorded_at=at,
        actor=actor,
        note=str(_("Undone by who had just logged it.")),
        entry_key=uuid5(event.entry_key, "undone") if event.entry_key else None,
    )
    write_event(undone, tenant=actor.tenant, verb="milestone.corrected", note=undone.note)
