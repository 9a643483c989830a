"""Whether a play works: what was won so far of its qualified deals, against what all such deals give at that age.

The figure is "won so far of those qualified", with the Wilson interval. By itself it would call every young play bad
and every old one good, since open deals may still win. So it is held against what the curve of all qualified deals
says of deals of the same ages (indirect standardisation: Breslow & Day 1987, Statistical Methods in Cancer Research
II, chapter 2):

    expected = mean over the play's deals of (F(a) - F(e - 1)) / S(e - 1)

F is the chance to win by an age and S the share still open at it, both of all qualified deals; a the age up to which
the deal could be seen to win; e the age at which it came to the play, or at which its source began to record ends.
What came to a play late is compared with deals that were still open then, or a play named late would be praised for
their survival. Ages beyond the curve's support read as its last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from outcomes.statistics.intervals import Share
from outcomes.statistics.minimum import PERCENTAGE_DEALS
from outcomes.statistics.rates import won_so_far


class Verdict(StrEnum):
    """What can be said of a play."""

    WORKING = "working"
    NOT_WORKING = "not_working"
    NO_DIFFERENCE = "no_difference"
    TOO_FEW = "too_few"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tally:
    """The deals of a play: qualified, ended and won of those, and the share of them that would be won were they like
    all others (None: that is not known)."""

    qualified: int = 0
    ended: int = 0
    won: int = 0
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what it rests on. share: None while too few have ended; more: how many are still to end."""

    verdict: Verdict
    tally: Tally
    share: Share | None = None
    more: int = 0


def judged(tally: Tally) -> Judged:
    """Working or not when the whole interval lies on one side of what is expected, from PERCENTAGE_DEALS ended on."""
    if (more := PERCENTAGE_DEALS - tally.ended) > 0:
        return Judged(Verdict.TOO_FEW, tally, more=more)
    share = won_so_far(tally.won, tally.qualified)
    if tally.expected is None:
        verdict = Verdict.UNKNOWN
    elif share.low > tally.expected:
        verdict = Verdict.WORKING
    else:
        verdict = Verdict.NOT_WORKING if share.high < tally.expected else Verdict.NO_DIFFERENCE
    return Judged(verdict, tally, share)
