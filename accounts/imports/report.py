"""Questions about a run, for page, terminal and program: what we understood, how far it is, what became of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from accounts.imports import layouts
from accounts.imports.layouts import Preset
from accounts.imports.problems import PROBLEMS, Words, say
from accounts.models import ImportFile, ImportRow, ImportRun

EXAMPLES = 3


@dataclass(frozen=True)
class Meaning:
    """One column of a file: its name there, what it becomes here (nothing when it is left out), its first value."""

    header: str
    label: Words
    first: str


@dataclass(frozen=True)
class Sheet:
    """One file of a run, and what became of its rows."""

    file: ImportFile
    title: Words
    columns: Sequence[Meaning]

    @property
    def is_done(self) -> bool:
        """Whether its last row was settled."""
        return self.file.rows_done >= self.file.rows

    def count(self, outcome: str) -> int:
        """How many of its rows ended so."""
        return int(self.file.counts.get(outcome, 0))


@dataclass(frozen=True)
class Asked:
    """A question of the preset with the values it is about, how many rows have each, and the answer so far."""

    name: str
    title: Words
    options: Sequence[tuple[str, Words]]
    values: Sequence[tuple[str, int, str]]


@dataclass(frozen=True)
class Trouble:
    """Rows that were refused or noted for one reason: `rows` of them, from `line` of `file` on.

    `sentence` is what to do about the first of them, `values` are examples.
    """

    code: str
    rows: int
    file: str
    line: int
    sentence: str
    told: Mapping[str, Any]
    values: Sequence[str] = ()

    def heading(self, shown: str) -> str:
        """How many rows, and what is the matter; `shown` is their number as people write it."""
        return PROBLEMS[self.code].head(self.rows, shown, self.told) if self.code in PROBLEMS else self.code


def preset_of(run: ImportRun) -> Preset:
    """The system a run's files come from."""
    return layouts.preset(run.preset)


def known_presets() -> list[Preset]:
    """The systems whose exports are read without anybody mapping columns."""
    return layouts.presets()


def run_of(run_id: UUID) -> ImportRun:
    """A run of the current tenant. Raises ImportRun.DoesNotExist."""
    return ImportRun.objects.select_related("actor").get(pk=run_id)


def runs(limit: int = 50) -> list[ImportRun]:
    """The newest runs, with their files."""
    return list(
        ImportRun.objects.select_related("actor").prefetch_related("files").order_by("-created_at", "-pk")[:limit]
    )


def sheets(run: ImportRun) -> list[Sheet]:
    """The run's files in the order in which they are read."""
    preset = preset_of(run)
    found = []
    for file in ImportFile.objects.filter(run=run):
        layout = preset.layout(file.kind)
        known = {
            index: layout.column(name).label for name, index in layouts.places(layout, file.details["headers"]).items()
        }
        first = file.details["first"]
        meanings = [
            Meaning(header, known.get(index, ""), first[index] if index < len(first) else "")
            for index, header in enumerate(file.details["headers"])
        ]
        found.append(Sheet(file, layout.title, meanings))
    return found


def asked(run: ImportRun) -> list[Asked]:
    """The questions a person answers before the run is started."""
    files = list(ImportFile.objects.filter(run=run))
    answered = []
    for question in preset_of(run).questions:
        counts: dict[str, int] = {}
        for file in files:
            if file.kind == question.kind:
                for value, number in file.details["values"].get(question.column, {}).items():
                    counts[value] = counts.get(value, 0) + number
        answers = run.mapping.get(question.name, {})
        values = [
            (value, counts[value], answers.get(value, "")) for value in sorted(counts, key=lambda v: (-counts[v], v))
        ]
        if values:
            answered.append(Asked(question.name, question.title, question.options, values))
    return answered


def asks_window(run: ImportRun) -> bool:
    """Whether it has to be known from which day until which the source recorded ends."""
    kinds = ImportFile.objects.filter(run=run).values_list("kind", flat=True)
    return any(preset_of(run).layout(kind).has_days for kind in kinds)


def missing(run: ImportRun) -> list[Words]:
    """What will be missing because no file of some kind was sent."""
    kinds = set(ImportFile.objects.filter(run=run).values_list("kind", flat=True))
    return [layout.without for layout in preset_of(run).layouts if layout.kind not in kinds]


def left_out(run: ImportRun) -> list[str]:
    """Why each file that was sent and not used was left out."""
    return [say(problem["code"], problem) for problem in run.mapping.get("left_out", [])]


def refused_rows(run: ImportRun) -> int:
    """How many rows were refused."""
    counts = ImportFile.objects.filter(run=run).values_list("counts", flat=True)
    return sum(int(count.get("refused", 0)) for count in counts)


def troubles(run: ImportRun) -> list[Trouble]:
    """Why rows were refused, the most frequent reason first."""
    alike = ["code", "column", "file"]
    refused = ImportRow.objects.filter(run=run, outcome=ImportRow.Outcome.REFUSED)
    numbers = {
        tuple(group[name] for name in alike): group["number"]
        for group in refused.values(*alike).annotate(number=Count("pk"))
    }
    turn = Window(RowNumber(), partition_by=[F(name) for name in alike], order_by=["line", "pk"])
    examples: dict[tuple[Any, ...], list[ImportRow]] = {}
    for row in refused.annotate(turn=turn).filter(turn__lte=EXAMPLES).select_related("file").order_by("turn"):
        examples.setdefault((row.code, row.column, row.file_id), []).append(row)
    found = [_trouble(rows, numbers[key]) for key, rows in examples.items()]
    return sorted(found, key=lambda trouble: (-trouble.rows, trouble.code, trouble.line))


def notes(run: ImportRun) -> list[Trouble]:
    """What is worth knowing of rows that came in."""
    noted = ImportRow.objects.filter(run=run, outcome=ImportRow.Outcome.NOTED).select_related("file")
    return [_trouble([row], row.rows) for row in noted.order_by("-rows", "code", "value")]


def _trouble(examples: Sequence[ImportRow], number: int) -> Trouble:
    first = examples[0]
    return Trouble(
        code=first.code,
        rows=number,
        file=first.file.name,
        line=first.line,
        sentence=say_of(first),
        told=told_of(first),
        values=[row.value for row in examples if row.value],
    )


def told_of(row: ImportRow) -> dict[str, Any]:
    """What the sentence of a row's problem may use."""
    return {"column": row.column, "value": row.value, "line": row.line, **row.data}


def say_of(row: ImportRow) -> str:
    """What to do about a refused row, or what is worth knowing about noted ones."""
    return say(row.code, told_of(row)) if row.code in PROBLEMS else row.code


def first_refused(run: ImportRun, limit: int = 100) -> list[ImportRow]:
    """The first refused rows in the order of files and lines; a row is there once for each reason."""
    refused = ImportRow.objects.filter(run=run, outcome=ImportRow.Outcome.REFUSED).select_related("file")
    return list(refused.order_by("file__position", "line", "code")[:limit])


def refused_table(file: ImportFile) -> Iterator[Sequence[object]]:
    """The refused rows of a file under its headers, with the reason for each, to correct and send again."""
    headers = file.details["headers"]
    yield *headers, _("Line"), _("What to do")
    for line, cells, sentences in _refused(file):
        padded = [*cells, *[""] * (len(headers) - len(cells))][: len(headers)]
        yield *padded, line, " ".join(sentences)


def _refused(file: ImportFile) -> Iterator[tuple[int, list[str], list[str]]]:
    """Line, cells and sentences of each refused row; a row refused for several reasons kept its cells once."""
    refused = ImportRow.objects.filter(file=file, outcome=ImportRow.Outcome.REFUSED).order_by("line", "pk")
    for line, rows in itertools.groupby(refused.iterator(chunk_size=2000), key=lambda row: row.line):
        alike = list(rows)
        cells: list[str] = next((row.cells for row in alike if row.cells), [])
        yield line, cells, [say_of(row) for row in alike]
