"""The named win rates, and what each refuses to be computed from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from outcomes.statistics.bins import CAUSES, DISQUALIFIED, LOST, NO_DECISION, OPEN, WON, Bins
from outcomes.statistics.curves import cumulative_incidence
from outcomes.statistics.rates import won_of_closed, won_so_far, won_within


def test_of_the_deals_closed_all_four_causes_stand_below_the_line() -> None:
    rate = won_of_closed({WON: 20, LOST: 20, NO_DECISION: 50, DISQUALIFIED: 10})
    assert (rate.value, rate.events, rate.n) == (0.2, 20, 100)


def test_no_decision_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="no_decision"):
        won_of_closed({WON: 20, LOST: 20, DISQUALIFIED: 10})


def test_won_so_far_counts_open_deals_below_the_line() -> None:
    assert won_so_far(15, 60).value == 0.25
    with pytest.raises(ValueError, match="no deals"):
        won_so_far(0, 0)


def test_a_cohort_with_a_young_open_deal_is_not_finished() -> None:
    with pytest.raises(ValueError, match="still open"):
        won_within(Bins.from_deals([(0, 10, WON), (0, 30, OPEN)]), 30)
    assert won_within(Bins.from_deals([(0, 10, WON), (0, 31, OPEN)]), 30).value == 0.5


def test_a_cohort_with_late_entries_is_for_the_curve() -> None:
    with pytest.raises(ValueError, match="first days"):
        won_within(Bins.from_deals([(3, 10, WON), (0, 20, LOST)]), 15)


@settings(deadline=None)
@given(
    some.lists(some.tuples(some.just(0), some.integers(0, 60), some.sampled_from(CAUSES)), min_size=1),
    some.integers(0, 30),
)
def test_for_a_finished_cohort_the_curve_gives_the_same_share(
    ended: list[tuple[int, int, str]], still_open: int
) -> None:
    bins = Bins.from_deals([*ended, *[(0, 61, OPEN)] * still_open])
    curve = cumulative_incidence(bins).at(60)
    assert won_within(bins, 60).value == pytest.approx(curve.ended[WON].value, abs=1e-12)
