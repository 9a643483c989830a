"""Which letter a number deserves, and what kept it from a better one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from outcomes.statistics.bins import LOST, OPEN, WON, Bins
from outcomes.statistics.curves import cumulative_incidence
from outcomes.statistics.grades import (
    LETTERS,
    Cap,
    Grade,
    Reason,
    Records,
    Weakness,
    grade_ratio,
    grade_reading,
    grade_share,
)
from outcomes.statistics.intervals import Share, share

LETTER_OF_A_SHARE = [
    # events, non-events, half-width, letter
    (100, 100, 0.03, "A"),
    (99, 5_000, 0.03, "B"),
    (5_000, 99, 0.03, "B"),
    (100, 100, 0.031, "B"),
    (40, 40, 0.06, "B"),
    (39, 40, 0.06, "C"),
    (40, 40, 0.061, "C"),
    (15, 15, 0.12, "C"),
    (14, 15, 0.12, "D"),
    (15, 15, 0.121, "D"),
]


@pytest.mark.parametrize(("events", "others", "half_width", "letter"), LETTER_OF_A_SHARE)
def test_a_share_is_graded_by_its_rarer_side_and_its_width(
    events: int, others: int, half_width: float, letter: str
) -> None:
    # From zero to twice the half-width, because a difference of floats may be a hair too wide.
    assert grade_share(Share(0.5, 0.0, 2 * half_width, events, events + others)).letter == letter


LETTER_OF_A_RATIO = [
    (100, 1.0, 1.5, "A"),
    (100, 1.0, 1.51, "B"),
    (40, 2.0, 4.5, "B"),
    (15, 1.0, 4.0, "C"),
    (15, 1.0, 4.1, "D"),
    (1_000, 0.0, 4.0, "D"),
]


@pytest.mark.parametrize(("events", "low", "high", "letter"), LETTER_OF_A_RATIO)
def test_a_rate_is_graded_by_the_ratio_of_its_ends(events: int, low: float, high: float, letter: str) -> None:
    assert grade_ratio(low=low, high=high, events=events, non_events=5_000).letter == letter


def test_says_what_the_next_better_letter_asks_for() -> None:
    few = grade_share(share(20, 10_000))
    assert few == Grade("C", (Reason("events", 20, 40),))
    wide = grade_share(share(45, 100))
    assert wide.letter == "C"
    assert [(reason.code, reason.need) for reason in wide.reasons] == [("half_width", 0.06)]
    both = grade_share(share(5, 12))
    assert both.letter == "D"
    assert [reason.code for reason in both.reasons] == ["events", "half_width"]


def test_the_best_grade_needs_no_reason() -> None:
    assert grade_share(share(4_000, 8_000)) == Grade("A")


CAPS = [
    ((), "A"),
    ((Cap.ADJUSTED_ASSOCIATION,), "B"),
    ((Cap.UNADJUSTED_ASSOCIATION,), "C"),
    ((Cap.SCENARIO,), "C"),
    ((Cap.ONE_REP,), "C"),
    ((Cap.THIN_SUPPORT,), "D"),
    ((Cap.ADJUSTED_ASSOCIATION, Cap.ONE_REP), "C"),
]


@pytest.mark.parametrize(("caps", "letter"), CAPS)
def test_some_claims_are_never_graded_higher_however_many_deals(caps: tuple[Cap, ...], letter: str) -> None:
    grade = grade_share(share(4_000, 8_000), caps=caps)
    assert grade.letter == letter
    if caps:
        assert grade.reasons[-1].code in {cap.value for cap in caps}


def test_a_cap_does_not_lift_a_weak_number_nor_hide_its_reason() -> None:
    assert grade_share(share(5, 12), caps=[Cap.SCENARIO]) == grade_share(share(5, 12))


def test_each_weakness_of_the_records_costs_one_grade() -> None:
    good = share(4_000, 8_000)
    assert grade_share(good, weaknesses=[Weakness.DATES_IMPUTED]).letter == "B"
    two = grade_share(good, weaknesses=[Weakness.LATE_ENTRY_UNKNOWN, Weakness.ENDS_WITHOUT_CAUSE])
    assert two == Grade("C", (Reason("ends_without_cause"), Reason("late_entry_unknown")))
    assert grade_share(good, weaknesses=list(Weakness)).letter == "D", "there is no letter below D"


def test_weaknesses_begin_above_a_tenth_and_above_a_fifth() -> None:
    edge = Records(
        ends=100,
        ends_without_cause=10,
        dates=100,
        dates_imputed=10,
        activities=100,
        activities_without_deal=20,
    )
    assert edge.weaknesses() == ()
    over = Records(
        ends=100,
        ends_without_cause=11,
        dates=100,
        dates_imputed=11,
        activities=100,
        activities_without_deal=21,
        window_unknown=True,
    )
    assert over.weaknesses() == tuple(Weakness)
    assert Records().weaknesses() == ()


def test_a_curve_read_where_few_deals_are_that_old_is_graded_d() -> None:
    deals = [(0, 10, WON)] * 400 + [(0, 12, LOST)] * 400
    firm = cumulative_incidence(Bins.from_deals([*deals, *[(0, 60, OPEN)] * 200])).at(60)
    thin = cumulative_incidence(Bins.from_deals([*deals, *[(0, 60, OPEN)] * 19])).at(60)
    assert grade_reading(firm, WON).letter == "B"
    assert grade_reading(thin, WON) == Grade("D", (Reason("thin_support"),))


def test_open_deals_too_young_to_tell_are_no_non_events() -> None:
    """500 younger open deals say nothing against the 90 wins; 20 losses and 30 old open deals do."""
    deals = [(0, 10, WON)] * 90 + [(0, 10, LOST)] * 20 + [(0, 11, OPEN)] * 500 + [(0, 80, OPEN)] * 30
    reading = cumulative_incidence(Bins.from_deals(deals)).at(60)
    assert reading.known_not[WON] == 50
    assert grade_reading(reading, WON).reasons[0] == Reason("events", 50, 100)


@settings(deadline=None)
@given(some.integers(0, 3_000), some.integers(1, 3_000), some.lists(some.sampled_from(Weakness)))
def test_no_weakness_ever_lifts_a_grade(events: int, others: int, weaknesses: list[Weakness]) -> None:
    plain = grade_share(share(events, events + others))
    lowered = grade_share(share(events, events + others), weaknesses=weaknesses)
    assert LETTERS.index(lowered.letter) >= LETTERS.index(plain.letter)
