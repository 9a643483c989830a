"""The children of the supervisor: started on a leash, watched, and ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config.devstack import leash
from config.devstack.refusals import Interrupted, Refused

ROOT = Path(__file__).resolve().parents[2]
ASKED_TO_STOP = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
AWAITED = ASKED_TO_STOP | {signal.SIGCHLD}
PACE_SECONDS = 0.05
COLOURS = (36, 32, 33, 35, 34, 31)


@dataclass(frozen=True)
class Program:
    """Something to run. `stop` asks it to end; `orphaned` is what the kernel sends when the supervisor dies.

    Both differ where an orderly end takes time that nobody is left to wait for.
    """

    name: str
    arguments: list[str]
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    log: Path | None = None
    run_as: tuple[str, ...] = ()
    inherits: tuple[int, ...] = ()


class Child:
    """One running program, in a session of its own: the terminal's Ctrl-C reaches the supervisor only."""

    def __init__(self, program: Program, printer: Printer) -> None:
        self.program = program
        self.name = program.name
        with ExitStack() as files:
            log = files.enter_context(program.log.open("ab")) if program.log else None
            self.process = subprocess.Popen(
                leashed(program),
                cwd=program.folder,
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=program.inherits,
            )
        self._reader: threading.Thread | None = None
        if output := self.process.stdout:
            self._reader = threading.Thread(target=printer.copy, args=(self.name, output), daemon=True)
            self._reader.start()

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def end_group(self) -> None:
        """Kill what the program started and left behind, and wait for its last words."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._reader:
            self._reader.join(timeout=1)


def leashed(program: Program) -> list[str]:
    """The command line that runs the program so that it ends with this process."""
    hold = [sys.executable, "-IS", leash.__file__, program.orphaned.name, str(os.getpid())]
    return [*program.run_as, *hold, *program.arguments]


class Printer:
    """Writes whole lines to the terminal, each behind the name of the program that said it."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._colours: dict[str, int] = {}
        self._coloured = self._stream.isatty() and "NO_COLOR" not in os.environ

    def say(self, name: str, line: str) -> None:
        """Print one line. A terminal that went away is no reason to stop the stack."""
        with self._lock, suppress(OSError, ValueError):
            print(f"{self._label(name)} {line}", file=self._stream, flush=True)

    def copy(self, name: str, source: IO[bytes]) -> None:
        """Print everything that comes from `source` until it ends."""
        with source:
            for line in source:
                self.say(name, line.decode(errors="replace").rstrip())

    def _label(self, name: str) -> str:
        label = f"{name:<8} |"
        if not self._coloured:
            return label
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\x1b[{colour}m{label}\x1b[0m"


class Family:
    """All children, in the order in which they were started."""

    def __init__(self, printer: Printer, *, announces: bool = True) -> None:
        self.printer = printer
        self.announces = announces
        self.children: list[Child] = []
        self.on_change: Callable[[], None] = lambda: None

    def start(self, program: Program) -> Child:
        """Start a program that is to run until the end."""
        child = Child(program, self.printer)
        self.children.append(child)
        self.on_change()
        return child

    def forget(self, child: Child) -> None:
        """Let go of a child that ended, as if it had never been started."""
        child.end_group()
        self.children.remove(child)
        self.on_change()

    def run(self, program: Program, *, seconds: float) -> None:
        """Run a program to its end. Raises Refused when it fails or takes longer than `seconds`."""
        child = Child(program, self.printer)
        try:
            self.wait_until(lambda: child.exit_code is not None, seconds=seconds, what=program.name)
        finally:
            if child.exit_code is None:
                child.send(signal.SIGKILL)
            child.end_group()
        if child.exit_code != 0:
            raise Refused(f"{program.name} failed ({how_it_ended(child)}).{tail(program.log)}")

    def wait_until(self, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait for a condition. Raises Interrupted, or Refused when time is up or a child died meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.refuse_if_one_died()
            info = next_signal(PACE_SECONDS)
            if info and info.si_signo in ASKED_TO_STOP:
                raise Interrupted(info.si_signo)
            if time.monotonic() > deadline:
                raise Refused(f"{what} took longer than {seconds:.0f} seconds.")

    def watch(self) -> signal.Signals:
        """Wait until somebody asks to stop; returns that signal. Raises Refused when a child dies."""
        while True:
            self.refuse_if_one_died()
            # Woken by SIGCHLD; the time-out only guards against one that was lost.
            info = next_signal(5.0)
            if info and info.si_signo in ASKED_TO_STOP:
                return signal.Signals(info.si_signo)

    def refuse_if_one_died(self) -> None:
        for child in self.children:
            if child.exit_code is not None:
                child.end_group()
                ended = how_it_ended(child)
                raise Refused(f"{child.name} died ({ended}), so everything stops.{tail(child.program.log)}")

    def stop(self) -> None:
        """End all children, the last started first, each within its grace; asked twice, without grace."""
        while self.children:
            child = self.children[-1]
            if child.exit_code is None:
                if self.announces:
                    self.printer.say("up", f"stopping {child.name}")
                self._end(child)
            child.end_group()
            self.children.pop()
            self.on_change()

    def _end(self, child: Child) -> None:
        child.send(child.program.stop)
        deadline = time.monotonic() + child.program.grace_seconds
        while child.exit_code is None:
            info = next_signal(PACE_SECONDS)
            asked_again = info is not None and info.si_signo in ASKED_TO_STOP
            if asked_again or time.monotonic() > deadline:
                self.printer.say("up", f"{child.name} does not stop: killed")
                child.send(signal.SIGKILL)
                child.process.wait()


def hold_signals() -> None:
    """From now on the awaited signals wait until somebody asks for them, instead of interrupting anything."""
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)


def next_signal(seconds: float) -> signal.struct_siginfo | None:
    """The next signal that arrived or arrives within `seconds`."""
    return signal.sigtimedwait(AWAITED, seconds)


def how_it_ended(child: Child) -> str:
    code = child.exit_code or 0
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def tail(log: Path | None, lines: int = 15) -> str:
    """The last lines of a log, to be shown below an error."""
    if log is None or not log.exists():
        return ""
    last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n" + "\n".join(f"    {line}" for line in last)
