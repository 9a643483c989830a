"""Tables that people open in a spreadsheet."""

from __future__ import annotations

import csv

import pytest

from accounts.spreadsheets import as_csv


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1"])
def test_makes_formulas_harmless(cell: str) -> None:
    assert as_csv([[cell, 1]]) == f"'{cell},1\r\n"


def test_makes_a_formula_after_a_line_break_harmless() -> None:
    assert as_csv([["\r=1"]]) == '"\'\r=1"\r\n'


@pytest.mark.parametrize("between", [";", '; "', "\t", "\n"])
def test_makes_a_formula_harmless_that_begins_a_cell_elsewhere(between: str) -> None:
    (row,) = csv.reader([as_csv([[f"Alder{between}=1+1;", "x"]])])
    assert row == [f"Alder{between}'=1+1;", "x"]


@pytest.mark.parametrize("cell", ["-5", "+49", "Isdom", -5, 0.25])
def test_leaves_numbers_and_names_as_they_are(cell: object) -> None:
    assert as_csv([[cell, "x"]]) == f"{cell},x\r\n"


def test_leaves_what_is_missing_empty() -> None:
    assert as_csv([[None, "x"]]) == ",x\r\n"
