"""Cumulative incidence of how deals end: Aalen-Johansen on counts by day of age.

    n_t   deals at risk at age t                     d_kt  ends of cause k at age t, d_t over all causes
    S(t)   = prod_{s<=t} (1 - d_s / n_s)             still open after age t
    F_k(t) = sum_{s<=t} S(s-1) d_ks / n_s            ended by cause k at age t or before

The estimate is Aalen & Johansen (1978), Scandinavian Journal of Statistics 5, 141-150. The variance is the
delta-method form of Marubini & Valsecchi (1995), Analysing Survival Data, written as running sums. Open
deals are censored at their age; deals whose ends were not recorded from the start enter late.

The weakness of late entry. Where the first ages are seen on few deals, their ends weigh on everything after
them; where all deals at risk end, or none is at risk, while others enter later, the product has nothing to
go on: the curve would stay at zero for ever, and the late deals contradict it (Klein & Moeschberger 2003,
Survival Analysis, 4.6). Such an age is a *gap*. A curve with a gap says nothing from there on (`support`,
`horizon` lie before it), and `gap.resumes` is the age from which a sound curve can be asked for:
`cumulative_incidence(bins, start=resumes)`, which is about deals still open at that age and must be named
so. `thinnest` tells how few deals an end was ever counted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from outcomes.statistics.bins import CAUSES, WON, Bins, Counts
from outcomes.statistics.intervals import (
    CONFIDENCE,
    Floats,
    Interval,
    Share,
    complementary_log_log,
    median_ranks,
)

METHOD: Final = "aalen-johansen 1"

SUPPORT_AT_RISK: Final = 10
HORIZON_AT_RISK: Final = 20
HORIZON_OPEN: Final = 0.10


@dataclass(frozen=True, slots=True)
class Gap:
    """From `age` on nothing is known; from `resumes` on a curve that starts there has no gap."""

    age: int
    resumes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A curve read at one age. The shares of all causes and the open share add up to one.

    at_risk   deals at risk at that age
    thinnest  the smallest number at risk on which an end was counted up to that age, at most at_risk
    ended     share ended by that age, for each of CAUSES
    open      share still open after that age
    waste     share not won by that age: one minus the won, with the mirrored interval
              (events of open and of waste: deals without that end so far, open ones younger than this among them)
    known_not deals known not to have ended by the cause by that age: ended otherwise, or seen open past it
    """

    age: int
    at_risk: int
    thinnest: int
    supported: bool
    ended: Mapping[str, Share]
    open: Share
    waste: Share
    known_not: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Curves over ages 0 to the oldest age seen; arrays are indexed by age, then by cause as in CAUSES.

    start          the curve is about deals still open at this age (0: all qualified deals)
    deals          deals that were at risk at `start` or entered after it
    at_risk        n_t
    ended          F_k(t), with variance, low and high of the same shape
    still_open     S(t), with open_variance (Greenwood), open_low and open_high
    ends           ends counted up to each age, by cause
    support        the greatest age with SUPPORT_AT_RISK deals at risk; None: too few deals at any age
    horizon        the default age to read at: the smallest with at most a tenth still open, or the greatest
                   with HORIZON_AT_RISK at risk if that comes first; None: too few deals
    gap            where late entry leaves the curve without information
    """

    start: int
    deals: int
    at_risk: Counts
    ended: Floats
    variance: Floats
    low: Floats
    high: Floats
    still_open: Floats
    open_variance: Floats
    open_low: Floats
    open_high: Floats
    ends: Counts
    support: int | None
    horizon: int | None
    gap: Gap | None

    def at(self, age: int) -> Reading:
        """The curve at `age`; beyond the oldest deal it reads as at the oldest, unsupported.

        Raises ValueError before `start`.
        """
        if age < self.start:
            raise ValueError(f"this curve starts at age {self.start}, {age} lies before it")
        row = min(age, len(self.at_risk) - 1)
        at_risk = int(self.at_risk[row]) if age == row else 0
        ends = self.ends[row]
        seen_past = at_risk - (int(ends.sum()) - int(self.ends[row - 1].sum() if row > self.start else 0))
        ended = {
            cause: Share(
                float(self.ended[row, k]),
                float(self.low[row, k]),
                float(self.high[row, k]),
                int(ends[k]),
                self.deals,
            )
            for k, cause in enumerate(CAUSES)
        }
        return Reading(
            age=age,
            at_risk=at_risk,
            thinnest=min(at_risk, self._thinnest(row)),
            supported=self.support is not None and age <= self.support,
            ended=ended,
            open=Share(
                float(self.still_open[row]),
                float(self.open_low[row]),
                float(self.open_high[row]),
                self.deals - int(ends.sum()),
                self.deals,
            ),
            waste=ended[WON].rest(),
            known_not={cause: int(ends.sum() - ends[k]) + max(0, seen_past) for k, cause in enumerate(CAUSES)},
        )

    def _thinnest(self, row: int) -> int:
        steps = np.diff(self.ends[: row + 1].sum(axis=1), prepend=0)
        counted_on = self.at_risk[: row + 1][steps > 0]
        return int(counted_on.min()) if len(counted_on) else int(self.at_risk[row])

    def median_age(self, cause: str, horizon: int) -> tuple[int, Interval] | None:
        """Age in days by which half of those that end by `cause` within `horizon` have done so.

        The smallest t with F(t) >= F(horizon) / 2. The interval takes the order-statistic ranks of as many
        ends as were counted and reads the curve at those shares of F(horizon): Woodruff (1952), Journal of
        the American Statistical Association 47, 635-646. None while there are too few ends for such ranks
        (six).
        """
        curve = self.ended[: horizon + 1, CAUSES.index(cause)]
        count = int(self.ends[min(horizon, len(self.ends) - 1), CAUSES.index(cause)])
        ranks = median_ranks(count)
        if ranks is None:
            return None
        shares = np.array([ranks[0] / count, 0.5, min(1.0, ranks[1] / count)])
        # A hair below, because a share of a float sum may miss the very step that it names.
        low, middle, high = np.searchsorted(curve, shares * curve[-1] * (1 - 1e-12)).tolist()
        return middle, Interval(low, high)


def cumulative_incidence(bins: Bins, *, start: int = 0, confidence: float = CONFIDENCE) -> Incidence:
    """Curves of won, lost, no decision and disqualified from counts by age, by the method named above.

    With `start` the curve is about deals still open at the beginning of that age, and earlier ends are left
    out. Raises ValueError when `start` lies outside the ages seen.
    """
    ages = len(bins.entries)
    if not 0 <= start < ages:
        raise ValueError(f"start {start} lies outside the ages 0 to {ages - 1}")
    at_risk = bins.at_risk
    ends = bins.ends.copy()
    ends[:start] = 0
    all_ends = ends.sum(axis=1)
    n = np.where(at_risk > 0, at_risk, 1).astype(np.float64)
    still_open = np.cumprod((n - all_ends) / n)
    open_before = np.concatenate(([1.0], still_open[:-1]))
    steps = open_before[:, None] * ends / n[:, None]
    ended = np.cumsum(steps, axis=0)
    greenwood = _greenwood(all_ends, n)
    variance = _variance(ended, steps, greenwood, ends, open_before, n)
    open_variance = still_open**2 * np.cumsum(greenwood)
    counted = np.cumsum(ends, axis=0)
    size = _effective_size(still_open, open_variance, at_risk, counted.sum(axis=1), start)
    low, high = complementary_log_log(ended, variance, size[:, None], confidence=confidence)
    gone_low, gone_high = complementary_log_log(1 - still_open, open_variance, size, confidence=confidence)
    gap = _gap(at_risk, all_ends, start)
    trusted = at_risk[: gap.age] if gap else at_risk
    return Incidence(
        start=start,
        deals=int(at_risk[start] + bins.entries[start + 1 :].sum()),
        at_risk=at_risk,
        ended=ended,
        variance=variance,
        low=low,
        high=high,
        still_open=still_open,
        open_variance=open_variance,
        open_low=1 - gone_high,
        open_high=1 - gone_low,
        ends=counted,
        support=_greatest_age(trusted, SUPPORT_AT_RISK, start),
        horizon=_horizon(trusted, still_open, start),
        gap=gap,
    )


def _greenwood(all_ends: Counts, n: Floats) -> Floats:
    """d / (n (n - d)). Where all at risk end, S is zero from there on and F no longer moves: the term vanishes."""
    survivors = n - all_ends
    return np.where(survivors > 0, all_ends / (n * np.where(survivors > 0, survivors, 1)), 0.0)


def _variance(ended: Floats, steps: Floats, greenwood: Floats, ends: Counts, open_before: Floats, n: Floats) -> Floats:
    """Var F_k(t), the double sum over s <= t expanded into running sums of 1, F(s) and F(s)^2: one pass."""
    weight = greenwood[:, None]
    own = (open_before**2 / n**3)[:, None] * ends * (n[:, None] - ends)
    cross = steps / n[:, None]
    sums = np.cumsum(
        np.stack((weight + 0 * ended, ended * weight, ended**2 * weight, own, cross, ended * cross)), axis=1
    )
    w, fw, ffw, own_sum, cross_sum, f_cross = sums
    variance: Floats = ended**2 * w - 2 * ended * fw + ffw + own_sum - 2 * ended * cross_sum + 2 * f_cross
    # The sums cancel to within rounding, which may leave a trace below zero.
    return variance.clip(min=0.0)


def _effective_size(
    still_open: Floats, open_variance: Floats, at_risk: Counts, ended: NDArray[np.int64], start: int
) -> Floats:
    """Number of deals that, watched to the end, would tell S(t) as well: S (1-S) / Var S.

    Cutler & Ederer (1958), Journal of Chronic Diseases 8, 699-712.
    While nothing has ended it is the smallest number at risk so far; when everything has, the number of ends.
    """
    smallest = np.minimum.accumulate(np.where(np.arange(len(at_risk)) < start, at_risk[start], at_risk))
    varies = open_variance > 0
    size = still_open * (1 - still_open) / np.where(varies, open_variance, 1.0)
    flat = np.where(ended == 0, smallest, np.where(still_open <= 0, ended, 0))
    return np.where(varies, size, flat.astype(np.float64))


def _gap(at_risk: Counts, all_ends: Counts, start: int) -> Gap | None:
    seen = np.flatnonzero(at_risk)
    last_seen = int(seen[-1]) if len(seen) else 0
    ages = np.arange(start, max(start, last_seen))
    blind = ages[at_risk[ages] == all_ends[ages]]
    return Gap(int(blind[0]), int(blind[-1]) + 1) if len(blind) else None


def _greatest_age(at_risk: Counts, needed: int, start: int) -> int | None:
    ages = np.flatnonzero(at_risk >= needed)
    return int(ages[-1]) if len(ages) and ages[-1] >= start else None


def _horizon(at_risk: Counts, still_open: Floats, start: int) -> int | None:
    enough = _greatest_age(at_risk, HORIZON_AT_RISK, start)
    if enough is None:
        return None
    # A tenth of a float product is not exactly a tenth.
    few_open = np.flatnonzero(still_open[: enough + 1] <= HORIZON_OPEN + 1e-12)
    return int(few_open[0]) if len(few_open) else enough
