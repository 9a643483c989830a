"""What the holder of a link does: looks at the page, and answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.refusals import Invalid, Refused
from accounts.visibility import of_everybody
from outcomes.models import Confirmation, ConfirmationAnswer, Grade, MilestoneEvent
from outcomes.queries.plans import deal_of
from outcomes.services.milestones import write_event
from strategy.models import Deal, EndCause

Purpose, Said, Kind = Confirmation.Purpose, ConfirmationAnswer.Said, MilestoneEvent.Kind

#: A change of mind is welcome; a program that presses the button is not.
MOST_ANSWERS = 20
#: What an answer gives: only a letter has a secret that the seller never held. By a copied link it is an artefact.
GIVES = {Confirmation.Channel.MAIL: Grade.E3, Confirmation.Channel.LINK: Grade.E1}
LONGEST = 2000
#: The answers of which it can be asked how sure the customer is that it will go ahead.
SURE = (Said.YES, Said.NEARLY)


class LinkOver(Refused):
    """The link has expired or was revoked."""

    code = "link_over"
    status = 410
    sentence = _("This link does not work any longer.")


class AnsweredOften(Refused):
    """So many answers by one link are no change of mind any more."""

    code = "answered_often"
    sentence = _("This link was answered often enough. Write to who sent it.")


def note_opening(*, confirmation: Confirmation, at: datetime) -> None:
    """Keep that the page was looked at: when first, and when last. Raises LinkOver."""
    with transaction.atomic():
        held = _held(confirmation, at)
        held.opened_at, held.opened_last_at = held.opened_at or at, at
        held.save(update_fields=["opened_at", "opened_last_at"])


def answer(
    *,
    confirmation: Confirmation,
    at: datetime,
    said: str = "",
    words: str = "",
    comment: str = "",
    confidence: int | None = None,
    cause: str = "",
    entry_key: UUID | None = None,
) -> ConfirmationAnswer:
    """Keep what the holder of a link says, and what follows from it in the ledger: confirmed as it was asked, confirmed
    in the customer's words, or contradicted.

    The same entry key again changes nothing. On a deal that is over, and for a day whose figures are closed, the answer
    is kept and the ledger stays. Raises LinkOver, AnsweredOften, Invalid with the fields that are wrong.
    """
    with transaction.atomic(), of_everybody():
        held = _held(confirmation, at)
        given = ConfirmationAnswer.objects.filter(confirmation=held)
        if entry_key is not None and (stored := given.filter(entry_key=entry_key).first()):
            return stored
        if given.count() >= MOST_ANSWERS:
            raise AnsweredOften
        made = ConfirmationAnswer(
            deal=deal_of(held),
            confirmation=held,
            said=said,
            words=words.strip(),
            comment=comment.strip(),
            confidence=confidence,
            cause=cause,
            answered_at=at,
            entry_key=entry_key,
        )
        _refuse_nonsense(made, held.purpose)
        _keep(made, held)
    return made


def _held(confirmation: Confirmation, at: datetime) -> Confirmation:
    """The link's row, for this one alone until the end. Raises LinkOver."""
    rows = Confirmation.objects.select_for_update(of=("self",), no_key=True)
    held = rows.select_related("deal", "type", "asked_by__tenant").get(pk=confirmation.pk)
    if not is_alive(held, at):
        raise LinkOver
    return held


def is_alive(confirmation: Confirmation, at: datetime) -> bool:
    """Whether the link can be answered."""
    return confirmation.revoked_at is None and at < confirmation.expires_at


def _keep(made: ConfirmationAnswer, held: Confirmation) -> None:
    at = made.answered_at
    made.save(force_insert=True)
    # Who answers has looked, also where no script could say so.
    held.opened_at, held.opened_last_at = held.opened_at or at, held.opened_last_at or at
    held.answered_at = at
    held.save(update_fields=["opened_at", "opened_last_at", "answered_at"])
    told = {"to": held.to_name, "answer": made.said or made.cause, "deal": made.deal_id}
    audit.record(verb="confirmation.answered", subject=held, actor=None, at=at, **told)
    if held.purpose == Purpose.MILESTONE:
        _tell_ledger(made, held, made.deal)


def _refuse_nonsense(made: ConfirmationAnswer, purpose: str) -> None:
    wrong: dict[str, str] = {}
    if purpose == Purpose.END_REASON:
        if made.cause not in EndCause.values:
            wrong["cause"] = gettext("Choose what comes closest.")
    elif made.said not in Said.values:
        wrong["said"] = gettext("Choose one of the answers.")
    elif made.said == Said.NEARLY and not made.words:
        wrong["words"] = gettext("Write how it should read.")
    if made.confidence is not None and (made.said not in SURE or not 0 <= made.confidence <= 10):
        wrong["confidence"] = gettext("Choose a number from 0 to 10.")
    for field in ("words", "comment"):
        text = getattr(made, field)
        if len(text) > LONGEST:
            wrong[field] = gettext("At most {longest} characters.").format(longest=LONGEST)
        elif "\0" in text:
            wrong[field] = gettext("This may not contain a NUL character.")
    if wrong:
        raise Invalid(fields=wrong)


def _tell_ledger(made: ConfirmationAnswer, held: Confirmation, deal: Deal) -> None:
    tenant = held.asked_by.tenant
    today = tenant.day_of(made.answered_at)
    denied = made.said == Said.NO
    # What they confirm was so on the day that the page named; what they deny is denied now.
    on = today if denied else held.stated_on or today
    if not deal.is_open or (tenant.closed_until is not None and on <= tenant.closed_until):
        return
    event = MilestoneEvent(
        deal=deal,
        type=held.type,
        kind=Kind.CONTRADICTED if denied else Kind.CONFIRMED,
        grade=GIVES[Confirmation.Channel(held.channel)],
        effective_on=on,
        recorded_at=made.answered_at,
        actor=None,
        words={Said.YES: held.statement, Said.NEARLY: made.words, Said.NO: made.comment}[Said(made.said)],
        agreed_by="" if denied else held.to_name[:120],
        contact=None if denied else held.contact,
        confidence=made.confidence,
        answer=made,
    )
    verb = "milestone.contradicted" if denied else "milestone.confirmed"
    write_event(event, tenant=tenant, verb=verb, to=held.to_name)
