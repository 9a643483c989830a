"""Positions for drawings: percent of the width with one decimal, written so that SVG reads them in any language."""

from collections.abc import Sequence

#: Steps that people count in, for the ends and the lines of an axis.
ROUND = (1, 2, 2.5, 5, 10)
ROUND_DAYS = (1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730, 1825)


def at(share: float) -> str:
    """A share of the width as a position: 0.392 is "39.2%"; what lies outside is held at the edge."""
    return f"{min(max(share, 0.0), 1.0) * 100:.1f}%"


def px(value: float) -> str:
    """A height or a position from the top, in pixels."""
    return f"{value:.1f}".removesuffix(".0")


def round_end(largest: float) -> float:
    """The smallest round number that is not below the largest value; 1 when there is nothing."""
    if largest <= 0:
        return 1.0
    power = 1.0
    while power * 10 < largest:
        power *= 10
    while power >= largest:
        power /= 10
    return next(power * step for step in ROUND if power * step >= largest * (1 - 1e-9))


def day_ticks(last: int, most: int = 6) -> list[int]:
    """Ages at which an axis of days is labelled: from 0 in one step that people count in."""
    step = next((step for step in ROUND_DAYS if last / step <= most), ROUND_DAYS[-1])
    return list(range(0, last + 1, step))


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Positions as near to the wanted ones (given in ascending order) as a least distance allows."""
    placed: list[float] = []
    for position in wanted:
        placed.append(max(position, placed[-1] + least) if placed else max(position, low))
    ceiling = high
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - least
    return placed
