"""How rows of companies and contacts are stored: each change compares the version it was meant for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.refusals import ExternalIdTaken, Invalid
from accounts.upserts import Line, Outcome, waiting
from strategy.models import Company, Contact, Deal
from strategy.models.customers import name_key
from strategy.services.customers.facts import own_differences
from strategy.services.customers.refusals import CustomerChangedMeanwhile, WasMerged

Customer = TypeVar("Customer", Company, Contact)


def store_new(row: Company | Contact) -> None:
    """Raises ExternalIdTaken."""
    with told_of_taken(type(row), [row]):
        row.save()


@contextmanager
def told_of_taken(table: type[models.Model], rows: Sequence[Any]) -> Iterator[None]:
    """Store new rows inside. Raises ExternalIdTaken for one that somebody else has stored since it was looked for."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "external_id" not in str(error):
            raise
        known = table._default_manager.filter(external_id__in=[row.external_id for row in rows]).exclude(external_id="")
        taken = set(known.values_list("source", "external_id"))
        source, external_id = next(
            (name for row in rows if (name := (row.source, row.external_id)) in taken),
            (rows[0].source, rows[0].external_id),
        )
        raise ExternalIdTaken(source=source, external_id=external_id) from error


def refuse_half_named(source: str, external_id: str) -> None:
    """Raises Invalid for an id without the system that it belongs to."""
    if external_id and not source:
        raise Invalid(fields={"source": _("Say which system the id belongs to.")})


def refuse_merged(row: Company | Contact | Deal) -> None:
    """Raises WasMerged for a row that turned out to be another one, which is named to those who see it."""
    if row.merged_into_id is not None:
        into = type(row)._default_manager.filter(pk=row.merged_into_id).first()
        raise WasMerged(name=row.name, into=into.name if into else _("another one"))


def differences(row: models.Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field: [before, after]} of the values that are not those of the row, rows by their names."""
    found: dict[str, list[Any]] = {}
    for name, value in values.items():
        if row._meta.get_field(name).is_relation:
            key = getattr(row, f"{name}_id")
            if key != (value.pk if value is not None else None):
                # A row that was not read with this one is told by its key: asking would cost a query for each.
                before = row._state.fields_cache.get(name, key)
                found[name] = [_told(before), _told(value)]
        elif (before := getattr(row, name)) != value:
            found[name] = own_differences(before, value) if name == "attributes" else [before, value]
    return found


def change(row: Company | Contact, values: Mapping[str, Any], *, at: datetime) -> None:
    """Compare and set: the second of two who change the same row is told. Raises CustomerChangedMeanwhile."""
    written = {**values, "version": row.version + 1, "updated_at": at}
    if "name" in values:
        written["name_key"] = name_key(values["name"])
    if not type(row)._default_manager.filter(pk=row.pk, version=row.version).update(**written):
        raise CustomerChangedMeanwhile(name=row.name)
    for name, value in written.items():
        setattr(row, name, value)


def _told(value: Any) -> str | None:
    return None if value is None else str(value)


def at_version(row: Company | Contact, version: int | None) -> None:
    """Go on as the one who saw this version. Raises CustomerChangedMeanwhile."""
    if version is not None and version != row.version:
        raise CustomerChangedMeanwhile(name=row.name)


def by_external_id(table: type[Customer], lines: Iterable[Line]) -> dict[tuple[str, str], Customer]:
    """The rows that the lines name, held until the end; a merged one leads on to what it was merged into."""
    wanted: dict[str, list[str]] = {}
    for line in lines:
        wanted.setdefault(line.source, []).append(line.external_id)
    if not wanted:
        return {}
    named = Q()
    for source, external_ids in wanted.items():
        named |= Q(source=source, external_id__in=external_ids)
    rows = table._default_manager.select_for_update(no_key=True)
    found = {row.pk: row for row in rows.filter(named).exclude(external_id="").order_by("pk")}
    onward = {row.merged_into_id for row in found.values() if row.merged_into_id} - found.keys()
    led = found | ({row.pk: row for row in rows.filter(pk__in=onward).order_by("pk")} if onward else {})
    return {
        (row.source, row.external_id): led[row.merged_into_id] if row.merged_into_id else row for row in found.values()
    }


def absorb(
    table: type[Customer],
    lines: Sequence[Line],
    *,
    facts: Callable[[Mapping[str, Any], Customer | None], dict[str, Any]],
    settle: Callable[[Sequence[tuple[Line, Customer, dict[str, Any]]]], None],
    actor: Membership,
    at: datetime,
) -> None:
    """Make or change the rows that the lines name, each table with one statement.

    `facts` judges the values of a line, `settle` refuses lines for what they mean together.
    """
    known = by_external_id(table, waiting(lines))
    judged: list[tuple[Line, Customer, dict[str, Any]]] = []
    for line in waiting(lines):
        row = known.get((line.source, line.external_id))
        try:
            if row is None and "name" not in line.given:
                raise Invalid(fields={"name": _("A new one needs a name.")})
            values = facts(line.given, row)
        except Invalid as refusal:
            line.refuse(refusal)
            continue
        if row is None:
            row = table(source=line.source, external_id=line.external_id)
        judged.append((line, row, values))
    settle(judged)
    _write(table, [one for one in judged if one[0].outcome is None], actor=actor, at=at)


def _upon(row: Customer, line: Line, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a line upon what the row holds by now: another line may have led to the same merged row, and its
    own attributes were judged before that one was written."""
    if "attributes" not in values:
        return values
    own, named = values["attributes"], dict(line.given["attributes"] or {})
    kept = {key: value for key, value in row.attributes.items() if key not in named}
    return {**values, "attributes": kept | {key: own[key] for key in named if key in own}}


def _write(
    table: type[Customer], judged: Sequence[tuple[Line, Customer, dict[str, Any]]], *, actor: Membership, at: datetime
) -> None:
    word = table._meta.model_name
    fresh: list[Customer] = []
    changed: dict[UUID, Customer] = {}
    entries: list[tuple[str, models.Model, dict[str, Any]]] = []
    fields = {"name_key", "version", "updated_at"}
    for line, row, said in judged:
        values = _upon(row, line, said)
        is_new, differs = row._state.adding, differences(row, values)
        for name, value in values.items():
            setattr(row, name, value)
        row.name_key = name_key(row.name)
        if is_new:
            fresh.append(row)
            entries.append((f"{word}.opened", row, {"name": row.name}))
            line.settle(Outcome.CREATED, row.pk)
        elif differs:
            if row.pk not in changed:
                row.version, row.updated_at = row.version + 1, at
            changed[row.pk] = row
            fields |= differs.keys()
            entries.append((f"{word}.edited", row, {"name": row.name, "changed": differs}))
            line.settle(Outcome.UPDATED, row.pk)
        else:
            line.settle(Outcome.UNCHANGED, row.pk)
    manager = table._default_manager
    if fresh:
        with told_of_taken(table, fresh):
            manager.bulk_create(fresh)
    if changed:
        manager.bulk_update(changed.values(), sorted(fields))
    audit.record_all(entries=entries, actor=actor, at=at)
