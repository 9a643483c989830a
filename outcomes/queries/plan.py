"""What a strategy says of activities, outputs and outcomes: their types by name, and what was done for its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from activities.models import Activity, ActivityType, OutputType
from outcomes.models import Milestone, MilestoneType
from strategy.models import Strategy
from strategy.plan.document import Document, Play
from strategy.plan.templates import Vocabulary
from strategy.strategies import part_keys

KINDS: tuple[Any, ...] = (ActivityType, OutputType, MilestoneType)
Part = tuple[UUID | None, UUID | None]


@dataclass(frozen=True)
class Types:
    """The organisation's types by their keys, in their order; `offered` are those that are not archived."""

    activities: Mapping[UUID, str]
    outputs: Mapping[UUID, str]
    milestones: Mapping[UUID, str]
    offered: frozenset[UUID]


class Done(NamedTuple):
    """What was done on the deals of a play within some days, of those that whoever asks sees."""

    activities: int = 0
    outcomes: int = 0


def types() -> Types:
    """Every type that a strategy may name."""
    activities, outputs, milestones = (list(of.objects.order_by("position", "pk")) for of in KINDS)
    rows: list[Any] = [*activities, *outputs, *milestones]
    return Types(
        activities=_names(activities),
        outputs=_names(outputs),
        milestones=_names(milestones),
        offered=frozenset(row.pk for row in rows if not row.is_archived),
    )


def _names(rows: Iterable[Any]) -> dict[UUID, str]:
    return {row.pk: row.name for row in rows}


def vocabulary() -> Vocabulary:
    """The organisation's own types, for what begins with a template."""
    found = types()
    return Vocabulary(
        activities={name: key for key, name in found.activities.items() if key in found.offered},
        milestones=[key for key in found.milestones if key in found.offered],
    )


def unknown_types(text: Document) -> dict[str, str]:
    """The places in a text that name a type which is not there, each with what to do."""
    found = types()
    known = {"activities": found.activities, "outputs": found.outputs, "milestones": found.milestones}
    return {
        f"plays/{number}/{place}": _("There is no such type. Choose one of your organisation’s.")
        for number, play in enumerate(text.plays)
        for field, place, key in _named(play)
        if key not in known[field]
    }


def named_twice(text: Document) -> dict[str, str]:
    """The places in a text where a play names a type again: which of the two would hold?"""
    twice = {}
    for number, play in enumerate(text.plays):
        seen: set[tuple[str, UUID]] = set()
        for field, place, key in _named(play):
            if (field, key) in seen:
                twice[f"plays/{number}/{place}"] = _("Name each type once in a play.")
            seen.add((field, key))
    return twice


def _named(play: Play) -> Iterator[tuple[str, str, UUID]]:
    """The types that a play names: of what, in which place, and which."""
    yield from (("activities", f"activities/{at}/type", one.type) for at, one in enumerate(play.activities))
    yield from (("outputs", f"outputs/{at}", key) for at, key in enumerate(play.outputs))
    yield from (("milestones", f"milestones/{at}", key) for at, key in enumerate(play.milestones))


def done_for(of: Strategy, *, since: date, counts_from: int) -> Mapping[Part, Done]:
    """Activities and outcomes since a day, by the keys of the segment and the play that their deals serve now.

    What was done for no deal, or for one that serves no part of this strategy, stands under (None, None). Test deals
    count nowhere, and what was agreed on a deal that is another one now counts on that one.
    """
    keys = part_keys(of)
    activities = _by_part(Activity.objects.filter(day__gte=since), of, keys)
    reached = Milestone.objects.filter(state="reached", grade__gte=counts_from, reached_on__gte=since)
    outcomes = _by_part(reached.filter(deal__merged_into=None), of, keys)
    return {part: Done(activities[part], outcomes[part]) for part in {*activities, *outcomes}}


def _by_part(rows: Any, of: Strategy, keys: Mapping[UUID | None, UUID]) -> Counter[Part]:
    found: Counter[Part] = Counter()
    real = rows.exclude(deal__is_test=True)
    grouped = real.values_list("deal__strategy_id", "deal__segment_id", "deal__play_id").annotate(n=Count("pk"))
    for strategy, segment, play, number in grouped.order_by():
        found[(keys.get(segment), keys.get(play)) if strategy == of.pk else (None, None)] += number
    return found
