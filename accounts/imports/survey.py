"""One reading of whole files before anything is stored: how many rows, which values to ask about, which days."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy

from accounts.imports import layouts, parsing
from accounts.imports.cells import REMEMBERED
from accounts.imports.layouts import Layout, Preset
from accounts.imports.problems import Unreadable, Unusable
from accounts.imports.reading import Broken, Table, open_table

MAX_VALUES = 60
MAX_REPEATS = 10_000


@dataclass
class Survey:
    """What is in one file. `repeats` are rows that name what an earlier row named: line → (file, its line)."""

    name: str
    preset: Preset
    layout: Layout
    headers: list[str]
    delimiter: str
    rows: int = 0
    first: list[str] = field(default_factory=list)
    values: dict[str, Counter[str]] = field(default_factory=dict)
    earliest_end: date | None = None
    latest_day: date | None = None
    ends_open: bool = False
    repeats: dict[int, tuple[str, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the file."""
        return {
            "headers": self.headers,
            "delimiter": self.delimiter,
            "first": [cell[:200] for cell in self.first],
            "values": self.values,
            "earliest_end": self.earliest_end and self.earliest_end.isoformat(),
            "latest_day": self.latest_day and self.latest_day.isoformat(),
            "ends_open": self.ends_open,
            "repeats": self.repeats,
        }


class Surveyor:
    """Surveys the files of one import; what two files of one kind both name is a repeat, too."""

    def __init__(self, *, today: date) -> None:
        """`today` bounds the days that can have been known."""
        self.today = today
        self.surveys: list[Survey] = []
        self._identities: dict[tuple[str, str], _Identities] = defaultdict(_Identities)

    def look(self, path: Path, *, encoding: str, name: str) -> Survey:
        """Read a stored file from beginning to end. Raises Unusable when it is no table that we know."""
        with open_table(path, encoding=encoding, name=name) as table:
            found = _recognised(table)
            _Reading(found, table, self.today, self._identities[found.preset.name, found.layout.kind]).read()
            found.ends_open = table.ends_open
        if found.rows == 0:
            raise Unusable("file_no_rows", name=name)
        self.surveys.append(found)
        return found

    def find_repeats(self) -> None:
        """Note in each survey which of its rows repeat an earlier one. Raises Unusable when there are too many."""
        for (source, kind), identities in self._identities.items():
            files = [found for found in self.surveys if (found.preset.name, found.layout.kind) == (source, kind)]
            for here, line, there, first in identities.repeats():
                if len(files[here].repeats) == MAX_REPEATS:
                    raise Unusable("file_ids", name=files[here].name, column=files[here].layout.identity)
                files[here].repeats[line] = (files[there].name, first)


class _Identities:
    """What each row names, as 64-bit hashes: twelve bytes a row, so that a million rows fit in memory."""

    def __init__(self) -> None:
        self.hashes, self.lines = array("q"), array("L")
        self.ends: list[int] = []

    def add(self, key: str, line: int) -> None:
        self.hashes.append(hash(key))
        self.lines.append(line)

    def end_file(self) -> None:
        self.ends.append(len(self.hashes))

    def repeats(self) -> Iterable[tuple[int, int, int, int]]:
        """File and line of each repeat, then file and line of what it repeats."""
        hashes = numpy.frombuffer(self.hashes, dtype=numpy.int64) if self.hashes else numpy.empty(0, numpy.int64)
        order = numpy.argsort(hashes, kind="stable")
        same = numpy.flatnonzero(hashes[order[1:]] == hashes[order[:-1]]) + 1
        first = before = -2
        for at in same.tolist():
            if at - 1 != before:
                first = at - 1  # of several alike the sort keeps the earliest in front
            before = at
            row, original = int(order[at]), int(order[first])
            yield self._file(row), self.lines[row], self._file(original), self.lines[original]

    def _file(self, row: int) -> int:
        return int(numpy.searchsorted(self.ends, row, side="right"))


class _Reading:
    """The tallies of one file while it is read."""

    def __init__(self, found: Survey, table: Table, today: date, identities: _Identities) -> None:
        self.found, self.table, self.today, self.identities = found, table, today, identities
        where = layouts.places(found.layout, table.headers)
        self.asked = [
            (question.column, where[question.column])
            for question in found.preset.questions
            if question.kind == found.layout.kind and question.column in where
        ]
        self.days = [
            (where[column.name], column.ends)
            for column in found.layout.columns
            if column.reads == "day" and column.name in where
        ]
        identity = found.layout.column(found.layout.identity)
        self.identity, self.key = where[identity.name], lru_cache(REMEMBERED)(identity.key or str.strip)
        self.day = lru_cache(REMEMBERED)(self._day)

    def read(self) -> None:
        found = self.found
        found.values = {name: Counter() for name, _ in self.asked}
        for row in self.table.rows():
            found.rows += 1
            if isinstance(row, Broken):
                continue
            cells = row.cells
            found.first = found.first or cells
            for name, index in self.asked:
                self._tally(found.values[name], name, cells[index])
            for index, ends in self.days:
                self._note_day(self.day(cells[index]), ends)
            if key := self.key(cells[self.identity]):
                self.identities.add(key, row.line)
        self.identities.end_file()

    def _tally(self, values: Counter[str], name: str, text: str) -> None:
        value = " ".join(text.split())[:200]
        if value:
            values[value] += 1
            if len(values) > MAX_VALUES:
                raise Unusable("file_values", name=self.table.name, column=name, limit=MAX_VALUES)

    def _day(self, text: str) -> date | None:
        try:
            day = parsing.day(text)
        except Unreadable:
            return None  # its row is refused when it is imported
        return day if day <= self.today else None

    def _note_day(self, day: date | None, ends: bool) -> None:
        if day is None:
            return
        found = self.found
        found.latest_day = max(found.latest_day or day, day)
        if ends:
            found.earliest_end = min(found.earliest_end or day, day)


def _recognised(table: Table) -> Survey:
    fit = layouts.recognise(table.headers)
    if fit is None:
        shown = ", ".join(header[:40] for header in table.headers[:6])
        known = ", ".join(str(preset.title) for preset in layouts.presets())
        raise Unusable("file_unknown", name=table.name, columns=shown, known=known)
    preset, layout = fit
    twice = layouts.doubled(layout, table.headers)
    if twice is not None:
        raise Unusable("file_column_twice", name=table.name, column=twice)
    return Survey(table.name, preset, layout, table.headers, table.delimiter)


def window(details: Sequence[dict[str, Any]]) -> tuple[date | None, date | None]:
    """The days between which a source seems to have recorded ends: its first end, and the last day it knows of.

    `details` are surveys as they are kept with their files.
    """
    ends = [date.fromisoformat(found["earliest_end"]) for found in details if found.get("earliest_end")]
    days = [date.fromisoformat(found["latest_day"]) for found in details if found.get("latest_day")]
    return min(ends, default=None), max(days, default=None)
