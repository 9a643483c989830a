"""Figures, dates and spans of time as people write them."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from frontend import words

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (18_400_000, "EUR", "€184,000"),
        (100_000, "EUR", "€1,000"),
        (99_950, "EUR", "€999.50"),
        (99_900, "EUR", "€999"),
        (0, "EUR", "€0"),
        (5_500, "USD", "$55"),
        (-18_400_000, "EUR", "−€184,000"),
        (18_400, "JPY", "¥18,400"),
    ],
)
def test_money_has_no_cents_from_a_thousand_on(minor: int, currency: str, written: str) -> None:
    assert words.money(minor, currency) == written


@pytest.mark.parametrize(
    ("minor", "written"), [(390_000_000, "€3.9M"), (41_234_500, "€412K"), (95_000, "€950"), (1_200_000_000, "€12M")]
)
def test_short_money_has_two_or_three_digits(minor: int, written: str) -> None:
    assert words.short_money(minor, "EUR") == written


@pytest.mark.parametrize(
    ("share", "fine", "written"),
    [(0.195, False, "20%"), (0.0234, False, "2%"), (0.0234, True, "2.3%"), (0, True, "0%"), (1, True, "100%")],
)
def test_a_rate_has_a_decimal_only_below_ten_and_beside_its_interval(share: float, fine: bool, written: str) -> None:
    assert words.percent(share, fine=fine) == written


def test_an_interval_is_said_with_its_ends() -> None:
    assert words.percent_range(0.15, 0.25) == "15 to 25%"
    assert words.percent_range(0.011, 0.034) == "1.1 to 3.4%"


@pytest.mark.parametrize(
    ("when", "written"), [(TODAY, "24 Nov"), (date(2025, 11, 25), "25 Nov 2025"), (date(2027, 1, 4), "4 Jan 2027")]
)
def test_a_date_has_its_year_when_it_is_not_this_one(when: date, written: str) -> None:
    assert words.day(when, today=TODAY) == written


@pytest.mark.parametrize(
    ("when", "written"),
    [
        (TODAY, "today"),
        (date(2026, 11, 23), "yesterday"),
        (date(2026, 11, 18), "6 days ago"),
        (date(2026, 11, 17), "7 days ago"),
        (date(2026, 11, 16), "16 Nov"),
        (date(2026, 11, 25), "25 Nov"),
    ],
)
def test_up_to_a_week_ago_is_counted_in_days(when: date, written: str) -> None:
    assert words.ago(when, today=TODAY) == written


def test_a_moment_is_told_in_the_organisations_time() -> None:
    zone, now = ZoneInfo("America/New_York"), datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert words.moment(datetime(2026, 11, 24, 1, 5, tzinfo=UTC), zone=zone, now=now) == "Today 20:05"
    assert words.moment(datetime(2026, 11, 22, 1, 5, tzinfo=UTC), zone=zone, now=now) == "21 Nov"


@pytest.mark.parametrize(("count", "written"), [(5, "5 min"), (60, "1 h"), (90, "1 h 30 min"), (0, "0 min")])
def test_minutes_become_hours(count: int, written: str) -> None:
    assert words.minutes(count) == written


def test_other_languages_keep_their_customs() -> None:
    with override("de"):
        assert words.number(8800.5, 1) == "8.800,5"
        assert words.day(TODAY, today=TODAY) == "24. Nov."
        assert words.clock(time(9, 5)) == "09:05"
    with override("sv"):
        assert words.money(18_400_000, "SEK") == "184\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr"


@pytest.mark.parametrize(
    ("name", "letters"), [("Marta Lindqvist", "ML"), ("Cher", "C"), ("Ana de la Cruz", "AC"), ("", "?"), ("42", "?")]
)
def test_a_person_has_one_or_two_letters(name: str, letters: str) -> None:
    assert words.initials(name) == letters


@pytest.mark.parametrize(("said", "written"), [("Yes", "“Yes”"), ('"Yes"', "“Yes”"), ("“Yes”", "“Yes”"), (" ", "")])
def test_somebodys_own_words_are_in_quotation_marks_once(said: str, written: str) -> None:
    assert words.quoted(said) == written
