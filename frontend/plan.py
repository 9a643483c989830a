"""The map of a strategy: segment, why us, play, and what was truly done and won for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.utils.translation import gettext, ngettext

from frontend import plan_words, verdicts, words
from frontend.verdicts import Group, Told, Won
from outcomes.queries.plan import Done, Part, Types, done_for
from outcomes.queries.plays import Judging, judging
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
    counted: str
    won: Won | None
    verdict: Told


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
    """The map; `outside` is what serves no segment, None for what was never active, and so are verdicts and basis."""

    segments: Sequence[SegmentRow]
    outside: PlayRow | None
    verdicts: Sequence[Group]
    basis: str


def map_of(of: Strategy, text: Document, *, today: date, counts_from: int) -> Map:
    """The map of a text; of a strategy that was never active only with its companies."""
    companies = strategies.companies_in(text.segments)
    if of.activated_at is None:
        plain = [segment_row(one, companies.get(one.id, 0), {}, planned(text, one)) for one in text.segments]
        return Map(segments=plain, outside=None, verdicts=[], basis="")
    served, found = strategies.served(of), judging(of, today=today)
    done = _by_place(done_for(of, since=today - timedelta(weeks=WEEKS), counts_from=counts_from), text)
    effort = Effort(
        done=done,
        activities=max(1, *(one.activities for one in done.values())),
        outcomes=max(1, *(one.outcomes for one in done.values())),
        scale=verdicts.scale(found),
    )
    return Map(
        segments=[
            segment_row(one, companies.get(one.id, 0), served, play_rows(text, one, effort, found))
            for one in text.segments
        ],
        outside=outside_row(effort, strategies.open_deals_without_segment()),
        verdicts=verdicts.strip(text, found) if text.plays else [],
        basis=verdicts.basis(found),
    )


@dataclass(frozen=True, kw_only=True)
class Effort:
    """What was done by place on the map, the longest bars, and the scale of the shares won."""

    done: Mapping[Part, Done]
    activities: int
    outcomes: int
    scale: float


def _by_place(done: Mapping[Part, Done], text: Document) -> dict[Part, Done]:
    """What was done by the place on the map: a play wherever it is named, a segment, or neither."""
    segment_of = {play.id: play.segment for play in text.plays}
    segments = {one.id for one in text.segments}
    found: dict[Part, Done] = {NOTHING: Done()}
    for (segment, play), one in done.items():
        place: Part = NOTHING
        if play in segment_of:
            place = (segment_of[play], play)
        elif segment in segments:
            place = (segment, None)
        before = found.get(place, Done())
        found[place] = Done(before.activities + one.activities, before.outcomes + one.outcomes)
    return found


def plays_of(text: Document, segment: Segment) -> list[Play]:
    return [play for play in text.plays if play.segment == segment.id]


def planned(text: Document, segment: Segment) -> list[PlayRow]:
    """The plays of a segment of which nothing can have happened yet."""
    verdict = Told(words=gettext("Not active yet"))
    return [
        PlayRow(
            key=str(play.id),
            name=play.name,
            why_us=why_us(text, play),
            bars=None,
            counted="",
            won=None,
            verdict=verdict,
        )
        for play in plays_of(text, segment)
    ]


def play_rows(text: Document, segment: Segment, effort: Effort, found: Judging) -> list[PlayRow]:
    """The plays of a segment with what was done and won, and what was done for none of them."""
    rows = []
    for play in plays_of(text, segment):
        judged = found.of(play.id)
        rows.append(
            PlayRow(
                key=str(play.id),
                name=play.name,
                why_us=why_us(text, play),
                bars=bars(effort, (segment.id, play.id)),
                counted=verdicts.counted(judged.tally),
                won=verdicts.won(judged, effort.scale),
                verdict=verdicts.told(judged),
            )
        )
    if (segment.id, None) in effort.done:
        rows.append(
            PlayRow(
                key="",
                name=gettext("No play"),
                why_us="",
                bars=bars(effort, (segment.id, None)),
                counted="",
                won=None,
                verdict=Told(words=gettext("Not judged"), more=gettext("Serves no play")),
            )
        )
    return rows


def why_us(text: Document, play: Play) -> str:
    return next((one.name for one in text.differences if one.id == play.difference), "")


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


def bars(effort: Effort, place: Part) -> Bars:
    done = effort.done.get(place, Done())
    activities = ngettext("{n} activity", "{n} activities", done.activities).format(n=words.number(done.activities))
    outcomes = ngettext("{n} outcome", "{n} outcomes", done.outcomes).format(n=words.number(done.outcomes))
    return Bars(
        activities=words.number(done.activities),
        outcomes=words.number(done.outcomes),
        activities_css=width(done.activities, effort.activities),
        outcomes_css=width(done.outcomes, effort.outcomes),
        label=gettext("{activities}, {outcomes}").format(activities=activities, outcomes=outcomes),
    )


def width(count: int, longest: int) -> str:
    """How long a bar is; its number stands behind it and needs room."""
    return f"{75 * count / longest:.1f}%" if count else "0"


def outside_row(effort: Effort, deals: int) -> PlayRow:
    """What was done for no part of the strategy, and its share of everything."""
    done, total = effort.done[NOTHING], sum(one.activities for one in effort.done.values())
    verdict = Told(words=gettext("Nothing"))
    if done.activities:
        share = gettext("{share} of activity").format(share=words.percent(done.activities / total))
        verdict = Told(words=gettext("Serves nothing"), more=share, css="bad", icon="warn")
    return PlayRow(
        key="",
        name=gettext("No play"),
        why_us="",
        bars=bars(effort, NOTHING),
        counted=words_of_outside(deals),
        won=None,
        verdict=verdict,
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
