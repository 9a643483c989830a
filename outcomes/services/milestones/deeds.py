"""What members do with milestones: record, add evidence, check, and say that it is not so, no longer or never was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from accounts.days import long_day
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid
from accounts.visibility import of_everybody
from activities.models import Activity
from outcomes.models import Grade, Milestone, MilestoneEvent, MilestoneType
from outcomes.rules import since_it_holds, tellers
from outcomes.services.milestones.files import Upload, judged
from outcomes.services.milestones.ledger import events_of, write_event
from outcomes.services.milestones.refusals import MilestoneNotReached, OwnMilestone
from strategy.models import BuyingRole, Contact, Deal
from strategy.models.customers import kept
from strategy.services.refusals import DealIsOver

Kind, State = MilestoneEvent.Kind, Milestone.State
#: More than these nobody reads as the reason for one outcome.
MOST_ACTIVITIES = 50


def record_milestone(
    *,
    actor: Membership,
    deal: Deal,
    type: MilestoneType,
    at: datetime,
    on: date | None = None,
    words: str = "",
    agreed_by: str = "",
    contact: Contact | None = None,
    evidence: str = "",
    activities: Sequence[UUID] = (),
    uploads: Sequence[Upload] = (),
    entry_key: UUID | None = None,
) -> Milestone:
    """Write down that the customer did something: claimed (E0), or evidenced (E1) when an artefact is linked.

    `on` is the day the customer did it, `words` are theirs, `contact` or else `agreed_by` who agreed, `evidence` an
    http(s) address, `activities` the keys of what contributed, `uploads` files that show it. The same entry key again
    changes nothing. Raises Invalid with the fields that are wrong, DealIsOver, PeriodClosed, NotAllowed, WasMerged for
    a deal that is another one now.
    """
    event = planned_record(
        actor=actor, deal=deal, type=type, at=at, on=on, words=words, agreed_by=agreed_by, contact=contact,
        evidence=evidence, activities=activities, has_files=bool(uploads), entry_key=entry_key,
    )  # fmt: skip
    shown = judged(uploads)
    return write_event(event, tenant=actor.tenant, verb="milestone.recorded", activities=activities, shown=shown)


def planned_record(
    *,
    actor: Membership,
    deal: Deal,
    type: MilestoneType,
    at: datetime,
    activities: Sequence[UUID] = (),
    has_files: bool = False,
    **said: Any,
) -> MilestoneEvent:
    """The event of a record, judged and not yet written: see `record_milestone`."""
    require(actor, "milestone.record")
    is_shown = bool(said.get("evidence")) or has_files
    event = _event(
        Kind.EVIDENCED if is_shown else Kind.CLAIMED,
        Grade.E1 if is_shown else Grade.E0,
        actor=actor,
        deal=deal,
        type=type,
        at=at,
        **said,
    )
    if type.is_archived:
        raise Invalid(fields={"type": _("This milestone is no longer watched for. Choose another one.")})
    _refuse_unfit(event, actor, activities, earliest=_end_of(deal, type))
    return event


def confirm_from_system(
    *,
    actor: Membership,
    deal: Deal,
    type: MilestoneType,
    at: datetime,
    source: str,
    external_id: str,
    activities: Sequence[UUID] = (),
    **said: Any,
) -> Milestone:
    """Write down that the act of the customer stands in a system of record (E4): an order, a contract that was signed.

    The same id of the same source again changes nothing. `said` and what is raised are those of `record_milestone`,
    and ExternalIdTaken where the id says another milestone.
    """
    require(actor, "milestone.attest")
    wrong = {"source": source, "external_id": external_id}
    if missing := [name for name, value in wrong.items() if not value.strip()]:
        raise Invalid(fields=dict.fromkeys(missing, _("Name the system and the id that the act has there.")))
    event = _event(
        Kind.EVIDENCED, Grade.E4, actor=actor, deal=deal, type=type, at=at,
        source=source.strip(), external_id=external_id.strip(), **said,
    )  # fmt: skip
    if not _is_known(event):
        _refuse_unfit(event, actor, activities, earliest=_end_of(deal, type))
    return write_event(
        event, tenant=actor.tenant, verb="milestone.found_in_system", activities=activities, source=event.source
    )


def add_evidence(
    *,
    milestone: Milestone,
    actor: Membership,
    at: datetime,
    activities: Sequence[UUID] = (),
    uploads: Sequence[Upload] = (),
    **said: Any,
) -> Milestone:
    """Show later what a milestone was recorded without (E1): an address or files. It is known from `on`, or today.

    Raises MilestoneNotReached and what `record_milestone` does.
    """
    require(actor, "milestone.record")
    _refuse_ended(milestone)
    if not said.get("evidence") and not uploads:
        raise Invalid(fields={"evidence": _("Give an address or a file that shows it.")})
    event = _on(milestone, Kind.EVIDENCED, Grade.E1, actor=actor, at=at, **said)
    _refuse_unfit(event, actor, activities, earliest=milestone.reached_on)
    shown = judged(uploads)
    return write_event(event, tenant=actor.tenant, verb="milestone.evidenced", activities=activities, shown=shown)


def check_milestone(
    *,
    milestone: Milestone,
    actor: Membership,
    at: datetime,
    note: str,
    on: date | None = None,
    entry_key: UUID | None = None,
) -> Milestone:
    """Say that a second member looked at it and how (E2). Raises OwnMilestone for those on whose word it rests:
    who recorded it, added evidence or copied the link; MilestoneNotReached, Invalid, DealIsOver, PeriodClosed,
    NotAllowed."""
    require(actor, "milestone.check")
    _refuse_ended(milestone)
    event = _on(milestone, Kind.CHECKED, Grade.E2, actor=actor, at=at, note=note, on=on, entry_key=entry_key)
    if not _is_known(event):
        with of_everybody():
            told = since_it_holds(
                events_of(milestone.deal).filter(type=milestone.type_id).order_by("recorded_at", "pk")
            )
        if actor.pk in tellers(told):
            raise OwnMilestone(milestone=milestone.type.name)
    _refuse_unfit(event, actor, (), earliest=milestone.reached_on, needs_note=_("Say what you looked at."))
    return write_event(event, tenant=actor.tenant, verb="milestone.checked", note=event.note)


def contradict_milestone(*, milestone: Milestone, actor: Membership, at: datetime, **said: Any) -> Milestone:
    """Write down that the customer says otherwise, told by a member: in their `words`, or in a `note`.

    Raises MilestoneNotReached, Invalid, DealIsOver, PeriodClosed, NotAllowed.
    """
    require(actor, "milestone.record")
    _refuse_ended(milestone)
    event = _on(milestone, Kind.CONTRADICTED, Grade.E0, actor=actor, at=at, **said)
    if not event.words and not event.note:
        raise Invalid(fields={"words": _("Give what the customer said.")})
    _refuse_unfit(event, actor, (), earliest=milestone.reached_on)
    return write_event(event, tenant=actor.tenant, verb="milestone.denied")


def lapse_milestone(*, milestone: Milestone, actor: Membership, at: datetime, note: str, **said: Any) -> Milestone:
    """Write down that it no longer holds, and why. Raises MilestoneNotReached, Invalid, DealIsOver, PeriodClosed,
    NotAllowed."""
    require(actor, "milestone.record")
    _refuse_ended(milestone)
    event = _on(milestone, Kind.LAPSED, Grade.E0, actor=actor, at=at, note=note, **said)
    _refuse_unfit(event, actor, (), earliest=milestone.reached_on, needs_note=_("Say why it no longer holds."))
    return write_event(event, tenant=actor.tenant, verb="milestone.lapsed", note=event.note)


def correct_milestone(
    *, milestone: Milestone, actor: Membership, at: datetime, note: str, entry_key: UUID | None = None
) -> Milestone:
    """Take back what was recorded by mistake, and say why: it was never so, from its first day on.

    Raises MilestoneNotReached for one that was taken back before, Invalid, DealIsOver, PeriodClosed, NotAllowed.
    """
    require(actor, "milestone.record")
    said = {"note": note, "on": milestone.reached_on, "entry_key": entry_key}
    event = _on(milestone, Kind.CORRECTED, Grade.E0, actor=actor, at=at, **said)
    if milestone.state == State.WITHDRAWN and not _is_known(event):
        raise MilestoneNotReached(milestone=milestone.type.name, deal=milestone.deal.name)
    _refuse_unfit(event, actor, (), earliest=None, needs_note=_("Say why it is taken back."))
    return write_event(event, tenant=actor.tenant, verb="milestone.corrected", note=event.note)


def _on(
    milestone: Milestone, kind: MilestoneEvent.Kind, grade: Grade, *, actor: Membership, at: datetime, **said: Any
) -> Any:
    return _event(kind, grade, actor=actor, deal=milestone.deal, type=milestone.type, at=at, **said)


def _event(
    kind: MilestoneEvent.Kind,
    grade: Grade,
    *,
    actor: Membership,
    deal: Deal,
    type: MilestoneType,
    at: datetime,
    on: date | None = None,
    contact: Contact | None = None,
    **said: Any,
) -> MilestoneEvent:
    """An event in memory. Who agreed is named as they are called now, where a contact is given."""
    contact = kept(contact)
    said = {name: value.strip() if isinstance(value, str) else value for name, value in said.items()}
    if contact is not None and not said.get("agreed_by"):
        said["agreed_by"] = contact.name[:120]
    return MilestoneEvent(
        deal=deal,
        type=type,
        kind=kind,
        grade=grade,
        effective_on=on or actor.tenant.day_of(at),
        recorded_at=at,
        actor=actor,
        contact=contact,
        **said,
    )


def _is_known(event: MilestoneEvent) -> bool:
    """Whether the same was sent before: the pen answers with what was stored, whatever holds by now."""
    with of_everybody():
        if event.entry_key is not None and MilestoneEvent.objects.filter(entry_key=event.entry_key).exists():
            return True
        named = {"source": event.source, "external_id": event.external_id}
        return bool(event.external_id) and MilestoneEvent.objects.filter(**named).exists()


def _refuse_ended(milestone: Milestone) -> None:
    if milestone.state != State.REACHED:
        raise MilestoneNotReached(milestone=milestone.type.name, deal=milestone.deal.name)


def _end_of(deal: Deal, type: MilestoneType) -> date | None:
    """Since when the milestone does not hold any more: it cannot be reached anew before that day. None where it holds,
    was never reached, or was taken back."""
    ends = (Kind.CONTRADICTED, Kind.LAPSED)
    with of_everybody():
        last = events_of(deal).filter(type=type).order_by("-recorded_at", "-pk").first() if deal.pk else None
    return last.effective_on if last is not None and last.kind in ends else None


def _refuse_unfit(
    event: MilestoneEvent,
    actor: Membership,
    activities: Sequence[UUID],
    *,
    earliest: date | None,
    needs_note: str = "",
) -> None:
    """Everything that is wrong at once, each at its field. Raises Invalid, DealIsOver."""
    deal = event.deal
    if not deal.is_open:
        raise DealIsOver(deal=deal.name)
    wrong: dict[str, str] = _wrong_day(event, actor.tenant.day_of(event.recorded_at), earliest)
    if len(event.agreed_by) > 120:
        wrong["agreed_by"] = _("Give a name of up to 120 letters.")
    if event.contact is not None and not _is_of(deal, event.contact):
        wrong["contact"] = _("{name} belongs to another company than the deal.").format(name=event.contact.name)
    if len(event.note) > 300:
        wrong["note"] = _("Say it in up to 300 letters.")
    elif needs_note and not event.note:
        wrong["note"] = needs_note
    if event.evidence:
        try:
            URLValidator(schemes=["http", "https"])(event.evidence)
        except ValidationError:
            wrong["evidence"] = _("Give an address that begins with https://, or leave it empty.")
    if activities and not _are_of(deal, activities):
        wrong["activities"] = _("Choose up to {most} activities of this deal.").format(most=MOST_ACTIVITIES)
    if wrong:
        raise Invalid(fields=wrong)


def _wrong_day(event: MilestoneEvent, today: date, earliest: date | None) -> dict[str, str]:
    on, opened_on = event.effective_on, event.deal.opened_on
    if on > today:
        return {"on": _("Give a day that is not to come.")}
    if opened_on is not None and on < opened_on:
        return {"on": _("Give a day on or after %(day)s, when the deal was opened.") % {"day": long_day(opened_on)}}
    if earliest is not None and on < earliest:
        return {"on": _("Give a day on or after %(day)s, the last that is written down.") % {"day": long_day(earliest)}}
    return {}


def _is_of(deal: Deal, contact: Contact) -> bool:
    """Whether somebody belongs to the deal's company, or is among the people of the deal."""
    if contact.company_id is None or deal.company_id is None or contact.company_id == deal.company_id:
        return True
    return BuyingRole.objects.filter(deal=deal, contact=contact).exists()


def _are_of(deal: Deal, activities: Sequence[UUID]) -> bool:
    wanted = set(activities)
    return len(wanted) <= MOST_ACTIVITIES and Activity.objects.filter(pk__in=wanted, deal=deal).count() == len(wanted)
