"""What a stack that was killed may have left running for another moment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

# Orphans were told to end when their supervisor died; a database ends its sessions first.
PATIENCE_SECONDS = 8.0


def started_at(pid: int) -> int | None:
    """When the process was started, in ticks of the kernel: tells a reused id apart. None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in the second field may hold blanks and brackets.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])


def identify(pids: Mapping[str, int]) -> dict[str, list[int]]:
    """Names of processes with what tells each apart from any later process of the same id."""
    return {name: [pid, began] for name, pid in pids.items() if (began := started_at(pid)) is not None}


def end_leftovers(processes: Mapping[str, Any]) -> list[str]:
    """Wait for the given processes to end, then kill those that did not; gives the names of the killed."""
    alive = {name: int(pid) for name, (pid, began) in processes.items() if started_at(int(pid)) == began}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = {name: pid for name, pid in alive.items() if started_at(pid) == processes[name][1]}
    for pid in alive.values():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    return sorted(alive)
