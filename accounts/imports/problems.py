"""What can be wrong with a file or with one of its cells, and what a person can do about it.

A report keeps the code and the data of a problem, never its sentence: the sentence is made when it is shown, in the
language of whoever reads it, and problems with one code are counted together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type_of_words = str | Promise


@dataclass(frozen=True)
class Problem:
    """One way in which a file, a row or a cell can be unusable.

    `sentence` says what to do about one row; `heading` names many of them ("close dates we cannot read").
    Both may use the names in the problem's data, `value` and `column` among them.
    """

    code: str
    sentence: type_of_words
    heading: type_of_words

    def say(self, data: Mapping[str, Any]) -> str:
        """The sentence for one row, with its values filled in."""
        return str(self.sentence) % _Forgiving(data)

    def head(self, data: Mapping[str, Any]) -> str:
        """The words after the number of rows: "21 …"."""
        return str(self.heading) % _Forgiving(data)


class _Forgiving(dict[str, Any]):
    """A sentence outlives the data it was written for: a name that is no longer known reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


class Unreadable(ValueError):
    """A cell that cannot be read as what its column holds."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code, self.data = code, data


PROBLEMS: dict[str, Problem] = {}


def declare(code: str, sentence: type_of_words, heading: type_of_words) -> Problem:
    """Make a problem known under its code. Codes stand in reports, so they are never used for something else."""
    if code in PROBLEMS:
        raise ValueError(f"The problem {code} is declared twice.")
    problem = PROBLEMS[code] = Problem(code, sentence, heading)
    return problem


def say(code: str, data: Mapping[str, Any]) -> str:
    """The sentence for one row."""
    return PROBLEMS[code].say(data)


# Rows
declare(
    "too_few_cells",
    _("This row has %(cells)s cells and the header has %(wanted)s. Fill in or remove the row and send it again."),
    _("rows with too few cells"),
)
declare(
    "too_many_cells",
    _(
        "This row has %(cells)s cells and the header has %(wanted)s. Put quotes around cells that hold a “%(delimiter)s”."
    ),
    _("rows with too many cells"),
)
declare(
    "cut_off",
    _("The file ends in the middle of this row, so it was probably cut off. Export it again."),
    _("rows cut off at the end of a file"),
)
declare(
    "broken_quote",
    _(
        "A quote that begins in this row is not closed, or does not end its cell. Close it, or write it twice inside a cell."
    ),
    _("rows with a quote that is not closed"),
)
declare(
    "nul",
    _("This row holds a NUL character, which no text has. Export the file again."),
    _("rows with NUL characters"),
)
declare(
    "damaged_text",
    _("This row holds characters that cannot be read. Save the file as UTF-8 and send it again."),
    _("rows with characters we cannot read"),
)

# Cells
declare(
    "missing",
    _("“%(column)s” is empty. Fill it in."),
    _("rows without “%(column)s”"),
)
declare(
    "not_a_date",
    _("“%(value)s” is not a date we can read. Write it like 2025-11-30."),
    _("values of “%(column)s” that are no date we can read"),
)
declare(
    "date_too_far",
    _("“%(value)s” is not a date in living memory. Write a year from 1900 to 2199."),
    _("values of “%(column)s” before 1900 or after 2199"),
)
declare(
    "not_a_number",
    _("“%(value)s” is not a number we can read. Write it like 1234.56."),
    _("values of “%(column)s” that are no number we can read"),
)
declare(
    "not_whole",
    _("“%(value)s” is not a whole number. Write it without decimals."),
    _("values of “%(column)s” that are no whole number"),
)
declare(
    "too_precise",
    _("“%(value)s” has more decimals than the currency has. Round it to %(places)s."),
    _("values of “%(column)s” with too many decimals"),
)
declare(
    "too_large",
    _("“%(value)s” is larger than we can keep."),
    _("values of “%(column)s” that are too large"),
)
declare(
    "too_long",
    _("This text has %(length)s characters. Shorten it to %(limit)s."),
    _("values of “%(column)s” that are too long"),
)
declare(
    "repeated",
    _("“%(value)s” was already on line %(first)s of this file. Keep one of the two rows."),
    _("rows whose “%(column)s” was already on an earlier line"),
)
