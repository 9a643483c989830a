"""The outcome ledger's only pen: an event is added, and the milestone's state is derived anew from all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Tenant
from accounts.refusals import ExternalIdTaken, Invalid
from accounts.visibility import of_everybody
from outcomes.models import Milestone, MilestoneActivity, MilestoneEvent, MilestoneType
from outcomes.rules import WHOSE, derive
from outcomes.services.milestones.files import Judged, keeping
from strategy.models import Deal
from strategy.queries import with_merged
from strategy.services import refuse_closed, refuse_merged, watch_deal
from strategy.signals import deals_merged, deals_parted


def write_event(
    event: MilestoneEvent,
    *,
    tenant: Tenant,
    verb: str,
    activities: Iterable[UUID] = (),
    shown: Sequence[Judged] = (),
    **told: Any,
) -> Milestone:
    """Add an event to the ledger and derive its milestone anew; `verb` and `told` go into the audit log, `activities`
    are the keys of those that contributed, `shown` the files that show it.

    The same entry key, or the same id of another system, again changes nothing. Raises Invalid where the key belongs
    to another deal, ExternalIdTaken where the id does, WasMerged for a deal that is another one now, PeriodClosed for
    an effective day whose figures are closed.
    """
    deal, kind = event.deal, event.type
    with transaction.atomic():
        # First the deal: two people recording at once wait here, and a second press finds the first one's event.
        held = Deal.objects.select_for_update(of=("self",), no_key=True).only("name", "merged_into").get(pk=deal.pk)
        if (stored := _entered(event)) is not None:
            return Milestone.objects.get(deal=deal, type=stored.type_id)
        refuse_merged(held)
        refuse_closed(tenant, event.effective_on)
        # Before the event: what programs are told of the event names the milestone.
        milestone = _settle(deal=deal, type=kind, fresh=event)
        event.save()
        with keeping(event, shown):
            MilestoneActivity.objects.bulk_create(
                MilestoneActivity(deal=deal, event=event, activity_id=key) for key in dict.fromkeys(activities)
            )
            watch_deal(deal)
            about = {"type": kind.name, "deal": deal.pk, **told}
            audit.record(verb=verb, subject=milestone, actor=event.actor, at=event.recorded_at, **about)
    return milestone


def _entered(event: MilestoneEvent) -> MilestoneEvent | None:
    """What was stored of an entry, also where its deal has left the actor's sight since."""
    with of_everybody():
        if event.entry_key is not None:
            stored = MilestoneEvent.objects.filter(entry_key=event.entry_key).first()
            if stored is not None and stored.deal_id != event.deal_id:
                raise Invalid(fields={"entry_key": _("This entry was made on another deal. Open the form again.")})
            if stored is not None:
                return stored
        if not event.external_id:
            return None
        stored = MilestoneEvent.objects.filter(source=event.source, external_id=event.external_id).first()
        if stored is not None and (stored.deal_id, stored.type_id) != (event.deal_id, event.type_id):
            raise ExternalIdTaken(source=event.source, external_id=event.external_id)
        return stored


def _settle(*, deal: Deal, type: MilestoneType, fresh: MilestoneEvent | None = None) -> Milestone:
    """Derive the state of one milestone from its events, with one that is about to be written, and store it."""
    # What happened is the same whoever writes the next event: deals merged into this one may be out of their sight.
    with of_everybody():
        events = [*events_of(deal).filter(type=type), *([fresh] if fresh else [])]
        events.sort(key=lambda event: (event.recorded_at, event.pk))
        milestone, _created = Milestone.objects.update_or_create(deal=deal, type=type, defaults=derive(events))
    return milestone


def events_of(deal: Deal) -> QuerySet[MilestoneEvent]:
    """What happened to a deal, and to those that turned out to be the same."""
    return MilestoneEvent.objects.filter(deal__in=with_merged([deal.pk])).select_related(WHOSE)


@receiver(deals_merged)
def follow_merge(kept: Deal, gone: Deal, **_: Any) -> dict[str, list[str]]:
    """What customers did on the deal that goes, they did on the one that stays. The ledger is as it was."""
    for milestone in Milestone.objects.filter(deal=gone).select_related("type"):
        _settle(deal=kept, type=milestone.type)
    return {}


@receiver(deals_parted)
def follow_parting(kept: Deal, gone: Deal, **_: Any) -> None:
    """Each deal has again what its own ledger says."""
    with of_everybody():
        for milestone in Milestone.objects.filter(deal=gone).select_related("type"):
            if events_of(kept).filter(type=milestone.type).exists():
                _settle(deal=kept, type=milestone.type)
            else:
                Milestone.objects.filter(deal=kept, type=milestone.type).delete()
