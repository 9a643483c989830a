"""Days as people write them in a sentence."""

from __future__ import annotations

from datetime import date
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from django.utils.translation import get_language


@cache
def locale_for(language: str | None) -> Locale:
    """The locale whose customs are used for a language of the pages."""
    # Plain "en" in CLDR is American: "Nov 24". The product writes the day first.
    if language in (None, "en"):
        return Locale.parse("en_GB")
    try:
        return Locale.parse(str(language), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")


def long_day(when: date) -> str:
    """A date in full, for a sentence: "25 November 2025"."""
    return str(format_date(when, format="long", locale=locale_for(get_language())))


def day_of_year(when: date, *, today: date) -> str:
    """A date for a sentence, with its year when that is not this one: "25 November"."""
    if when.year != today.year:
        return long_day(when)
    return str(format_skeleton("MMMMd", when, locale=locale_for(get_language())))
