"""What the plans' deeds have in common: what can be said in them, and what stands against a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from accounts.refusals import Invalid, Refused
from strategy.models import Contact, Deal
from strategy.models.customers import kept

#: Before and after these it is a slip of the finger.
FIRST_YEAR, LAST_YEAR = 1990, 2099


class PlanChangedMeanwhile(Refused):
    """Somebody else changed the row after the caller last saw it."""

    code = "plan_changed_meanwhile"
    sentence = gettext_lazy("{name} was changed by somebody else. Look again and repeat what you meant.")


def refuse_stale(row: Any, version: int | None) -> None:
    """Raises PlanChangedMeanwhile where another version was looked at than the one that stands."""
    if version is not None and row.version != version:
        raise PlanChangedMeanwhile(name=str(row))


def said(field: str, text: str, *, longest: int, needed: str = "") -> str:
    """A text without space around. Raises Invalid at the field: `needed` is said where it must not be empty."""
    text = text.strip()
    if needed and not text:
        raise Invalid(fields={field: needed})
    if len(text) > longest:
        raise Invalid(fields={field: _("Say it in up to {longest} letters.").format(longest=longest)})
    return text


def sensible(field: str, day: date | None) -> date | None:
    """The day. Raises Invalid for one that nobody can mean."""
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        told = _("Give a year from {first} to {last}.").format(first=FIRST_YEAR, last=LAST_YEAR)
        raise Invalid(fields={field: told})
    return day


def at_company(field: str, contact: Contact | None, company_id: Any) -> Contact | None:
    """The contact, or the one that it is part of now. Raises Invalid for somebody of another company."""
    contact = kept(contact)
    if contact is None:
        return None
    if company_id is not None and contact.company_id is not None and contact.company_id != company_id:
        raise Invalid(fields={field: _("Choose somebody at the customer.")})
    return contact


def offered(**types: Any) -> None:
    """Raises Invalid for a type of activity or a milestone that is no longer in use."""
    for field, kind in types.items():
        if kind is not None and kind.is_archived:
            raise Invalid(
                fields={field: _("{name} is not in use any more. Choose another one.").format(name=kind.name)}
            )


def an_active(field: str, member: Membership | None) -> Membership | None:
    """The member. Raises Invalid for one who has left."""
    if member is not None and not member.is_active:
        raise Invalid(fields={field: _("Choose somebody who is here.")})
    return member


def write(row: Any, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the row what is said; {field: [before, after]} of what differs, rows by their names. Nothing is stored."""
    changed = {}
    for name, value in given.items():
        before = getattr(row, name)
        if before != value:
            changed[name] = [_told(before), _told(value)]
            setattr(row, name, value)
    return changed


def store(row: Any, changed: Iterable[str]) -> None:
    """Store what was changed as the next version."""
    row.version += 1
    row.save(update_fields=[*changed, "version"])


def held(table: Any, row: Model) -> Any:
    """The row as it stands, which nobody else changes until the end of the transaction."""
    return table.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)


def moved_rows(table: Any, kept: Deal, gone: Deal) -> dict[str, list[str]]:
    """Give what belongs to the deal that goes to the one that stays: keys by the table's label."""
    rows = table.objects.filter(deal=gone)
    keys = [str(key) for key in rows.values_list("pk", flat=True)]
    rows.update(deal=kept)
    return {table._meta.label: keys}


def moved_back(table: Any, kept: Deal, gone: Deal, moved: Mapping[str, list[str]]) -> None:
    """Each deal has again what was its own."""
    table.objects.filter(pk__in=moved.get(table._meta.label, []), deal=kept).update(deal=gone)


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, Model | date) else value
