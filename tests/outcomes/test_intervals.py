"""Intervals against printed values and statsmodels, and where they must stay."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from outcomes.statistics.intervals import (
    Interval,
    median,
    median_ranks,
    newcombe,
    poisson,
    ratio_of_sums,
    share,
    wilson,
    z_of,
)


def test_wilson_of_81_in_263_is_the_printed_one() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


@settings(deadline=None)
@given(some.integers(0, 5_000), some.integers(1, 5_000))
def test_a_share_lies_in_its_interval_and_the_interval_between_0_and_1(events: int, others: int) -> None:
    n = events + others
    low, high = wilson(events, n)
    assert 0 <= low <= events / n <= high <= 1
    statsmodels = importlib.import_module("statsmodels.stats.proportion")
    assert (low, high) == pytest.approx(statsmodels.proportion_confint(events, n, method="wilson"), abs=1e-9)


def test_four_wins_of_four_are_no_certainty() -> None:
    four = share(4, 4)
    assert (four.value, four.high) == (1, 1)
    assert four.low == pytest.approx(0.5101, abs=5e-5)
    assert four.rest().value == 0
    assert four.rest().high == pytest.approx(0.4899, abs=5e-5)


def test_nothing_seen_is_nothing_known() -> None:
    assert wilson(0, 0) == Interval(0, 1)
    with pytest.raises(ValueError, match="no deals"):
        share(0, 0)


def test_more_events_than_deals_are_refused() -> None:
    with pytest.raises(ValueError, match="5 events of 4"):
        wilson(5, 4)
    with pytest.raises(ValueError, match="confidence"):
        z_of(1.0)


def test_newcombes_difference_is_the_printed_one() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10."""
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert newcombe(10, 10, 0, 10) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_the_exact_poisson_interval_is_the_printed_one() -> None:
    """Garwood's table as reprinted in most textbooks: 0, 1, 5 and 10 events."""
    assert poisson(0) == pytest.approx((0, 3.6889), abs=5e-5)
    assert poisson(1) == pytest.approx((0.0253, 5.5716), abs=5e-5)
    assert poisson(5) == pytest.approx((1.6235, 11.6683), abs=5e-5)
    assert poisson(10, exposure=2.0) == pytest.approx((4.7954 / 2, 18.3904 / 2), abs=5e-5)


@settings(deadline=None)
@given(some.integers(1, 400))
def test_the_poisson_interval_leaves_a_fortieth_on_either_side(events: int) -> None:
    low, high = poisson(events)

    def up_to(count: int, mean: float) -> float:
        return sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))

    assert 1 - up_to(events - 1, low) == pytest.approx(0.025, abs=1e-9)
    assert up_to(events, high) == pytest.approx(0.025, abs=1e-9)


def test_a_poisson_rate_needs_exposure() -> None:
    with pytest.raises(ValueError, match="exposure"):
        poisson(3, exposure=0)


def test_median_ranks_are_the_printed_ones() -> None:
    """Tables of the sign test: of 6 values the outermost, of 15 the 4th and 12th, of 20 the 6th and 15th."""
    assert median_ranks(5) is None
    assert median_ranks(0) is None
    assert median_ranks(6) == (1, 6)
    assert median_ranks(15) == (4, 12)
    assert median_ranks(20) == (6, 15)


@settings(deadline=None)
@given(some.integers(6, 300))
def test_the_median_lies_between_its_ranks_at_least_95_times_in_100(n: int) -> None:
    ranks = median_ranks(n)
    assert ranks is not None
    low, high = ranks

    def covered(from_rank: int, to_rank: int) -> float:
        return sum(math.comb(n, k) for k in range(from_rank, to_rank)) / int(2**n)

    assert covered(low, high) >= 0.95
    assert covered(low + 1, high - 1) < 0.95


@settings(deadline=None)
@given(some.lists(some.integers(0, 50), min_size=6))
def test_the_median_of_counted_values_is_the_one_of_the_values(values: list[int]) -> None:
    counts = [values.count(value) for value in range(51)]
    answer, ranks = median(counts), median_ranks(len(values))
    assert answer is not None
    assert ranks is not None
    ordered = sorted(values)
    assert answer == (ordered[(len(ordered) - 1) // 2], (ordered[ranks[0] - 1], ordered[ranks[1] - 1]))


def test_no_values_have_no_median() -> None:
    assert median([]) is None
    assert median([5]) is None


def sums(pairs: Iterable[tuple[int, int]]) -> dict[str, int]:
    kept = list(pairs)
    return {
        "n": len(kept),
        "x": sum(x for x, _ in kept),
        "y": sum(y for _, y in kept),
        "xx": sum(x * x for x, _ in kept),
        "xy": sum(x * y for x, y in kept),
        "yy": sum(y * y for _, y in kept),
    }


PART_AND_WHOLE = some.integers(0, 10_000_000).flatmap(lambda y: some.tuples(some.integers(0, y), some.just(y)))


@settings(deadline=None)
@given(some.lists(PART_AND_WHOLE, max_size=40))
def test_a_share_of_sums_lies_in_its_interval(pairs: list[tuple[int, int]]) -> None:
    answer = ratio_of_sums(**sums(pairs))
    if answer is None:
        assert sum(y for _, y in pairs) == 0
        return
    ratio, (low, high) = answer
    assert 0 <= low <= ratio + 1e-12
    assert ratio <= high + 1e-12
    assert high <= 1 + 1e-12


def test_a_share_of_sums_over_equal_deals_is_the_share_of_deals() -> None:
    """60 of 200 deals of the same minutes: the logit interval of a share, with n/(n-1) in the variance."""
    answer = ratio_of_sums(**sums([(90, 90)] * 60 + [(0, 90)] * 140))
    assert answer is not None
    ratio, (low, high) = answer
    deviation = math.sqrt(0.3 * 0.7 / 199) / (0.3 * 0.7)
    assert ratio == pytest.approx(0.3)
    assert math.log(high / (1 - high)) == pytest.approx(math.log(0.3 / 0.7) + z_of() * deviation)
    assert math.log(low / (1 - low)) == pytest.approx(math.log(0.3 / 0.7) - z_of() * deviation)


def test_the_interval_of_partly_idle_deals_is_that_of_the_squared_residuals() -> None:
    pairs = [(10, 90), (0, 30), (60, 60), (25, 200), (5, 45), (80, 120)]
    answer = ratio_of_sums(**sums(pairs))
    assert answer is not None
    ratio, (low, high) = answer
    assert ratio == 180 / 545
    variance = 6 / 5 * sum((x - ratio * y) ** 2 for x, y in pairs) / 545**2
    reach = z_of() * math.sqrt(variance) / (ratio * (1 - ratio))
    assert math.log(high / (1 - high)) == pytest.approx(math.log(ratio / (1 - ratio)) + reach)
    assert math.log(low / (1 - low)) == pytest.approx(math.log(ratio / (1 - ratio)) - reach)


def test_one_huge_deal_makes_the_interval_of_value_wide() -> None:
    even = ratio_of_sums(**sums([(100, 100)] * 100 + [(0, 100)] * 100))
    ruled = ratio_of_sums(**sums([(100, 100)] * 99 + [(100_000, 100_000)] + [(0, 100)] * 100))
    assert even is not None
    assert ruled is not None
    assert even[1].high - even[1].low < 0.15
    assert ruled[1].high - ruled[1].low > 0.3


def test_all_value_lost_is_no_certainty_and_counts_as_few_deals_when_one_rules() -> None:
    even = ratio_of_sums(**sums([(100, 100)] * 50))
    ruled = ratio_of_sums(**sums([(100, 100)] * 49 + [(100_000, 100_000)]))
    assert even is not None
    assert ruled is not None
    assert (even[0], even[1].high) == (1, 1)
    assert even[1].low == pytest.approx(wilson(50, 50).low)
    assert ruled[1].low < 0.25


def test_sums_of_minor_units_are_exact_beyond_any_machine_word() -> None:
    """A trillion in minor units a deal: squares far beyond 64 bits give the interval of small numbers."""
    big = 10**14
    answer = ratio_of_sums(**sums([(big, big)] * 60 + [(0, big)] * 140))
    assert answer == ratio_of_sums(**sums([(1, 1)] * 60 + [(0, 1)] * 140))


@pytest.mark.parametrize("wrong", [{"x": 5}, {"xx": 90}, {"xy": 10_000}, {"n": -1}])
def test_sums_that_no_parts_of_wholes_could_have_are_refused(wrong: dict[str, int]) -> None:
    right = {"n": 2, "x": 2, "y": 4, "xx": 2, "xy": 4, "yy": 8}
    with pytest.raises(ValueError, match="sums over deals"):
        ratio_of_sums(**{**right, **wrong})
