"""A chunk of rows in a temporary table, where an app decides in whole sets what becomes of each.

The web role owns no other table, and COPY into a walled one is refused. The table lives for one transaction, so
that a pooler may give the next one to another connection.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import uuid_utils.compat
from django.db import connection
from psycopg import sql

from accounts.imports.layouts import Answers, Layout

OUTCOMES = ("created", "updated", "unchanged", "used", "refused")
Columns = Sequence[tuple[str, str]]


class Unsettled(RuntimeError):
    """A layout left rows without an outcome: nobody could say what became of them."""


@dataclass(frozen=True)
class Rule:
    """A condition on a staged row, called `s`, under which it is refused, and the column that is to blame."""

    code: str
    column: str
    condition: str


@dataclass(frozen=True)
class Note:
    """Something worth knowing about one or many rows that came in. `line` is the first of them."""

    code: str
    column: str
    value: str
    rows: int
    line: int
    data: dict[str, Any] = field(default_factory=dict)


@dataclass
class Batch:
    """One chunk of one file, inside its transaction.

    Every statement knows %(tenant)s, %(run)s, %(source)s, %(at)s, %(today)s, %(observed_from)s,
    %(observed_until)s, %(closed_until)s and %(stamp)s. `answers` are what a person said, `listed` the kinds of list
    that were sent, `fresh_id` is SQL for a new key. `closed_until` is the last day whose figures are closed.
    """

    layout: Layout
    tenant_id: int
    run_id: UUID
    actor_id: UUID | None
    source: str
    at: datetime
    today: date
    answers: Answers
    observed: tuple[date | None, date | None] = (None, None)
    listed: frozenset[str] = frozenset()
    closed_until: date | None = None
    notes: list[Note] = field(default_factory=list)
    besides: dict[str, int] = field(default_factory=dict)

    # A key of version 7 of this moment: the database cannot make one before PostgreSQL 18.
    fresh_id = "overlay(gen_random_uuid()::text placing %(stamp)s from 1 for 15)::uuid"

    def __post_init__(self) -> None:
        moment = f"{time.time_ns() // 1_000_000:012x}"
        self._named: dict[str, Any] = {
            "tenant": self.tenant_id,
            "run": self.run_id,
            "source": self.source,
            "at": self.at,
            "today": self.today,
            "observed_from": self.observed[0],
            "observed_until": self.observed[1],
            "closed_until": self.closed_until,
            "stamp": f"{moment[:8]}-{moment[8:]}-7",
        }

    def stage(self, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
        """Copy rows (line, values) into the table `staged`, each with a key of its own and no outcome."""
        self._make("staged", [("line", "integer"), ("id", "uuid"), *columns])
        self._copy("staged", ((line, uuid_utils.compat.uuid7(), *values) for line, *values in rows))
        self.run("ALTER TABLE staged ADD COLUMN outcome text, ADD COLUMN matched uuid, ADD COLUMN digest uuid")
        self._make("refused", [("line", "integer"), ("column_name", "text"), ("code", "text")])
        self.run("ANALYZE staged")

    def list_up(self, kind: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
        """Copy the rows of a list that others look things up in into the table `list_<kind>`."""
        self._make(f"list_{kind}", [("line", "integer"), *columns])
        self._copy(f"list_{kind}", rows)
        self.run(f"ANALYZE list_{kind}")

    def run(self, statement: str, **values: Any) -> int:
        """Run one statement and return how many rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(statement, {**self._named, **values})
            return int(cursor.rowcount)

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run one question and return its rows."""
        with connection.cursor() as cursor:
            cursor.execute(statement, {**self._named, **values})
            return list(cursor.fetchall())

    def refuse(self, rules: Sequence[Rule], **values: Any) -> None:
        """Refuse every staged row that any rule is true of, in one pass; a row may be refused for several."""
        told = ", ".join(f"(({rule.condition}), '{rule.column}', '{rule.code}')" for rule in rules)
        self.run(
            "INSERT INTO refused SELECT s.line, r.column_name, r.code FROM staged AS s"  # noqa: S608
            f" CROSS JOIN LATERAL (VALUES {told}) AS r(bad, column_name, code) WHERE r.bad",
            **values,
        )
        self.run("UPDATE staged AS s SET outcome = 'refused' FROM refused AS r WHERE r.line = s.line")

    def note(self, code: str, column: str, question: str, **values: Any) -> None:
        """Note what a question finds: rows of (value, how many rows, first line, data as jsonb or null)."""
        for value, rows, line, data in self.rows(question, **values):
            known = orjson.loads(data) if isinstance(data, str) else data
            self.notes.append(Note(code, column, value or "", rows, line, known or {}))

    def also(self, what: str, rows: int) -> None:
        """Count rows that were made besides those of the file."""
        if rows:
            self.besides[what] = self.besides.get(what, 0) + rows

    def refusals(self) -> list[tuple[int, str, str]]:
        """Line, column and code of everything that `refuse` found."""
        return self.rows("SELECT line, column_name, code FROM refused ORDER BY line, code")

    def outcomes(self) -> dict[str, int]:
        """How many staged rows ended how. Raises Unsettled if any did not."""
        counts = dict(self.rows("SELECT coalesce(outcome, ''), count(*) FROM staged GROUP BY 1"))
        unknown = set(counts) - set(OUTCOMES)
        if unknown:
            raise Unsettled(f"{self.layout.kind}: {counts}")
        return counts

    def _make(self, table: str, columns: Columns) -> None:
        # Dropped by name as well: where transactions are nested (in tests), the outer one keeps it.
        named = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(t)) for n, t in columns)
        name = sql.Identifier(table)
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(name))
            cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(name, named))

    def _copy(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY pg_temp.{} FROM STDIN").format(sql.Identifier(table))) as copy,
        ):
            for row in rows:
                copy.write_row(row)


def summed(*counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of one name added up."""
    total: dict[str, int] = {}
    for some in counts:
        for name, number in some.items():
            total[name] = total.get(name, 0) + number
    return total
