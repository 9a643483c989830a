"""The fingerprint under a figure: the same inputs, the same digits, on any machine."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

from outcomes.statistics.bins import ENTERED, LOST, WON, Bins
from outcomes.statistics.digest import inputs_hash
from outcomes.statistics.waste import Cell, Tally

BINS = Bins.from_rows([(0, ENTERED, 2), (4, WON, 1), (9, LOST, 1)])


def test_is_the_same_in_every_process() -> None:
    fingerprint = "1190993cd153f12766d9924c53982a3547bfa67ff4a50ff94065ba80154ac3f6"
    assert inputs_hash("aalen-johansen 1", BINS, 90) == fingerprint


def test_empty_ages_at_the_end_do_not_count() -> None:
    longer = Bins(*(np.pad(a, [(0, 5), *[(0, 0)] * (a.ndim - 1)]) for a in (BINS.entries, BINS.ends, BINS.censored)))
    assert longer == BINS
    assert inputs_hash("m", longer) == inputs_hash("m", BINS)


def test_each_input_and_the_method_leave_their_mark() -> None:
    cell = Cell(1, UUID(int=1), LOST, None, Tally.of(amount=5, minutes=6, idle=1))
    other = Cell(1, UUID(int=2), LOST, None, Tally.of(amount=5, minutes=6, idle=1))
    seen = [
        inputs_hash("m 1"),
        inputs_hash("m 2"),
        inputs_hash("m 1", 1),
        inputs_hash("m 1", "1"),
        inputs_hash("m 1", True),
        inputs_hash("m 1", [1]),
        inputs_hash("m 1", [[1]]),
        inputs_hash("m 1", [1], []),
        inputs_hash("m 1", [], [1]),
        inputs_hash("m 1", [1, None]),
        inputs_hash("m 1", BINS),
        inputs_hash("m 1", BINS + BINS),
        inputs_hash("m 1", Bins(BINS.entries, BINS.ends, BINS.censored, excluded=1)),
        inputs_hash("m 1", cell),
        inputs_hash("m 1", other),
        inputs_hash("m 1", [cell, other]),
        inputs_hash("m 1", cell.tally),
    ]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("no_whole_number", [0.5, {1, 2}, {"a": 1}, np.float64(1)])
def test_refuses_what_cannot_be_recomputed_to_the_bit(no_whole_number: object) -> None:
    with pytest.raises(TypeError, match="no whole-number input"):
        inputs_hash("m", no_whole_number)  # type: ignore[arg-type]
