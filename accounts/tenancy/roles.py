"""Database roles: who owns, who migrates, who serves.

A superuser runs `bootstrap` once per installation, and again after an upgrade that changes it; it needs no
Django, so that a database can be made before there are settings to read.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

OWNER = "tl_owner"
MIGRATE = "tl_migrate"
WEB = "tl_web"
MAINT = "tl_maint"
LOOKUP = "tl_lookup"
LOGINS = (MIGRATE, WEB)

DATABASE = "throughline"
# Any number: two bootstraps of one cluster wait for each other instead of failing half-way.
BOOTSTRAP_LOCK = 7_283_119_004
FIRST_VERSION_WITH_BUILTIN_LOCALE = 170000

_HERE = Path(__file__).parent


class NotSuperuser(Exception):
    """The address given to `bootstrap` does not lead to a superuser."""


def new_password() -> str:
    """A password of 192 random bits that needs no quoting in a URL."""
    return secrets.token_urlsafe(24)


def bootstrap(
    admin_url: str, *, passwords: Mapping[str, str], database: str = DATABASE, for_development: bool = False
) -> None:
    """Make the roles, the database and its grants, or bring existing ones back to what they should be.

    `admin_url` names a superuser and an existing database (usually `postgres`). `passwords` are set for the
    login roles it names, the others keep theirs. `for_development` lets the owner make databases and the
    migrator act as the web role, which tests need and a production must not have; without it both are
    taken away. Raises NotSuperuser, or psycopg.Error when the server cannot be reached.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _refuse_unless_superuser(admin)
        admin.execute("SELECT pg_catalog.pg_advisory_lock(%s)", [BOOTSTRAP_LOCK])
        _run(admin, "roles.sql")
        _set_development_rights(admin, wanted=for_development)
        for role, password in passwords.items():
            _set_password(admin, role, password)
        _make_database(admin, database)
        with psycopg.connect(admin_url, dbname=database, autocommit=True) as inside:
            _run(inside, "grants.sql")


def logins_without_password(admin_url: str) -> list[str]:
    """The login roles that do not exist yet or that nobody can log in as."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _refuse_unless_superuser(admin)
        rows = admin.execute(
            "SELECT rolname FROM pg_catalog.pg_authid WHERE rolname = ANY(%s) AND rolpassword IS NOT NULL",
            [list(LOGINS)],
        ).fetchall()
    ready = {row[0] for row in rows}
    return [role for role in LOGINS if role not in ready]


def _refuse_unless_superuser(admin: psycopg.Connection) -> None:
    row = admin.execute("SELECT current_user, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user")
    name, is_superuser = row.fetchone() or ("nobody", False)
    if not is_superuser:
        raise NotSuperuser(f"{name} is no superuser: give the address of one.")


def _run(connection: psycopg.Connection, file: str) -> None:
    statements = (_HERE / file).read_text(encoding="utf-8")
    connection.execute(statements)


def _set_development_rights(admin: psycopg.Connection, *, wanted: bool) -> None:
    # roles.sql has just said NOCREATEDB.
    if wanted:
        admin.execute(f"ALTER ROLE {OWNER} CREATEDB")
    for granted, member in ((WEB, MIGRATE), ("pg_signal_backend", OWNER)):
        if wanted:
            admin.execute(f"GRANT {granted} TO {member}")
        elif _is_member(admin, member, granted):  # REVOKE warns where there is nothing to take
            admin.execute(f"REVOKE {granted} FROM {member}")


def _is_member(admin: psycopg.Connection, member: str, granted: str) -> bool:
    row = admin.execute("SELECT pg_catalog.pg_has_role(%s, %s, 'MEMBER')", [member, granted]).fetchone()
    return bool(row and row[0])


def _set_password(admin: psycopg.Connection, role: str, password: str) -> None:
    # Hashed here, so that the server's log never holds the password.
    secret = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(secret)))


def _make_database(admin: psycopg.Connection, database: str) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(OWNER)
    known = admin.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", [database]).fetchone()
    if known is None:
        if admin.info.server_version >= FIRST_VERSION_WITH_BUILTIN_LOCALE:
            locale = sql.SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'")
        else:
            locale = sql.SQL("LOCALE 'C.UTF-8'")
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' {}")
        admin.execute(statement.format(name, owner, locale))
    else:
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    # Imports stage their rows in temporary tables of their own connection.
    admin.execute(
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
            name, sql.SQL(", ").join(map(sql.Identifier, (WEB, MIGRATE, MAINT)))
        )
    )
