"""One chunk of rows: read, staged, settled by the app whose rows they are, and accounted for to the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import transaction

from accounts.imports import layouts, storage
from accounts.imports.cells import Manner, Refusal, RowReader
from accounts.imports.layouts import Layout
from accounts.imports.problems import Unusable
from accounts.imports.reading import Broken, Row, open_table
from accounts.imports.staging import Batch, Note, summed
from accounts.models import ImportFile, ImportRow, ImportRun
from accounts.signals import rows_settled
from accounts.tenancy.scope import current_tenant_id

AT_ONCE = 1000
LONGEST_LIST = 100_000
Values = Sequence[Any]


class Miscounted(RuntimeError):
    """The rows that ended somehow are not the rows that were read."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of one file, which are kept in one transaction; the last chunk of a file may be empty."""

    run: ImportRun
    file: ImportFile
    rows: list[Row | Broken]
    at: datetime
    today: date
    closed_until: date | None
    is_last: bool

    @property
    def layout(self) -> Layout:
        """What the rows are."""
        return layouts.preset(self.run.preset).layout(self.file.kind)


class Lists:
    """The run's files that other rows look things up in, read once for all chunks."""

    def __init__(self, run: ImportRun) -> None:
        self._layouts = [known for known in layouts.preset(run.preset).layouts if known.absorb is None]
        self._manner = manner_of(run)
        self._rows: dict[str, list[Values]] = {layout.kind: [] for layout in self._layouts}
        self.kinds = set()
        for file in ImportFile.objects.filter(run=run, kind__in=self._rows):
            self.kinds.add(file.kind)
            self._rows[file.kind].extend(self._read(run, file))

    def _read(self, run: ImportRun, file: ImportFile) -> Iterator[Values]:
        layout = layouts.preset(run.preset).layout(file.kind)
        reader = RowReader(layout, file.details["headers"], self._manner)
        with stored_table(file) as table:
            for row in table.rows():
                read = _read_row(reader, file, row)
                if not isinstance(read, list):
                    yield read
                if len(self._rows[file.kind]) > LONGEST_LIST:
                    raise Unusable("file_list", name=file.name, limit=LONGEST_LIST)

    def put_into(self, batch: Batch) -> None:
        """Make a table of each list, also of those that no file was sent of."""
        for layout in self._layouts:
            columns = RowReader(layout, [], self._manner).columns
            batch.list_up(layout.kind, columns, self._rows[layout.kind])


def absorb(chunk: Chunk, lists: Lists) -> dict[str, int]:
    """Settle every row of the chunk and write the report; returns how many rows were created or updated."""
    reader = RowReader(chunk.layout, chunk.file.details["headers"], manner_of(chunk.run))
    good: list[Values] = []
    refused: list[Refusal] = []
    for row in chunk.rows:
        read = _read_row(reader, chunk.file, row)
        if isinstance(read, list):
            refused.extend(read)
        else:
            good.append(read)
    counts = {"refused": len(chunk.rows) - len(good)}
    batch = _batch(chunk, lists)
    settle = chunk.layout.absorb
    if settle is None:
        counts = summed(counts, {"used": len(good)})
    elif good:
        lists.put_into(batch)
        batch.stage(reader.columns, good)
        settle(batch)
        counts = summed(counts, batch.outcomes())
        refused.extend(_refused_by_rules(batch, chunk, reader))
    if sum(counts.values()) != len(chunk.rows):
        raise Miscounted(f"{chunk.file.name}: {counts} of {len(chunk.rows)} rows")
    notes = [replace(note, column=note.column and reader.header(note.column)) for note in batch.notes]
    _report(chunk, refused, [*notes, *_note_of_cut(chunk)])
    _count(chunk, counts, batch.besides)
    transaction.on_commit(partial(rows_settled.send, ImportRun, counts=counts), robust=True)
    return {name: counts[name] for name in ("created", "updated") if counts.get(name)}


def _read_row(reader: RowReader, file: ImportFile, row: Row | Broken) -> tuple[Any, ...] | list[Refusal]:
    """Line and values of a row that can be staged, or what is wrong with it."""
    if isinstance(row, Broken):
        return [Refusal(row.line, row.code, data=row.data)]
    first = file.details.get("repeats", {}).get(str(row.line))
    if first:
        where = {"file": first[0], "first": first[1]}
        name = reader.layout.identity
        return [Refusal(row.line, "repeated", reader.header(name), reader.cell(row, name), where)]
    return reader.values(row)


def _batch(chunk: Chunk, lists: Lists) -> Batch:
    run = chunk.run
    return Batch(
        layout=chunk.layout,
        tenant_id=current_tenant_id(),
        run_id=run.pk,
        actor_id=run.actor_id,
        source=run.preset,
        at=chunk.at,
        today=chunk.today,
        answers=run.mapping,
        observed=(run.observed_from, run.observed_until),
        listed=frozenset(lists.kinds),
        closed_until=chunk.closed_until,
    )


def _refused_by_rules(batch: Batch, chunk: Chunk, reader: RowReader) -> Iterator[Refusal]:
    """What the app's rules refused, with the cell as it stands in the file."""
    found = batch.refusals()
    lines = {line for line, _, _ in found}
    rows = {row.line: row for row in chunk.rows if isinstance(row, Row) and row.line in lines}
    for line, name, code in found:
        yield Refusal(line, code, reader.header(name), reader.cell(rows[line], name))


def _note_of_cut(chunk: Chunk) -> Iterator[Note]:
    if chunk.is_last and chunk.rows and chunk.file.details.get("ends_open") and isinstance(chunk.rows[-1], Row):
        yield Note("maybe_cut", "", "", 1, chunk.rows[-1].line)


def _report(chunk: Chunk, refused: Sequence[Refusal], notes: Sequence[Note]) -> None:
    cells = {row.line: row.cells for row in chunk.rows if isinstance(row, Row)}
    told: set[int] = set()
    rows = []
    for refusal in refused:
        # A row refused for two reasons keeps its cells once.
        kept = [] if refusal.line in told else cells.get(refusal.line, [])
        told.add(refusal.line)
        rows.append(
            ImportRow(
                run=chunk.run,
                file=chunk.file,
                outcome=ImportRow.Outcome.REFUSED,
                line=refusal.line,
                code=refusal.code,
                column=refusal.column,
                value=refusal.value,
                data=refusal.data,
                cells=kept,
            )
        )
    ImportRow.objects.bulk_create(rows, batch_size=AT_ONCE)
    for note in notes:
        _add_note(chunk, note)


def _add_note(chunk: Chunk, note: Note) -> None:
    """A note of an earlier chunk grows; another one begins."""
    same, new = ImportRow.objects.get_or_create(
        run=chunk.run,
        file=chunk.file,
        outcome=ImportRow.Outcome.NOTED,
        code=note.code,
        column=note.column,
        value=note.value,
        data=note.data,
        defaults={"line": note.line, "rows": note.rows},
    )
    if not new:
        same.rows += note.rows
        same.save(update_fields=["rows"])


def _count(chunk: Chunk, counts: dict[str, int], besides: dict[str, int]) -> None:
    file, run = chunk.file, chunk.run
    file.rows_done += len(chunk.rows)
    file.counts = summed(file.counts, counts)
    file.save(update_fields=["rows_done", "counts"])
    run.rows_done += len(chunk.rows)
    run.counts = summed(run.counts, besides)


def manner_of(run: ImportRun) -> Manner:
    """How the run's files write amounts and days."""
    currency = run.mapping.get("currency")
    return Manner.of_currency(currency) if currency else Manner()


def stored_table(file: ImportFile) -> Any:
    """A run's file as a table, for a with statement. Raises Unusable when its content is gone."""
    path = storage.path_of(file.run_id, file.path)
    if not path.exists():
        raise Unusable("file_gone", name=file.name)
    return open_table(path, encoding=file.encoding, name=file.name)
