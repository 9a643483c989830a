"""A cell becomes exactly what it says, or is refused in words that help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.imports import parsing, problems
from accounts.imports.problems import Unreadable


def refusal(parse: object, text: str, **how: object) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(text, **how)  # type: ignore[operator]
    return problems.say(caught.value.code, {"column": "Close date", **caught.value.data})


def answer(parse: Callable[[str], object], text: str) -> str:
    """The value that was read, or the sentence that refuses it."""
    try:
        return repr(parse(text))
    except Unreadable as refused:
        return problems.say(refused.code, {"column": "Any", **refused.data})


def test_says_how_to_write_a_date_that_does_not_exist() -> None:
    assert refusal(parsing.day, "31/11/2025", order="dmy") == (
        "“31/11/2025” is not a date we can read. Write it like 2025-11-30."
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Q3 sometime",
        "2025-02-30",
        "2025-13-01",
        "20250101",
        "01/02/2025",
        "2025-01-01 13:00:00",
        "٢٠٢٥-٠١-٠١",
    ],
)
def test_does_not_guess_at_a_date(text: str) -> None:
    with pytest.raises(Unreadable):
        parsing.day(text)


def test_reads_29_february_only_in_leap_years() -> None:
    assert parsing.day("29.02.2024", order="dmy") == date(2024, 2, 29)
    assert "not a date" in refusal(parsing.day, "29.02.2023", order="dmy")


def test_reads_days_and_months_in_the_declared_order() -> None:
    assert parsing.day("03/04/2025", order="dmy") == date(2025, 4, 3)
    assert parsing.day("03/04/2025", order="mdy") == date(2025, 3, 4)


def test_refuses_a_year_that_is_a_slip_of_the_finger() -> None:
    assert "1900 to 2199" in refusal(parsing.day, "0217-03-01")


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_reads_back_every_day_in_each_order(of_life: date) -> None:
    assert parsing.day(of_life.isoformat()) == of_life
    assert parsing.day(f" {of_life.isoformat()}T00:00:00Z ") == of_life
    assert parsing.day(of_life.strftime("%d.%m.%Y"), order="dmy") == of_life
    assert parsing.day(of_life.strftime("%m/%d/%Y"), order="mdy") == of_life


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15), st.sampled_from([0, 2, 3]))
def test_keeps_every_amount_to_the_last_unit(units: int, places: int) -> None:
    text = str(Decimal(units).scaleb(-places))
    if "E" not in text:
        assert parsing.minor_units(text, places=places) == units
    grouped = f"{Decimal(units).scaleb(-places):,.{places}f}"
    assert parsing.minor_units(grouped, places=places) == units
    european = grouped.translate(str.maketrans(",.", ".,"))
    assert parsing.minor_units(european, places=places, decimal=",") == units


def test_reads_millions_as_they_were_meant() -> None:
    assert parsing.minor_units("1100.04", places=2, scale=6) == 110_004_000_000


@pytest.mark.parametrize(
    "text",
    ["", "-", "1.2.3", "12,34", "1,0000", "1e5", "0x1F", "NaN", "inf", "five", "5 €", "--5", "1,,000", ".5"],
)
def test_does_not_guess_at_a_number(text: str) -> None:
    with pytest.raises(Unreadable):
        parsing.minor_units(text, places=2)


def test_does_not_round_money() -> None:
    assert parsing.minor_units("5.100", places=2) == 510
    assert refusal(parsing.minor_units, "5.105", places=2) == "“5.105” has too many decimals. Round it to 2."


def test_refuses_what_no_column_can_hold() -> None:
    assert "larger than we can keep" in refusal(parsing.minor_units, "9" * 30, places=2)
    assert "larger than we can keep" in refusal(parsing.whole, "9" * 5000)


def test_counts_things_in_whole_numbers() -> None:
    assert parsing.whole("2,822") == 2822
    assert parsing.whole("2822.0") == 2822
    assert "not a whole number" in refusal(parsing.whole, "2.5")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_answers_any_text_with_a_value_or_a_sentence(text: str) -> None:
    for read in (parsing.day, parsing.whole, parsing.words, lambda cell: parsing.minor_units(cell, places=2)):
        assert answer(read, text)


def test_joins_spellings_that_differ_by_spaces_case_and_hyphens() -> None:
    assert {parsing.loose_key(name) for name in ("GTX Pro", "GTXPro", "gtx-pro", " GTX  PRO ")} == {"gtxpro"}
    assert parsing.loose_key("GTX Plus Pro") != parsing.loose_key("GTX Pro")
    assert parsing.loose_key("+++") == "+++"


def test_tidies_the_spaces_of_a_name_and_nothing_else() -> None:
    assert parsing.words("  Mei-Mei \u00a0 Johns\n") == "Mei-Mei Johns"
    assert "Shorten it to 300" in refusal(parsing.words, "x" * 301)
