"""What the counts behind every curve accept, add up to and refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from outcomes.statistics.bins import CAUSES, ENTERED, LOST, OLDEST_AGE, OPEN, WON, Bins, Spell

# A deal of Northwind's: entry age, age at which it left, and what became of it.
A_DEAL = some.tuples(some.integers(0, 20), some.integers(0, 40), some.sampled_from((*CAUSES, OPEN)))
DEALS = some.lists(A_DEAL, max_size=60)


def test_counts_each_deal_once_when_it_enters_and_once_when_it_leaves() -> None:
    bins = Bins.from_deals([(0, 2, WON), (1, 2, LOST), (0, 3, OPEN)])
    assert bins.entries.tolist() == [2, 1, 0, 0]
    assert bins.ends[2].tolist() == [1, 1, 0, 0]
    assert bins.censored.tolist() == [0, 0, 0, 1]
    assert bins.at_risk.tolist() == [2, 3, 3, 1]
    assert bins.deals == 3


def test_a_deal_that_ends_on_the_day_it_comes_under_observation_is_at_risk_that_day() -> None:
    bins = Bins.from_deals([(4, 4, WON)])
    assert bins.at_risk.tolist() == [0, 0, 0, 0, 1]


def test_a_deal_that_leaves_before_it_enters_is_counted_apart_and_never_moved() -> None:
    bins = Bins.from_deals([(5, 3, WON), (0, 2, WON)])
    assert bins == Bins.from_rows([(0, ENTERED, 1), (2, WON, 1)], excluded=1)
    assert (bins.deals, bins.excluded) == (1, 1)


def test_a_deal_on_its_qualification_day_is_kept_at_age_zero() -> None:
    assert Bins.from_deals([(0, 0, LOST)]).ends[0].sum() == 1


def test_rows_of_a_grouped_query_give_the_same_bins_as_the_deals() -> None:
    rows = [(0, ENTERED, 2), (1, ENTERED, 1), (2, WON, 1), (2, LOST, 1), (3, OPEN, 1)]
    assert Bins.from_rows(rows) == Bins.from_deals([(0, 2, WON), (1, 2, LOST), Spell(0, 3, OPEN)])


@settings(deadline=None)
@given(DEALS, DEALS)
def test_the_bins_of_two_teams_add_up_to_the_bins_of_both(omars: list[Spell], lenas: list[Spell]) -> None:
    both = Bins.from_deals(omars) + Bins.from_deals(lenas)
    assert both == Bins.from_deals([*omars, *lenas])
    assert both == Bins.from_deals(lenas) + Bins.from_deals(omars)
    assert both + Bins.empty() == both
    assert hash(both) == hash(Bins.from_deals([*lenas, *omars]))


@settings(deadline=None)
@given(DEALS)
def test_at_risk_is_who_has_entered_and_not_yet_left(deals: list[Spell]) -> None:
    counted = Bins.from_deals(deals).at_risk
    for age, count in enumerate(counted.tolist()):
        assert count == sum(1 for entry, leave, _ in deals if entry <= age <= leave)


def test_open_deals_older_than_any_end_are_known_by_number() -> None:
    bins = Bins.from_deals([(0, 5, WON), (0, 5, OPEN), (0, 6, OPEN), (2, 40, OPEN)])
    assert (bins.oldest_end, bins.older_than_any_end) == (5, 2)
    lost = bins.with_the_oldest_lost()
    assert lost == Bins.from_deals([(0, 5, WON), (0, 5, OPEN), (0, 6, LOST), (2, 40, LOST)])


def test_no_end_at_all_makes_no_deal_older_than_any_end() -> None:
    bins = Bins.from_deals([(0, 400, OPEN)])
    assert (bins.oldest_end, bins.older_than_any_end) == (None, 0)
    assert bins.with_the_oldest_lost() == bins


def test_bins_cannot_be_changed_after_they_were_counted() -> None:
    entries = np.array([1, 0])
    bins = Bins(entries, np.array([[0, 0, 0, 0], [1, 0, 0, 0]]), np.array([0, 0]))
    entries[0] = 7
    assert bins.deals == 1
    with pytest.raises(ValueError, match="read-only"):
        bins.entries[0] = 7


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([(0, "postponed", 1)], "no way to enter or leave"),
        ([(-1, ENTERED, 1)], "an age lies between"),
        ([(OLDEST_AGE + 1, ENTERED, 1)], "an age lies between"),
        ([(0, ENTERED, -1)], "never negative"),
        ([(0, ENTERED, 2), (1, WON, 1)], "never left"),
        ([(3, ENTERED, 1), (1, WON, 1)], "more deals had left than had entered by age 1"),
    ],
)
def test_refuses_counts_that_no_deals_could_have(rows: list[tuple[int, str, int]], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Bins.from_rows(rows)


def test_refuses_a_negative_entry_age() -> None:
    with pytest.raises(ValueError, match="before the qualification"):
        Bins.from_deals([(-3, 2, WON)])


def test_refuses_shares_of_deals_and_arrays_that_do_not_fit() -> None:
    none = np.zeros(2, dtype=np.int64)
    with pytest.raises(ValueError, match="whole numbers"):
        Bins(np.array([0.5, 0.5]), np.zeros((2, 4), dtype=np.int64), none)
    with pytest.raises(ValueError, match="for each age"):
        Bins(none, np.zeros((2, 3), dtype=np.int64), none)
    with pytest.raises(ValueError, match="between one age"):
        Bins(none[:0], np.zeros((0, 4), dtype=np.int64), none[:0])
    assert Bins.empty() != "nothing"
