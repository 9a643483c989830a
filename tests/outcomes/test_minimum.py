"""What Northwind is told while it has too few deals for a figure."""

from __future__ import annotations

import pytest

from outcomes.statistics.bins import LOST, NO_DECISION, OPEN, WON, Bins
from outcomes.statistics.curves import cumulative_incidence
from outcomes.statistics.minimum import (
    Missing,
    NotEnough,
    Pace,
    for_close_rate,
    for_comparison,
    for_counted_share,
    for_incidence,
    for_median_age,
    for_percentage,
)


def enough(deals: list[tuple[int, int, str]], cause: str, age: int | None, **paces: Pace) -> NotEnough | None:
    bins = Bins.from_deals(deals)
    return for_incidence(cumulative_incidence(bins), bins, cause, age, **paces)


def test_seven_deals_are_thirteen_short_of_a_percentage() -> None:
    missing = for_percentage(7, pace=Pace(count=14, days=35))
    assert missing == NotEnough("share", (Missing("deals", 7, 20, days=33),))
    assert missing.missing[0].more == 13
    assert for_percentage(20) is None


def test_nobody_can_say_when_while_nothing_comes_in() -> None:
    missing = for_percentage(7, pace=Pace(count=0, days=90))
    assert missing is not None
    assert missing.days is None
    assert for_percentage(7) == NotEnough("share", (Missing("deals", 7, 20),))


def test_from_ten_deals_on_a_count_has_an_interval() -> None:
    assert for_counted_share(9) is not None
    assert for_counted_share(10) is None


def test_a_close_rate_without_any_recorded_loss_is_refused() -> None:
    refused = for_close_rate({WON: 300, LOST: 0, NO_DECISION: 0})
    assert refused == NotEnough("close_rate", (Missing("closed_not_won", 0, 1),))
    assert for_close_rate({WON: 300, LOST: 1}) is None
    assert for_close_rate({}) == NotEnough("close_rate", (Missing("deals", 0, 20),))


def test_a_curve_needs_twenty_deals_ten_of_that_age_and_five_ends() -> None:
    assert enough([(0, 5, WON)] * 5 + [(0, 30, OPEN)] * 15, WON, 30) is None
    assert enough([(0, 5, WON)] * 5 + [(0, 30, OPEN)] * 14, WON, 30) == NotEnough(
        "incidence", (Missing("deals", 19, 20),)
    )
    assert enough([(0, 5, WON)] * 4 + [(0, 30, OPEN)] * 16, WON, 30, ends=Pace(4, 60)) == NotEnough(
        "incidence", (Missing("ends", 4, 5, days=15),)
    )


def test_deals_of_that_age_will_be_there_when_the_oldest_open_ones_have_aged() -> None:
    """Six are 60 days old; the next four are 50, 50, 40 and 40: twenty days to go."""
    young = [(0, 50, OPEN)] * 2 + [(0, 40, OPEN)] * 2 + [(0, 3, OPEN)] * 10
    deals = [(0, 5, WON)] * 6 + [(0, 60, OPEN)] * 6 + young
    assert enough(deals, WON, 60) == NotEnough("incidence", (Missing("at_risk", 6, 10, days=20),))
    assert enough(deals, WON, 60 + 10) == NotEnough("incidence", (Missing("at_risk", 0, 10, days=30),))


def test_nobody_can_say_when_too_few_open_deals_are_on_their_way() -> None:
    deals = [(0, 5, WON)] * 20 + [(0, 40, OPEN)] * 3
    missing = enough(deals, WON, 60)
    assert missing == NotEnough("incidence", (Missing("at_risk", 0, 10),))
    assert missing.days is None


def test_the_day_is_that_of_the_last_thing_missing() -> None:
    deals = [(0, 5, WON)] * 2 + [(0, 10, OPEN)] * 10
    missing = enough(deals, WON, 10, qualified=Pace(10, 10), ends=Pace(2, 30))
    assert missing is not None
    assert [(part.what, part.days) for part in missing.missing] == [("deals", 8), ("ends", 45)]
    assert missing.days == 45


def test_a_curve_without_a_horizon_says_what_it_waits_for() -> None:
    assert enough([(0, 5, WON)] * 7, WON, None) == NotEnough("incidence", (Missing("deals", 7, 20),))
    scattered = [(3 * day, 3 * day + 30, WON) for day in range(40)] + [(0, 1, OPEN)]
    assert enough(scattered, WON, None) == NotEnough("incidence", (Missing("at_risk", 11, 20),))


def test_a_curve_with_a_gap_lacks_young_deals() -> None:
    deals = [(0, 3, LOST)] * 2 + [(20, 40, WON)] * 50
    assert enough(deals, WON, None) == NotEnough("incidence", (Missing("young_deals", 2, 10),))
    assert enough(deals, WON, 30) == NotEnough("incidence", (Missing("young_deals", 2, 10),))


def test_a_median_needs_fifteen_wins_and_an_age_that_is_supported() -> None:
    won = [(0, 5, WON)]
    old = [(0, 90, OPEN)] * 20
    assert for_median_age(cumulative_incidence(Bins.from_deals(won * 15 + old)), WON, 90) is None
    few = for_median_age(cumulative_incidence(Bins.from_deals(won * 14 + old)), WON, 90, ends=Pace(7, 70))
    assert few == NotEnough("median_age", (Missing("wins", 14, 15, days=10),))
    curve = cumulative_incidence(Bins.from_deals(won * 15 + old))
    assert for_median_age(curve, WON, 91) == NotEnough("median_age", (Missing("at_risk", 0, 10),))
    assert for_median_age(curve, WON, None) == NotEnough("median_age", (Missing("at_risk", 0, 10),))


def test_slices_are_compared_from_thirty_deals_and_ten_events_in_each() -> None:
    assert for_comparison((30, 10), (500, 90)) is None
    assert for_comparison((29, 10), (500, 9)) == NotEnough(
        "comparison", (Missing("deals", 29, 30), Missing("events", 9, 10))
    )


def test_a_pace_needs_days() -> None:
    with pytest.raises(ValueError, match="no pace"):
        Pace(3, 0)
