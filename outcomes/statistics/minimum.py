"""When there are too few deals for a number: what is missing, and when it will be there at the present pace.

Each function answers None where there is enough, and otherwise what to show instead of a figure. It never
answers zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from outcomes.statistics.bins import WON, Bins
from outcomes.statistics.curves import HORIZON_AT_RISK, SUPPORT_AT_RISK, Incidence

PERCENTAGE_DEALS: Final = 20
COUNTED_SHARE_DEALS: Final = 10
INCIDENCE_ENDS: Final = 5
COMPARED_DEALS: Final = 30
COMPARED_EVENTS: Final = 10
MEDIAN_WINS: Final = 15


@dataclass(frozen=True, slots=True)
class Pace:
    """How many of something came in within the last days: the intake rate as two whole numbers."""

    count: int
    days: int

    def __post_init__(self) -> None:
        if self.count < 0 or self.days <= 0:
            raise ValueError(f"{self.count} in {self.days} days is no pace")

    def days_until(self, more: int) -> int | None:
        """Whole days until `more` have come in, rounded up; None while nothing comes in."""
        return -(-more * self.days // self.count) if self.count else None


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing of which there is too little; `days` until there is enough at the present pace, if known.

    `what` is one of "deals" (qualified or closed, as the statistic counts), "closed_not_won", "at_risk"
    (deals as old as the age read at), "ends" (of the cause), "events", "young_deals" (seen from their first
    day), "wins".
    """

    what: str
    have: int
    need: int
    days: int | None = None

    @property
    def more(self) -> int:
        return max(0, self.need - self.have)


@dataclass(frozen=True, slots=True)
class NotEnough:
    """A statistic that has no number yet, and why; `days` until all is there, if each part is known."""

    statistic: str
    missing: tuple[Missing, ...]

    @property
    def days(self) -> int | None:
        known = [part.days for part in self.missing if part.days is not None]
        return max(known) if len(known) == len(self.missing) else None


def for_percentage(deals: int, *, pace: Pace | None = None) -> NotEnough | None:
    """A share as a percentage needs PERCENTAGE_DEALS; below, it is said as a count: "3 of 7 won"."""
    return _answer("share", _short("deals", deals, PERCENTAGE_DEALS, pace))


def for_counted_share(deals: int, *, pace: Pace | None = None) -> NotEnough | None:
    """A count of n with an interval needs COUNTED_SHARE_DEALS; below, the deals themselves are listed."""
    return _answer("counted_share", _short("deals", deals, COUNTED_SHARE_DEALS, pace))


def for_close_rate(ends: Mapping[str, int], *, pace: Pace | None = None) -> NotEnough | None:
    """The rate of the deals closed needs PERCENTAGE_DEALS closed, and one that was not won.

    Where wins alone are on record the losses were never recorded: the rate would be 100 % and mean nothing.
    """
    closed = sum(ends.values())
    unrecorded = Missing("closed_not_won", 0, 1) if closed and closed == ends.get(WON, 0) else None
    return _answer("close_rate", _short("deals", closed, PERCENTAGE_DEALS, pace), unrecorded)


def for_incidence(
    curve: Incidence,
    bins: Bins,
    cause: str,
    age: int | None,
    *,
    qualified: Pace | None = None,
    ends: Pace | None = None,
) -> NotEnough | None:
    """The share ended by `cause` at `age` needs enough deals, deals of that age, and ends.

    PERCENTAGE_DEALS in all, SUPPORT_AT_RISK at that age, INCIDENCE_ENDS of the cause by then.
    `age` is None where the curve has no default horizon. `qualified` and `ends` are the paces at which
    deals are qualified and end by this cause. Deals of the needed age come from the open ones: the day
    given is the earliest, when enough of the oldest of them have reached it without ending.
    """
    if curve.gap is not None and (age is None or age >= curve.gap.age):
        seen = int(curve.at_risk[curve.gap.age])
        return NotEnough("incidence", (Missing("young_deals", seen, max(SUPPORT_AT_RISK, seen + 1)),))
    deals = _short("deals", curve.deals, PERCENTAGE_DEALS, qualified)
    if age is None:
        return _answer("incidence", deals or Missing("at_risk", int(curve.at_risk.max()), HORIZON_AT_RISK))
    reading = curve.at(age)
    old = None
    if reading.at_risk < SUPPORT_AT_RISK:
        more = SUPPORT_AT_RISK - reading.at_risk
        old = Missing("at_risk", reading.at_risk, SUPPORT_AT_RISK, _days_until_as_old(bins, age, more))
    return _answer("incidence", deals, old, _short("ends", reading.ended[cause].events, INCIDENCE_ENDS, ends))


def for_median_age(curve: Incidence, cause: str, age: int | None, *, ends: Pace | None = None) -> NotEnough | None:
    """The age of half the ends by `cause` needs MEDIAN_WINS of them and a curve supported up to `age`."""
    if age is None or not curve.at(age).supported:
        at_risk = 0 if age is None else curve.at(age).at_risk
        return NotEnough("median_age", (Missing("at_risk", at_risk, SUPPORT_AT_RISK),))
    return _answer("median_age", _short("wins", curve.at(age).ended[cause].events, MEDIAN_WINS, ends))


def for_comparison(*groups: tuple[int, int]) -> NotEnough | None:
    """Slices set beside each other, each (deals, events): COMPARED_DEALS and COMPARED_EVENTS in every one."""
    deals, events = (min((group[part] for group in groups), default=0) for part in (0, 1))
    return _answer(
        "comparison",
        _short("deals", deals, COMPARED_DEALS, None),
        _short("events", events, COMPARED_EVENTS, None),
    )


def _short(what: str, have: int, need: int, pace: Pace | None) -> Missing | None:
    if have >= need:
        return None
    return Missing(what, have, need, pace.days_until(need - have) if pace else None)


def _answer(statistic: str, *missing: Missing | None) -> NotEnough | None:
    found = tuple(part for part in missing if part is not None)
    return NotEnough(statistic, found) if found else None


def _days_until_as_old(bins: Bins, age: int, more: int) -> int | None:
    younger = bins.censored[:age][::-1]
    reached = np.flatnonzero(np.cumsum(younger) >= more)
    # The last bin before `age` needs one day, the one before it two.
    return int(reached[0]) + 1 + max(0, age - len(bins.censored)) if len(reached) else None
