"""Deals counted by age in whole days: the only input of every curve.

A *deal* is here one clock that starts on its qualification day. Its *entry age* is the age at which its end
would first have been recorded: 0, or `observed_from - qualified_on` where the source began later than the
deal (late entry). Its *exit age* is the age at its end, or at the last day on which it is known to have
been open.

A deal is at risk at age t when entry age <= t <= exit age. Ends come before censorings of the same day, and
an end on the very day of entry counts.

A deal that leaves before it enters cannot exist in a true source window: its end should never have been
recorded. It is left out of the counts and added to `excluded`, so that a page can say how many there are;
its ages are never moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

WON: Final = "won"
LOST: Final = "lost"
NO_DECISION: Final = "no_decision"
DISQUALIFIED: Final = "disqualified"
CAUSES: Final = (WON, LOST, NO_DECISION, DISQUALIFIED)
OPEN: Final = "open"
ENTERED: Final = "entered"

# From 1900 to 2199, the dates that an import accepts. One absurd date must not become an array of millions of days.
OLDEST_AGE: Final = 109_573


class Spell(NamedTuple):
    """One deal's clock: entry age and exit age in days, and one of CAUSES, or OPEN if it has not ended."""

    entry_age: int
    exit_age: int
    end: str


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Deals counted by age. Index = age in days, 0 to the oldest age seen.

    entries   (ages,)         deals whose observation begins at that age
    ends      (ages, causes)  deals that ended at that age, a column for each of CAUSES
    censored  (ages,)         deals last seen open at that age
    excluded  deals that left before they entered: counted here and nowhere else

    Raises ValueError where the counts cannot describe any set of deals: unequal lengths, no age at all, a
    negative count, not as many leaving as entering, or more gone by some age than had entered by then.
    """

    entries: Counts
    ends: Counts
    censored: Counts
    excluded: int = 0

    def __post_init__(self) -> None:
        for name in ("entries", "ends", "censored"):
            object.__setattr__(self, name, _frozen(getattr(self, name), name))
        ages = len(self.entries)
        if self.entries.shape != (ages,) or self.censored.shape != (ages,) or self.ends.shape != (ages, len(CAUSES)):
            raise ValueError(f"entries and censored need one value, ends {len(CAUSES)} for each age")
        if not 1 <= ages <= OLDEST_AGE + 1:
            raise ValueError(f"bins hold between one age and {OLDEST_AGE + 1}, not {ages}")
        if self.excluded < 0 or min(self.entries.min(), self.ends.min(), self.censored.min()) < 0:
            raise ValueError("a count of deals is never negative")
        still_there = np.cumsum(self.entries) - np.cumsum(self.leavers)
        if still_there.min() < 0:
            raise ValueError(f"more deals had left than had entered by age {int(np.argmax(still_there < 0))}")
        if still_there[-1]:
            raise ValueError(f"{int(still_there[-1])} deals entered and never left")

    @classmethod
    def empty(cls) -> Self:
        """No deal at all."""
        return cls.from_rows(())

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, str, int]], *, excluded: int = 0) -> Self:
        """Bins from counted rows (age, kind, deals); kind is ENTERED, OPEN or one of CAUSES.

        This is what one grouped query delivers: each deal once as ENTERED at its entry age and once as what
        became of it at its exit age. Rows of the same age and kind add up. Raises ValueError on an unknown
        kind or an age outside 0 to OLDEST_AGE.
        """
        kept = list(rows)
        if unknown := {kind for _, kind, _ in kept} - _COLUMN.keys():
            raise ValueError(f"{min(unknown)!r} is no way to enter or leave; known are {', '.join(_COLUMN)}")
        age = np.array([age for age, _, _ in kept], dtype=np.int64)
        if len(age) and not 0 <= age.min() <= age.max() <= OLDEST_AGE:
            raise ValueError(f"an age lies between 0 and {OLDEST_AGE} days")
        column = np.array([_COLUMN[kind] for _, kind, _ in kept], dtype=np.int64)
        table = np.zeros((1 + int(age.max(initial=0)), len(_COLUMN)), dtype=np.int64)
        np.add.at(table, (age, column), np.array([deals for _, _, deals in kept], dtype=np.int64))
        return cls(table[:, 0], table[:, 2:], table[:, 1], excluded)

    @classmethod
    def from_deals(cls, deals: Iterable[Spell | tuple[int, int, str]]) -> Self:
        """Bins from single deals. Deals whose exit age lies below their entry age are counted as excluded."""
        rows: list[tuple[int, str, int]] = []
        excluded = 0
        for entry_age, exit_age, end in deals:
            if entry_age < 0:
                raise ValueError(f"an entry age of {entry_age} lies before the qualification")
            if exit_age < entry_age:
                excluded += 1
                continue
            rows += ((entry_age, ENTERED, 1), (exit_age, end, 1))
        return cls.from_rows(rows, excluded=excluded)

    @property
    def leavers(self) -> Counts:
        """Deals that ended or were last seen open, by age."""
        gone: Counts = self.ends.sum(axis=1) + self.censored
        return gone

    @property
    def at_risk(self) -> Counts:
        """n_t: deals that entered at age t or before and had not left before t."""
        gone_before = np.cumsum(self.leavers) - self.leavers
        count: Counts = np.cumsum(self.entries) - gone_before
        return count

    @property
    def deals(self) -> int:
        """All deals counted, without the excluded ones."""
        return int(self.entries.sum())

    @property
    def oldest_end(self) -> int | None:
        """The greatest age at which any deal ever ended; None while none did."""
        ages = np.flatnonzero(self.ends.any(axis=1))
        return int(ages[-1]) if len(ages) else None

    @property
    def older_than_any_end(self) -> int:
        """Open deals older than any deal that ever ended: censored, but hardly like the others."""
        oldest = self.oldest_end
        return 0 if oldest is None else int(self.censored[oldest + 1 :].sum())

    def with_the_oldest_lost(self) -> Bins:
        """The same deals if those counted by `older_than_any_end` were lost today: a second line to show."""
        oldest = self.oldest_end
        if oldest is None:
            return self
        ends, censored = self.ends.copy(), self.censored.copy()
        ends[oldest + 1 :, CAUSES.index(LOST)] += censored[oldest + 1 :]
        censored[oldest + 1 :] = 0
        return Bins(self.entries, ends, censored, self.excluded)

    def __add__(self, other: Bins) -> Bins:
        """The bins of both sets of deals together (the sets must not overlap)."""
        ages = max(len(self.entries), len(other.entries))
        return Bins(
            _padded(self.entries, ages) + _padded(other.entries, ages),
            _padded(self.ends, ages) + _padded(other.ends, ages),
            _padded(self.censored, ages) + _padded(other.censored, ages),
            self.excluded + other.excluded,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bins):
            return NotImplemented
        return self.counts() == other.counts()

    def __hash__(self) -> int:
        return hash(self.counts())

    def counts(self) -> tuple[int, tuple[tuple[int, ...], ...]]:
        """Excluded deals, and for each age with any deal: age, entries, ends by cause, censored."""
        table = np.column_stack((np.arange(len(self.entries)), self.entries, self.ends, self.censored))
        return self.excluded, tuple(map(tuple, table[table[:, 1:].any(axis=1)].tolist()))


_COLUMN: Final = {kind: column for column, kind in enumerate((ENTERED, OPEN, *CAUSES))}


def _frozen(values: Counts, name: str) -> Counts:
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} are whole numbers of deals, not {array.dtype}")
    copy = array.astype(np.int64)
    copy.setflags(write=False)
    return copy


def _padded(values: Counts, ages: int) -> Counts:
    longer = np.zeros((ages, *values.shape[1:]), dtype=np.int64)
    longer[: len(values)] = values
    return longer
