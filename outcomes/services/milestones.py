"""The outcome ledger's only pen: an event is added, and the milestone's state is derived anew from all of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership, Tenant
from accounts.permissions import require
from accounts.refusals import Invalid
from accounts.visibility import of_everybody
from outcomes.models import Grade, Milestone, MilestoneEvent, MilestoneType
from outcomes.rules import derive
from strategy.models import Deal
from strategy.services import refuse_closed, refuse_merged, watch_deal
from strategy.services.refusals import DealIsOver
from strategy.signals import deals_merged, deals_parted

Kind = MilestoneEvent.Kind


def record_milestone(
    *,
    actor: Membership,
    deal: Deal,
    type: MilestoneType,
    at: datetime,
    on: date | None = None,
    words: str = "",
    agreed_by: str = "",
    evidence: str = "",
    entry_key: UUID | None = None,
) -> Milestone:
    """Write down that the customer did something: claimed (E0), or evidenced (E1) when an artefact is linked.

    `on` is the day the customer did it, `words` are theirs, `evidence` is an http(s) address. The same entry key
    again changes nothing. Raises Invalid with the fields that are wrong, DealIsOver, PeriodClosed, NotAllowed,
    WasMerged for a deal that is another one now.
    """
    require(actor, "milestone.record")
    today = actor.tenant.day_of(at)
    on = on or today
    if not deal.is_open:
        raise DealIsOver(deal=deal.name)
    _refuse_nonsense(deal, on, today=today, agreed_by=agreed_by, evidence=evidence)
    event = MilestoneEvent(
        deal=deal,
        type=type,
        kind=Kind.EVIDENCED if evidence else Kind.CLAIMED,
        grade=Grade.E1 if evidence else Grade.E0,
        effective_on=on,
        recorded_at=at,
        actor=actor,
        words=words.strip(),
        agreed_by=agreed_by.strip(),
        evidence=evidence,
        entry_key=entry_key,
    )
    return write_event(event, tenant=actor.tenant, verb="milestone.recorded")


def write_event(event: MilestoneEvent, *, tenant: Tenant, verb: str, **told: Any) -> Milestone:
    """Add an event to the ledger and derive its milestone anew; `verb` and `told` go into the audit log.

    The same entry key again changes nothing. Raises Invalid where the key belongs to another deal, WasMerged for a deal
    that is another one now, PeriodClosed for an effective day whose figures are closed.
    """
    deal, kind = event.deal, event.type
    with transaction.atomic():
        # First the deal: two people recording at once wait here, and a second press finds the first one's event.
        held = Deal.objects.select_for_update(of=("self",), no_key=True).only("name", "merged_into").get(pk=deal.pk)
        if event.entry_key is not None and (stored := _entered(event.entry_key)):
            if stored.deal_id != deal.pk:
                raise Invalid(fields={"entry_key": _("This entry was made on another deal. Open the form again.")})
            return Milestone.objects.get(deal=deal, type=stored.type_id)
        refuse_merged(held)
        refuse_closed(tenant, event.effective_on)
        event.save()
        milestone = _settle(deal=deal, type=kind)
        watch_deal(deal)
        audit.record(
            verb=verb, subject=milestone, actor=event.actor, at=event.recorded_at, type=kind.name, deal=deal.pk, **told
        )
    return milestone


def _entered(entry_key: UUID) -> MilestoneEvent | None:
    """What was stored of an entry, also where its deal has left the actor's sight since."""
    with of_everybody():
        return MilestoneEvent.objects.filter(entry_key=entry_key).first()


def _settle(*, deal: Deal, type: MilestoneType) -> Milestone:
    """Derive the state of one milestone from its events and store it."""
    # What happened is the same whoever writes the next event: deals merged into this one may be out of their sight.
    with of_everybody():
        events = _events_of(deal).filter(type=type).order_by("recorded_at", "pk")
        milestone, _created = Milestone.objects.update_or_create(deal=deal, type=type, defaults=derive(events))
    return milestone


def _events_of(deal: Deal) -> QuerySet[MilestoneEvent]:
    """What happened to a deal, and to those that turned out to be the same, one after the other."""
    keys, fresh = {deal.pk}, {deal.pk}
    while fresh:
        fresh = set(Deal.objects.filter(merged_into__in=fresh).values_list("pk", flat=True)) - keys
        keys |= fresh
    return MilestoneEvent.objects.filter(deal__in=keys)


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
            if _events_of(kept).filter(type=milestone.type).exists():
                _settle(deal=kept, type=milestone.type)
            else:
                Milestone.objects.filter(deal=kept, type=milestone.type).delete()


def _refuse_nonsense(deal: Deal, on: date, *, today: date, agreed_by: str, evidence: str) -> None:
    wrong: dict[str, str] = {}
    if on > today:
        wrong["on"] = _("Give a day that is not to come.")
    elif deal.opened_on is not None and on < deal.opened_on:
        wrong["on"] = _("Give a day on or after %(day)s, when the deal was opened.") % {"day": deal.opened_on}
    if len(agreed_by.strip()) > 120:
        wrong["agreed_by"] = _("Give a name of up to 120 letters.")
    if evidence:
        try:
            URLValidator(schemes=["http", "https"])(evidence)
        except ValidationError:
            wrong["evidence"] = _("Give an address that begins with https://, or leave it empty.")
    if wrong:
        raise Invalid(fields=wrong)
