"""One reading of whole files before anything is stored: how many rows, which values to ask about, which days."""

from __future__ import annotations

from array import array
from collections import Counter
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
    # What each row names, as 64-bit hashes, and its line: twelve bytes a row, so that millions fit in memory.
    identities: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("L"))

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

    def look(self, path: Path, *, encoding: str, name: str) -> Survey:
        """Read a stored file from beginning to end. Raises Unusable when it is no table that we know."""
        with open_table(path, encoding=encoding, name=name) as table:
            found = _recognised(table)
            _Reading(found, table, self.today).read()
            found.ends_open = table.ends_open
        if found.rows == 0:
            raise Unusable("file_no_rows", name=name)
        if self.surveys and self.surveys[0].preset.name != found.preset.name:
            raise Unusable("file_other_source", name=name)
        self.surveys.append(found)
        return found

    def find_repeats(self) -> Iterable[Survey]:
        """Note in each survey which of its rows repeat an earlier one; gives those where hardly a row names one."""
        for kind in {found.layout.kind for found in self.surveys}:
            files = [found for found in self.surveys if found.layout.kind == kind and found.lines]
            for here, line, there, first in _repeats(files):
                here.repeats[line] = (there.name, first)
            yield from (found for found in files if len(found.repeats) > MAX_REPEATS)


def _repeats(files: Sequence[Survey]) -> Iterable[tuple[Survey, int, Survey, int]]:
    """File and line of each repeat, then file and line of what it repeats."""
    if not files:
        return
    identities = numpy.concatenate([numpy.frombuffer(found.identities, numpy.int64) for found in files])
    lines = numpy.concatenate([numpy.frombuffer(found.lines, f"u{found.lines.itemsize}") for found in files])
    owners = numpy.repeat(numpy.arange(len(files)), [len(found.lines) for found in files])
    order = numpy.argsort(identities, kind="stable")
    same = numpy.flatnonzero(identities[order[1:]] == identities[order[:-1]]) + 1
    first = before = -2
    for at in same.tolist():
        if at - 1 != before:
            first = at - 1  # of several alike the stable sort keeps the earliest in front
        before = at
        row, original = order[at], order[first]
        yield files[owners[row]], int(lines[row]), files[owners[original]], int(lines[original])


class _Reading:
    """The tallies of one file while it is read."""

    def __init__(self, found: Survey, table: Table, today: date) -> None:
        self.found, self.table, self.today = found, table, today
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
        self.words = lru_cache(REMEMBERED)(self._words)
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
                found.identities.append(hash(key))
                found.lines.append(row.line)

    def _tally(self, values: Counter[str], name: str, text: str) -> None:
        value = self.words(name, text)
        if value:
            values[value] += 1
            if len(values) > MAX_VALUES:
                raise Unusable("file_values", name=self.table.name, column=name, limit=MAX_VALUES)

    def _words(self, name: str, text: str) -> str:
        try:
            return parsing.words(text, limit=self.found.layout.column(name).limit)
        except Unreadable:
            return ""  # its row is refused when it is imported

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
