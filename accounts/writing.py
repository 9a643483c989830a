"""New rows written with one statement, however many there are and of however many tables.

The rows travel as one JSON text for each table: to compile a statement with a place for each value of each row costs
more than to store them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

import orjson
from django.db import connection, models
from django.db.models import Field

from accounts.tenancy.scope import current_tenant_id

#: From so many rows on a plan for the checks of their references is made once, and not for each.
MANY = 20
PLAN_ONCE = "SET LOCAL plan_cache_mode = 'force_generic_plan'; DISCARD PLANS"


def insert(*groups: Sequence[models.Model]) -> None:
    """Store new rows, those of a group all of one table. Raises IntegrityError, also at the end of the transaction."""
    filled = [rows for rows in groups if rows]
    if not filled:
        return
    tenant = current_tenant_id()
    bodies = [orjson.dumps(_told(rows, tenant)).decode() for rows in filled]
    with connection.cursor() as cursor:
        if sum(map(len, filled)) > MANY:
            cursor.execute(PLAN_ONCE)
        cursor.execute(_text(tuple(rows[0].__class__ for rows in filled)), bodies)
    for rows in filled:
        for row in rows:
            row._state.adding, row._state.db = False, connection.alias


def update(rows: Sequence[models.Model], columns: Iterable[str]) -> None:
    """Write these columns of stored rows of one table."""
    if rows:
        named = tuple(sorted(columns))
        told = [{"tenant_id": row.tenant_id, "id": row.pk, **_some(row, named)} for row in rows]  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            if len(rows) > MANY:
                cursor.execute(PLAN_ONCE)
            cursor.execute(_text_of_update(rows[0].__class__, named), [orjson.dumps(told).decode()])


def _some(row: Any, columns: tuple[str, ...]) -> dict[str, Any]:
    return {column: getattr(row, column) for column in columns}


# Callers choose the columns, one set after the other: what is kept of them has an end.
@lru_cache(maxsize=256)
def _text_of_update(model: Any, columns: tuple[str, ...]) -> str:
    given, table = ", ".join(f'"{column}" = given."{column}"' for column in columns), model._meta.db_table
    return (
        f"UPDATE {table} AS stored SET {given} FROM json_populate_recordset(NULL::{table}, %s::json) AS given"  # noqa: S608
        " WHERE stored.tenant_id = given.tenant_id AND stored.id = given.id"
    )


def _told(rows: Sequence[Any], tenant: int | None) -> list[dict[str, Any]]:
    """The values of new rows by their columns; a column that is left out is empty."""
    plain, asked = _fields(rows[0].__class__)
    told = []
    for row in rows:
        if row.tenant_id is None:
            row.tenant_id = tenant
        known = row.__dict__
        values = {column: value for column, name in plain if (value := known[name]) is not None}
        for field in asked:
            values[field.column] = field.pre_save(row, True)
        told.append(values)
    return told


@cache
def _fields(model: Any) -> tuple[list[tuple[str, str]], list[Any]]:
    """The columns whose values stand in the row, with their names there, and the fields that say theirs when they are
    stored."""
    stored = [field for field in model._meta.concrete_fields if not field.generated]
    says = [field for field in stored if type(field).pre_save is not Field.pre_save]
    return [(field.column, field.attname) for field in stored if field not in says], says


@cache
def _text(tables: tuple[Any, ...]) -> str:
    parts = []
    for model in tables:
        names = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if not field.generated)
        table = model._meta.db_table
        # Names of tables and columns are constants of this program; what is stored travels beside the text.
        parts.append(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s::json)"  # noqa: S608
        )
    *before, last = parts
    with_them = ", ".join(f"part{number} AS ({part})" for number, part in enumerate(before))
    return f"WITH {with_them} {last}" if with_them else last
