"""Working off a run, chunk by chunk: each is one transaction with its rows, its report, its place and its audit.

What has been committed stays; a worker that dies begins again at the last committed line. Two workers with one run
take turns, since whoever has the organisation's lock looks first how far the run is.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, connection, transaction

from accounts import audit
from accounts.imports import storage
from accounts.imports.chunks import Chunk, Lists, absorb, stored_table
from accounts.imports.problems import Unusable
from accounts.imports.reading import Broken, Row
from accounts.models import ImportFile, ImportRun, Tenant
from accounts.tenancy.scope import current_tenant_id

# A file begins with small chunks, so that something is seen soon, and goes on with larger ones, which are cheaper.
FIRST_CHUNK, CHUNK = 1_000, 10_000
LOCK_NOT_AVAILABLE = "55P03"
# Somebody else changed the same rows in another order; nothing of the chunk was kept, so it is simply done again.
TRY_AGAIN = ("40P01", "40001")
TRIES = 5
log = structlog.get_logger(__name__)


class Standing(Enum):
    """Where a run is after a step."""

    MORE = "more"
    WAITING = "waiting"
    OVER = "over"


@dataclass
class _Open:
    """The file under way, read up to a line."""

    file: ImportFile
    line: int
    rows: Iterator[Row | Broken]
    closes: ExitStack


class Worker:
    """Works off one run of the current tenant. `clock` gives the time that is written down."""

    def __init__(self, run_id: UUID, *, clock: Callable[[], datetime]) -> None:
        self.run_id, self.clock = run_id, clock
        self._open: _Open | None = None
        self._lists: Lists | None = None
        self._tries = 0

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def work(self, *, until: Callable[[], bool] = lambda: False) -> Standing:
        """Take steps until the run is over, has to wait, or `until` says that it is time for others."""
        while True:
            standing = self.step()
            if standing is not Standing.MORE or until():
                return standing

    def step(self) -> Standing:
        """One chunk, or the end. What goes wrong on the way ends the run and is told."""
        try:
            standing = self._step()
        except Unusable as error:
            self._fail(error.code, error.data)
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", "")
            if state == LOCK_NOT_AVAILABLE:
                return Standing.WAITING
            if state in TRY_AGAIN and self._tries < TRIES:
                self._tries += 1
                return Standing.MORE
            self._fail("broken_off", {})
            raise
        except Exception:
            self._fail("broken_off", {})
            raise
        else:
            self._tries = 0
            return standing
        return Standing.OVER

    def _step(self) -> Standing:
        began = time.monotonic()
        with transaction.atomic():
            run = self._run()
            if not run.is_under_way:
                return Standing.OVER
            if not _is_first(run):
                return Standing.WAITING
            self._begin(run)
            file = self._file(run)
        wanted = min(CHUNK, max(FIRST_CHUNK, file.rows_done)) if file else 0
        rows = self._read(file, run, wanted) if file else []
        with transaction.atomic():
            _prepare()
            place, run = run.checkpoint, self._run()
            if run.checkpoint != place or not run.is_under_way:
                return Standing.MORE  # somebody else was here meanwhile
            if run.stop_asked:
                return self._end(run, ImportRun.State.CANCELLED)
            if file is None:
                return self._end(run, ImportRun.State.DONE)
            self._keep(run, file, rows, is_last=len(rows) < wanted, began=began)
        return Standing.MORE

    # Reading

    def _run(self) -> ImportRun:
        return ImportRun.objects.get(pk=self.run_id)

    def _file(self, run: ImportRun) -> ImportFile | None:
        """The file that is next, after the last committed one was read to its end."""
        place = run.checkpoint.get("file", 0)
        return ImportFile.objects.filter(run=run, position__gt=place).order_by("position").first()

    def _read(self, file: ImportFile, run: ImportRun, wanted: int) -> list[Row | Broken]:
        line = run.checkpoint.get("line", 0)
        now_open = self._open
        if now_open is None or now_open.file.pk != file.pk or now_open.line != line:
            now_open = self._reopen(file, line)
        rows = list(itertools.islice(now_open.rows, wanted))
        if rows:
            now_open.line = rows[-1].line
        return rows

    def _reopen(self, file: ImportFile, line: int) -> _Open:
        self._close()
        closes = ExitStack()
        table = closes.enter_context(stored_table(file))
        self._open = _Open(file, line, table.rows(after=line), closes)
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._open.closes.close()
            self._open = None

    # Writing

    def _begin(self, run: ImportRun) -> None:
        """In a short transaction of its own, so that nobody who stops the run has to wait for a chunk."""
        if run.state == ImportRun.State.QUEUED:
            run.started_at = run.started_at or self.clock()
            ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.QUEUED).update(
                state=ImportRun.State.RUNNING, started_at=run.started_at, touched_at=self.clock()
            )

    def _keep(self, run: ImportRun, file: ImportFile, rows: list[Row | Broken], *, is_last: bool, began: float) -> None:
        now = self.clock()
        tenant = Tenant.objects.get(pk=current_tenant_id())
        today, closed = tenant.day_of(now), tenant.closed_until
        chunk = Chunk(run=run, file=file, rows=rows, at=now, today=today, closed_until=closed, is_last=is_last)
        self._lists = self._lists or Lists(run)
        written = absorb(chunk, self._lists)
        if chunk.is_last:
            place = {"file": file.position, "line": 0}
        else:
            place = {"file": run.checkpoint.get("file", 0), "line": rows[-1].line}
        seconds = run.checkpoint.get("seconds", 0) + time.monotonic() - began
        run.checkpoint, run.touched_at = {**place, "seconds": round(seconds, 3)}, now
        run.save(update_fields=["touched_at", "checkpoint", "rows_done", "counts"])
        if written:
            kept = {"file": file.name, "kind": file.kind, "rows": written}
            audit.record(verb="import.rows_kept", subject=run, actor=run.actor, at=now, **kept)

    def _end(self, run: ImportRun, state: str) -> Standing:
        now = self.clock()
        run.state, run.finished_at = state, now
        run.save(update_fields=["state", "finished_at"])
        audit.record(verb=f"import.{state}", subject=run, actor=run.actor, at=now, rows=run.rows_done)
        if state == ImportRun.State.DONE:
            transaction.on_commit(lambda: storage.forget(run.pk), robust=True)
        return Standing.OVER

    def _fail(self, code: str, data: dict[str, Any]) -> None:
        log.error("import_failed", run=str(self.run_id), code=code)
        with transaction.atomic():
            ImportRun.objects.filter(pk=self.run_id).update(
                state=ImportRun.State.FAILED, finished_at=self.clock(), error={"code": code, **data}
            )


def next_run() -> ImportRun | None:
    """The run of the current tenant whose turn it is: they are worked off in the order in which they were started."""
    to_do = ImportRun.objects.filter(state__in=[ImportRun.State.QUEUED, ImportRun.State.RUNNING])
    return to_do.order_by("queued_at", "pk").first()


def _is_first(run: ImportRun) -> bool:
    first = next_run()
    return first is not None and first.pk == run.pk


def _prepare() -> None:
    """Give this transaction the time a chunk may need, and the organisation's turn.

    Its rows are not told one by one to other programs: triggers look whose they are.

    The web role's own limits are those of a page. References are checked row by row inside each statement, by plans
    made once for this chunk: planned anew for each row, as pages need it, the checks took five times as long, and a
    plan left over from when a table was empty would read all of it for each row. All of this ends with the
    transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5min'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '5min'")
        cursor.execute("SET LOCAL lock_timeout = '30s'")
        cursor.execute("SET LOCAL plan_cache_mode = 'force_generic_plan'")
        cursor.execute("DISCARD PLANS")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL app.import_run = 'yes'")
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('import:' || %s::text, 0))", [current_tenant_id()]
        )
