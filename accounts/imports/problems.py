"""What can be wrong with a file, a row or a cell, and what a person can do about it.

A report keeps the code and the data of a problem, never its sentence: the sentence is made when it is shown, in the
language of whoever reads it, and problems with one code are counted together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

Words = str | Promise


@dataclass(frozen=True)
class Problem:
    """One way in which something can be unusable, or worth knowing.

    `sentence` is about one row or file and says what to do; `heading` counts rows ("21 …"). Both may use the names
    in the problem's data, and `column`, `value` and `name` where there are such.
    """

    code: str
    sentence: Words
    heading: Any = ""

    def say(self, data: Mapping[str, Any]) -> str:
        """The sentence, with its values filled in."""
        return str(self.sentence).format_map(_Forgiving(data))

    def head(self, rows: int, shown: str, data: Mapping[str, Any]) -> str:
        """How many rows have the problem; `shown` is their number as people write it."""
        return str(self.heading % {"n": rows}).format_map(_Forgiving({**data, "n": shown}))


class _Forgiving(dict[str, Any]):
    """A report outlives the sentence it was written for: a name it does not have reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


class _Told(Exception):
    """Carries the code of a declared problem and its data."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code, self.data = code, data

    def __str__(self) -> str:
        return say(self.code, self.data)


class Unreadable(_Told):
    """A cell that cannot be read as what its column holds."""


class Unusable(_Told):
    """A whole file that cannot be imported. Its data has the file's `name`."""


PROBLEMS: dict[str, Problem] = {}


def declare(code: str, sentence: Words, heading: Any = "") -> None:
    """Make a problem known under its code. Codes stand in reports, so none is ever used for something else.

    `heading` is a plural in `n`, made by `rows`.
    """
    if code in PROBLEMS:
        raise ValueError(f"The problem {code} is declared twice.")
    PROBLEMS[code] = Problem(code, sentence, heading)


def rows(one: str, many: str) -> Any:
    """A heading for one row and for several."""
    return ngettext_lazy(one, many, "n")


def say(code: str, data: Mapping[str, Any]) -> str:
    """The sentence of a problem."""
    return PROBLEMS[code].say(data)


# Files
declare("file_empty", _("{name} is empty. Export it again."))
declare(
    "file_too_large",
    _("{name} is larger than the {limit} MB that are left for this import. Split it, or send it by itself."),
)
declare("file_picture", _("{name} is a picture, not a table. Export your data as CSV."))
declare("file_document", _("{name} is a document, not a table. Export your data as CSV."))
declare("file_compressed", _("{name} is a compressed file. Unpack it and send the files inside."))
declare("file_workbook", _("{name} is an Excel workbook. Save each sheet as CSV and send those."))
declare("file_database", _("{name} is a database, not a table. Export your data as CSV."))
declare("file_web_page", _("{name} is a web page, not a table. Export your data as CSV."))
declare("file_binary", _("{name} is not a text file. Export your data as CSV."))
declare("file_encoding", _("We cannot tell how the characters in {name} are written. Save it as UTF-8."))
declare("file_header", _("The first line of {name} is not a row of column names."))
declare("file_columns", _("{name} has more than {limit} columns. Export fewer."))
declare("file_line", _("Line {line} of {name} is too long for a table. Export your data as CSV."))
declare("file_quotes", _("{name} has too many quotes that are not closed. Export it again."))
declare("file_unknown", _("{name} has columns we do not know: {columns}. We know these: {known}."))
declare("file_other_source", _("{name} comes from another system than the first file. Import it by itself."))
declare("file_twice", _("{name} has the same content as {other}. It was left out."))
declare("file_column_twice", _("{name} has two columns called “{column}”. Rename or remove one."))
declare("file_no_rows", _("{name} has column names and no rows. Export it again."))
declare(
    "file_values",
    _("“{column}” in {name} has more than {limit} different values, too many to ask you about."),
)
declare("file_ids", _("Too many rows of {name} repeat the “{column}” of another row. Export each row once."))
declare("file_only_list", _("{name} alone brings nothing in. Send it together with the deals."))
declare("file_list", _("{name} has more than {limit} rows, too many for a list that deals are looked up in."))
declare("file_gone", _("{name} is no longer there. Send it again."))


# Runs
declare("broken_off", _("Something went wrong on our side. What came in before stays; go on, or send the files again."))

# Rows
declare(
    "too_few_cells",
    _("This row has {cells} cells and the header has {wanted}. Fill in what is missing."),
    rows("{n} row with too few cells", "{n} rows with too few cells"),
)
declare(
    "too_many_cells",
    _("This row has {cells} cells and the header has {wanted}. Put quotes around cells that hold a “{delimiter}”."),
    rows("{n} row with too many cells", "{n} rows with too many cells"),
)
declare(
    "cut_off",
    _("The file ends in the middle of this row, so it was probably cut off. Export it again."),
    rows("{n} row is cut off at the end of the file", "{n} rows are cut off at the end of their files"),
)
declare(
    "broken_quote",
    _("A quote in this row is not closed or stands inside a cell. Close it, or write it twice."),
    rows("{n} row with a quote that is not closed", "{n} rows with a quote that is not closed"),
)
declare(
    "nul",
    _("This row holds a NUL character, which no text has. Export the file again."),
    rows("{n} row with NUL characters", "{n} rows with NUL characters"),
)
declare(
    "damaged_text",
    _("This row holds characters that cannot be read. Save the file as UTF-8."),
    rows("{n} row with characters we cannot read", "{n} rows with characters we cannot read"),
)
declare(
    "repeated",
    _("“{value}” was already on line {first} of {file}. Keep one of the rows."),
    rows("{n} row repeats the “{column}” of another", "{n} rows repeat the “{column}” of another"),
)
declare(
    "maybe_cut",
    _("The last line of the file has no end. If the export was cut off, the last value of this row is not whole."),
    rows("{n} row may be cut off at the end of the file", "{n} rows may be cut off at the end of their files"),
)

# Cells
declare(
    "missing",
    _("“{column}” is empty. Fill it in."),
    rows("{n} row without “{column}”", "{n} rows without “{column}”"),
)
declare(
    "not_a_date",
    _("“{value}” is not a date we can read. Write it like 2025-11-30."),
    rows("{n} “{column}” we cannot read as a date", "{n} values of “{column}” we cannot read as dates"),
)
declare(
    "date_too_far",
    _("“{value}” cannot be meant. Write a year from 1900 to 2199."),
    rows("{n} “{column}” before 1900 or after 2199", "{n} values of “{column}” before 1900 or after 2199"),
)
declare(
    "not_a_number",
    _("“{value}” is not a number we can read. Write it like 1234.56."),
    rows("{n} “{column}” we cannot read as a number", "{n} values of “{column}” we cannot read as numbers"),
)
declare(
    "not_whole",
    _("“{value}” is not a whole number."),
    rows("{n} “{column}” that is no whole number", "{n} values of “{column}” that are no whole numbers"),
)
declare(
    "too_precise",
    _("“{value}” has too many decimals. Round it to {places}."),
    rows("{n} “{column}” with too many decimals", "{n} values of “{column}” with too many decimals"),
)
declare(
    "negative",
    _("“{value}” is less than nothing. Correct it."),
    rows("{n} “{column}” below zero", "{n} values of “{column}” below zero"),
)
declare(
    "too_small",
    _("“{value}” is less than {limit}. Correct it."),
    rows("{n} “{column}” that is too small", "{n} values of “{column}” that are too small"),
)
declare(
    "too_large",
    _("“{value}” is larger than we can keep."),
    rows("{n} “{column}” that is too large", "{n} values of “{column}” that are too large"),
)
declare(
    "too_long",
    _("This text has {length} characters. Shorten it to {limit}."),
    rows("{n} “{column}” that is too long", "{n} values of “{column}” that are too long"),
)
