"""The languages in which customers are asked, and which one a company probably reads."""

from __future__ import annotations

from functools import cache

from babel import Locale

#: Each by its own name, in the order in which they are offered. Another one needs its catalogue in frontend/locale.
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "nl": "Nederlands"}
DEFAULT = "en"
#: Where one of them is what business is written in. Of countries with several the page offers all.
SPOKEN = {
    "de": "DE AT LI CH",
    "fr": "FR MC LU SN CI",
    "es": "ES MX AR CO CL PE EC UY PY BO VE CR PA GT HN SV NI DO CU",
    "nl": "NL SR",
}


def guessed(country: str) -> str:
    """The language of a country that is written as people write it, in one of these languages or as a code."""
    return _by_country().get(country.strip().casefold(), DEFAULT)


@cache
def _by_country() -> dict[str, str]:
    known: dict[str, str] = {}
    for language, codes in SPOKEN.items():
        for code in codes.split():
            names = {Locale.parse(one).territories[code] for one in LANGUAGES}
            known |= dict.fromkeys((name.casefold() for name in (code, *names)), language)
    return known
