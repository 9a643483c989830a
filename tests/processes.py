"""Real processes of the product beside the tests; they end with the test, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from config.devstack.processes import Program, leashed

# Long enough for two busy cores, whoever else has work for them.
PATIENCE = 180.0


def wait_until(happened: Callable[[], object], *, what: str, seconds: float = PATIENCE) -> None:
    """Look again until it has happened. Fails when it has not in time."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)


@contextmanager
def running(
    arguments: list[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    ready: Callable[[], object],
    run_as: tuple[str, ...] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, once it is ready, until the end of the block; everything it says goes into the log."""
    program = Program(name=arguments[0], arguments=arguments, orphaned=signal.SIGKILL, run_as=run_as)
    with log.open("wb") as output:
        process = subprocess.Popen(
            leashed(program), env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: ready() or process.poll() is not None, what=f"{arguments} to be ready, see {log}")
        assert process.poll() is None, log.read_text(errors="replace")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens on the port."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
