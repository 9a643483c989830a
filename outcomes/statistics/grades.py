"""The evidence grade of a number: a letter and what kept it from a better one.

A to D from the sample alone (the smaller of events and non-events, and the width of the interval), then a
cap by the kind of claim, then one grade less for each weakness of the records. The lowest letter is D: what
is below it is not shown as a number at all (see `minimum`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from outcomes.statistics.curves import HORIZON_AT_RISK, Reading
from outcomes.statistics.intervals import Share

LETTERS: Final = "ABCD"

# letter; at least: smaller of events and non-events; at most: half-width of a share, upper end / lower end
_THRESHOLDS: Final = (("A", 100, 0.03, 1.5), ("B", 40, 0.06, 2.25), ("C", 15, 0.12, 4.0))


class Cap(StrEnum):
    """Kinds of claim that never get a better letter, however many deals. A randomised comparison has none."""

    ADJUSTED_ASSOCIATION = "adjusted_association"
    UNADJUSTED_ASSOCIATION = "unadjusted_association"
    SCENARIO = "scenario"
    ONE_REP = "one_rep"
    THIN_SUPPORT = "thin_support"


CAPPED_AT: Final = {
    Cap.ADJUSTED_ASSOCIATION: "B",
    Cap.UNADJUSTED_ASSOCIATION: "C",
    Cap.SCENARIO: "C",
    Cap.ONE_REP: "C",
    Cap.THIN_SUPPORT: "D",
}


class Weakness(StrEnum):
    """Faults of the records behind a number; each costs one grade."""

    ENDS_WITHOUT_CAUSE = "ends_without_cause"
    DATES_IMPUTED = "dates_imputed"
    LATE_ENTRY_UNKNOWN = "late_entry_unknown"
    ACTIVITY_WITHOUT_DEAL = "activity_without_deal"


@dataclass(frozen=True, slots=True)
class Records:
    """Counts about the records behind a number, from which its weaknesses follow.

    `window_unknown`: some deals come from a source of which nobody said from which day on ends were recorded.
    """

    ends: int = 0
    ends_without_cause: int = 0
    dates: int = 0
    dates_imputed: int = 0
    activities: int = 0
    activities_without_deal: int = 0
    window_unknown: bool = False

    def weaknesses(self) -> tuple[Weakness, ...]:
        """Over a tenth of ends without cause or of dates imputed, over a fifth of activity without deal."""
        found = {
            Weakness.ENDS_WITHOUT_CAUSE: self.ends_without_cause * 10 > self.ends,
            Weakness.DATES_IMPUTED: self.dates_imputed * 10 > self.dates,
            Weakness.LATE_ENTRY_UNKNOWN: self.window_unknown,
            Weakness.ACTIVITY_WITHOUT_DEAL: self.activities_without_deal * 5 > self.activities,
        }
        return tuple(weakness for weakness, present in found.items() if present)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a grade is no better: `code` is "events", "half_width", "ratio", or that of a Cap or Weakness.

    `have` and `need` are filled for the first three: what there is, and what the next better letter asks for.
    """

    code: str
    have: float | None = None
    need: float | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter from A to D and what kept it from a better one; an A has no reasons."""

    letter: str
    reasons: tuple[Reason, ...] = ()


def grade_share(
    share: Share,
    *,
    known_not: int | None = None,
    caps: Iterable[Cap] = (),
    weaknesses: Iterable[Weakness] = (),
) -> Grade:
    """Grade of a share by its events, its non-events (`known_not`, or all others) and its interval."""
    non_events = share.n - share.events if known_not is None else known_not
    letter, reasons = _by_sample(min(share.events, non_events), share.half_width, kind="half_width")
    return _lowered(letter, reasons, caps, weaknesses)


def grade_reading(
    reading: Reading, cause: str, *, caps: Iterable[Cap] = (), weaknesses: Iterable[Weakness] = ()
) -> Grade:
    """Grade of a curve read at one age; D where an end was counted on fewer than HORIZON_AT_RISK deals.

    The grade of the waste is that of the won: it is the same estimate, mirrored.
    """
    thin = (Cap.THIN_SUPPORT,) if reading.thinnest < HORIZON_AT_RISK else ()
    return grade_share(
        reading.ended[cause], known_not=reading.known_not[cause], caps=(*thin, *caps), weaknesses=weaknesses
    )


def grade_ratio(
    *,
    low: float,
    high: float,
    events: int,
    non_events: int,
    caps: Iterable[Cap] = (),
    weaknesses: Iterable[Weakness] = (),
) -> Grade:
    """Grade of a rate or an effect by upper over lower end of its interval; D where the lower is zero."""
    ratio = high / low if low > 0 else float("inf")
    letter, reasons = _by_sample(min(events, non_events), ratio, kind="ratio")
    return _lowered(letter, reasons, caps, weaknesses)


def _by_sample(events: int, width: float, *, kind: str) -> tuple[str, tuple[Reason, ...]]:
    better: tuple[int, float] | None = None
    letter = "D"
    for name, least_events, half_width, ratio in _THRESHOLDS:
        widest = half_width if kind == "half_width" else ratio
        if events >= least_events and width <= widest:
            letter = name
            break
        better = (least_events, widest)
    if better is None:
        return letter, ()
    short = (Reason("events", events, better[0]),) if events < better[0] else ()
    wide = (Reason(kind, width, better[1]),) if width > better[1] else ()
    return letter, short + wide


def _lowered(letter: str, reasons: tuple[Reason, ...], caps: Iterable[Cap], weaknesses: Iterable[Weakness]) -> Grade:
    lowest = max(caps, key=lambda cap: (CAPPED_AT[cap], cap), default=None)
    if lowest is not None and letter < CAPPED_AT[lowest]:
        letter, reasons = CAPPED_AT[lowest], (Reason(lowest.value),)
    for weakness in sorted(set(weaknesses)):
        letter = LETTERS[min(LETTERS.index(letter) + 1, len(LETTERS) - 1)]
        reasons = (*reasons, Reason(weakness.value))
    return Grade(letter, reasons)
