"""What another week of waiting costs: how far the chance to win falls with it, from deals that were watched."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

#: A fall is read over so many days and said per week: single ends make steps that mean nothing for one week.
READ_OVER = 28
WEEK = 7


@dataclass(frozen=True)
class Steps:
    """A curve as steps: from each age on, the share won and the share still open. Before the first nothing is won."""

    ages: Sequence[int]
    won: Sequence[float]
    open: Sequence[float]

    def chance_at(self, age: int) -> float:
        """The chance that a deal still open at an age is won by the end of the curve; 0 where none was open."""
        at = max(bisect_right(self.ages, age) - 1, 0)
        return (self.won[-1] - self.won[at]) / self.open[at] if self.open[at] > 0 else 0.0

    def fall_per_week(self, age: int) -> float:
        """How much of the chance to win a week more without an end takes, at an age; never below 0."""
        fallen = self.chance_at(age) - self.chance_at(age + READ_OVER)
        return max(fallen, 0.0) * WEEK / READ_OVER
