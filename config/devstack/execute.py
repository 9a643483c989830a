"""`python -m config.devstack exec`: one command with servers under it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from config import env
from config.devstack import prepared, programs
from config.devstack.overrides import Overrides, read_overrides
from config.devstack.postgres import Postgres
from config.devstack.processes import ASKED_TO_STOP, Family, Printer, Program, leashed, next_signal
from config.devstack.refusals import Refused
from config.devstack.servers import Servers
from config.devstack.state import State

PREPARE_SECONDS = 600
SENT_BY_TERMINAL = 0x80  # SI_KERNEL
TEMPORARY_PREFIX = "throughline-"
# A folder that young may not have been locked by its owner yet.
ABANDONED_AFTER_SECONDS = 60


def execute(state: State, command: list[str], printer: Printer, *, bare: bool) -> int:
    """Run the command on the running stack, or on its servers started for it; gives the exit code.

    What is set in this environment is stronger. `bare` leaves the tables as they are.
    """
    if state.is_running():
        return _run_foreground(
            Family(printer), command, {**env.read_file(state.env_file), **os.environ, **_place(state)}
        )
    with state.locked(), _served(state, read_overrides(), printer, throw_away=False) as (family, settings):
        if not bare:
            _prepare(family, state)
        return _run_foreground(family, command, {**settings, **os.environ, **_place(state)})


def execute_in_throw_away(command: list[str], printer: Printer, *, bare: bool) -> int:
    """Run the command with servers of its own, of which nothing remains; gives its exit code.

    A DATABASE_URL in the environment is not used: tests must never meet anybody's data. `bare` makes no tables.
    """
    with _temporary_state() as state:
        if not bare and not prepared.take(state):
            _make_ready(state, printer)
        with _served(state, Overrides(), printer, throw_away=True) as (family, settings):
            return _run_foreground(family, command, {**os.environ, **settings, **_place(state)})


def _make_ready(state: State, printer: Printer) -> None:
    """Make the tables, and keep a copy for the next run."""
    with _served(state, Overrides(), printer, throw_away=True) as (family, settings):
        _prepare(family, state)
        port = urlsplit(settings["DATABASE_URL"]).port or 0
        address = Postgres(state.folder, password=state.secret("postgres")).admin_url(port)
        prepared.keep(state, address=address, stop=family.stop)


@contextmanager
def _served(
    state: State, chosen: Overrides, printer: Printer, *, throw_away: bool
) -> Iterator[tuple[Family, dict[str, str]]]:
    family = Family(printer, announces=False)
    try:
        addresses = Servers(family, state, chosen, throw_away=throw_away).start()
        settings = programs.product_settings(state, debug=not throw_away) | addresses
        if throw_away:
            settings["MEDIA_ROOT"] = str(state.folder / "uploads")
        state.write_env(settings)
        yield family, settings
    finally:
        family.stop()


def _prepare(family: Family, state: State) -> None:
    log = state.folder / "prepare.log"
    family.run(programs.prepare(state, with_demo=False, log=log), seconds=PREPARE_SECONDS)


def _run_foreground(family: Family, command: list[str], environment: dict[str, str]) -> int:
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    program = Program(name=command[0], arguments=command, orphaned=signal.SIGKILL)
    process = subprocess.Popen(leashed(program), env=environment)
    while process.poll() is None:
        try:
            family.refuse_if_one_died()
        except Refused:
            process.kill()
            process.wait()
            raise
        info = next_signal(5.0)
        # Ctrl-C reaches the command by itself: it shares our terminal.
        if info and info.si_signo in ASKED_TO_STOP and info.si_code != SENT_BY_TERMINAL:
            process.send_signal(info.si_signo)
    code = process.returncode
    return code if code >= 0 else 128 - code


def _place(state: State) -> dict[str, str]:
    return {"THROUGHLINE_STATE": str(state.folder)}


@contextmanager
def _temporary_state() -> Iterator[State]:
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
    state = State(folder)
    try:
        with state.locked():
            yield state
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned() -> None:
    """Remove what runs that were killed outright have left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY_PREFIX}*"):
        try:
            about = folder.stat()
            old = time.time() - about.st_mtime > ABANDONED_AFTER_SECONDS
            if old and about.st_uid == os.geteuid() and not State(folder).is_running():
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
