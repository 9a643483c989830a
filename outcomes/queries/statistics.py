"""What the current generation says. Pages and API only read its rows."""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.models import StatisticGeneration, StatisticMark, StatisticResult


@dataclass(frozen=True, slots=True)
class Statistics:
    """One generation with its results by metric; `updating` while changes wait to be counted.

    Without a generation nothing has been computed yet.
    """

    generation: StatisticGeneration | None
    results: dict[str, StatisticResult]
    updating: bool


def current(slice: str = "") -> Statistics:
    """The organisation's statistics as they stand."""
    rows = StatisticResult.objects.filter(generation__is_current=True, slice=slice).select_related("generation")
    results = {row.metric: row for row in rows}
    generation = next(iter(results.values())).generation if results else None
    return Statistics(generation, results, StatisticMark.objects.exists())
