"""Where the deals went that were qualified and not won: counts, value and effort, from whole numbers only.

The input is a cube: one cell for each combination of last milestone, stage, cause and reason that occurs,
with sums over its deals. Sums of squares travel with the sums, so that every share of value or effort, on
any cut of the cube, has an interval without a single deal being fetched.

Two questions are kept apart. *What becomes of a qualified deal* is the curve (`curves`): it handles open
deals and is the headline. *Where did the closed ones stop* is the fall here: it is about closed deals,
exact, and biased while young deals are missing from it, so it is always named "closed".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from outcomes.statistics.bins import CAUSES, OPEN, WON
from outcomes.statistics.intervals import CONFIDENCE, Share, ratio_of_sums, share

CUTS: Final = ("milestone", "stage", "cause", "reason")


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over some deals. Every field is a whole number and adds up over disjoint sets of deals.

    deals           how many
    priced          how many have an amount at qualification above zero; only these enter value
    value           sum of those amounts, minor units of the tenant's currency
    value_squares   sum of their squares
    minutes         minutes of work on the deals, everybody's
    minutes_squares sum of the squares of each deal's minutes
    idle            minutes after the deal's last progress (verified milestone or stage advance)
    idle_squares    sum of their squares
    idle_minutes    sum over deals of idle x minutes
    """

    deals: int = 0
    priced: int = 0
    value: int = 0
    value_squares: int = 0
    minutes: int = 0
    minutes_squares: int = 0
    idle: int = 0
    idle_squares: int = 0
    idle_minutes: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ValueError(f"{field.name} is a sum over deals and never negative")
        if self.priced > self.deals or self.idle > self.minutes:
            raise ValueError("no more deals can be priced, nor minutes be idle, than there are")

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @classmethod
    def of(cls, *, amount: int | None, minutes: int, idle: int) -> Tally:
        """The tally of one deal."""
        priced = amount is not None and amount > 0
        value = amount if amount is not None and priced else 0
        squares = (minutes**2, idle, idle**2, idle * minutes)
        return cls(1, int(priced), value, value**2, minutes, *squares)


@dataclass(frozen=True, slots=True)
class Cell:
    """The deals of one combination: `milestone` is the rank of the last verified one, 0 for none.

    `stage` and `reason` are keys of the caller's choice; the reason of a deal that gave none is None.
    """

    milestone: int
    stage: Hashable
    cause: str
    reason: Hashable
    tally: Tally

    def __post_init__(self) -> None:
        if self.cause not in CAUSES and self.cause != OPEN:
            raise ValueError(f"{self.cause!r} is no way to end; known are {', '.join(CAUSES)} and {OPEN}")

    @property
    def closed(self) -> bool:
        return self.cause != OPEN

    @property
    def wasted(self) -> bool:
        return self.closed and self.cause != WON


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a whole (minutes, minor units) as a share between 0 and 1, its 95 % interval over n deals."""

    value: float
    low: float
    high: float
    part: int
    whole: int
    n: int


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the fall: the closed deals that came here, and those of them that stopped.

    arrived     closed deals with no lower last milestone: lost here, lost later, or won
    lost        those not won whose last verified milestone is this one; `parts` by cause and reason
    went_on     arrived less lost
    share_lost  lost of arrived; None where nobody arrived
    won         deals won with this as their last milestone: they went on without the later ones on record
    open        open deals that stand here; in none of the other figures
    """

    milestone: int
    arrived: Tally
    lost: Tally
    went_on: Tally
    share_lost: Share | None
    parts: Mapping[tuple[Hashable, ...], Tally]
    won: Tally
    open: Tally


@dataclass(frozen=True, slots=True)
class Fall:
    """From all closed deals down to the won: lost, over all steps, and won add up to closed exactly."""

    steps: tuple[Step, ...]
    closed: Tally
    won: Tally
    lost: Tally
    open: Tally
    share_won: Share | None


def total(cells: Iterable[Cell], where: Callable[[Cell], bool] = lambda cell: True) -> Tally:
    """The sum of all cells, or of those that `where` keeps."""
    return sum((cell.tally for cell in cells if where(cell)), Tally())


def cut(cells: Iterable[Cell], *by: str) -> dict[tuple[Hashable, ...], Tally]:
    """The cube added up over all but the named edges (of CUTS), in order of first appearance.

    Raises ValueError for an edge that the cube does not have.
    """
    if unknown := [edge for edge in by if edge not in CUTS]:
        raise ValueError(f"the cube has no edge {unknown[0]!r}")
    sums: dict[tuple[Hashable, ...], Tally] = {}
    for cell in cells:
        key = tuple(getattr(cell, edge) for edge in by)
        sums[key] = sums.get(key, Tally()) + cell.tally
    return sums


def waste_fall(cells: Sequence[Cell], milestones: int, *, confidence: float = CONFIDENCE) -> Fall:
    """The fall over `milestones` verified steps: a row for rank 0 (none yet) and one for each milestone.

    A won deal goes on through every row, whatever was put on record: it was not lost anywhere. Shares lost
    have Wilson intervals. Raises ValueError where a cell lies beyond the last milestone.
    """
    if any(not 0 <= cell.milestone <= milestones for cell in cells):
        raise ValueError(f"a last milestone lies between 0 and {milestones}")
    won = total(cells, lambda cell: cell.cause == WON)
    steps: list[Step] = []
    went_on, lost = won, Tally()
    for milestone in reversed(range(milestones + 1)):
        here = [cell for cell in cells if cell.milestone == milestone]
        stopped = total(here, lambda cell: cell.wasted)
        arrived = went_on + stopped
        steps.append(
            Step(
                milestone=milestone,
                arrived=arrived,
                lost=stopped,
                went_on=went_on,
                share_lost=_share(stopped.deals, arrived.deals, confidence),
                parts=cut((cell for cell in here if cell.wasted), "cause", "reason"),
                won=total(here, lambda cell: cell.cause == WON),
                open=total(here, lambda cell: not cell.closed),
            )
        )
        went_on, lost = arrived, lost + stopped
    return Fall(
        steps=tuple(reversed(steps)),
        closed=went_on,
        won=won,
        lost=lost,
        open=total(cells, lambda cell: not cell.closed),
        share_won=_share(won.deals, went_on.deals, confidence),
    )


def count_waste(cells: Iterable[Cell], *, confidence: float = CONFIDENCE) -> Share | None:
    """Of the closed deals, the share not won; None while none is closed."""
    kept = list(cells)
    wasted = total(kept, lambda cell: cell.wasted).deals
    return _share(wasted, total(kept, lambda cell: cell.closed).deals, confidence)


def value_waste(cells: Iterable[Cell], *, confidence: float = CONFIDENCE) -> Portion | None:
    """Of the value of closed deals with an amount at qualification, the share that was not won."""
    kept = list(cells)
    closed, wasted = total(kept, lambda cell: cell.closed), total(kept, lambda cell: cell.wasted)
    return _portion(
        n=closed.priced, x=wasted.value, y=closed.value,
        xx=wasted.value_squares, xy=wasted.value_squares, yy=closed.value_squares, confidence=confidence,
    )  # fmt: skip


def effort_waste(cells: Iterable[Cell], *, confidence: float = CONFIDENCE) -> Portion | None:
    """Effort waste (closed): minutes on closed deals that were not won, of the minutes on all closed
    deals."""
    kept = list(cells)
    closed, wasted = total(kept, lambda cell: cell.closed), total(kept, lambda cell: cell.wasted)
    return _portion(
        n=closed.deals, x=wasted.minutes, y=closed.minutes, xx=wasted.minutes_squares,
        xy=wasted.minutes_squares, yy=closed.minutes_squares, confidence=confidence,
    )  # fmt: skip


def effort_after_progress(cells: Iterable[Cell], *, confidence: float = CONFIDENCE) -> Portion | None:
    """Of the minutes on deals that ended not won, the share spent after their last progress."""
    lost = total(cells, lambda cell: cell.wasted)
    return _portion(
        n=lost.deals, x=lost.idle, y=lost.minutes,
        xx=lost.idle_squares, xy=lost.idle_minutes, yy=lost.minutes_squares, confidence=confidence,
    )  # fmt: skip


def _portion(*, n: int, x: int, y: int, xx: int, xy: int, yy: int, confidence: float) -> Portion | None:
    ratio = ratio_of_sums(n=n, x=x, y=y, xx=xx, xy=xy, yy=yy, confidence=confidence)
    if ratio is None:
        return None
    value, (low, high) = ratio
    return Portion(value, low, high, x, y, n)


def _share(events: int, n: int, confidence: float) -> Share | None:
    return share(events, n, confidence=confidence) if n else None
