"""The outcome path of a deal, in marks and words: what the customer agreed, what comes next, what lies ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from activities.queries import Tick
from frontend import words
from frontend.charts.path import Strip, strip
from frontend.http import TenantRequest
from outcomes.models import Grade, Milestone, MilestoneType
from strategy.models import Deal, EndCause

CONFIRMED, EVIDENCED, CLAIMED, NEXT, AHEAD = "confirmed", "evidenced", "claimed", "next", "ahead"
#: The small marks of the five states in a row of a table, and the class that colours each.
SMALL = {
    CONFIRMED: ("outcome", "on"),
    EVIDENCED: ("outcome", "on"),
    CLAIMED: ("half", "on"),
    NEXT: ("hollow", "now"),
    AHEAD: ("hollow", "off"),
}
#: The class of a column of the path; an evidenced outcome is drawn like a confirmed one, without the tick.
COLUMN = {
    CONFIRMED: "is-confirmed",
    EVIDENCED: "is-confirmed",
    CLAIMED: "is-claimed",
    NEXT: "is-next",
    AHEAD: "is-ahead",
}


@dataclass(frozen=True, kw_only=True)
class Node:
    """One outcome on the path of a deal."""

    name: str
    state: str
    css: str
    state_words: str
    said: str = ""
    statement: str = ""
    counts: str = ""
    strip: Strip | None = None
    key: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class MiniPath:
    """The path of a deal in one row: small marks with one label for all of them."""

    drawn: SafeString
    next_name: str
    since: date | None
    known: int


def states(deal: Deal, types: Sequence[MilestoneType], reached: Mapping[UUID, Milestone]) -> list[str]:
    """The state of each milestone, in order. The first one that is not reached is next, while the deal is open."""
    found, pursued = [], deal.is_open
    for kind in types:
        milestone = reached.get(kind.pk)
        if milestone is not None and milestone.state == Milestone.State.REACHED:
            found.append(state_of(milestone.grade))
        elif pursued:
            found.append(NEXT)
            pursued = False
        else:
            found.append(AHEAD)
    return found


def state_of(grade: int) -> str:
    """How well an outcome is known: by our word, by an artefact or a second member, by the customer."""
    if grade >= Grade.E3:
        return CONFIRMED
    return EVIDENCED if grade >= Grade.E1 else CLAIMED


def mini_path(deal: Deal, types: Sequence[MilestoneType], reached: Mapping[UUID, Milestone]) -> MiniPath:
    """The row's path. since: the day of the last outcome, or of the qualification while there is none."""
    found = states(deal, types, reached)
    known = sum(state in (CONFIRMED, EVIDENCED) for state in found)
    days = [one.reached_on for one in reached.values() if one.state == Milestone.State.REACHED]
    return MiniPath(
        drawn=drawn_mini_path(tuple(found), gettext("{n} of {all} outcomes reached").format(n=known, all=len(types))),
        next_name=next((kind.name for kind, state in zip(types, found, strict=True) if state == NEXT), ""),
        since=max(days, default=deal.qualified_on or deal.opened_on),
        known=known,
    )


@lru_cache(maxsize=1024)
def drawn_mini_path(found: tuple[str, ...], label: str) -> SafeString:
    """The marks of a row. Few paths differ, and drawing them anew was a third of a list's rendering."""
    return render_to_string("parts/mini_path.html", {"marks": [SMALL[state] for state in found], "label": label})


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who looks at a deal, and when: their organisation's clock, the grade it counts from and its name in addresses."""

    zone: ZoneInfo
    now: datetime
    counts_from: int
    slug: str

    @property
    def today(self) -> date:
        return words.today_in(self.zone, self.now)

    def midnight(self, day: date) -> datetime:
        """The moment at which a day of the organisation begins."""
        return datetime.combine(day, time.min, tzinfo=self.zone)


def reader_of(request: TenantRequest) -> Reader:
    """The clock and the counting rule of the organisation that is looked at."""
    tenant = request.tenant
    return Reader(zone=tenant.zone, now=timezone.now(), counts_from=tenant.counts_from_grade, slug=tenant.slug)


def outcome_path(
    deal: Deal,
    types: Sequence[MilestoneType],
    reached: Mapping[UUID, Milestone],
    ticks: Sequence[Tick],
    reader: Reader,
) -> list[Node]:
    """The columns of the path: a milestone each, and the decision at the end."""
    found = states(deal, types, reached)
    spans = intervals(deal, types, reached, found, reader)
    nodes = [
        node(kind, state, reached.get(kind.pk), drawn_strip(ticks, span), reader)
        for kind, state, span in zip(types, found, spans, strict=True)
    ]
    return [*nodes, decision(deal, reader)]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A stretch of the deal's time that belongs to one column of the path."""

    start: datetime
    end: datetime
    base: str
    is_over: bool


def intervals(
    deal: Deal,
    types: Sequence[MilestoneType],
    reached: Mapping[UUID, Milestone],
    found: Sequence[str],
    reader: Reader,
) -> list[Interval | None]:
    """For each milestone what followed it: up to the next reached one, or to the end of the deal, or to now.

    The next milestone of a deal that reached none yet gets everything since the deal began.
    """
    end = reader.midnight(deal.closed_on + timedelta(days=1)) if deal.closed_on else reader.now
    order = [index for index, state in enumerate(found) if state in (CONFIRMED, EVIDENCED, CLAIMED)]
    spans: list[Interval | None] = [None] * len(types)
    for place, index in enumerate(order):
        start = reader.midnight(reached[types[index].pk].reached_on)
        after = order[place + 1] if place + 1 < len(order) else None
        until = reader.midnight(reached[types[after].pk].reached_on) if after is not None else end
        is_over = after is not None or not deal.is_open
        if after is None:
            base = "done" if deal.end_cause == EndCause.WON else ""
        else:
            base = "wait" if found[after] == CLAIMED else "done"
        spans[index] = Interval(start=start, end=max(until, start), base=base, is_over=is_over)
    began = deal.qualified_on or deal.opened_on
    if not order and began and NEXT in found:
        spans[found.index(NEXT)] = Interval(start=reader.midnight(began), end=end, base="", is_over=False)
    return spans


def drawn_strip(ticks: Sequence[Tick], span: Interval | None) -> tuple[Strip, Interval] | None:
    if span is None:
        return None
    done = ((tick.at, tick.gave) for tick in ticks)
    return strip(base=span.base, done=done, start=span.start, end=span.end), span


def node(
    kind: MilestoneType,
    state: str,
    milestone: Milestone | None,
    drawn: tuple[Strip, Interval] | None,
    reader: Reader,
) -> Node:
    """One column: its state in words, what they said, and what was done since."""
    known = milestone if state in (CONFIRMED, EVIDENCED, CLAIMED) else None
    return Node(
        name=kind.name,
        state=state,
        css=COLUMN[state],
        state_words=state_words(state, milestone, reader),
        key=milestone.pk if milestone else None,
        said=words.quoted(known.words) if known else "",
        statement="" if known else kind.statement,
        counts=counts_words(*drawn) if drawn else "",
        strip=drawn[0] if drawn else None,
    )


def state_words(state: str, milestone: Milestone | None, reader: Reader) -> str:
    """The state as a sentence that stands under the name of an outcome."""
    if milestone is None:
        return gettext("Next") if state == NEXT else gettext("Ahead")
    if milestone.state != Milestone.State.REACHED:
        return ended_words(state, milestone, reader)
    said = {"day": words.day(milestone.reached_on, today=reader.today), "who": milestone.agreed_by}
    if state == CLAIMED:
        if reader.counts_from > Grade.E0:
            return gettext("Recorded {day}, no evidence yet, not counted").format(**said)
        return gettext("Recorded {day}, no evidence yet").format(**said)
    if milestone.grade == Grade.E4:
        return gettext("In a system of record, {day}").format(**said)
    if state == CONFIRMED:
        return (gettext("Confirmed {day} by {who}") if said["who"] else gettext("Confirmed {day}")).format(**said)
    if milestone.grade >= Grade.E2:
        return (gettext("Checked, agreed {day} by {who}") if said["who"] else gettext("Checked, agreed {day}")).format(
            **said
        )
    return (gettext("Evidenced {day}, agreed by {who}") if said["who"] else gettext("Evidenced {day}")).format(**said)


def ended_words(state: str, milestone: Milestone, reader: Reader) -> str:
    """Why an outcome that was reached once is not any more."""
    how = {
        Milestone.State.CONTRADICTED: gettext("contradicted {day}"),
        Milestone.State.LAPSED: gettext("lapsed {day}"),
        Milestone.State.WITHDRAWN: gettext("taken back {day}"),
    }[Milestone.State(milestone.state)]
    day = words.day(words.today_in(reader.zone, milestone.recorded_at), today=reader.today)
    sentence = gettext("Next, {how}") if state == NEXT else gettext("Ahead, {how}")
    return sentence.format(how=how.format(day=day))


def counts_words(drawn: Strip, span: Interval) -> str:
    """What was done in a stretch of the path."""
    if not drawn.activities:
        idle = gettext("then nothing, {days}") if span.is_over else gettext("nothing since, {days}")
        return idle.format(days=words.days(drawn.days))
    said = {
        "activities": ngettext("{n} activity", "{n} activities", drawn.activities).format(n=drawn.activities),
        "outputs": ngettext("{n} output", "{n} outputs", drawn.given).format(n=drawn.given),
        "days": words.days(drawn.days),
    }
    if span.is_over:
        return gettext("then {activities}, {outputs}, {days}").format(**said)
    return gettext("since then {activities}, {outputs}, {days}").format(**said)


def decision(deal: Deal, reader: Reader) -> Node:
    """The last column: how it ended, or when it is expected to."""
    if deal.end_cause == EndCause.WON:
        state, css = CONFIRMED, "is-confirmed"
    elif deal.end_cause:
        state, css = AHEAD, "is-next"
    else:
        state, css = AHEAD, "is-ahead"
    return Node(name=gettext("Decision"), state=state, css=css, state_words=decision_words(deal, reader))


def decision_words(deal: Deal, reader: Reader) -> str:
    """How a deal ended and when, or when the decision is due."""
    if deal.closed_on:
        said = {"how": deal.get_end_cause_display(), "day": words.day(deal.closed_on, today=reader.today)}
        return gettext("{how}, {day}").format(**said)
    if deal.expected_close_on is None:
        return gettext("No date yet")
    due, left = words.day(deal.expected_close_on, today=reader.today), (deal.expected_close_on - reader.today).days
    if left < 0:
        return gettext("Was due {day}, {days} ago").format(day=due, days=words.days(-left))
    return gettext("Due {day}, {days}").format(day=due, days=words.days(left))
