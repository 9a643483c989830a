"""Two companies, or two contacts, that turned out to be one; and two again where that was wrong.

What refers to the one that goes is moved with a statement for each table, whichever app it belongs to. The row itself
stays, so that its ids lead on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models import F

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.services.turns import take_turn
from accounts.visibility import of_everybody
from strategy.models import BuyingRole, Company, Contact, Merge
from strategy.models.customers import name_key
from strategy.services.customers.companies import parents_above
from strategy.services.customers.refusals import CustomerChangedMeanwhile, LaterMerge, MergeUndone, SameRow
from strategy.signals import contacts_merged, contacts_parted, heard

#: The facts among which the one that stays and the one that goes are chosen.
COMPANY_FACTS = (
    *("name", "domain", "industry", "country", "region", "employees", "revenue", "founded", "parent", "owner"),
)
CONTACT_FACTS = ("name", "company", "title", "department", "email", "phone", "persona")
#: What belongs together and is taken from the same row.
TOGETHER = {"revenue": ("revenue", "revenue_currency")}


@dataclass(frozen=True)
class Undone:
    """What an undone merge has left as it is, because it was changed since: facts by name, and how many rows."""

    facts: Sequence[str]
    rows: int


def merge_companies(
    *, keep: Company, gone: Company, actor: Membership, at: datetime, wins: Iterable[str] = ()
) -> Merge:
    """Make one company of two. `wins` names the facts of `gone` that hold; what `keep` does not know it learns.

    Deals, contacts, subsidiaries and whatever else refers to `gone` refers to `keep` from now on. Raises NotAllowed,
    SameRow.
    """
    return _merge(Company, keep, gone, wins=wins, names=COMPANY_FACTS, actor=actor, at=at)


def merge_contacts(*, keep: Contact, gone: Contact, actor: Membership, at: datetime, wins: Iterable[str] = ()) -> Merge:
    """Make one contact of two, in the same way. Where both are named in a deal the role of `keep` stays."""
    return _merge(Contact, keep, gone, wins=wins, names=CONTACT_FACTS, actor=actor, at=at)


def undo_merge(*, merge: Merge, actor: Membership, at: datetime) -> Undone:
    """Make two of one again: what was moved goes back and what was filled in is taken out, unless it was changed since.

    Raises NotAllowed, MergeUndone, LaterMerge.
    """
    require(actor, "company.merge")
    table: Any = Company if merge.of == Merge.Of.COMPANY else Contact
    with transaction.atomic(), of_everybody():
        take_turn()
        merge.refresh_from_db()
        if merge.undone_at is not None:
            raise MergeUndone
        rows = {row.pk: row for row in _held(table, [merge.kept_id, merge.gone_id])}
        kept, gone = rows[merge.kept_id], rows[merge.gone_id]
        if kept.merged_into_id is not None:
            raise LaterMerge(name=kept.name)
        left = _move_back(merge, kept, gone, at)
        stayed = _take_out(kept, merge.moved.get("facts", {}))
        gone.merged_into = None
        for row in (kept, gone):
            row.version, row.updated_at = row.version + 1, at
            row.save()
        for row in (kept, gone):
            _cut_loops(row)
        merge.undone_at, merge.undone_by = at, actor
        merge.save(update_fields=["undone_at", "undone_by"])
        told = {"name": kept.name, "gone": gone.name, "left": left, "facts": stayed}
        _tell(f"{table._meta.model_name}.unmerged", (kept, gone), actor=actor, at=at, **told)
    return Undone(facts=stayed, rows=left)


def _merge(
    table: Any, keep: Any, gone: Any, *, wins: Iterable[str], names: Sequence[str], actor: Membership, at: datetime
) -> Merge:
    require(actor, "company.merge")
    word = table._meta.model_name
    with transaction.atomic(), of_everybody():
        take_turn()
        rows = {row.pk: row for row in _held(table, [keep.pk, gone.pk])}
        if len(rows) < 2 or any(row.merged_into_id is not None for row in rows.values()):
            raise SameRow(fields={"gone": str(SameRow())})
        versions = {row.pk: row.version for row in (keep, gone)}
        if any(versions[key] != row.version for key, row in rows.items()):
            raise CustomerChangedMeanwhile(name=keep.name)
        keep, gone = rows[keep.pk], rows[gone.pk]
        moved: dict[str, Any] = {"facts": _take_facts(keep, gone, set(wins), names)}
        if table is Contact:
            moved["dropped"] = _drop_double_roles(keep, gone)
            moved["above"] = heard(contacts_merged.send(sender=Contact, kept=keep, gone=gone))
        moved["rows"] = _move(keep, gone, at)
        gone.merged_into = keep
        for row in (keep, gone):
            row.version, row.updated_at = row.version + 1, at
            row.save()
        made = Merge.objects.create(
            of=word, kept_id=keep.pk, gone_id=gone.pk, moved=moved, merged_at=at, merged_by=actor
        )
        count = sum(map(len, moved["rows"].values()))
        _tell(f"{word}.merged", (keep, gone), actor=actor, at=at, name=keep.name, gone=gone.name, moved=count)
    return made


def _tell(verb: str, rows: Sequence[models.Model], *, actor: Membership, at: datetime, **data: Any) -> None:
    """In the history of both."""
    audit.record_all(entries=[(verb, row, data) for row in rows], actor=actor, at=at)


def _held(table: Any, keys: Sequence[UUID]) -> list[Any]:
    return list(table.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))


def references(table: type[models.Model]) -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    """Each column of any app that refers to a row of the table, and can be changed."""
    for model in apps.get_models():
        if getattr(model, "append_only", False) or model._meta.proxy:
            continue
        for field in model._meta.local_fields:
            if field.is_relation and field.related_model is table:
                yield model, field


def _move(keep: Any, gone: Any, at: datetime) -> dict[str, list[str]]:
    """Point what refers to `gone` at `keep`; the keys of what was moved, by table and column."""
    moved = {}
    for model, field in references(type(keep)):
        rows: Any = model._default_manager.filter(**{field.name: gone})
        if model is type(keep) and field.name == "parent":
            rows = rows.exclude(pk=keep.pk)
        keys = list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        if keys:
            model._default_manager.filter(pk__in=keys).update(**_pointing(model, field, keep, at))
            moved[f"{model._meta.label}.{field.name}"] = [str(key) for key in keys]
    return moved


def _pointing(model: type[models.Model], field: models.Field[Any, Any], at_row: Any, at: datetime) -> dict[str, Any]:
    """What is written where a row is pointed at another one; whoever has read it is told by its version."""
    names = {one.name for one in model._meta.local_fields}
    written: dict[str, Any] = {field.name: at_row}
    if "version" in names:
        written["version"] = F("version") + 1
    if "updated_at" in names:
        written["updated_at"] = at
    return written


def _move_back(merge: Merge, kept: Any, gone: Any, at: datetime) -> int:
    """Returns how many rows stay because they were changed since."""
    left = 0
    for place, keys in merge.moved.get("rows", {}).items():
        label, _dot, name = place.rpartition(".")
        model = apps.get_model(label)
        field: Any = model._meta.get_field(name)
        rows = model._default_manager.filter(pk__in=keys, **{name: kept})
        if model is BuyingRole:
            named = BuyingRole.objects.filter(contact=gone).values("deal_id")
            rows = rows.exclude(deal_id__in=named)
        left += len(keys) - rows.update(**_pointing(model, field, gone, at))
    for deal, role in merge.moved.get("dropped", []):
        BuyingRole.objects.get_or_create(deal_id=deal, contact=gone, defaults={"role": role})
    if isinstance(kept, Contact):
        contacts_parted.send(sender=Contact, kept=kept, gone=gone, moved=merge.moved.get("above", {}))
    return left


def _drop_double_roles(keep: Contact, gone: Contact) -> list[list[str]]:
    """Where both are named in a deal, one of them must go: (deal, role) of those that did."""
    both = BuyingRole.objects.filter(
        contact=gone, deal_id__in=BuyingRole.objects.filter(contact=keep).values("deal_id")
    )
    dropped = [[str(deal), role] for deal, role in both.values_list("deal_id", "role")]
    both.delete()
    return dropped


def _take_facts(keep: Any, gone: Any, wins: set[str], names: Sequence[str]) -> dict[str, list[Any]]:
    """Give `keep` the facts of `gone` that win or that it lacks: {field: [before, after]} as stored."""
    taken: dict[str, list[Any]] = {}
    for name in names:
        theirs, ours = getattr(gone, _column(keep, name)), getattr(keep, _column(keep, name))
        if theirs in (None, "") or theirs == ours or (ours not in (None, "") and name not in wins):
            continue
        for one in TOGETHER.get(name, (name,)):
            _set(keep, one, getattr(gone, _column(keep, one)), taken)
    own = {**gone.attributes, **keep.attributes} if "attributes" not in wins else {**keep.attributes, **gone.attributes}
    if own != keep.attributes:
        _set(keep, "attributes", own, taken)
    if isinstance(keep, Company):
        tags = [*keep.tags, *(tag for tag in gone.tags if tag.casefold() not in {one.casefold() for one in keep.tags})]
        if tags != keep.tags:
            _set(keep, "tags", tags, taken)
        # What stays would stand below itself, were it below what goes.
        if gone.pk in _above(keep) or keep.parent_id == keep.pk:
            parent = gone.parent_id if gone.parent_id != keep.pk and keep.pk not in _above(gone) else None
            _set(keep, "parent", parent, taken)
        elif keep.parent_id is not None and keep.pk in parents_above([keep.parent_id]):
            _set(keep, "parent", None, taken)
    return taken


def _above(company: Company) -> set[UUID]:
    """The keys of the companies above one."""
    return set(parents_above([company.parent_id])) if company.parent_id else set()


def _column(row: models.Model, name: str) -> str:
    return str(getattr(row._meta.get_field(name), "attname", name))


def _set(row: Any, name: str, value: Any, taken: dict[str, list[Any]]) -> None:
    column = _column(row, name)
    before = taken[name][0] if name in taken else _stored(getattr(row, column))
    setattr(row, column, value)
    taken[name] = [before, _stored(value)]
    if name == "name":
        row.name_key = name_key(value)


def _stored(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _take_out(kept: Any, facts: Mapping[str, list[Any]]) -> list[str]:
    """Give the facts back that the merge wrote and nobody has changed since; the names of those that stay."""
    stayed = []
    for name, (before, after) in facts.items():
        column = _column(kept, name)
        if _stored(getattr(kept, column)) == after:
            setattr(kept, column, UUID(before) if column != name and before else before)
        else:
            stayed.append(name)
    return stayed


def _cut_loops(company: Any) -> None:
    """A company that came back below one of its own subsidiaries stands below nobody."""
    if isinstance(company, Company) and company.parent_id and company.pk in parents_above([company.parent_id]):
        Company.objects.filter(pk=company.pk).update(parent=None)
        company.parent = None
