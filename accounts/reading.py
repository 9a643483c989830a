"""Long lists, read page by page: the page first, then what its rows are joined with.

A list is one of a few fixed SQL texts, each with an index that yields its order, and its rows are plain tuples:
model objects for the same page cost four times as much. The tenant stands in the text beside the wall, because the
planner makes better plans of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model

from accounts.rows import stored
from accounts.tenancy.scope import current_tenant_id
from accounts.visibility import Way, condition, current_sight

Row = TypeVar("Row", bound=tuple[Any, ...])
Found = TypeVar("Found", bound=Model)
Columns = tuple[str, ...]
EACH_PERSON = "SELECT own.* FROM unnest(%(people)s::uuid[]) AS person (id)"


EXTERNAL = {"source": "{0}.source = %(source)s", "external_id": "{0}.external_id = %(external_id)s"}


def by_external_id(short: str) -> dict[str, str]:
    """The conditions that find the row of another system's id."""
    return {name: text.format(short) for name, text in EXTERNAL.items()}


class Position(NamedTuple):
    """A place in a list: the moment by which it is ordered, if it is, and the key of a row."""

    at: datetime | None
    key: UUID


class NoSuchRow(LookupError):
    """There is no row with this key in the current tenant."""


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A list of one table's rows, newest first (or oldest first), with what each row shows.

    `columns` are the fields of `row` in order, the key first, as SQL over `table` (its short name) and `joins`,
    which may add to a row but never take one away. `narrow` has a condition on the table itself for each filter.
    `moment` is the column of the order, empty where the keys, which grow with time, are the order. `seen` are the
    ways by which rows belong to somebody: a member who does not see everybody's reads by them.
    """

    row: type[Row]
    table: str
    short: str
    columns: tuple[str, ...]
    joins: str = ""
    moment: str = ""
    newest_first: bool = True
    narrow: dict[str, str] = field(default_factory=dict)
    seen: tuple[Way, ...] = ()

    def page(self, *, limit: int, after: Position | None = None, **wanted: Any) -> list[Row]:
        """At most `limit` rows behind a position. Filters that are None do not narrow."""
        given = {name: value for name, value in wanted.items() if value is not None}
        seen = self._seen()
        text = _text(self, frozenset(given), after is not None, bool(seen))
        values = {**given, **seen, "tenant": current_tenant_id(), "limit": limit}
        if after is not None:
            values |= {"after_at": after.at, "after_key": after.key}
        return self._read(text, values)

    def one(self, key: UUID) -> Row:
        """The row with this key, as the list shows it. Raises NoSuchRow."""
        found = self.these([key])
        if not found:
            raise NoSuchRow(key)
        return found[0]

    def these(self, keys: Sequence[UUID]) -> list[Row]:
        """The rows with these keys, in their order; those that are not there are left out."""
        seen = self._seen()
        text = _text_by_keys(self, bool(seen))
        rows = self._read(text, {**seen, "tenant": current_tenant_id(), "keys": list(keys)})
        found = {row[0]: row for row in rows}
        return [found[key] for key in keys if key in found]

    def _read(self, text: str, values: dict[str, Any]) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(text, values)
            return [self.row._make(row) for row in cursor.fetchall()]  # type: ignore[attr-defined]

    @cached_property
    def _shown(self) -> str:
        return f"SELECT {', '.join(self.columns)} FROM"

    def _seen(self) -> dict[str, Any]:
        """The people whose rows the member sees, as a value of the text; nothing where that is everybody."""
        people = current_sight().people if self.seen else None
        return {} if people is None else {"people": list(people)}

    def visible(self, ways: tuple[Way, ...]) -> str:
        """The condition on the table under which a row is seen in one of the ways."""
        column = f"{self.short}.{{}}".format
        return condition(ways, column=column, people="%(people)s::uuid[]", tenant="%(tenant)s")

    def __hash__(self) -> int:
        return hash((self.table, self.short, self.row))


@lru_cache(maxsize=512)
def _text(listing: Listing[Any], narrowed: frozenset[str], continued: bool, limited: bool) -> str:
    """One of the few texts of a list: they depend on which filters came, never on their values."""
    short, turn = listing.short, "DESC" if listing.newest_first else "ASC"
    order = [*([f"{short}.{listing.moment}"] if listing.moment else []), f"{short}.id"]
    sorted_by = f"ORDER BY {', '.join(f'{column} {turn}' for column in order)}"
    conditions = [f"{short}.tenant_id = %(tenant)s", *(listing.narrow[name] for name in sorted(narrowed))]
    if continued:
        place = "%(after_at)s, %(after_key)s" if listing.moment else "%(after_key)s"
        conditions.append(f"({', '.join(order)}) {'<' if listing.newest_first else '>'} ({place})")
    end = f"{sorted_by} LIMIT %(limit)s"
    page = f"{_seen_page(listing, conditions, end) if limited else _page(listing, conditions)} {end}"
    return f"{listing._shown} ({page}) AS {short} {listing.joins} {sorted_by}"


def _page(listing: Listing[Any], conditions: Sequence[str]) -> str:
    # Every part is a constant of this program; what people send travels beside the text.
    return f"SELECT * FROM {listing.table} AS {listing.short} WHERE {' AND '.join(conditions)}"  # noqa: S608


def _seen_page(listing: Listing[Any], conditions: Sequence[str], end: str) -> str:
    """The page as a member reads it who sees some people's rows: the newest in each way, and of those the newest.

    Where the table names the person, the newest of each person are read from an index that is ordered for each of
    them. One condition for all of them would have no order: it reads all rows they have, or all rows of everybody.
    """
    found = []
    for way in listing.seen:
        if way.person:
            also = [f"{listing.short}.{way.person} = person.id"]
            also += [listing.visible((Way(where=way.where),))] if way.where else []
            one = f"{_page(listing, [*conditions, *also])} {end}"
            found.append(f"({EACH_PERSON} CROSS JOIN LATERAL ({one}) AS own)")
        else:
            found.append(f"({_page(listing, [*conditions, listing.visible((way,))])} {end})")
    return f"SELECT * FROM ({' UNION ALL '.join(found)}) AS {listing.short}"  # noqa: S608


@lru_cache(maxsize=64)
def _text_by_keys(listing: Listing[Any], limited: bool) -> str:
    short = listing.short
    seen = f" AND {listing.visible(listing.seen)}" if limited else ""
    return (
        f"{listing._shown} {listing.table} AS {short} {listing.joins}"
        f" WHERE {short}.tenant_id = %(tenant)s AND {short}.id = ANY(%(keys)s){seen}"
    )


def by_key(model: type[Found], key: UUID, *, only: Columns = ()) -> Found | None:
    """The row of this key, as its manager finds it: of the tenant, and in the sight of the member. What the ORM spends
    on writing such a question anew is ten times what it costs to answer. `only` these columns are read of it."""
    found = rows_of(model, "id", [key], only=only)
    return found[0] if found else None


def rows_of(
    model: type[Found],
    column: str,
    values: Iterable[Any],
    *,
    only: Columns = (),
    where: str = "",
    for_update: bool = False,
    **same: Any,
) -> list[Found]:
    """The rows that have one of these values in a column, and in others the same, in the order of their keys; of the
    tenant, and in the sight of the member. `where` is a condition on `one`, for an index that has it; `for_update` they
    are kept from changing until the end."""
    wanted = list(values)
    if not wanted:
        return []
    ways: tuple[Way, ...] = getattr(model, "seen", ())
    people = current_sight().people if ways else None
    told: dict[str, Any] = {**same, "tenant": current_tenant_id(), "values": wanted}
    if people is not None:
        told["people"] = list(people)
    text = _text_of_rows(model, column, tuple(sorted(same)), tuple(only), where, people is not None, for_update)
    names, converters = _columns_of(model, tuple(only))
    with connection.cursor() as cursor:
        cursor.execute(text, told)
        found = cursor.fetchall()
    return [stored(model, dict(zip(names, _converted(row, converters), strict=True))) for row in found]


def _converted(row: Sequence[Any], converters: Sequence[tuple[int, Any, list[Any]]]) -> Sequence[Any]:
    if not converters:
        return row
    told = list(row)
    for place, column, convert in converters:
        for one in convert:
            told[place] = one(told[place], column, connection)
    return told


@lru_cache(maxsize=128)
def _text_of_rows(
    model: type[Model],
    column: str,
    same: tuple[str, ...],
    only: Columns,
    where: str,
    limited: bool,
    for_update: bool,
) -> str:
    columns = ", ".join(f'one."{one.column}"' for one in _fields_of(model, only))
    ways: tuple[Way, ...] = getattr(model, "seen", ())
    seen = condition(ways, column="one.{}".format, people="%(people)s::uuid[]", tenant="%(tenant)s") if limited else ""
    also = [*(f"one.{name} = %({name})s" for name in same), *([where] if where else []), *([seen] if seen else [])]
    return (
        f"SELECT {columns} FROM {model._meta.db_table} AS one"  # noqa: S608  (constants of this program)
        f" WHERE one.tenant_id = %(tenant)s AND one.{column} = ANY (%(values)s)"
        f"{''.join(f' AND {one}' for one in also)} ORDER BY one.id"
        + (" FOR NO KEY UPDATE OF one" if for_update else "")
    )


def _fields_of(model: type[Model], only: tuple[str, ...]) -> list[Any]:
    return [one for one in model._meta.concrete_fields if not only or one.attname in only]


@lru_cache(maxsize=128)
def _columns_of(model: type[Model], only: tuple[str, ...]) -> tuple[list[str], list[tuple[int, Any, list[Any]]]]:
    """The names of its columns, and how those are read that are not stored as they are shown."""
    converters = []
    for place, one in enumerate(_fields_of(model, only)):
        column: Any = one.get_col(model._meta.db_table)
        found = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        if found:
            converters.append((place, column, found))
    return [one.attname for one in _fields_of(model, only)], converters
