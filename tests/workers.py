"""A real Celery worker for tests that send tasks by the real broker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from config.devstack.programs import QUEUES
from tests.databases import url_of
from tests.processes import running


@dataclass(frozen=True)
class Worker:
    """A worker on one database. `log` holds what it said."""

    database: str
    log: Path
    pid: int = 0

    def said(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def working(
    database: str, log: Path, *, include: str = "", queues: Sequence[str] = QUEUES, **chosen: str
) -> Iterator[Worker]:
    """A worker of these queues on the database, until the end of the block.

    No longer than a test: the next one's tasks are not for it.
    `include` names modules with more tasks; `chosen` are settings.
    """
    modules = ["config.devstack.tied_pool", *filter(None, [include])]
    arguments = [
        *(sys.executable, "-m", "celery", "-A", "config", "worker", "--queues", ",".join(queues), "--purge"),
        *("--pool", "prefork", "--concurrency", "1", "--loglevel", "INFO", "--include", ",".join(modules)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    environment = {
        "DATABASE_URL": url_of(database),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "LOG_FORMAT": "lines",
        # On a machine where everything is root's there is nobody else to be.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        "PYTHONPATH": os.getcwd(),
        **chosen,
    }
    worker = Worker(database, log)
    with running(arguments, log=log, environment=environment, ready=lambda: " ready." in worker.said()) as process:
        yield replace(worker, pid=process.pid)
