"""Where the drawings put things: for known figures, for nothing, for one, and where there is too little to say."""

import pytest

from frontend.charts.curve import HEIGHT, MOST_STEPS, Cause, Dot, Instant, cumulative_incidence
from frontend.charts.fall import Loss, Step, waste_fall
from frontend.charts.figure import figure_bar
from frontend.charts.scale import apart, at, day_ticks, round_end

REASONS = [("l1", "No decision made"), ("l2", "Went quiet"), ("l5", "Not recorded")]


def step(name: str, *amounts: float) -> Step:
    return Step(name=name, losses=[Loss(amount=amount) for amount in amounts])


def whole(amount: float) -> str:
    return f"{amount:,.0f}"


class TestScale:
    @pytest.mark.parametrize(
        ("share", "written"),
        [(0, "0.0%"), (0.39249, "39.2%"), (1, "100.0%"), (1.2, "100.0%"), (-1, "0.0%")],
    )
    def test_a_position_is_a_percentage_with_one_decimal_inside_the_drawing(self, share: float, written: str) -> None:
        assert at(share) == written

    @pytest.mark.parametrize(
        ("largest", "end"),
        [(0, 1), (0.25, 0.25), (0.26, 0.5), (0.72, 1), (31, 50), (3.8, 5), (100, 100)],
    )
    def test_a_scale_ends_at_a_round_number(self, largest: float, end: float) -> None:
        assert round_end(largest) == pytest.approx(end)

    @pytest.mark.parametrize(
        ("last", "ticks"),
        [(1, [0, 1]), (30, [0, 5, 10, 15, 20, 25, 30]), (120, [0, 30, 60, 90, 120])],
    )
    def test_ages_are_counted_in_steps_that_people_use(self, last: int, ticks: list[int]) -> None:
        assert day_ticks(last) == ticks

    def test_labels_that_would_collide_are_moved_apart_and_stay_inside(self) -> None:
        assert apart([10, 12, 100], 18, 0, 100) == [10, 28, 100]
        assert apart([90, 95, 99], 18, 0, 100) == [64, 82, 100]


class TestFigureBar:
    def test_a_share_uses_the_width_up_to_the_round_number_above_it(self) -> None:
        bar = figure_bar(value=0.20, low=0.15, high=0.25, before=0.22, end=0.5)
        assert (bar.low, bar.value, bar.high, bar.before) == (
            "30.0%",
            "40.0%",
            "50.0%",
            "44.0%",
        )

    def test_nothing_lies_at_the_start(self) -> None:
        assert figure_bar(value=0, low=0, high=0).value == "0.0%"

    def test_without_an_earlier_figure_there_is_no_tick(self) -> None:
        assert figure_bar(value=1, low=0.5, high=2).before == ""


class TestFall:
    def test_each_row_begins_where_the_one_above_it_went_on(self) -> None:
        fall = waste_fall(
            steps=[
                step("Before the goal", 12, 25, 21),
                step("Before a workshop", 15, 19, 15),
            ],
            won=107,
            reasons=REASONS,
            say=whole,
        )
        first, second = fall.rows
        assert (first.came_in, first.went_on, first.lost, first.kept) == (
            "214",
            "156",
            "58",
            "72.9%",
        )
        assert [part.x for part in first.segments] == ["72.9%", "78.5%", "90.2%"]
        assert (second.came_in, second.went_on, second.kept) == ("156", "107", "50.0%")
        assert second.segments[0].x == fall.won_width == "50.0%"
        assert first.spoken == [
            ("No decision made", "12"),
            ("Went quiet", "25"),
            ("Not recorded", "21"),
        ]

    def test_the_legend_names_only_what_happened(self) -> None:
        fall = waste_fall(steps=[step("Here", 3, 0, 2)], won=5, reasons=REASONS, say=whole)
        assert [(key.css, key.amount) for key in fall.legend] == [
            ("l1", "3"),
            ("l5", "2"),
        ]

    def test_the_largest_loss_is_named_by_its_step_and_reason(self) -> None:
        fall = waste_fall(
            steps=[step("A", 3, 9, 2), step("B", 4, 0, 9)],
            won=5,
            reasons=REASONS,
            say=whole,
        )
        assert fall.largest == (0, 1)

    def test_a_label_that_does_not_fit_is_left_out(self) -> None:
        fall = waste_fall(steps=[step("A", 1, 5, 50)], won=44, reasons=REASONS, say=whole)
        assert [(part.label, part.roomy) for part in fall.rows[0].segments] == [
            ("", True),
            ("5", False),
            ("50", False),
        ]

    def test_nothing_ended_is_no_chart(self) -> None:
        assert waste_fall(steps=[step("A", 0, 0, 0)], won=0, reasons=REASONS, say=whole).rows == []

    def test_one_lost_deal_is_the_whole_bar(self) -> None:
        fall = waste_fall(steps=[step("A", 1, 0, 0)], won=0, reasons=REASONS, say=whole)
        assert (fall.rows[0].kept, fall.rows[0].segments[0].width, fall.won_width) == (
            "0.0%",
            "100.0%",
            "0.0%",
        )

    def test_everything_won_loses_nothing(self) -> None:
        fall = waste_fall(steps=[step("A", 0, 0, 0)], won=7, reasons=REASONS, say=whole)
        assert (fall.won_width, fall.largest, fall.rows[0].segments) == (
            "100.0%",
            None,
            [],
        )


CAUSES = [
    Cause(key="won", css="won", name="Won"),
    Cause(key="lost", css="l3", name="Lost"),
]


def instants(last: int) -> list[Instant]:
    return [Instant(age=age, ended={"won": 0.5 * age / last, "lost": 0.25 * age / last}) for age in range(last + 1)]


class TestCurve:
    def test_areas_stand_on_each_other_from_won_up(self) -> None:
        curve = cumulative_incidence(instants=instants(10), causes=CAUSES, dot=Dot(age=5, value=0.5, low=0.4, high=0.6))
        assert curve is not None
        lost, won = curve.layers
        assert (won.share, lost.share, curve.open.share) == (0.5, 0.25, 0.25)
        top = 14
        span = curve.floor - top
        assert float(won.stairs[-1].y) == pytest.approx(curve.floor - 0.5 * span, abs=0.1)
        assert float(lost.stairs[-1].y) == pytest.approx(curve.floor - 0.75 * span, abs=0.1)
        assert float(curve.low) > float(curve.dot_y) > float(curve.high)
        assert curve.dot_x == "50.0%"

    def test_every_step_reaches_the_right_edge_so_that_there_is_no_seam(self) -> None:
        curve = cumulative_incidence(instants=instants(10), causes=CAUSES)
        assert curve is not None
        for layer in curve.layers:
            for stair in layer.stairs:
                assert float(stair.x[:-1]) + float(stair.width[:-1]) == pytest.approx(100, abs=0.11)

    def test_a_long_history_is_thinned_and_keeps_its_end(self) -> None:
        curve = cumulative_incidence(instants=instants(5_000), causes=CAUSES)
        assert curve is not None
        assert all(len(layer.stairs) <= MOST_STEPS + 1 for layer in curve.layers)
        assert curve.layers[-1].stairs[-1].x == "100.0%"

    def test_a_flat_curve_is_one_step(self) -> None:
        flat = [Instant(age=age, ended={"won": 0.3}) for age in range(100)]
        curve = cumulative_incidence(instants=flat, causes=CAUSES)
        assert curve is not None
        assert len(curve.layers[-1].stairs) == 1

    def test_labels_never_collide(self) -> None:
        thin = [Instant(age=age, ended={"won": 0.001 * age, "lost": 0.001 * age}) for age in range(3)]
        curve = cumulative_incidence(instants=thin, causes=CAUSES)
        assert curve is not None
        heights = [float(layer.label_y) for layer in (*curve.layers, curve.open)]
        assert all(0 < height <= HEIGHT for height in heights)
        assert min(abs(a - b) for i, a in enumerate(heights) for b in heights[i + 1 :]) >= 18

    @pytest.mark.parametrize(
        "few",
        [
            [],
            [Instant(age=0, ended={})],
            [Instant(age=0, ended={}), Instant(age=0, ended={})],
        ],
    )
    def test_without_an_age_to_speak_of_there_is_no_curve(self, few: list[Instant]) -> None:
        assert cumulative_incidence(instants=few, causes=CAUSES) is None
