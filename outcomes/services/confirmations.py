"""Asking a customer by a link: is this what you agreed, and why did it end as it did?"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from babel.dates import format_date
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import audit
from accounts.days import locale_for, long_day
from accounts.integrations.tokens import digest
from accounts.models import Membership
from accounts.names import NotAName, clean_address, clean_name
from accounts.permissions import require
from accounts.queries import is_own_address
from accounts.refusals import Invalid
from accounts.services.turns import take_turn_as
from accounts.visibility import of_everybody
from outcomes.languages import LANGUAGES, guessed
from outcomes.models import Confirmation, Milestone, MilestoneType
from outcomes.queries.plans import steps_of
from outcomes.services.confirmation_letters import send
from outcomes.services.refusals import AskedOften, NothingToAsk
from strategy.models import BuyingRole, Contact, Deal, EndCause
from strategy.services import refuse_merged
from strategy.services.refusals import DealIsOpen, DealIsOver

Purpose, Channel = Confirmation.Purpose, Confirmation.Channel

USUAL_DAYS, MOST_DAYS = 30, 90
#: Caps count what was asked within so many days.
WITHIN = timedelta(days=30)
#: The four usual milestones of three people: whoever needs more asks for signatures, not for agreement.
MOST_OF_DEAL = 12
#: Once a week. Nobody who is asked more often answers because they mean it.
MOST_OF_PERSON = 4
#: More letters than a person writes by hand in a day would be a mailing, which this is not for.
MOST_LETTERS_A_DAY = 50
LONGEST_STATEMENT, LONGEST_MESSAGE = 2000, 2000


class Asked(NamedTuple):
    """What was asked, and the secret of its link, which exists nowhere else."""

    confirmation: Confirmation
    secret: str


def ask(
    *,
    actor: Membership,
    deal: Deal,
    at: datetime,
    purpose: str = Purpose.MILESTONE,
    type: MilestoneType | None = None,
    contact: Contact | None = None,
    name: str = "",
    email: str = "",
    statement: str = "",
    stated_on: date | None = None,
    language: str = "",
    message: str = "",
    channel: str = Channel.MAIL,
    days: int = USUAL_DAYS,
    entry_key: UUID | None = None,
) -> Asked:
    """Ask one person by a link, in a letter or to be copied, that works for 1 to 90 days.

    Who is asked is a contact of the deal's company, or a name and, for a letter, an address. `statement` is asked word
    for word; without one it is what was recorded of the milestone, or what its type says, and for an end the name of
    the deal. The same entry key again asks nobody and gives no secret. Raises Invalid, DealIsOver, DealIsOpen,
    NothingToAsk, AskedOften, WasMerged, NotAllowed.
    """
    with transaction.atomic():
        # Whoever asks waits here, so that the caps hold: of a deal, of a person by each mark of theirs, and of letters.
        take_turn_as(actor, "confirmation.ask")
        deal = Deal.objects.select_for_update(of=("self",), no_key=True).select_related("company").get(pk=deal.pk)
        if entry_key is not None and (stored := _asked_by(actor, deal, entry_key)):
            return Asked(stored, "")
        _refuse_state(deal, purpose)
        asked = Confirmation(
            purpose=purpose, deal=deal, type=type, contact=contact, to_name=name, to_email=email, language=language,
            channel=channel, statement=statement.strip(), stated_on=stated_on, message=message.strip(),
            asked_by=actor, asked_at=at, entry_key=entry_key,
        )  # fmt: skip
        _complete(asked, days=days)
        return Asked(asked, _send(asked))


def _complete(asked: Confirmation, *, days: int) -> None:
    """Fill in what was left open, and refuse what nobody should be asked."""
    if asked.contact is not None:
        asked.contact = Contact.objects.select_for_update(of=("self",), no_key=True).get(pk=asked.contact.pk)
        refuse_merged(asked.contact)
    _refuse_early(asked)
    _fill(asked)
    _refuse_nonsense(asked, today=asked.asked_by.tenant.day_of(asked.asked_at), days=days)
    _refuse_often(asked)
    asked.expires_at = asked.asked_at + timedelta(days=days)


def _send(asked: Confirmation) -> str:
    """Keep what is asked, and send it where it goes by mail; the secret of its link."""
    secret = secrets.token_urlsafe(32)
    asked.digest = digest(secret)
    asked.save(force_insert=True)
    if asked.channel == Channel.MAIL:
        send(asked, secret, at=asked.asked_at)
    told = {"to": asked.to_name, "purpose": asked.purpose, "channel": asked.channel, "deal": asked.deal_id}
    audit.record(verb="confirmation.asked", subject=asked, actor=asked.asked_by, at=asked.asked_at, **told)
    return secret


def revoke_confirmation(*, confirmation: Confirmation, actor: Membership, at: datetime) -> None:
    """Let a link open nothing any longer; what was answered by it stays. Again changes nothing. Raises NotAllowed."""
    require(actor, "confirmation.ask")
    with transaction.atomic():
        held = Confirmation.objects.select_for_update(of=("self",), no_key=True).get(pk=confirmation.pk)
        if held.revoked_at is None:
            held.revoked_at, held.revoked_by = at, actor
            held.save(update_fields=["revoked_at", "revoked_by"])
            audit.record(
                verb="confirmation.revoked", subject=held, actor=actor, at=at, to=held.to_name, deal=held.deal_id
            )
        confirmation.revoked_at, confirmation.revoked_by = held.revoked_at, held.revoked_by


def _asked_by(actor: Membership, deal: Deal, entry_key: UUID) -> Confirmation | None:
    """What the same entry asked before. Raises Invalid where it is another's: nobody is told what theirs says."""
    with of_everybody():
        stored = Confirmation.objects.filter(entry_key=entry_key).first()
    if stored is not None and (stored.asked_by_id, stored.deal_id) != (actor.pk, deal.pk):
        raise Invalid(fields={"entry_key": _("This entry was made on another deal. Open the form again.")})
    return stored


def _refuse_state(deal: Deal, purpose: str) -> None:
    refuse_merged(deal)
    if purpose != Purpose.END_REASON:
        if not deal.is_open:
            raise DealIsOver(deal=deal.name)
    elif deal.is_open:
        raise DealIsOpen(deal=deal.name)
    elif deal.end_cause == EndCause.WON:
        raise NothingToAsk(deal=deal.name)


def _refuse_early(asked: Confirmation) -> None:
    """A day that was given goes into the ledger with the answer, as one does that a member writes down."""
    opened_on = asked.deal.opened_on
    if asked.stated_on is not None and opened_on is not None and asked.stated_on < opened_on:
        told = _("Give a day on or after %(day)s, when the deal was opened.")
        raise Invalid(fields={"stated_on": told % {"day": long_day(opened_on)}})


def _fill(asked: Confirmation) -> None:
    """What stands in place of what was left open."""
    deal = asked.deal
    if asked.contact is not None:
        asked.to_name, asked.to_email = asked.to_name or asked.contact.name, asked.to_email or asked.contact.email
    asked.language = asked.language or guessed(deal.company.country if deal.company else "")
    if asked.purpose == Purpose.END_REASON:
        asked.statement = asked.statement or deal.name
        asked.stated_on = deal.closed_on
    elif asked.purpose == Purpose.PLAN:
        asked.statement = asked.statement or plan_told(deal, asked.language)
    elif asked.type is not None:
        known = Milestone.objects.filter(deal=deal, type=asked.type, state=Milestone.State.REACHED).first()
        asked.statement = asked.statement or (known.words if known else "") or asked.type.statement
        asked.stated_on = asked.stated_on or (known.reached_on if known else None)


def plan_told(deal: Deal, language: str) -> str:
    """The mutual plan as it is now, a line for each step."""
    locale = locale_for(language)
    lines = [f"{format_date(step.due_on, format='long', locale=locale)}: {step.name}" for step in steps_of(deal.pk)]
    return "\n".join(lines)[:LONGEST_STATEMENT]


def _refuse_nonsense(asked: Confirmation, *, today: date, days: int) -> None:
    wrong = {**_faults_of_person(asked), **_faults_of_words(asked)}
    if asked.purpose == Purpose.MILESTONE and (asked.type is None or asked.type.is_archived):
        wrong["type"] = _("Choose a milestone that is in use.")
    if asked.purpose != Purpose.MILESTONE and asked.type is not None:
        wrong["type"] = _("Only a milestone has a type.")
    if asked.stated_on is not None and asked.stated_on > today:
        wrong["stated_on"] = _("Give a day that is not to come.")
    if asked.language not in LANGUAGES:
        wrong["language"] = _("Choose one of the languages.")
    if asked.channel not in Channel.values:
        wrong["channel"] = _("Choose a letter or a link.")
    if not 1 <= days <= MOST_DAYS:
        wrong["days"] = _("Give a number of days from 1 to {most}.").format(most=MOST_DAYS)
    if wrong:
        raise Invalid(fields=wrong)


def _faults_of_person(asked: Confirmation) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if asked.contact is not None and not _belongs(asked.contact, asked.deal):
        wrong["contact"] = _("Choose somebody of the deal's company, or who decides about the deal.")
    try:
        asked.to_name = clean_name(asked.to_name)
    except NotAName as error:
        wrong["name"] = str(error)
    if asked.to_email:
        try:
            asked.to_email = clean_address(asked.to_email)
        except NotAName as error:
            wrong["email"] = str(error)
        else:
            if is_own_address(asked.to_email):
                wrong["email"] = _("This address is of your own organisation. Ask the customer at theirs.")
    elif asked.channel == Channel.MAIL:
        wrong["email"] = _("Give an e-mail address, or copy the link instead.")
    return wrong


def _faults_of_words(asked: Confirmation) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for field, longest in (("statement", LONGEST_STATEMENT), ("message", LONGEST_MESSAGE)):
        text = getattr(asked, field)
        if len(text) > longest:
            wrong[field] = _("At most {longest} characters.").format(longest=longest)
        elif "\0" in text:
            wrong[field] = _("This may not contain a NUL character.")
    if not asked.statement and (asked.type is not None or asked.purpose != Purpose.MILESTONE):
        wrong["statement"] = _("Write down what they are asked.")
    return wrong


def _belongs(contact: Contact, deal: Deal) -> bool:
    if deal.company_id is not None and contact.company_id == deal.company_id:
        return True
    return BuyingRole.objects.filter(deal=deal, contact=contact).exists()


def _refuse_often(asked: Confirmation) -> None:
    """Also what was asked out of the actor's sight counts, by links that were revoked, too: a letter is read once."""
    with of_everybody():
        since = Confirmation.objects.filter(asked_at__gt=asked.asked_at - WITHIN)
        _refuse_more(since.filter(deal=asked.deal), MOST_OF_DEAL, asked, named=asked.deal.name)
        for person in _same_person(since, asked):
            _refuse_more(person, MOST_OF_PERSON, asked, named=asked.to_name)
        if asked.channel == Channel.MAIL:
            letters = Confirmation.objects.filter(
                asked_by=asked.asked_by, channel=Channel.MAIL, asked_at__gt=asked.asked_at - timedelta(days=1)
            )
            if letters.count() >= MOST_LETTERS_A_DAY:
                again = asked.asked_by.tenant.day_of(asked.asked_at + timedelta(days=1))
                raise AskedOften(name=_("Customers"), times=MOST_LETTERS_A_DAY, days=1, day=again)


def _same_person(since: QuerySet[Confirmation], asked: Confirmation) -> Iterable[QuerySet[Confirmation]]:
    """One person by both of their marks: another spelling of the name makes nobody new."""
    if asked.contact is not None:
        yield since.filter(contact=asked.contact)
    if asked.to_email:
        yield since.filter(to_email=asked.to_email)


def _refuse_more(found: QuerySet[Confirmation], most: int, asked: Confirmation, *, named: str) -> None:
    times = sorted(found.values_list("asked_at", flat=True))
    if len(times) >= most:
        again = asked.asked_by.tenant.day_of(times[-most] + WITHIN)
        raise AskedOften(name=named, times=most, days=WITHIN.days, day=again)
