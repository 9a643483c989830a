"""What runs on top of the servers, and the settings with which it runs."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from urllib.parse import quote

from config.devstack.processes import Program
from config.devstack.state import State

QUEUES = ("default", "imports", "statistics", "events")
TASK_PROCESSES = 2
DEMO_EMAIL = "marta@haldencontrols.example"


def product_settings(state: State, *, debug: bool) -> dict[str, str]:
    """What a person would write into the environment of a production, for one machine and one developer."""
    # Beginning like this it is refused by a production, should it ever get there.
    kind = "development-" if debug else ""
    letters = {"EMAIL_URL": f"file://{quote(str(mail_folder(state)))}"} if debug else {}
    return letters | {
        "SECRET_KEY": kind + state.secret("signing") + state.secret("signing more"),
        "DEBUG": "yes" if debug else "no",
        "LOG_FORMAT": "lines",
        # A lost worker's task should come back while somebody is looking.
        "TASK_TIME_LIMIT": "50",
        "TASK_VISIBILITY_TIMEOUT": "60",
    }


def mail_folder(state: State) -> Path:
    """Where letters lie instead of being sent."""
    return state.folder.resolve() / "mail"


def prepare(state: State, *, with_demo: bool, log: Path | None = None) -> Program:
    """Brings the tables up to date and, if wanted, makes the example organisation."""
    return Program(
        name="prepare",
        arguments=[sys.executable, "-m", "config.devstack.prepare", *(["--demo"] if with_demo else [])],
        orphaned=signal.SIGKILL,
        environment=_where(state),
        log=log,
    )


def web(state: State, listener: socket.socket) -> Program:
    """Serves the pages on a socket that is listening already."""
    return Program(
        name="web",
        arguments=[
            *(sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "python:config.gunicorn"),
            *("--bind", f"fd://{listener.fileno()}", "--log-level", "warning", "--graceful-timeout", "5"),
        ],
        stop=signal.SIGTERM,
        orphaned=signal.SIGQUIT,
        environment=_where(state),
        inherits=(listener.fileno(),),
    )


def worker(state: State) -> Program:
    return Program(
        name="worker",
        arguments=[
            *(sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--queues", ",".join(QUEUES)),
            *(
                "--pool",
                "prefork",
                "--concurrency",
                str(TASK_PROCESSES),
                "--include",
                "config.devstack.tied_pool",
            ),
            # One worker has nobody to gossip with.
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"),
        ],
        stop=signal.SIGTERM,
        # Outright, and its pool is tied to it: in a cold shutdown it would wait for the broker, which dies as well.
        orphaned=signal.SIGKILL,
        # On a machine where everything is root's there is nobody else to be.
        environment={**_where(state), "PYTHONWARNINGS": "ignore:You're running the worker with superuser"},
    )


def beat(state: State) -> Program:
    return Program(
        name="beat",
        arguments=[
            *(sys.executable, "-m", "celery", "--quiet", "-A", "config", "beat", "--loglevel", "WARNING"),
            *("--schedule", str(state.folder / "beat-schedule"), "--pidfile", ""),
        ],
        environment=_where(state),
    )


def _where(state: State) -> dict[str, str]:
    return {"THROUGHLINE_STATE": str(state.folder), "PYTHONUNBUFFERED": "1"}
