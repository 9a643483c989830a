"""Questions about strategies: what they say, what they said, whom they mean, and what serves them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q

from strategy.models import Company, Deal, EndCause, PlanPart, Strategy, StrategyVersion
from strategy.plan.document import Document, Segment, read
from strategy.plan.rules import OWN, Answer, Judgement, judge
from strategy.plan.sizing import meant

#: More active strategies, or drafts, than this are not shown on one page.
MOST = 50


class Standing(NamedTuple):
    """A strategy with what it says to its reader: the newest version, or the draft where it has none."""

    strategy: Strategy
    text: Document
    version: StrategyVersion | None


class InSegment(NamedTuple):
    """A segment of an active strategy, and whether a company is in it, with the reasons."""

    strategy: Strategy
    segment: Segment
    judgement: Judgement


class Served(NamedTuple):
    """Deals that serve a part of a strategy, of those that whoever asks sees. `ended` and `won` are of `qualified`."""

    qualified: int = 0
    ended: int = 0
    won: int = 0
    open: int = 0


def active() -> list[Standing]:
    """The active strategies, the one that was activated last first."""
    return _standing(Strategy.objects.filter(state=Strategy.State.ACTIVE).order_by("-activated_at", "-pk"))


def drafts() -> list[Standing]:
    """What is being thought about, newest first."""
    return _standing(Strategy.objects.filter(state=Strategy.State.DRAFT).order_by("-pk"))


def retired(*, after: UUID | None = None, size: int) -> tuple[list[Strategy], UUID | None]:
    """A page of what has ended, newest first, and where the next page begins."""
    found = Strategy.objects.filter(state=Strategy.State.RETIRED).select_related("owner").order_by("-pk")
    rows = list((found.filter(pk__lt=after) if after else found)[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def _standing(of: Any) -> list[Standing]:
    rows: list[Strategy] = list(of.select_related("owner", "alternative_to")[:MOST])
    newest = newest_of([row.pk for row in rows])
    return [Standing(row, _text(row, newest.get(row.pk)), newest.get(row.pk)) for row in rows]


def newest_of(strategies: Sequence[UUID]) -> dict[UUID, StrategyVersion]:
    """The newest version of each of some strategies."""
    versions = StrategyVersion.objects.filter(strategy_id__in=strategies).select_related("published_by")
    return {one.strategy_id: one for one in versions.order_by("strategy_id", "-number").distinct("strategy_id")}


def strategy(key: UUID) -> Standing:
    """One strategy with what it says. Raises Strategy.DoesNotExist."""
    row = Strategy.objects.select_related("owner", "alternative_to").get(pk=key)
    newest = row.newest_version()
    return Standing(row, _text(row, newest), newest)


def working_text(of: Standing) -> Document:
    """What is being written; what is published where nothing is."""
    return read(of.strategy.working) if of.strategy.working is not None else of.text


def _text(row: Strategy, newest: StrategyVersion | None) -> Document:
    said = newest.content if newest else row.working
    return read(said) if said is not None else Document()


def versions(of: Strategy, *, before: int | None = None, size: int) -> tuple[list[StrategyVersion], int | None]:
    """A page of what a strategy said, newest first, and before which number the next page begins."""
    found = StrategyVersion.objects.filter(strategy=of).select_related("published_by").order_by("-number")
    rows = list((found.filter(number__lt=before) if before else found)[: size + 1])
    return rows[:size], rows[size - 1].number if len(rows) > size else None


def version(of: Strategy, number: int) -> StrategyVersion:
    """What a strategy said under a number. Raises StrategyVersion.DoesNotExist."""
    return StrategyVersion.objects.select_related("published_by").get(strategy=of, number=number)


def facts_of(company: Company) -> dict[str, Any]:
    """What segments' rules ask of a company."""
    known = {name: getattr(company, name) for name in FACTS}
    own = {f"{OWN}{name}": value for name, value in company.attributes.items()}
    return known | own | {"tags": list(company.tags), "revenue_currency": company.revenue_currency}


FACTS = ("industry", "country", "region", "domain", "employees", "revenue", "founded")


def segments_of(company: Company) -> list[InSegment]:
    """How a company stands to each segment of the active strategies, with a reason for every rule."""
    facts = facts_of(company)
    return [
        InSegment(standing.strategy, segment, judge(segment.rules, facts))
        for standing in active()
        for segment in standing.text.segments
    ]


class Suggested(NamedTuple):
    """A segment that a company is in, with the reasons in words."""

    part: PlanPart
    reasons: Sequence[str]


def segments_worth_a_thought(company: Company | None, *, now: PlanPart | UUID | None) -> list[Suggested]:
    """The segments of active strategies that a company is in, for a deal that serves none of them yet."""
    judged = segments_of(company) if company else []
    inside = {(one.strategy.pk, one.segment.id): one.judgement for one in judged if one.judgement.answer is Answer.IN}
    if not inside:
        return []
    parts = PlanPart.objects.filter(kind=PlanPart.Kind.SEGMENT, is_current=True, key__in=[key for _, key in inside])
    found = [part for part in parts.select_related("strategy") if (part.strategy_id, part.key) in inside]
    if getattr(now, "pk", now) in {part.pk for part in found}:
        return []
    turn = list(inside)
    found.sort(key=lambda part: turn.index((part.strategy_id, part.key)))
    return [Suggested(part, [one.words for one in inside[part.strategy_id, part.key].reasons]) for part in found]


def persona_of(*, title: str, department: str) -> PlanPart | None:
    """The persona of the active strategies that a contact's title and department match.

    Titles are compared before departments, strategies in the order in which they were activated, the last one first.
    """
    known = {(part.strategy_id, part.key): part for part in PlanPart.objects.filter(kind="persona", is_current=True)}
    texts = [(one.strategy.pk, one.text) for one in active()]
    for given, field in ((title, "titles"), (department, "departments")):
        for strategy_id, text in texts:
            for persona in text.personas:
                if is_meant(given, getattr(persona, field)) and (strategy_id, persona.id) in known:
                    return known[strategy_id, persona.id]
    return None


def is_meant(given: str, words: Sequence[str]) -> bool:
    """Whether a title has one of the words in it, as whole words: "COO" is in "Group COO" and not in "Cook"."""
    theirs = f" {_plain(given)} "
    return any(f" {plain} " in theirs for word in words if (plain := _plain(word)))


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.casefold()).split())


def companies_in(segments: Sequence[Segment]) -> dict[UUID, int]:
    """How many companies are in each segment, in one question."""
    asked = {f"s{number}": meant(one.rules) for number, one in enumerate(segments)}
    counted = Company.objects.filter(merged_into=None).aggregate(
        **{name: Count("pk", filter=condition) for name, condition in asked.items() if condition is not None}
    )
    return {one.id: counted.get(f"s{number}", 0) for number, one in enumerate(segments)}


def served(of: Strategy) -> Mapping[tuple[UUID | None, UUID | None], Served]:
    """How many deals serve each segment and play of a strategy, by the parts' keys in its text."""
    is_qualified, keys = Q(qualified_on__isnull=False), part_keys(of)
    rows = (
        Deal.objects.real()
        .filter(strategy=of)
        .values_list("segment_id", "play_id")
        .annotate(
            qualified=Count("pk", filter=is_qualified),
            ended=Count("pk", filter=is_qualified & ~Q(end_cause="")),
            won=Count("pk", filter=is_qualified & Q(end_cause=EndCause.WON)),
            open=Count("pk", filter=Q(end_cause="")),
        )
        .order_by()
    )
    return {(keys.get(segment), keys.get(play)): Served(*counts) for segment, play, *counts in rows}


def part_keys(of: Strategy) -> dict[UUID | None, UUID]:
    """The keys in the text of a strategy's parts, by those of their rows.

    Asked for by itself: joined to each deal they would lead the planner, who knows little of a table that was just
    filled, into a loop over all pairs.
    """
    return dict(PlanPart.objects.filter(strategy=of).values_list("pk", "key"))


def current_plays(most: int = 200) -> list[PlanPart]:
    """The plays of the active strategies, each with its strategy."""
    rows = PlanPart.objects.filter(kind=PlanPart.Kind.PLAY, is_current=True).select_related("strategy")
    return list(rows.order_by("strategy__name", "position", "pk")[:most])


def plays_of(strategies: Collection[UUID]) -> dict[UUID, list[tuple[UUID, frozenset[str]]]]:
    """The plays that some strategies have now, by the segment that each is for, with the keys of the types of
    activities that it names: {segment: [(play, types)]}."""
    named = PlanPart.objects.filter(strategy_id__in=strategies, is_current=True)
    parts = {(of, str(key)): part for of, key, part in named.values_list("strategy_id", "key", "pk")}
    newest = StrategyVersion.objects.filter(strategy_id__in=strategies).order_by("strategy_id", "-number")
    found: dict[UUID, list[tuple[UUID, frozenset[str]]]] = {}
    for of, plays in newest.distinct("strategy_id").values_list("strategy_id", "content__plays"):
        for play in plays or ():
            part, segment = parts.get((of, play["id"])), parts.get((of, play["segment"]))
            if part is not None and segment is not None:
                types = frozenset(effort["type"] for effort in play.get("activities", ()))
                found.setdefault(segment, []).append((part, types))
    return found


def open_deals_without_segment() -> int:
    """How many open deals serve no segment of any strategy, of those that whoever asks sees."""
    return Deal.objects.real().open().filter(segment=None).count()
