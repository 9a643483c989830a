"""Intervals: how far a number may be from the truth, by the size of its sample alone.

All are two-sided at 95 % unless another confidence is given. Each names the source of its formula.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

CONFIDENCE: Final = 0.95
Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """The two ends of an interval, in the unit of the number it belongs to."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """A share between 0 and 1, its 95 % interval, the events counted in it and the deals it is taken from."""

    value: float
    low: float
    high: float
    events: int
    n: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def rest(self) -> Share:
        """The share of all others: one minus this one, with the mirrored interval."""
        return Share(1 - self.value, 1 - self.high, 1 - self.low, self.n - self.events, self.n)


def z_of(confidence: float = CONFIDENCE) -> float:
    """Standard normal quantile that leaves (1 - confidence) / 2 above it. Raises ValueError outside 0..1."""
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
    return float(special.ndtri((1 + confidence) / 2))


def wilson(events: float, n: float, *, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a binomial share.

    Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    `n` may be an effective size and need not be whole. With n = 0 nothing is known: 0 to 1. Raises
    ValueError unless 0 <= events <= n.
    """
    if not 0 <= events <= n:
        raise ValueError(f"{events} events of {n}")
    if n == 0:
        return Interval(0.0, 1.0)
    z2 = z_of(confidence) ** 2
    centre = (events + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (events * (n - events) / n + z2 / 4)) / (n + z2)
    low = 0.0 if events == 0 else max(0.0, centre - half)
    high = 1.0 if events == n else min(1.0, centre + half)
    return Interval(low, high)


def share(events: int, n: int, *, confidence: float = CONFIDENCE) -> Share:
    """`events` of `n` as a share with its Wilson interval. Raises ValueError for n = 0."""
    if n == 0:
        raise ValueError("a share of no deals has no value")
    low, high = wilson(events, n, confidence=confidence)
    return Share(events / n, low, high, events, n)


def newcombe(events_a: int, n_a: int, events_b: int, n_b: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Interval of the difference share A - share B of two independent groups.

    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10 (square-and-add of two Wilson intervals).
    """
    a, b = share(events_a, n_a, confidence=confidence), share(events_b, n_b, confidence=confidence)
    difference = a.value - b.value
    return Interval(
        difference - math.hypot(a.value - a.low, b.high - b.value),
        difference + math.hypot(a.high - a.value, b.value - b.low),
    )


def poisson(events: int, exposure: float = 1.0, *, confidence: float = CONFIDENCE) -> Interval:
    """Exact interval of a rate: events per unit of exposure. Garwood (1936), Biometrika 28, 437-442.

    Unit: one over the unit of exposure. Raises ValueError for negative events or an exposure that is not
    positive.
    """
    if events < 0 or exposure <= 0:
        raise ValueError(f"{events} events in an exposure of {exposure}")
    tail = (1 - confidence) / 2
    low = float(special.gammaincinv(events, tail)) if events else 0.0
    return Interval(low / exposure, float(special.gammaincinv(events + 1, 1 - tail)) / exposure)


def median_ranks(n: int, *, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Ranks (from 1) of the ordered values around the population's median; None where n is too small.

    Distribution-free and conservative: each tail holds at most half of the error. David & Nagaraja (2003),
    Order Statistics. Needs n >= 6 at 95 %.
    """
    ranks = np.arange(n // 2 + 1)
    below = special.bdtr(ranks, n, 0.5) if n else np.ones(1)
    fitting = np.flatnonzero(below <= (1 - confidence) / 2)
    if not len(fitting):
        return None
    lower = int(fitting[-1]) + 1
    return lower, n + 1 - lower


def median(counts: Sequence[int] | NDArray[np.int64], *, confidence: float = CONFIDENCE) -> tuple[int, Interval] | None:
    """Lower median of whole values, `counts[v]` of them v, and its interval; None while n is too small."""
    reached = np.cumsum(np.asarray(counts, dtype=np.int64))
    n = int(reached[-1]) if len(reached) else 0
    ranks = median_ranks(n, confidence=confidence)
    if ranks is None:
        return None
    low, middle, high = (int(np.searchsorted(reached, rank)) for rank in (ranks[0], (n + 1) // 2, ranks[1]))
    return middle, Interval(low, high)


def ratio_of_sums(
    *, n: int, x: int, y: int, xx: int, xy: int, yy: int, confidence: float = CONFIDENCE
) -> tuple[float, Interval] | None:
    """The share sum(x) / sum(y) over n deals with 0 <= x_i <= y_i, and its interval; None where y = 0.

    x, y are the sums, xx, xy, yy the sums of squares and products, all whole numbers (minutes, minor
    units): the sum of squared residuals is exact before the first division. Ratio estimator with the
    linearised variance n/(n-1) * sum (x_i - r y_i)^2 / y^2, Cochran (1977), Sampling Techniques, deals
    taken as independent and the tenant's deals as a sample of its work (no finite-population factor). The
    interval is taken on the logit scale and so stays inside 0..1. Where r is 0 or 1, or one deal carries it
    all, the residuals say nothing: Wilson on Kish's effective number of deals y^2 / yy (Kish 1965, Survey
    Sampling).
    """
    if not (n >= 0 and 0 <= x <= y and 0 <= xx <= xy <= yy):
        raise ValueError("x and y are sums over deals with 0 <= x <= y for each of them")
    if y == 0:
        return None
    ratio = x / y
    # Times y^2, so that it stays a whole number.
    residuals = xx * y * y - 2 * x * y * xy + x * x * yy
    if n < 2 or x in (0, y) or residuals <= 0:
        size = y * y / yy
        return ratio, wilson(ratio * size, size, confidence=confidence)
    deviation = math.sqrt(n / (n - 1) * (residuals / y**4))
    reach = z_of(confidence) * deviation / (ratio * (1 - ratio))
    centre = math.log(ratio / (1 - ratio))
    return ratio, Interval(float(special.expit(centre - reach)), float(special.expit(centre + reach)))


def complementary_log_log(
    value: Floats, variance: Floats, size: Floats, *, confidence: float = CONFIDENCE
) -> tuple[Floats, Floats]:
    """Lower and upper ends for shares (any shape) from their variances; they stay inside 0..1.

    1 - exp(-exp(log(-log(1-F)) +- z sd / (|log(1-F)| (1-F)))): Kalbfleisch & Prentice (2002), The
    Statistical Analysis of Failure Time Data, for 1 - F. The scale has no ends: where F is 0 or 1, or
    nothing varies, the Wilson interval of `size` deals (an effective number) stands in, because no event
    among few is not certainty.
    """
    z = z_of(confidence)
    inside = (value > 0) & (value < 1) & (variance > 0)
    f = np.where(inside, value, 0.5)
    log_rest = np.log1p(-f)
    reach = z * np.sqrt(np.where(inside, variance, 0.0)) / (-log_rest * (1 - f))
    low = -np.expm1(log_rest * np.exp(-reach))
    # Beyond e^700 the end is 1 anyway.
    high = -np.expm1(log_rest * np.exp(np.minimum(reach, 700.0)))
    size = np.maximum(size, 0.0)
    z2 = z * z
    centre = (value * size + z2 / 2) / (size + z2)
    half = np.sqrt(z2 * (size * value * (1 - value) + z2 / 4)) / (size + z2)
    # At F = 0 and F = 1 one end is the value itself; rounding must not push the interval off it.
    wilson_low = np.where(value <= 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    wilson_high = np.where(value >= 1, 1.0, np.clip(centre + half, 0.0, 1.0))
    return np.where(inside, low, wilson_low), np.where(inside, high, wilson_high)
