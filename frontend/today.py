"""A member's day in words: what waits, what was logged, and where conversations look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from activities.models import Activity, Horizon
from activities.queries import LogTime
from frontend import words
from frontend.charts.scale import at
from frontend.charts.weeks import Week, weeks
from frontend.forms.log import short_name
from frontend.parts import Action
from frontend.path import Reader, mini_path
from frontend.timeline import Line, next_step
from outcomes.models import Conversation, Milestone, MilestoneType
from outcomes.queries import today as queries
from outcomes.queries.in_return import Fact
from outcomes.queries.statistics import FEWEST_PEOPLE
from outcomes.queries.today import Asked, Pursuit, Waiting
from outcomes.statistics.intervals import median as middle_of
from outcomes.statistics.minimum import MEDIAN_WINS

#: As many outcomes to pursue as a person holds in mind.
NEXTS = 5
#: Questions that are put aside for others until the first of them comes again.
MOST_ASIDE = 20


@dataclass(frozen=True, kw_only=True)
class Next:
    """One outcome to pursue: on which deal, what is missing, since when, and the way to record it."""

    deal: str
    url: str
    value: str
    drawn: str
    outcome: str
    waits: str
    action: Action | None


@dataclass(frozen=True, kw_only=True)
class Question:
    """The question to take along: for whom, the way to say that it was asked, and the way to another one."""

    question: str
    about: str
    asked: Action | None
    another_url: str


@dataclass(frozen=True, kw_only=True)
class HorizonBar:
    """How many conversations looked so far ahead."""

    name: str
    n: int
    width: str
    text_y: int
    y: int


def nexts(
    pursuit: Pursuit,
    types: Sequence[MilestoneType],
    reached: Mapping[UUID, Mapping[UUID, Milestone]],
    *,
    slug: str,
    currency: str,
) -> list[Next]:
    """The rows of what to pursue, the dearest wait first."""
    return [
        _next(row, types, reached.get(row.deal.pk, {}), slug=slug, currency=currency) for row in pursuit.deals[:NEXTS]
    ]


def _next(
    row: Waiting,
    types: Sequence[MilestoneType],
    reached: Mapping[UUID, Milestone],
    *,
    slug: str,
    currency: str,
) -> Next:
    deal, path = row.deal, mini_path(row.deal, types, reached)
    ahead = path.next_name
    asks = Action(words=gettext("Record it"), url=reverse("milestone-new", args=[slug, deal.pk]), dialog=True)
    return Next(
        deal=short_name(deal, alone=False),
        url=reverse("deal", args=[slug, deal.pk]),
        value=words.short_money(deal.worth, currency) if deal.worth > 0 else "",
        drawn=path.drawn,
        outcome=ahead or gettext("The decision"),
        waits=_waits(row, has_outcome=path.known > 0, cost=row.cost, currency=currency),
        action=asks if ahead else None,
    )


def _waits(row: Waiting, *, has_outcome: bool, cost: float | None, currency: str) -> str:
    said = {"days": words.days(row.days), "cost": words.short_money(round(cost or 0), currency)}
    since = gettext("{days} since the last outcome.") if has_outcome else gettext("{days} without an outcome.")
    if cost is not None and round(cost) > 0:
        return gettext("{since} Another week costs about {cost}.").format(since=since.format(**said), cost=said["cost"])
    return since.format(**said)


def state(pursuit: Pursuit, outcomes: int) -> str:
    """The day in one sentence, or two."""
    reached = (
        ngettext("{n} outcome this week.", "{n} outcomes this week.", outcomes).format(n=words.number(outcomes))
        if outcomes
        else gettext("No outcome this week yet.")
    )
    if not pursuit.open:
        return gettext("{reached} You have no open deal.").format(reached=reached)
    many = len(pursuit.deals)
    said = {"reached": reached, "n": words.number(many), "all": words.number(len(pursuit.open))}
    if not many:
        return gettext("{reached} Every open deal moved within a week.").format(**said)
    return ngettext(
        "{reached} {n} of your {all} open deals waits for its next outcome.",
        "{reached} {n} of your {all} open deals wait for their next outcome.",
        many,
    ).format(**said)


def logged(rows: Sequence[Any], reader: Reader) -> list[Line]:
    """What was logged for today, newest first."""
    return [logged_line(row, reader) for row in rows if row.day == reader.today]


def logged_line(row: Any, reader: Reader) -> Line:
    """One entry of today: what it was, on which deal, and what it gave."""
    activity: Activity = row
    return Line(
        title=activity.purpose or activity.type.name,
        beside=short_name(activity.deal, alone=True) if activity.deal else "",
        when=words.clock(activity.at.astimezone(reader.zone).time()),
        datetime=activity.at.astimezone(reader.zone).isoformat(timespec="minutes"),
        icon=activity.type.icon,
        gave=row.gave,
        outcome=row.outcome or "",
        nothing=not row.gave and not row.outcome,
        note=" ".join(part for part in (activity.note, next_step(activity, reader)) if part),
    )


def horizons(found: Mapping[str, int], aim: int | None) -> dict[str, Any]:
    """Where the conversations of the last two weeks look, beside the member's own aim; those that do not say so are
    told below."""
    known = sum(found[horizon] for horizon in Horizon.values)
    beyond, unsaid = found[Horizon.H2] + found[Horizon.H3], found[""]
    bars = [
        HorizonBar(
            name=str(horizon.label),
            n=found[horizon],
            width=at(found[horizon] / known if known else 0),
            text_y=12 + 43 * place,
            y=18 + 43 * place,
        )
        for place, horizon in enumerate(Horizon)
    ]
    said = {"n": words.number(known), "beyond": words.number(beyond), "aim": words.number(aim or 0)}
    finding = ngettext(
        "{n} customer conversation in two weeks, {beyond} beyond this quarter.",
        "{n} customer conversations in two weeks, {beyond} beyond this quarter.",
        known,
    )
    if aim is not None:
        finding = ngettext(
            "{n} customer conversation, last two weeks. You aimed for {aim} beyond this quarter and had {beyond}.",
            "{n} customer conversations, last two weeks. You aimed for {aim} beyond this quarter and had {beyond}.",
            known,
        )
    rest = ngettext(
        "{n} more does not say how far it looked.", "{n} more do not say how far they looked.", unsaid
    ).format(n=words.number(unsaid))
    finding = finding.format(**said)
    told = finding if known or aim is not None else ""
    return {"bars": bars if known else [], "finding": told, "rest": rest if unsaid else "", "beyond": beyond}


def question(found: Asked | None, *, may_say: bool, aside: Sequence[UUID], slug: str) -> Question | None:
    """The question to take along in words. aside: those that were put aside before it."""
    if found is None:
        return None
    horizon = Conversation.Horizon(found.horizon).label
    to = {"company": found.company, "horizon": str(horizon), "name": found.contact}
    about = gettext("For {name}, {company}. {horizon}.") if found.contact else gettext("For {company}. {horizon}.")
    url = reverse("conversation", args=[slug, found.pk])
    # After the last one it begins anew.
    put = [found.pk] if found.pk in aside else [*aside, found.pk]
    query = urlencode([("but", str(key)) for key in put[-MOST_ASIDE:]])
    return Question(
        question=words.quoted(found.question),
        about=about.format(**to),
        asked=Action(words=gettext("I asked this"), url=f"{url}?asked=1") if may_say else None,
        another_url=f"{reverse('today', args=[slug])}?{query}",
    )


def eight_weeks(activities: Sequence[int], reached: Sequence[date], *, today: date, monday: date) -> dict[str, Any]:
    """Activities and outcomes by week, drawn and in words, and as a table."""
    first = monday - timedelta(weeks=queries.WEEKS - 1)
    outcomes = [0] * queries.WEEKS
    for on in reached:
        if first <= on <= today:
            outcomes[(on - first).days // 7] += 1
    done, agreed = sum(activities), sum(outcomes)
    said = {
        "activities": ngettext("{n} activity", "{n} activities", done).format(n=words.number(done)),
        "outcomes": ngettext("{n} outcome", "{n} outcomes", agreed).format(n=words.number(agreed)),
    }
    drawn: list[Week] = weeks(activities, outcomes)
    starts = [words.day(first + timedelta(weeks=place), today=today) for place in range(queries.WEEKS)]
    return {
        "weeks": drawn if done or agreed else [],
        "finding": gettext("{activities} and {outcomes} in eight weeks.").format(**said),
        "sentence": gettext("{activities} (bars), {outcomes} that count (diamonds).").format(**said),
        "first": starts[0],
        "last": gettext("this week"),
        "rows": list(zip(starts, activities, outcomes, strict=True)),
    }


def fact_words(fact: Fact) -> str:
    """What is told in return for an entry, with what it rests on; or what is missing for it."""
    said = {"milestone": fact.milestone, "won": words.number(fact.won), "n": words.number(fact.n)}
    if fact.share is None:
        missing = (
            gettext("A fact in return needs {need} closed deals of yours with “{milestone}”: you have {n}, {won} won.")
            if fact.of_own
            else gettext("A fact in return needs {need} closed deals with “{milestone}”: you have {n}, {won} won.")
        )
        return missing.format(need=words.number(fact.need), **said)
    said |= {
        "share": words.percent(fact.share.value),
        "interval": words.percent_range(fact.share.low, fact.share.high),
    }
    told = (
        gettext("Of your {n} closed deals with “{milestone}”, {won} were won: {share} ({interval}).")
        if fact.of_own
        else gettext("Of {n} closed deals with “{milestone}”, {won} were won: {share} ({interval}).")
    )
    return told.format(**said)


def own_median(rows: Sequence[Any]) -> str:
    """How long the member's last entries took to write, in the middle; nothing before one was measured."""
    taken = sorted(row.took_seconds for row in rows if row.took_seconds is not None)
    if not taken:
        return ""
    said = {"n": words.number(len(taken)), "seconds": words.number(median(taken))}
    return ngettext(
        "Your last entry took {seconds} s to log.",
        "Half of your last {n} entries took {seconds} s or less to log.",
        len(taken),
    ).format(**said)


def log_time_words(found: LogTime) -> str:
    """How long logging takes in the organisation, in the middle and with its interval, or what is missing for it."""
    counts = [found.counts.get(seconds, 0) for seconds in range(max(found.counts, default=0) + 1)]
    n = sum(counts)
    known = middle_of(counts) if n >= MEDIAN_WINS and found.people >= FEWEST_PEOPLE else None
    said = {"n": words.number(n), "people": words.people(found.people)}
    if known is None:
        said |= {"need": words.number(MEDIAN_WINS), "fewest": words.people(FEWEST_PEOPLE)}
        return gettext("Needs {need} measured entries of {fewest}; there are {n} of {people}.").format(**said)
    seconds, interval = known
    return gettext("{seconds} s in the middle ({low} to {high} s, {n} entries of {people}, eight weeks)").format(
        seconds=words.number(seconds), low=words.number(interval.low), high=words.number(interval.high), **said
    )
