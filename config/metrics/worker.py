"""Counting tasks, and answering Prometheus at an address of the worker's own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from celery import signals
from django.conf import settings
from django.db import connection

from accounts.signals import rows_settled
from config.metrics import figures
from config.metrics.database import Meter

_under_way: dict[str, tuple[float, Meter]] = {}


def begin() -> None:
    """Count from now on, in this process and in those that it forks."""
    signals.task_prerun.connect(_begins, weak=False)
    signals.task_postrun.connect(_ends, weak=False)
    signals.task_failure.connect(_fails, weak=False)
    rows_settled.connect(_settled, weak=False)
    if settings.METRICS_LISTEN:
        host, _, port = settings.METRICS_LISTEN.rpartition(":")
        _listen(host.strip("[]"), int(port))


def _begins(task_id: str, **_: Any) -> None:
    meter = Meter("task")
    connection.execute_wrappers.append(meter)
    _under_way[task_id] = time.perf_counter(), meter


def _ends(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    began, meter = _under_way.pop(task_id, (None, None))
    if began is None or meter is None:
        return
    connection.execute_wrappers.remove(meter)
    meter.tell()
    figures.TASK_SECONDS.labels(task.name).observe(time.perf_counter() - began)
    figures.TASKS.labels(task.name, (state or "unknown").lower()).inc()


def _fails(sender: Any, **_: Any) -> None:
    # Also told by the worker itself of a task whose process was lost or took too long.
    figures.TASKS_FAILED.labels(sender.name).inc()


def _settled(counts: dict[str, int], **_: Any) -> None:
    for outcome, rows in counts.items():
        figures.IMPORT_ROWS.labels(outcome).inc(rows)


class _Handler(WSGIRequestHandler):
    # Whoever connects and says nothing is let go.
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:
        """Who asks every few seconds is not written down."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def _listen(host: str, port: int) -> None:
    server = make_server(host, port, _answer, server_class=_Server, handler_class=_Handler)
    # A process that outlives the worker must not keep its port.
    os.register_at_fork(after_in_child=server.socket.close)
    Thread(target=server.serve_forever, daemon=True, name="metrics").start()


def _answer(environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] != "GET":
        start("404 Not Found", [])
        return []
    if not figures.may_know(environ.get("HTTP_AUTHORIZATION", "")):
        start("401 Unauthorized", [("WWW-Authenticate", 'Bearer realm="metrics"')])
        return []
    start("200 OK", [("Content-Type", figures.CONTENT_TYPE), ("Cache-Control", "no-store")])
    return [figures.told(of_moment=False)]
