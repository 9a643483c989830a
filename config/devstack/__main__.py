"""The command line of the development stack; `bin/up` and `bin/test` call it."""

from __future__ import annotations

import argparse
import os
import sys

from config import env
from config.devstack.execute import execute, execute_in_throw_away
from config.devstack.processes import Printer, hold_signals
from config.devstack.refusals import Interrupted, Refused
from config.devstack.state import State
from config.devstack.up import up

FAILED = 1
SIGNALLED = 128


def main(arguments: list[str]) -> int:
    """Run one command; gives the exit code."""
    chosen = _parser().parse_args(arguments)
    # Whatever the caller's umask: data, logs and secrets are this user's alone.
    os.umask(0o077)
    hold_signals()
    printer = Printer()
    state = State(env.state_folder())
    try:
        if chosen.verb == "up":
            up(state, printer, with_demo=not chosen.empty)
            return 0
        command = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
        if chosen.temp:
            return execute_in_throw_away(command, printer, bare=chosen.bare)
        return execute(state, command, printer, bare=chosen.bare)
    except (Refused, env.Misconfigured) as error:
        print(f"{chosen.verb}: {error}", file=sys.stderr)
        return FAILED
    except Interrupted as interruption:
        return SIGNALLED + interruption.signal_number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.devstack", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    serve = verbs.add_parser("up", help="start everything and serve until Ctrl-C")
    serve.add_argument("--empty", action="store_true", help="make no example organisation")
    run = verbs.add_parser("exec", help="run one command with database and broker under it")
    run.add_argument("--temp", action="store_true", help="use servers of its own that are thrown away")
    run.add_argument("--bare", action="store_true", help="leave the database without tables")
    run.add_argument("command", nargs=argparse.REMAINDER, help="-- PROGRAM ARGUMENT…")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
