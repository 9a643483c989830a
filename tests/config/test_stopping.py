"""Whoever is asked to end finishes what is in hand, within the time that supervisors give."""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.celery import app
from tests.config import compose, slow_tasks
from tests.databases import current_name, url_of
from tests.processes import answers, free_port, running, wait_until

GRACE = 30.0
#: Other tests' workers share the broker.
ENVIRONMENT = {
    "PYTHONPATH": os.getcwd(),
    "LOG_FORMAT": "lines",
    # On a machine where everything is root's there is nobody else to be.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
}


def as_composed(service: str, **instead: str) -> list[str]:
    """The service's own command line, run by this interpreter."""
    program, *words = compose.command(service, **instead)
    return [sys.executable, "-m", program, *words]


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return str(answer.read().decode())


def test_the_web_server_answers_what_it_was_asked_before_it_ends(transactional_db: None, tmp_path: Path) -> None:
    port = free_port()
    environment = ENVIRONMENT | {"DATABASE_URL": url_of(current_name())}
    environment |= {"DJANGO_SETTINGS_MODULE": "tests.config.slow_settings"}
    words = as_composed("web", **{"0.0.0.0:8000": f"127.0.0.1:{port}"})
    with (
        running(words, log=tmp_path / "web.log", environment=environment, ready=lambda: answers(port)) as web,
        ThreadPoolExecutor(6) as visitors,
    ):
        get(port, "/livez")
        asked = [visitors.submit(get, port, "/slow/4/") for _ in range(6)]
        time.sleep(2)
        began = time.monotonic()
        web.send_signal(signal.SIGTERM)
        assert web.wait(GRACE) == 0
        assert time.monotonic() - began < GRACE
        assert [answer.result() for answer in asked] == ["done"] * 6
    assert not answers(port)


def lines(out: Path) -> list[str]:
    return out.read_text().split() if out.exists() else []


def waiting() -> int:
    """Tasks of the test's own queue that nobody has taken."""
    with app.connection_for_read() as broker:
        return int(app.amqp.queues[slow_tasks.QUEUE](broker.default_channel).queue_declare().message_count)


@pytest.fixture
def as_worker(transactional_db: None, tmp_path: Path) -> dict[str, object]:
    """How a worker is started as composed, for the test's own queue."""
    log = tmp_path / "worker.log"
    environment = ENVIRONMENT | {"DATABASE_URL": url_of(current_name()), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    words = as_composed("worker", **{"default,imports,statistics,events": slow_tasks.QUEUE})
    words += ["--include", slow_tasks.__name__, "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    ready = lambda: log.exists() and " ready." in log.read_text(errors="replace")  # noqa: E731
    return {"arguments": words, "log": log, "environment": environment, "ready": ready}


def test_a_worker_finishes_its_tasks_and_takes_no_other(as_worker: dict[str, object], tmp_path: Path) -> None:
    outs = [tmp_path / f"out{number}" for number in range(4)]
    with running(**as_worker) as worker:  # type: ignore[arg-type]
        for out in outs:
            slow_tasks.sleep.apply_async(kwargs={"seconds": 4, "out": str(out)}, queue=slow_tasks.QUEUE)
        wait_until(lambda: sum(out.exists() for out in outs) == 2, what="both processes to be busy")
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        worker.wait(GRACE)
        assert time.monotonic() - began < GRACE
    assert sorted(lines(out) for out in outs) == [[], [], ["began", "ended"], ["began", "ended"]]
    assert waiting() == 2
    with running(**as_worker):  # type: ignore[arg-type]
        wait_until(lambda: all("ended" in lines(out) for out in outs), what="the next worker to do the rest")
    assert [lines(out) for out in outs] == [["began", "ended"]] * 4


def test_a_task_that_takes_too_long_is_given_back_to_the_next_worker(
    as_worker: dict[str, object], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with running(**as_worker) as worker:  # type: ignore[arg-type]
        slow_tasks.sleep.apply_async(kwargs={"seconds": 45, "out": str(out)}, queue=slow_tasks.QUEUE)
        wait_until(lambda: lines(out) == ["began"], what="the task to begin")
        worker.send_signal(signal.SIGTERM)
        worker.wait(GRACE)
    assert lines(out) == ["began"]
    assert waiting() == 1
    with app.connection_for_write() as broker:
        broker.default_channel.queue_purge(slow_tasks.QUEUE)
