"""Run a program that the kernel ends when its starter dies.

    python leash.py SIGNAL STARTER_PID PROGRAM ARGUMENT…

A program of its own, because the promise to the kernel is forgotten whenever a process changes its user: it
has to be made after that, and just before the program is executed in this process's place.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_starter(with_signal: signal.Signals, starter: int) -> None:
    """Ask the kernel to send `with_signal` to this process when `starter` ends, however it ends.

    The starter is the thread that made this process. Does nothing but on Linux.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    # It may have died before we asked; then somebody else is our parent by now.
    if os.getppid() != starter:
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    name, starter, program, *rest = arguments
    # The supervisor waits for signals with most of them blocked, and children inherit that.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    die_with_starter(signal.Signals[name], int(starter))
    os.execvp(program, [program, *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
