"""A real export of 8,800 deals, read with the csv module and computed deal by deal, against the product's curves.

Skipped where the export is absent (tests/real_data.py).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache

import pytest

from outcomes.statistics.bins import DISQUALIFIED, LOST, NO_DECISION, OPEN, WON, Bins
from outcomes.statistics.curves import Incidence, cumulative_incidence
from outcomes.statistics.grades import Grade, grade_reading
from outcomes.statistics.minimum import for_incidence
from outcomes.statistics.rates import won_of_closed, won_so_far
from tests import real_data
from tests.outcomes.plain_curves import Deal, ended_by, variance_of

FILE = real_data.MAVEN / "sales_pipeline.csv"
pytestmark = real_data.needs_maven

WINDOW = date(2017, 3, 1)
AS_OF = date(2017, 12, 31)
END_OF_STAGE = {"Won": WON, "Lost": LOST, "Engaging": OPEN}


@cache
def maven(*, late_entry: bool = True) -> tuple[Deal, ...]:
    """Each deal with an engage date, which is its qualification: entry age, exit age, end."""

    def deals() -> Iterator[Deal]:
        with FILE.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if not row["engage_date"]:
                    continue
                qualified = date.fromisoformat(row["engage_date"])
                left = date.fromisoformat(row["close_date"]) if row["close_date"] else AS_OF
                entry = max(0, (WINDOW - qualified).days) if late_entry else 0
                yield entry, (left - qualified).days, END_OF_STAGE[row["deal_stage"]]

    return tuple(deals())


@cache
def curve(*, late_entry: bool = True) -> Incidence:
    return cumulative_incidence(Bins.from_deals(maven(late_entry=late_entry)))


def in_floats(*, late_entry: bool, until: int) -> dict[str, float]:
    """F and S at one age, from the deals, one day after the other, with plain numbers."""
    deals = maven(late_entry=late_entry)
    open_share, ended = 1.0, {WON: 0.0, LOST: 0.0}
    for day in range(until + 1):
        present = [deal for deal in deals if deal[0] <= day <= deal[1]]
        ends = Counter(end for _, leave, end in present if leave == day and end != OPEN)
        before = open_share
        for cause, count in ends.items():
            ended[cause] += before * count / len(present)
        open_share = before * (1 - ends.total() / len(present)) if present else before
    return {**ended, OPEN: open_share}


def test_the_deals_that_were_qualified() -> None:
    ends = Counter(end for *_, end in maven())
    assert ends == {WON: 4_238, LOST: 2_473, OPEN: 1_589}
    bins = Bins.from_deals(maven())
    assert (bins.deals, bins.excluded) == (8_300, 0)
    assert int(bins.entries[1:].sum()) == 1_185, "qualified before the export began"
    assert (bins.oldest_end, bins.older_than_any_end) == (138, 1_291)


def test_the_curve_has_no_gap_although_many_deals_enter_late() -> None:
    assert int(curve().at_risk[0]) == 7_115
    assert curve().gap is None
    assert (curve().horizon, curve().support) == (388, 403)
    assert curve().at(388).at_risk == 20
    assert curve().at(388).thinnest == 20


@pytest.mark.parametrize("late_entry", [True, False])
@pytest.mark.parametrize("age", [0, 1, 9, 30, 90, 138, 388])
def test_agrees_with_the_plain_computation_to_nine_digits(late_entry: bool, age: int) -> None:
    plain = in_floats(late_entry=late_entry, until=age)
    reading = curve(late_entry=late_entry).at(age)
    assert reading.ended[WON].value == pytest.approx(plain[WON], abs=1e-9)
    assert reading.ended[LOST].value == pytest.approx(plain[LOST], abs=1e-9)
    assert reading.open.value == pytest.approx(plain[OPEN], abs=1e-9)
    assert reading.waste.value == pytest.approx(1 - plain[WON], abs=1e-9)
    assert reading.ended[NO_DECISION].value == reading.ended[DISQUALIFIED].value == 0


@pytest.mark.parametrize("late_entry", [True, False])
def test_agrees_with_exact_fractions_and_the_printed_variance_on_the_first_days(late_entry: bool) -> None:
    deals = list(maven(late_entry=late_entry))
    exact = ended_by(deals, 9)
    assert curve(late_entry=late_entry).ended[9, 0] == pytest.approx(float(exact[WON]), abs=1e-12)
    assert curve(late_entry=late_entry).variance[9, 0] == pytest.approx(float(variance_of(deals, WON, 9)), rel=1e-9)


FIGURES = [
    # late entry, age, won, lost, still open
    (True, 30, 0.247347395464, 0.183964271438, 0.568688333098),
    (True, 90, 0.419497051747, 0.270954701148, 0.309548247105),
    (True, 388, 0.529025082765, 0.315346882102, 0.155628035133),
    (False, 30, 0.218994834086, 0.162206459081, 0.618798706833),
    (False, 90, 0.397014746449, 0.252124614998, 0.350860638552),
    (False, 388, 0.519439198500, 0.301740545969, 0.178820255532),
]


@pytest.mark.parametrize(("late_entry", "age", "won", "lost", "still_open"), FIGURES)
def test_the_figures_that_pages_and_programs_are_held_to(
    late_entry: bool, age: int, won: float, lost: float, still_open: float
) -> None:
    reading = curve(late_entry=late_entry).at(age)
    assert reading.ended[WON].value == pytest.approx(won, abs=1e-9)
    assert reading.ended[LOST].value == pytest.approx(lost, abs=1e-9)
    assert reading.open.value == pytest.approx(still_open, abs=1e-9)


def test_leaving_out_late_entry_understates_the_early_wins_by_points() -> None:
    """Deals from before the export stand in the denominator of days whose ends nobody recorded."""
    true, naive = (curve(late_entry=late).at(30).ended[WON].value for late in (True, False))
    assert true - naive == pytest.approx(0.02835, abs=1e-5)


def test_nothing_moves_after_the_last_end() -> None:
    assert curve().at(138).ended[WON].value == curve().at(388).ended[WON].value
    assert curve().at(138).open.value == curve().at(388).open.value


def test_the_waste_figure_with_its_interval_and_its_parts() -> None:
    reading = curve().at(388)
    assert reading.waste.value == pytest.approx(0.470974917, abs=1e-9)
    assert (reading.waste.low, reading.waste.high) == pytest.approx((0.460009311367, 0.481857403809), abs=1e-9)
    parts = [share.value for share in reading.ended.values()]
    assert sum(parts) + reading.open.value == pytest.approx(1, abs=1e-12)
    assert grade_reading(reading, WON) == Grade("A")


def test_causes_that_the_export_does_not_know_have_counts_and_no_percentage() -> None:
    bins = Bins.from_deals(maven())
    assert for_incidence(curve(), bins, WON, 388) is None
    missing = for_incidence(curve(), bins, NO_DECISION, 388)
    assert missing is not None
    assert [(part.what, part.have, part.need) for part in missing.missing] == [("ends", 0, 5)]


def test_the_rates_by_other_names_are_other_numbers() -> None:
    ends = {WON: 4_238, LOST: 2_473, NO_DECISION: 0, DISQUALIFIED: 0}
    assert won_of_closed(ends).value == pytest.approx(0.6315, abs=5e-5)
    assert won_so_far(4_238, 8_300).value == pytest.approx(0.5106, abs=5e-5)


def test_if_the_open_deals_older_than_any_end_were_lost_today() -> None:
    """The chance to win stays, because they were past every win; what is still open becomes lost."""
    bins = Bins.from_deals(maven())
    reading = cumulative_incidence(bins.with_the_oldest_lost()).at(388)
    assert reading.ended[WON].value == pytest.approx(curve().at(388).ended[WON].value, abs=1e-12)
    assert reading.ended[LOST].value == pytest.approx(0.469046142206, abs=1e-9)
    assert reading.open.value == pytest.approx(0.001928775029, abs=1e-9)
