"""The small drawing under a leading figure: a dot, its interval, and a tick for what it was before."""

from dataclasses import dataclass

from frontend.charts.scale import at, round_end


@dataclass(frozen=True, kw_only=True)
class FigureBar:
    """Positions along x, in percent; `before` is empty when there is nothing to compare with."""

    value: str
    low: str
    high: str
    before: str = ""


def figure_bar(
    *,
    value: float,
    low: float,
    high: float,
    before: float | None = None,
    end: float = 0,
) -> FigureBar:
    """A value with its interval, on a scale from zero.

    end: where the scale ends; by default the round number above everything that is drawn, so that a share of 20%
    and one of 66% both use the width. The figures beside it are read, not compared by length.
    """
    last = end or round_end(max(high, value, before or 0))
    return FigureBar(
        value=at(value / last),
        low=at(low / last),
        high=at(high / last),
        before="" if before is None else at(before / last),
    )
