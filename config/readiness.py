"""The parts that have to be well for this process to serve, each asked by name and within a bounded time.

Answers are shared by everybody who asks within a second, so that asking often costs the servers nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader

from accounts.tenancy import catalogue
from accounts.tenancy.backend.base import DatabaseWrapper, UnwalledRole
from config.celery import app

OK = "ok"
SILENT = "does not answer"
UNKNOWN = "not known: the database does not answer"
LAGS = ("statistics", "letters", "events")
IN_DATABASE = ("database", "wall", "migrations", *LAGS)
PARTS = (*IN_DATABASE, "broker")

# Below the time that probes usually wait.
LONGEST = 3.0
SHARED_FOR = 1.0
# A question that hangs for so long is given up and asked anew; this many may hang at once.
HOPELESS_AFTER, HANGING = 30.0, 3

Answers = dict[str, str]
Answer = TypeVar("Answer")


class Question(Generic[Answer]):
    """Asked in a thread of its own by the first who wants to know; the others wait for the same answer."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._latest: Future[Answer] | None = None
        self._asked_at = 0.0
        self._hanging: list[Future[Answer]] = []

    def begin(self) -> Future[Answer]:
        """The answer under way, or a fresh one that is a moment old at the most."""
        with self._lock:
            if self._latest is None or self._is_over(self._latest):
                self._latest, self._asked_at = Future(), time.monotonic()
                # A daemon, so that a server that never answers does not keep this process from ending.
                Thread(target=self._work, args=[self._latest], daemon=True, name="readiness").start()
            return self._latest

    def forget(self) -> None:
        """Ask anew the next time."""
        with self._lock:
            self._latest = None

    def _is_over(self, latest: Future[Answer]) -> bool:
        age = time.monotonic() - self._asked_at
        if latest.done():
            return age > SHARED_FOR
        self._hanging = [one for one in self._hanging if not one.done()]
        if age > HOPELESS_AFTER and len(self._hanging) < HANGING:
            self._hanging.append(latest)
            return True
        return False

    def _work(self, future: Future[Answer]) -> None:
        try:
            future.set_result(self._ask())
        except BaseException as error:
            future.set_exception(error)


def ask(parts: Collection[str] = PARTS) -> Answers:
    """What each part says: `ok`, or in words what is wrong with it, without names, addresses or secrets."""
    until = time.monotonic() + LONGEST
    wanted = {name: question for name, question in QUESTIONS.items() if set(name) & set(parts)}
    under_way = {names: question.begin() for names, question in wanted.items()}
    found: Answers = {}
    for names, answers in under_way.items():
        try:
            found |= answers.result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            found |= dict.fromkeys(names, UNKNOWN) | {names[0]: SILENT}
    return {name: found[name] for name in PARTS if name in parts}


def lags() -> dict[str, float]:
    """Seconds for which the oldest mark, letter and event have waited for a worker; nothing where unknown."""
    return _in_time(LATENESS)


def queues() -> dict[str, float]:
    """How many tasks wait in each queue; nothing where that cannot be known."""
    return _in_time(LENGTHS)


def _in_time(question: Question[dict[str, float]]) -> dict[str, float]:
    try:
        return question.begin().result(timeout=LONGEST)
    except Exception:  # of any part, each in its own words; /readyz says which is not well
        return {}


def _connection() -> DatabaseWrapper:
    """A connection of its own, made as pages make theirs: connecting is part of the question."""
    usual = connections["default"].settings_dict
    patience = {"connect_timeout": 2, "tcp_user_timeout": 3000, "keepalives_idle": 5, "keepalives_interval": 2}
    return DatabaseWrapper({**usual, "OPTIONS": {**usual["OPTIONS"], **patience}}, "default")


def _ask_database() -> Answers:
    connection = _connection()
    found = dict.fromkeys(IN_DATABASE, UNKNOWN)
    try:
        with connection.cursor() as cursor:
            found |= {"database": OK, "wall": _wall(cursor), "migrations": _migrations(cursor)}
            if found["migrations"] == OK:
                found |= {name: _punctual(name, seconds) for name, seconds in _lags(cursor).items()}
            else:
                found |= dict.fromkeys(LAGS, "not known: migrations are missing")
    except UnwalledRole:
        found |= {"database": OK, "wall": "does not hold back the role of DATABASE_URL: use the web role"}
        found |= dict.fromkeys(IN_DATABASE[2:], "not known: nothing is asked past the wall")
    except DatabaseError:
        found["database"] = SILENT
    finally:
        connection.close()
    return found


def _wall(cursor: Any) -> str:
    if catalogue.without_wall(cursor):
        return "is missing at a table: see manage.py check --database default"
    return OK


def _migrations(cursor: Any) -> str:
    cursor.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL")
    applied: set[tuple[str, str]] = set()
    if cursor.fetchone()[0]:
        cursor.execute("SELECT app, name FROM public.django_migrations")
        applied = set(cursor.fetchall())
    # More than we know of is no fault: the next version's, whose processes start beside this one.
    return OK if known_migrations() <= applied else "are missing: run manage.py migrate"


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Every migration of this code, read from the names of its files: loading them takes a second."""
    found = set()
    for config in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(config.label)
        try:
            package = import_module(module) if module else None
        except ModuleNotFoundError:
            continue
        paths = package.__path__ if package else []
        found |= {(config.label, one.name) for one in iter_modules(paths) if not one.ispkg and one.name[0] not in "_~"}
    return frozenset(found)


def _lags(cursor: Any) -> dict[str, float]:
    cursor.execute(
        "SELECT extract(epoch FROM now() - gate.oldest_mark())::float8, extract(epoch FROM now() - ("
        "SELECT min(next_try_at) FROM public.accounts_letter WHERE next_try_at IS NOT NULL))::float8,"
        " extract(epoch FROM now() - gate.oldest_event())::float8"
    )
    # A letter that is to be tried again later is not late.
    return {name: max(0.0, seconds or 0.0) for name, seconds in zip(LAGS, cursor.fetchone(), strict=True)}


def _punctual(part: str, seconds: float) -> str:
    if seconds <= settings.READY_MAX_LAG:
        return OK
    needed = "a mail server named, " if part == "letters" else ""
    return f"the oldest has waited for {seconds:.0f} seconds: is {needed}a worker running, and beat?"


def _ask_broker() -> Answers:
    try:
        with app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except Exception:  # each transport has its own errors; all of them mean the same here
        return {"broker": SILENT}
    return {"broker": OK}


def _ask_lags() -> dict[str, float]:
    connection = _connection()
    try:
        with connection.cursor() as cursor:
            return _lags(cursor)
    finally:
        connection.close()


def _ask_lengths() -> dict[str, float]:
    routes: dict[str, dict[str, str]] = settings.CELERY_TASK_ROUTES
    names: set[str] = {settings.CELERY_TASK_DEFAULT_QUEUE, *(route["queue"] for route in routes.values())}
    with app.connection_for_read(connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
        # Declared as the workers declare them, which changes nothing and tells the length.
        found: dict[str, Any] = {
            name: app.amqp.queues[name](broker.default_channel).queue_declare() for name in sorted(names)
        }
        return {name: float(told.message_count) for name, told in found.items()}


QUESTIONS = {IN_DATABASE: Question(_ask_database), ("broker",): Question(_ask_broker)}
LATENESS, LENGTHS = Question(_ask_lags), Question(_ask_lengths)
