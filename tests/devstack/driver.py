"""Starts the real stack as a person would, and looks from outside at what runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config import env

ROOT = Path(__file__).resolve().parents[2]
# Handed down to every process, however deep, and so told by each.
MARK = "STARTED_BY_TEST_FOR"
READY = "Ctrl-C stops everything."
# Much longer than it takes, for machines on which everything else runs, too.
PATIENCE_SECONDS = 180.0


def own_environment(state: Path, chosen: Mapping[str, str]) -> dict[str, str]:
    """This environment without what the tests and the stack under them have put there."""
    known = {*env.READ, "DJANGO_SETTINGS_MODULE"}
    inherited = {name: value for name, value in os.environ.items() if name not in known}
    return {**inherited, "THROUGHLINE_STATE": str(state), MARK: str(state), **chosen}


def devstack(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "config.devstack", *arguments]


def run(*arguments: str, state: Path, **chosen: str) -> subprocess.CompletedProcess[str]:
    """One command of the stack, run to its end."""
    return subprocess.run(
        devstack(*arguments),
        cwd=ROOT,
        env=own_environment(state, chosen),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@dataclass
class Up:
    """A running `bin/up`."""

    state: Path
    process: subprocess.Popen[bytes]
    output: Path

    @classmethod
    def start(cls, state: Path, *arguments: str, **chosen: str) -> Up:
        state.parent.mkdir(parents=True, exist_ok=True)
        output = state.with_name(f"{state.name}-{time.monotonic_ns()}.log")
        with output.open("wb") as file:
            process = subprocess.Popen(
                devstack("up", *arguments),
                cwd=ROOT,
                env=own_environment(state, chosen),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        return cls(state, process, output)

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_until_ready(self) -> Up:
        self.until(lambda: READY in self.said() or self.process.poll() is not None, "the stack to be ready")
        assert READY in self.said(), self.said()
        return self

    def until(self, condition: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for a condition; fail with what runs and with all that was said."""
        try:
            until(condition, what, seconds=seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.said()}\n{running(self.state)}") from None

    def signal(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def pid_of(self, words: str) -> int:
        """The first process of this stack whose command line contains the words."""
        found = [pid for pid, command in running(self.state).items() if words in command]
        assert found, f"no {words} in {running(self.state)}"
        return min(found)

    def children_of(self, parent: int) -> list[int]:
        return [pid for pid in running(self.state) if parent_of(pid) == parent]

    def end(self) -> None:
        """Whatever happened, leave nothing behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def until(condition: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition; fail with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} seconds for {what}"
        time.sleep(0.1)


def running(state: Path) -> dict[int, str]:
    """Every process that was started, at whatever depth, by the stack of this folder: its id and command line."""
    mark = f"{MARK}={state}\0".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if mark in environment + b"\0":
            found[int(folder.name)] = command
    return found


def parent_of(pid: int) -> int:
    return int(stat_of(pid)[1])


def is_idle(pid: int, *, seconds: float = 1.0) -> bool:
    """Whether the process hardly needed a processor for this long: it has started up, and only passes sweeps on."""

    def used() -> int:
        return sum(map(int, stat_of(pid)[11:13]))

    before = used()
    time.sleep(seconds)
    return used() - before <= 0.05 * seconds * os.sysconf("SC_CLK_TCK")


def stat_of(pid: int) -> list[str]:
    """The kernel's account of a process, from its state on; zeros when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ["0"] * 50
    # The name before may hold blanks and brackets.
    return stat.rpartition(")")[2].split()
