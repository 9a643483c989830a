"""Where closed deals stopped: what goes in comes out, to the deal, the cent and the minute."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from outcomes.statistics.bins import CAUSES, DISQUALIFIED, LOST, NO_DECISION, OPEN, WON
from outcomes.statistics.intervals import wilson
from outcomes.statistics.waste import (
    Cell,
    Tally,
    count_waste,
    cut,
    effort_after_progress,
    effort_waste,
    total,
    value_waste,
    waste_fall,
)

MILESTONES = 4
REASONS = (None, "went quiet", "chose another", "poor fit")


def a_deal(
    milestone: int,
    cause: str,
    reason: str | None = None,
    *,
    amount: int | None = 1_000,
    minutes: int = 60,
    idle: int = 0,
) -> Cell:
    return Cell(milestone, "proposal", cause, reason, Tally.of(amount=amount, minutes=minutes, idle=idle))


A_TALLY = some.tuples(
    some.one_of(some.none(), some.integers(-5, 10**12)), some.integers(0, 5_000), some.integers(0, 5_000)
).map(lambda deal: Tally.of(amount=deal[0], minutes=deal[1] + deal[2], idle=deal[2]))
CELLS = some.lists(
    some.builds(
        Cell,
        some.integers(0, MILESTONES),
        some.sampled_from(("discovery", "proposal", "contract")),
        some.sampled_from((*CAUSES, OPEN)),
        some.sampled_from(REASONS),
        A_TALLY,
    ),
    max_size=60,
)


def the_page() -> list[Cell]:
    """214 closed deals as on the page of the design: lost before each milestone, and 42 won."""
    lost = {0: 58, 1: 49, 2: 37, 3: 19, 4: 9}
    cells = [a_deal(at, NO_DECISION) for at, count in lost.items() for _ in range(count)]
    return [*cells, *[a_deal(MILESTONES, WON)] * 42]


def test_the_fall_of_214_closed_deals() -> None:
    fall = waste_fall(the_page(), MILESTONES)
    assert [step.arrived.deals for step in fall.steps] == [214, 156, 107, 70, 51]
    assert [step.went_on.deals for step in fall.steps] == [156, 107, 70, 51, 42]
    assert [step.lost.deals for step in fall.steps] == [58, 49, 37, 19, 9]
    shares = [step.share_lost for step in fall.steps]
    assert [f"{share.value:.0%} {share.low:.0%}-{share.high:.0%}" for share in shares if share] == [
        "27% 22%-33%",
        "31% 25%-39%",
        "35% 26%-44%",
        "27% 18%-39%",
        "18% 10%-30%",
    ]
    assert fall.share_won is not None
    assert (fall.share_won.low, fall.share_won.high) == wilson(42, 214)


def test_a_won_deal_went_on_through_every_step_whatever_was_put_on_record() -> None:
    fall = waste_fall([a_deal(0, WON), a_deal(2, LOST)], MILESTONES)
    assert [step.arrived.deals for step in fall.steps] == [2, 2, 2, 1, 1]
    assert [step.lost.deals for step in fall.steps] == [0, 0, 1, 0, 0]
    assert fall.steps[0].won.deals == 1


def test_open_deals_stand_beside_the_fall_and_are_no_part_of_it() -> None:
    fall = waste_fall([a_deal(1, OPEN), a_deal(1, LOST), a_deal(3, WON)], MILESTONES)
    assert (fall.closed.deals, fall.open.deals, fall.steps[1].open.deals) == (2, 1, 1)
    assert count_waste([a_deal(1, OPEN), a_deal(1, LOST), a_deal(3, WON)]).value == 0.5  # type: ignore[union-attr]


def test_each_reason_on_record_and_none_on_record_have_their_part() -> None:
    cells = [a_deal(0, LOST, "went quiet")] * 3 + [
        a_deal(0, NO_DECISION, "went quiet"),
        a_deal(0, NO_DECISION),
    ]
    parts = waste_fall(cells, MILESTONES).steps[0].parts
    assert {key: tally.deals for key, tally in parts.items()} == {
        (LOST, "went quiet"): 3,
        (NO_DECISION, "went quiet"): 1,
        (NO_DECISION, None): 1,
    }


@settings(deadline=None)
@given(CELLS)
def test_what_is_qualified_is_lost_somewhere_won_or_open_and_nothing_is_left_over(cells: list[Cell]) -> None:
    fall = waste_fall(cells, MILESTONES)
    assert fall.lost + fall.won == fall.closed
    assert fall.closed + fall.open == total(cells)
    assert sum((step.lost for step in fall.steps), Tally()) == fall.lost
    assert sum((step.won for step in fall.steps), Tally()) == fall.won
    for step in fall.steps:
        assert sum(step.parts.values(), Tally()) == step.lost
        assert step.lost + step.went_on == step.arrived
    assert fall.steps[0].arrived == fall.closed
    assert fall.steps[-1].went_on == fall.won


@settings(deadline=None)
@given(CELLS, some.sets(some.sampled_from(("milestone", "stage", "cause", "reason"))))
def test_every_cut_of_the_cube_adds_up_to_the_whole(cells: list[Cell], by: set[str]) -> None:
    assert sum(cut(cells, *sorted(by)).values(), Tally()) == total(cells)


@settings(deadline=None)
@given(CELLS)
def test_one_cell_of_many_deals_tells_the_same_as_a_cell_for_each(cells: list[Cell]) -> None:
    grouped = [
        Cell(milestone, stage, cause, reason, tally)  # type: ignore[arg-type]
        for (milestone, stage, cause, reason), tally in cut(cells, "milestone", "stage", "cause", "reason").items()
    ]
    assert waste_fall(grouped, MILESTONES).closed == waste_fall(cells, MILESTONES).closed
    for question in (count_waste, value_waste, effort_waste, effort_after_progress):
        assert question(grouped) == question(cells)


def test_effort_waste_is_minutes_not_won_of_minutes_closed() -> None:
    cells = [a_deal(0, LOST, minutes=300), a_deal(1, DISQUALIFIED, minutes=100), a_deal(4, WON, minutes=600)]
    waste = effort_waste([*cells, a_deal(2, OPEN, minutes=5_000)])
    assert waste is not None
    assert (waste.part, waste.whole, waste.n, waste.value) == (400, 1_000, 3, 0.4)
    assert 0 < waste.low < 0.4 < waste.high < 1


def test_effort_after_the_last_progress_is_about_deals_that_were_not_won() -> None:
    cells = [a_deal(0, LOST, minutes=300, idle=90), a_deal(1, LOST, minutes=100, idle=10)]
    late = effort_after_progress([*cells, a_deal(4, WON, minutes=600, idle=600)])
    assert late is not None
    assert (late.part, late.whole, late.n, late.value) == (100, 400, 2, 0.25)


def test_a_deal_without_an_amount_counts_as_a_deal_and_not_as_value() -> None:
    cells = [
        a_deal(0, LOST, amount=None),
        a_deal(0, LOST, amount=0),
        a_deal(0, LOST, amount=-500),
        a_deal(0, LOST, amount=300),
        a_deal(4, WON, amount=700),
    ]
    waste = value_waste(cells)
    assert waste is not None
    assert (waste.part, waste.whole, waste.n, waste.value) == (300, 1_000, 2, 0.3)
    assert (total(cells).deals, total(cells).priced) == (5, 2)


def test_no_closed_deal_no_minute_no_amount_has_no_share() -> None:
    assert count_waste([a_deal(0, OPEN)]) is None
    assert effort_waste([a_deal(0, LOST, minutes=0)]) is None
    assert value_waste([a_deal(0, LOST, amount=None)]) is None
    fall = waste_fall([], MILESTONES)
    assert fall.share_won is None
    assert [step.share_lost for step in fall.steps] == [None] * 5


def test_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="no way to end"):
        a_deal(0, "postponed")
    with pytest.raises(ValueError, match="between 0 and 4"):
        waste_fall([a_deal(5, LOST)], MILESTONES)
    with pytest.raises(ValueError, match="no edge"):
        cut([], "owner")
    with pytest.raises(ValueError, match="never negative"):
        Tally(deals=-1)
    with pytest.raises(ValueError, match="idle"):
        Tally.of(amount=1, minutes=5, idle=6)
