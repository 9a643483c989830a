"""Connections as each of the roles, and copies of the migrated database for tests that break something."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from config.devstack.postgres import SUPERUSER
from config.devstack.state import State

Connection = psycopg.Connection[Any]


def current_name() -> str:
    """The database that the code under test meets."""
    return str(connections["default"].settings_dict["NAME"])


def url_of(database: str) -> str:
    """The web role's address of a database, for a process of its own."""
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{base}/{database}"


def as_web(database: str = "") -> Connection:
    """A connection like that of the product's processes, without Django."""
    return psycopg.connect(url_of(database or current_name()), autocommit=True)


def as_owner(database: str = "") -> Connection:
    """A connection that may make databases, change tables and pass every wall. Only tests have one."""
    return _as_migrator(database, "tl_owner")


def as_maintenance(database: str = "") -> Connection:
    """A connection that sees the rows of every tenant."""
    return _as_migrator(database, "tl_maint")


def _as_migrator(database: str, role: str) -> Connection:
    connection = psycopg.connect(settings.DATABASE_MIGRATE_URL, dbname=database or current_name(), autocommit=True)
    connection.execute(f"SET ROLE {role}")
    return connection


def has_superuser() -> bool:
    """Whether the server is our own embedded one."""
    folder = os.environ.get("THROUGHLINE_STATE", "")
    return bool(folder) and (Path(folder) / "postgres").is_dir()


def superuser_password() -> str:
    """What the embedded server's superuser logs in with; skips where somebody else's server is used."""
    if not has_superuser():
        pytest.skip("needs the superuser of an embedded PostgreSQL")
    return State(Path(os.environ["THROUGHLINE_STATE"])).secret("postgres")


def as_superuser(database: str = "postgres") -> Connection:
    """The cluster's superuser."""
    login = settings.DATABASES["default"]
    return psycopg.connect(
        host=login["HOST"],
        port=login["PORT"],
        user=SUPERUSER,
        password=superuser_password(),
        dbname=database,
        autocommit=True,
    )


@contextmanager
def coming_in(tables: list[str]) -> Iterator[Connection]:
    """For very many rows at once: nobody asks whether what they name is there, and they are indexed afterwards."""
    with as_superuser(current_name()) if has_superuser() else as_owner() as connection:
        indexes = connection.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique AND NOT indisexclusion",
            [tables],
        ).fetchall()
        if has_superuser():
            connection.execute("SET session_replication_role = replica")
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        yield connection
        for _, definition in indexes:
            connection.execute(definition)
        for table in tables:
            connection.execute(f"VACUUM ANALYZE {table}")


@contextmanager
def copied(original: str = "") -> Iterator[str]:
    """A copy of the migrated, empty database; its name."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    with as_owner("postgres") as admin:
        admin.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{original or settings.DATABASES["default"]["TEST"]["NAME"]}"'
        )
    try:
        yield name
    finally:
        drop(name)


def drop(name: str) -> None:
    """Remove a database, whoever is still connected."""
    with as_owner("postgres") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def pointed_at(name: str, port: int | None = None) -> Iterator[None]:
    """Let the code under test meet another database, or one at another port of this machine."""
    default = connections["default"]
    before = {"NAME": default.settings_dict["NAME"], "PORT": default.settings_dict["PORT"]}
    default.close()
    default.settings_dict |= {"NAME": name, "PORT": port or before["PORT"]}
    try:
        yield
    finally:
        default.close()
        default.settings_dict |= before
