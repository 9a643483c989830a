"""Rows out of a text file of separated values, one at a time: memory does not grow with the file.

Whatever is wrong with a row is said for that row, under the physical line on which it begins; the rows after it are
read all the same.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TextIO

from accounts.imports.examining import SAMPLE
from accounts.imports.problems import Unusable

DELIMITERS = (",", ";", "\t", "|")
MAX_COLUMNS = 500
MAX_LINE = 1024 * 1024
MAX_RESTARTS = 200  # each costs at most one longest cell: what a hostile file can make us read twice is bounded
DAMAGE = re.compile("[\0\udc80-\udcff\ufffd]")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one record and the line of the file on which it begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that cannot be read, and why."""

    line: int
    code: str
    data: dict[str, Any] = field(default_factory=dict)


class _Lines:
    """The lines of a stream, counted, with those of the record under way kept so that they can be read again."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self.stream, self.name = stream, name
        self.number = 0
        self.ends_open = False
        self.taken: list[str] = []
        self.waiting: deque[str] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else self.stream.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= MAX_LINE:
            raise Unusable("file_line", name=self.name, line=self.number)
        self.taken.append(line)
        # Only the last line of a file can be without an end.
        self.ends_open = not line.endswith(("\n", "\r"))
        return line

    def again_from_second(self) -> None:
        """Give back all lines of the record under way but the first."""
        self.waiting.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


class Table:
    """A file that holds a table: its header, and its rows when asked for."""

    def __init__(self, stream: TextIO, *, name: str) -> None:
        """`stream` is text without newline translation, at its beginning. Raises Unusable without a header."""
        self.name = name
        sample = stream.read(SAMPLE)
        stream.seek(0)
        self.delimiter, told = _delimiter(sample)
        self._lines = _Lines(stream, name)
        if told:
            next(self._lines)
        self._restarts = 0
        self._reader = self._new_reader()
        self.headers = self._read_headers()

    def _new_reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self.delimiter, strict=True)

    def _read_headers(self) -> list[str]:
        for record in self._records():
            if isinstance(record, Broken):
                raise Unusable("file_header", name=self.name)
            if len(record.cells) > MAX_COLUMNS:
                raise Unusable("file_columns", name=self.name, limit=MAX_COLUMNS)
            return [cell.strip() for cell in record.cells]
        raise Unusable("file_empty", name=self.name)

    def rows(self, *, after: int = 0) -> Iterator[Row | Broken]:
        """Each record that is not blank, in the order of the file, from the first that begins after line `after`."""
        width = len(self.headers)
        for record in self._records():
            if record.line <= after:
                continue
            yield record if isinstance(record, Broken) else self._measured(record, width)

    def _measured(self, row: Row, width: int) -> Row | Broken:
        cells = row.cells
        if len(cells) == width:
            return row
        if len(cells) > width:
            if not any(cells[width:]):
                return Row(row.line, cells[:width])
            return Broken(
                row.line,
                "too_many_cells",
                {"cells": len(cells), "wanted": width, "delimiter": self.delimiter},
            )
        if self.ends_open:
            return Broken(row.line, "cut_off")
        return Broken(row.line, "too_few_cells", {"cells": len(cells), "wanted": width})

    @property
    def ends_open(self) -> bool:
        """Whether the line read last has no end: the file ends there, and may have been cut inside its last cell."""
        return self._lines.ends_open

    def _records(self) -> Iterator[Row | Broken]:
        lines = self._lines
        while True:
            lines.taken.clear()
            begin = lines.number + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                yield self._restart(begin)
                continue
            damage = next((found for found in map(DAMAGE.search, lines.taken) if found), None)
            if damage:
                yield Broken(begin, "nul" if damage.group() == "\0" else "damaged_text")
            elif any(cell and not cell.isspace() for cell in cells):
                yield Row(begin, cells)

    def _restart(self, begin: int) -> Broken:
        """After a quote that is never closed: its line is lost, the lines it swallowed are not."""
        self._restarts += 1
        if self._restarts > MAX_RESTARTS:
            raise Unusable("file_quotes", name=self.name)
        cut = len(self._lines.taken) == 1 and self.ends_open
        self._lines.again_from_second()
        self._reader = self._new_reader()
        return Broken(begin, "cut_off" if cut else "broken_quote")


@contextmanager
def open_table(path: Path, *, encoding: str, name: str) -> Iterator[Table]:
    """A stored file as a table, for as long as the with statement lasts. Raises Unusable without a header."""
    # What is not in the encoding becomes a mark that no file can hold, and its row is refused.
    errors = "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
    with path.open(encoding=encoding, errors=errors, newline="") as stream:
        yield Table(stream, name=name)


def _delimiter(sample: str) -> tuple[str, bool]:
    """The separator of a table's cells, and whether the file's own first line says so ("sep=;", as Excel writes)."""
    told = re.match(r'"?sep=([,;\t|])"?\r?\n', sample, re.IGNORECASE)
    if told:
        return told.group(1), True
    lines = sample.splitlines(keepends=True)[:40]
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines.pop()
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        score = _fit(lines, delimiter)
        if score > best_score:
            best, best_score = delimiter, score
    return best, False


def _fit(lines: list[str], delimiter: str) -> tuple[float, int]:
    """How well lines divide by a delimiter: the share of them as wide as the first, then how wide that is."""
    widths: list[int] = []
    with suppress(csv.Error):
        widths.extend(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells)
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (widths.count(widths[0]) / len(widths), widths[0])


def header_key(header: str) -> str:
    """A column's name as it is compared: "Opportunity ID" is "opportunity_id"."""
    return re.sub(r"\W+", "_", header.strip().casefold()).strip("_")
