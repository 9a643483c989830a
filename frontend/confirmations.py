"""What customers were asked, in words: on the page of a deal and in the list of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from django.utils.translation import gettext

from frontend import words
from frontend.forms.links import CAUSES
from frontend.path import Reader
from outcomes.models import Confirmation, ConfirmationAnswer
from outcomes.queries.confirmations import Figures, Standing
from outcomes.services.answers import is_alive

Purpose, Said = Confirmation.Purpose, ConfirmationAnswer.Said


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer in words. aside: why the ledger does not tell of it."""

    told: str
    said: str = ""
    comment: str = ""
    aside: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing that somebody was asked."""

    key: str
    about: str
    to: str
    state: str
    replies: Sequence[Reply]
    is_alive: bool


def question(one: Standing, reader: Reader) -> Question:
    """What was asked, what became of it, and what was answered."""
    asked = one.asked
    return Question(
        key=str(asked.pk),
        about=about(asked),
        to=asked.to_name,
        state=state(asked, reader),
        replies=[
            reply(given, one, reader)
            for given, after in zip_longest(one.answers, one.answers[1:])
            if not (after and completes(after, given))
        ],
        is_alive=is_alive(asked, reader.now),
    )


def completes(after: ConfirmationAnswer, before: ConfirmationAnswer) -> bool:
    """Whether an answer is the one before it once more, with what was added to it."""
    if (after.said, after.words, after.cause) != (before.said, before.words, before.cause):
        return False
    more = (after.comment, after.confidence) != (before.comment, before.confidence)
    return more and before.comment in ("", after.comment) and before.confidence in (None, after.confidence)


def about(asked: Confirmation) -> str:
    """What it is about."""
    return asked.type.name if asked.type else str(asked.get_purpose_display())


def state(asked: Confirmation, reader: Reader) -> str:
    """When it was sent and opened, and since when nobody can answer: "Sent to Ingrid Falk (ingrid@brightwater.example)
    12 Nov, opened 13 Nov"."""
    is_sent = asked.channel == asked.Channel.MAIL
    sent = gettext("Sent to {name} ({email}) {day}") if is_sent else gettext("Link copied for {name} {day}")
    known = {"name": asked.to_name, "email": asked.to_email, "day": day(asked.asked_at, reader)}
    told = [sent.format(**known), opened(asked, reader)]
    if asked.revoked_at is not None:
        told.append(gettext("taken back {day}").format(day=day(asked.revoked_at, reader)))
    elif not is_alive(asked, reader.now):
        told.append(gettext("ended {day}").format(day=day(asked.expires_at, reader)))
    return ", ".join(told)


def opened(asked: Confirmation, reader: Reader) -> str:
    """When the page was looked at: first and last."""
    if asked.opened_at is None or asked.opened_last_at is None:
        return gettext("not opened")
    first, last = day(asked.opened_at, reader), day(asked.opened_last_at, reader)
    if first == last:
        return gettext("opened {day}").format(day=first)
    return gettext("opened {first} and {last}").format(first=first, last=last)


def reply(given: ConfirmationAnswer, one: Standing, reader: Reader) -> Reply:
    told = [answer_words(given), day(given.answered_at, reader)]
    if given.confidence is not None:
        told.append(gettext("sure: {n} of 10").format(n=given.confidence))
    kept_out = one.asked.purpose == Purpose.MILESTONE and given.pk not in one.in_ledger
    # Of a plan they said nothing word for word: what they propose stands beside its steps.
    is_proposal = one.asked.purpose == Purpose.PLAN and given.said == Said.NEARLY
    if is_proposal:
        told[0] = gettext("Proposed a change")
    return Reply(
        told=", ".join(told),
        said="" if is_proposal else words.quoted(given.words),
        comment=words.quoted(given.comment),
        aside=gettext("Kept here only: the deal was over, or its figures were closed.") if kept_out else "",
    )


def answer_words(given: ConfirmationAnswer) -> str:
    """The answer as the customer pressed it."""
    if given.cause:
        return str(dict(CAUSES).get(given.cause, given.cause))  # type: ignore[call-overload]
    return {
        Said.YES: gettext("Yes"),
        Said.NEARLY: gettext("Nearly, in their words"),
        Said.NO: gettext("No"),
    }[Said(given.said)]


def figures_words(found: Figures) -> str:
    """How much of what was recorded customers were asked about, and how much of that they answered."""
    return gettext("Outcomes recorded: {recorded}. Asked about: {asked}. Answered: {answered}.").format(
        recorded=words.number(found.recorded), asked=words.number(found.asked), answered=words.number(found.answered)
    )


def day(when: object, reader: Reader) -> str:
    return words.day(words.today_in(reader.zone, when), today=reader.today)  # type: ignore[arg-type]
