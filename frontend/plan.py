"""The map of a strategy: segment, why us, play, and what was truly done and won for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.utils.translation import gettext, ngettext

from frontend import plan_words, words
from outcomes.queries.plan import Done, Part, Types, done_for
from outcomes.statistics.minimum import PERCENTAGE_DEALS
from strategy import strategies
from strategy.models import Strategy
from strategy.plan.document import Document, Play, Segment
from strategy.strategies import Served

#: Over how many days effort and effect are counted.
WEEKS = 10
NOTHING = (None, None)


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Activities and outcomes as two bars, in percent of the longest; label says both for who does not see them."""

    activities: str
    outcomes: str
    activities_css: str
    outcomes_css: str
    label: str


@dataclass(frozen=True, kw_only=True)
class PlayRow:
    """One play on the map."""

    key: str
    name: str
    why_us: str
    bars: Bars | None
    won: str
    verdict: str
    verdict_more: str


@dataclass(frozen=True, kw_only=True)
class SegmentRow:
    """One segment on the map with its plays."""

    key: str
    name: str
    counts: str
    why: str
    rules: Sequence[str]
    plays: Sequence[PlayRow]


@dataclass(frozen=True, kw_only=True)
class Map:
    """The map; `outside` is what serves no segment, None for what was never active."""

    segments: Sequence[SegmentRow]
    outside: PlayRow | None
    outside_counts: str


def map_of(of: Strategy, text: Document, *, today: date, counts_from: int) -> Map:
    """The map of a text; of a strategy that was never active only with its companies."""
    companies = strategies.companies_in(text.segments)
    was_active = of.activated_at is not None
    served = strategies.served(of) if was_active else {}
    since = today - timedelta(weeks=WEEKS)
    done = done_for(of, since=since, counts_from=counts_from) if was_active else {}
    longest = max((*(one.activities for one in done.values()), 1)), max((*(one.outcomes for one in done.values()), 1))
    shown: set[Part] = {(play.segment, play.id) for play in text.plays}
    outside = _together(done, shown)
    longest = max(longest[0], outside.activities), max(longest[1], outside.outcomes)

    def rows(segment: Segment) -> list[PlayRow]:
        theirs = [(play, (play.segment, play.id)) for play in text.plays if play.segment == segment.id]
        return [
            play_row(text, play, done.get(part, Done()), served.get(part, Served()), longest, was_active)
            for play, part in theirs
        ]

    return Map(
        segments=[segment_row(one, companies.get(one.id, 0), served, rows(one)) for one in text.segments],
        outside=outside_row(outside, longest, sum(one.activities for one in done.values())) if was_active else None,
        outside_counts=words_of_outside(strategies.open_deals_without_segment()) if was_active else "",
    )


def _together(done: Mapping[Part, Done], shown: set[Part]) -> Done:
    """What was done for nothing that the map shows."""
    rest = [one for part, one in done.items() if part not in shown]
    return Done(sum(one.activities for one in rest), sum(one.outcomes for one in rest))


def segment_row(
    segment: Segment, companies: int, served: Mapping[Part, Served], plays: Sequence[PlayRow]
) -> SegmentRow:
    theirs = [counts for (key, _play), counts in served.items() if key == segment.id]
    told = ngettext("{n} company", "{n} companies", companies).format(n=words.number(companies))
    if served:
        qualified = sum(counts.qualified for counts in theirs)
        told = gettext("{companies}, {n} qualified").format(companies=told, n=words.number(qualified))
    return SegmentRow(
        key=str(segment.id),
        name=segment.name,
        counts=told if segment.rules else gettext("Nobody has said who belongs to it"),
        why=segment.why,
        rules=[plan_words.rule(one) for one in segment.rules],
        plays=plays,
    )


def play_row(
    text: Document, play: Play, done: Done, served: Served, longest: tuple[int, int], was_active: bool
) -> PlayRow:
    why = next((one.name for one in text.differences if one.id == play.difference), "")
    verdict, more = verdict_of(served) if was_active else (gettext("Not active yet"), "")
    return PlayRow(
        key=str(play.id),
        name=play.name,
        why_us=why,
        bars=bars(done, longest) if was_active else None,
        won=won_of(served) if was_active else "",
        verdict=verdict,
        verdict_more=more,
    )


def won_of(served: Served) -> str:
    """The wins of the qualified as they are counted; what is open is said, since it can still be won."""
    if not served.qualified:
        return gettext("None qualified")
    told = gettext("{won} of {n} won").format(won=words.number(served.won), n=words.number(served.qualified))
    if not (going := served.qualified - served.ended):
        return told
    return gettext("{told}, {n} still open").format(told=told, n=words.number(going))


def verdict_of(served: Served) -> tuple[str, str]:
    """Why there is no verdict: too few have closed, or it is left to the reader's own judgement of the counts."""
    if (more := PERCENTAGE_DEALS - served.ended) > 0:
        told = ngettext("{n} more to close", "{n} more to close", more).format(n=words.number(more))
        return gettext("Not enough data"), told
    return gettext("Not judged yet"), gettext("{n} have closed").format(n=words.number(served.ended))


def bars(done: Done, longest: tuple[int, int]) -> Bars:
    activities = ngettext("{n} activity", "{n} activities", done.activities).format(n=words.number(done.activities))
    outcomes = ngettext("{n} outcome", "{n} outcomes", done.outcomes).format(n=words.number(done.outcomes))
    return Bars(
        activities=words.number(done.activities),
        outcomes=words.number(done.outcomes),
        activities_css=width(done.activities, longest[0]),
        outcomes_css=width(done.outcomes, longest[1]),
        label=gettext("{activities}, {outcomes}").format(activities=activities, outcomes=outcomes),
    )


def width(count: int, longest: int) -> str:
    """How long a bar is; its number stands behind it and needs room."""
    return f"{75 * count / longest:.1f}%" if count else "0"


def outside_row(done: Done, longest: tuple[int, int], activities: int) -> PlayRow:
    share = words.percent(done.activities / activities) if done.activities else ""
    return PlayRow(
        key="outside",
        name="",
        why_us="",
        bars=bars(done, longest),
        won="",
        verdict=gettext("Serves nothing") if done.activities else gettext("Nothing"),
        verdict_more=gettext("{share} of activity").format(share=share) if share else "",
    )


def words_of_outside(deals: int) -> str:
    return ngettext("{n} open deal without a segment", "{n} open deals without a segment", deals).format(
        n=words.number(deals)
    )


@dataclass(frozen=True, kw_only=True)
class PlayCard:
    """Everything that a play says, in words."""

    key: str
    name: str
    situation: str
    facts: Sequence[tuple[str, str]]
    factors: Sequence[str]


def cards(text: Document, types: Types) -> list[PlayCard]:
    """The plays in order of importance."""
    segments: dict[UUID, str] = {one.id: one.name for one in text.segments}
    personas: dict[UUID, str] = {one.id: one.name for one in text.personas}
    return [
        PlayCard(
            key=str(play.id),
            name=play.name,
            situation=play.situation,
            facts=[
                (name, told)
                for name, told in (
                    (gettext("Segment"), segments.get(play.segment, "")),
                    (gettext("For"), personas.get(play.persona, "") if play.persona else ""),
                    (gettext("Activities"), "; ".join(plan_words.effort(one, types) for one in play.activities)),
                    (gettext("Outputs"), words.listed(plan_words.types_of(play.outputs, types.outputs))),
                    (gettext("Outcomes"), words.listed(plan_words.types_of(play.milestones, types.milestones))),
                    (gettext("We expect"), plan_words.rates(play.rates) if play.rates else ""),
                )
                if told
            ],
            factors=play.factors,
        )
        for play in text.plays
    ]
