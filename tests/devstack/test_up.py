"""`bin/up`, started and killed for real."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.devstack.programs import TASK_PROCESSES
from tests.devstack.driver import ROOT, Up, is_idle, own_environment, run, running

ORDER_OF_STOPPING = ["beat", "worker", "web", "broker", "postgres"]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a space in its path, used by one test after the other, as a person would."""
    return tmp_path_factory.mktemp("a clone") / "state"


@pytest.fixture
def ups() -> Iterator[list[Up]]:
    """Whatever a test starts is ended after it."""
    started: list[Up] = []
    yield started
    for up in started:
        up.end()


def start(ups: list[Up], state: Path, *arguments: str) -> Up:
    ups.append(Up.start(state, *arguments))
    return ups[-1]


def address_in(said: str) -> str:
    found = re.search(r"http://localhost:\d+", said)
    assert found, said
    return found[0]


def test_serves_refuses_a_second_start_and_stops_in_order(state: Path, ups: list[Up]) -> None:
    first = start(ups, state, "--empty").wait_until_ready()
    address = address_in(first.said())
    with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
        assert json.load(answer)["status"] == "ready"

    second = run("up", state=state)
    assert second.returncode == 1
    assert f"Already running as process {first.process.pid} at {address}" in second.stderr

    for secret in ("env", "memory.json", "broker/valkey.conf"):
        assert stat.S_IMODE((state / secret).stat().st_mode) == 0o600, secret
    assert stat.S_IMODE(state.stat().st_mode) == 0o700

    assert who_manage_py_is(state) == "tl_web"
    assert run("exec", "--", "sh", "-c", "exit 7", state=state).returncode == 7

    assert first.signal(signal.SIGINT) == 0
    assert re.findall(r"stopping (\w+)", first.said()) == ORDER_OF_STOPPING
    assert running(state) == {}
    assert not (state / "run.json").exists()


def who_manage_py_is(state: Path) -> str:
    """The database role of `manage.py` in a second terminal."""
    question = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT user'); print(*k.fetchone())"
    answer = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", question],
        cwd=ROOT,
        env=own_environment(state, {}),
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip().splitlines()[-1]


def test_leaves_nothing_when_killed_recovers_and_stops_when_a_child_dies(state: Path, ups: list[Up]) -> None:
    killed = start(ups, state, "--empty").wait_until_ready()
    address = address_in(killed.said())
    killed.signal(signal.SIGKILL)
    killed.until(lambda: not running(state), "everything to end with its supervisor", seconds=15)

    again = start(ups, state, "--empty").wait_until_ready()
    assert address_in(again.said()) == address

    worker = again.pid_of("celery --quiet -A config worker")
    again.until(lambda: len(again.children_of(worker)) == TASK_PROCESSES, "the worker's pool")
    # Celery gives up when it loses a process while it starts.
    again.until(lambda: is_idle(worker), "the worker to wait for tasks")
    lost = again.children_of(worker)[0]
    signal_process(lost, signal.SIGKILL)
    again.until(lambda: "exited with 'signal 9" in again.said(), "the worker to notice its loss")
    again.until(lambda: len(again.children_of(worker)) == TASK_PROCESSES, "a new pool process")
    assert again.process.poll() is None, "one lost pool process is the worker's own affair"

    signal_process(worker, signal.SIGKILL)
    assert again.process.wait(60) == 1
    assert "worker died (killed by SIGKILL), so everything stops." in again.said()
    assert running(state) == {}


def signal_process(pid: int, number: signal.Signals) -> None:
    subprocess.run(["kill", f"-{int(number)}", str(pid)], check=True)


def test_stops_when_interrupted_while_it_starts(state: Path, ups: list[Up]) -> None:
    up = start(ups, state, "--empty")
    up.until(lambda: "preparing" in up.said(), "the database to be prepared")
    assert up.signal(signal.SIGTERM) == 128 + signal.SIGTERM
    assert running(state) == {}
