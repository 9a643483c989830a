"""What an installation holds, as counts and checksums by organisation and table: after a restore it is the same.

Read by the web role behind its wall, organisation by organisation, in one transaction that sees one moment. Sums of
hashes do not depend on the order in which rows lie; every column counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from psycopg import sql

Part = dict[str, list[Any]]
#: {"everybody": {table: [rows, checksum]}, "organisation 7": {…}, "files of 7": {path: [bytes, checksum]}}
Fingerprint = dict[str, Part]

# Everything on which the text of a row depends, and no limits: a large organisation takes longer than a page may.
MANNER = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
TABLES = """
    SELECT c.relname, EXISTS (
        SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition ORDER BY c.relname
"""
SUMS = """
    SELECT count(*), coalesce(sum(('x' || substr(hash, 1, 15))::bit(60)::bigint), 0)::text
        || '.' || coalesce(sum(('x' || substr(hash, 17, 15))::bit(60)::bigint), 0)::text
    FROM (SELECT md5(t::text) AS hash FROM public.{} AS t {}) AS hashed
"""


class Difference(NamedTuple):
    """Something that is not as it was; None where it is missing."""

    whose: str
    what: str
    was: list[Any] | None
    now: list[Any] | None


@contextmanager
def one_moment() -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the web role in which all rows are as they were at its beginning."""
    login: dict[str, Any] = settings.DATABASES["default"]
    where = {"host": login["HOST"], "port": login["PORT"], "dbname": login["NAME"], "user": login["USER"]}
    with psycopg.connect(**where, password=login["PASSWORD"], autocommit=True) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name, value in MANNER.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        yield connection


def of_database(connection: psycopg.Connection[Any]) -> Fingerprint:
    """Rows and checksums as of the connection's transaction."""
    tables = connection.execute(TABLES).fetchall()
    tenants = [tenant for (tenant,) in connection.execute("SELECT id FROM public.accounts_tenant ORDER BY id")]
    found: Fingerprint = {
        "everybody": {table: _sums(connection, table) for table, of_tenants in tables if not of_tenants}
    }
    walled = [table for table, of_tenants in tables if of_tenants]
    for tenant in tenants:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        found[f"organisation {tenant}"] = {table: _sums(connection, table, tenant) for table in walled}
    return found


def _sums(connection: psycopg.Connection[Any], table: str, tenant: int | None = None) -> list[Any]:
    chosen = sql.SQL("WHERE tenant_id = {}").format(sql.Literal(tenant)) if tenant is not None else sql.SQL("")
    row = connection.execute(sql.SQL(SUMS).format(sql.Identifier(table), chosen)).fetchone()
    return list(row or ())


def of_files(root: Path) -> Fingerprint:
    """Length and SHA-256 of every uploaded file, by the organisation whose it is."""
    found: Fingerprint = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            whose, *rest = path.relative_to(root).parts
            with path.open("rb") as file:
                told = [path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()]
            found.setdefault(f"files of {whose}", {})["/".join(rest)] = told
    return found


def differences(was: Fingerprint, now: Fingerprint) -> list[Difference]:
    """Everything that is not the same; empty when nothing was lost, added or changed."""
    return list(_differences(was, now))


def _differences(was: Fingerprint, now: Fingerprint) -> Iterable[Difference]:
    for whose in sorted(was.keys() | now.keys()):
        before, after = was.get(whose, {}), now.get(whose, {})
        for what in sorted(before.keys() | after.keys()):
            if before.get(what) != after.get(what):
                yield Difference(whose, what, before.get(what), after.get(what))
