"""The rows of one file as values: each cell read as what its column holds, or refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision

from accounts.imports import parsing
from accounts.imports.layouts import Column, Layout, places
from accounts.imports.parsing import DateOrder
from accounts.imports.problems import Unreadable
from accounts.imports.reading import Row

# Days, names and amounts come again and again; the memory for them is bounded.
REMEMBERED = 4096
SHOWN = 200


@dataclass(frozen=True)
class Manner:
    """How the numbers and days of a file are written."""

    places: int = 2
    date_order: DateOrder = "ymd"
    decimal: str = "."

    @classmethod
    def of_currency(cls, currency: str, **how: Any) -> Manner:
        """With as many decimals as the currency has."""
        return cls(places=get_currency_precision(currency), **how)


@dataclass(slots=True)
class Refusal:
    """Why one row does not come in. `column` is its name in the file, `value` the cell."""

    line: int
    code: str
    column: str = ""
    value: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class RowReader:
    """Turns rows of one file into the values of the staging table's columns."""

    def __init__(self, layout: Layout, headers: Sequence[str], manner: Manner) -> None:
        self.layout = layout
        found = self._places = places(layout, headers)
        self._steps: list[tuple[Column, int | None, Callable[[str], Any], Callable[[str], str] | None]] = []
        for column in layout.columns:
            read = lru_cache(REMEMBERED)(_reads(column, manner))
            key = lru_cache(REMEMBERED)(column.key) if column.key else None
            self._steps.append((column, found.get(column.name), read, key))
        self._headers = {column.name: headers[found[column.name]] for column in layout.columns if column.name in found}

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Name and type of each value, in their order."""
        named = []
        for column, _, _, key in self._steps:
            named.append((column.name, column.sql_type))
            if key:
                named.append((f"{column.name}_key", "text"))
        return named

    def header(self, name: str) -> str:
        """What the file calls a column."""
        return self._headers.get(name, name)

    def cell(self, row: Row, name: str) -> str:
        """A column's cell as it stands in the file."""
        index = self._places.get(name)
        return row.cells[index].strip()[:SHOWN] if index is not None else ""

    def values(self, row: Row) -> tuple[Any, ...] | list[Refusal]:
        """The row's line and values, or everything that is wrong with it."""
        cells = row.cells
        values: list[Any] = [row.line]
        wrong: list[Refusal] = []
        for column, index, read, key in self._steps:
            text = cells[index].strip() if index is not None else ""
            value = None
            if text:
                try:
                    value = read(text)
                except Unreadable as error:
                    data = {name: known for name, known in error.data.items() if name != "value"}
                    wrong.append(Refusal(row.line, error.code, self.header(column.name), text[:SHOWN], data))
            elif column.required:
                wrong.append(Refusal(row.line, "missing", self.header(column.name)))
            values.append(value)
            if key:
                values.append(None if value is None else key(value))
        return wrong or tuple(values)


def _reads(column: Column, manner: Manner) -> Callable[[str], Any]:
    if column.reads == "day":
        return lambda text: parsing.day(text, order=manner.date_order)
    if column.reads == "text":
        return lambda text: parsing.words(text, limit=column.limit)
    if column.reads == "money":
        places, decimal = manner.places, manner.decimal
        return lambda text: _within(
            column, parsing.minor_units(text, places=places, decimal=decimal, scale=column.scale)
        )
    return lambda text: _within(column, parsing.whole(text, decimal=manner.decimal))


def _within(column: Column, number: int) -> int:
    if number < column.at_least:
        raise Unreadable("negative" if column.at_least == 0 else "too_small", limit=column.at_least)
    if number > column.at_most:
        raise Unreadable("too_large")
    return number
