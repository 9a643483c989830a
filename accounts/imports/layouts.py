"""What the engine is told of the systems it reads from: their files, the columns in them, what to ask about.

The engine itself knows no deal. An app says what a row of its own is: which columns it has (`Column`), what they mean
together (`Layout.absorb`, set-based), and which layouts make one system's export (`Preset`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from accounts.imports.parsing import BIGGEST
from accounts.imports.problems import Words
from accounts.imports.reading import header_key

if TYPE_CHECKING:
    from accounts.imports.staging import Batch

SQL_TYPES = {"text": "text", "day": "date", "money": "bigint", "whole": "bigint"}


@dataclass(frozen=True)
class Column:
    """One column of a file, and what becomes of it.

    `name` is its name in the staging table, `header` the one in the file as `header_key` writes it. `key` makes
    a second staging column `<name>_key` from what differing spellings share. `scale` is the power of ten in which
    money is counted; numbers lie between `at_least` and `at_most`. `ends` marks the day on which something was
    over: it bounds the source window.
    """

    name: str
    header: str
    label: Words
    reads: Literal["text", "day", "money", "whole"] = "text"
    required: bool = False
    limit: int = 200
    scale: int = 0
    at_least: int = 0
    at_most: int = BIGGEST
    ends: bool = False
    key: Callable[[str], str] | None = None

    @property
    def sql_type(self) -> str:
        """The type of the staging column."""
        return SQL_TYPES[self.reads]


@dataclass(frozen=True)
class Layout:
    """One kind of file of a system's export.

    A file is of this kind when it has all columns in `known_by`. `identity` is the column whose key names a row;
    a later row with the same one is refused. `absorb` settles each staged row as created, updated or unchanged;
    a layout without it is a list that others look things up in. `without` says what is missing when no such file
    was sent.
    """

    kind: str
    title: Words
    columns: Sequence[Column]
    known_by: Sequence[str]
    identity: str
    without: Words
    absorb: Callable[[Batch], None] | None = None

    @property
    def has_days(self) -> bool:
        """Whether its rows know days, so that it matters which days the source knew."""
        return any(column.reads == "day" for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of a staging name."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Question:
    """Values of one column that a person says the meaning of, before anything is stored.

    `guess` answers for all of them at once; it may look at what was answered before.
    """

    name: str
    kind: str
    column: str
    title: Words
    options: Sequence[tuple[str, Words]]
    guess: Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Preset:
    """A system whose export is read without anybody mapping columns. `name` becomes the source of its rows."""

    name: str
    title: Words
    layouts: Sequence[Layout]
    questions: Sequence[Question] = ()

    def layout(self, kind: str) -> Layout:
        """The layout of a kind of file. Raises KeyError for none."""
        found = next((layout for layout in self.layouts if layout.kind == kind), None)
        if found is None:
            raise KeyError(kind)
        return found

    def order(self, kind: str) -> int:
        """When files of a kind are read: after those that they refer to."""
        return [layout.kind for layout in self.layouts].index(kind)


@dataclass
class _Registry:
    presets: dict[str, Preset] = field(default_factory=dict)


_known = _Registry()


def register(preset: Preset) -> None:
    """Let the engine know a system. Called when an app is ready."""
    _known.presets[preset.name] = preset


def preset(name: str) -> Preset:
    """The system of a name. Raises KeyError for one that is not known (any more)."""
    return _known.presets[name]


def presets() -> list[Preset]:
    """All systems, in the order of their titles."""
    return sorted(_known.presets.values(), key=lambda known: str(known.title))


def recognise(headers: Sequence[str]) -> tuple[Preset, Layout] | None:
    """The system and kind of file that these column names belong to; the one that knows most of them."""
    keys = {header_key(header) for header in headers}
    fitting = [
        (len(layout.known_by), known, layout)
        for known in _known.presets.values()
        for layout in known.layouts
        if keys.issuperset(layout.known_by)
    ]
    if not fitting:
        return None
    _, known, layout = max(fitting, key=lambda fit: fit[0])
    return known, layout


def places(layout: Layout, headers: Sequence[str]) -> dict[str, int]:
    """Where each column of a layout stands in a file: its name and index. The first of several like it counts."""
    keys = [header_key(header) for header in headers]
    return {column.name: keys.index(column.header) for column in layout.columns if column.header in keys}


def doubled(layout: Layout, headers: Sequence[str]) -> str | None:
    """A column of the layout that the file has twice, as the file writes it."""
    keys = [header_key(header) for header in headers]
    return next(
        (headers[keys.index(column.header)] for column in layout.columns if keys.count(column.header) > 1), None
    )


Answers = dict[str, Any]
