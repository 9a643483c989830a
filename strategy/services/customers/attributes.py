"""The organisation's own facts of companies, contacts and deals: what they are called and what they may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.names import NotAName, clean_name
from accounts.refusals import Invalid
from accounts.services.turns import take_turn_as
from accounts.visibility import of_everybody
from strategy.models import Attribute, Company, Contact, Deal
from strategy.services.customers.refusals import AttributeInUse

KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
LONGEST_NAME, LONGEST_CHOICE = 80, 120
#: As many of each kind of row: more would be a form that nobody fills in.
MOST, MOST_CHOICES = 50, 100
TABLES: dict[str, type[models.Model]] = {
    Attribute.Of.COMPANY: Company,
    Attribute.Of.CONTACT: Contact,
    Attribute.Of.DEAL: Deal,
}


def define_attribute(
    *,
    actor: Membership,
    at: datetime,
    of: str,
    name: str,
    kind: str = Attribute.Kind.TEXT,
    key: str = "",
    choices: Sequence[str] = (),
) -> Attribute:
    """Keep one more fact of companies, contacts or deals. Without a key it is made of the name.

    Raises NotAllowed, Invalid for what cannot be used, a key that is taken, or one attribute too many.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        name = _name(name)
        key = key or key_of(name)
        known = {one.key: one for one in Attribute.objects.filter(of=of)}
        wrong = {}
        if not KEY.fullmatch(key):
            wrong["key"] = _("Give a key of small letters, digits and _, that begins with a letter.")
        elif key in known:
            wrong["key"] = _("Another attribute has this key.")
        if len(known) >= MOST:
            wrong["name"] = _("There are {most} attributes; that is as many as can be.").format(most=MOST)
        if wrong:
            raise Invalid(fields=wrong)
        last = max((one.position for one in known.values()), default=0)
        made = Attribute(of=of, key=key, name=name, kind=kind, choices=_choices(kind, choices), position=last + 1)
        try:
            with transaction.atomic():
                made.save()
        except IntegrityError as error:
            raise Invalid(fields={"key": _("Another attribute has this key.")}) from error
        audit.record(verb="attribute.defined", subject=made, actor=actor, at=at, name=name, of=of, kind=kind)
    return made


def edit_attribute(*, attribute: Attribute, actor: Membership, at: datetime, **given: Any) -> Attribute:
    """Change the name, the choices or the kind, or archive it; what is left out stays.

    A kind stays as soon as rows have values, and so do the choices that rows name. Raises NotAllowed, Invalid,
    AttributeInUse.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        attribute.refresh_from_db()
        kind = given.get("kind", attribute.kind)
        values: dict[str, Any] = {"kind": kind}
        if "name" in given:
            values["name"] = _name(given["name"])
        if "choices" in given or kind != attribute.kind:
            values["choices"] = _choices(kind, given.get("choices", attribute.choices))
        if "is_archived" in given:
            values["is_archived"] = given["is_archived"]
        _refuse_misfits(attribute, kind, values.get("choices", attribute.choices))
        changed = {
            name: [getattr(attribute, name), value]
            for name, value in values.items()
            if getattr(attribute, name) != value
        }
        if not changed:
            return attribute
        for name, value in values.items():
            setattr(attribute, name, value)
        attribute.save(update_fields=list(values))
        audit.record(
            verb="attribute.edited", subject=attribute, actor=actor, at=at, name=attribute.name, changed=changed
        )
    return attribute


def order_attributes(*, of: str, keys: Sequence[UUID], actor: Membership, at: datetime) -> None:
    """Put the attributes into this order; those that are not named follow as they were. Raises NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        rows = list(Attribute.objects.filter(of=of).order_by("position", "pk"))
        places = {key: place for place, key in enumerate(keys)}
        ordered = sorted(rows, key=lambda one: places.get(one.pk, len(places)))
        moved = []
        for position, one in enumerate(ordered, start=1):
            if one.position != position:
                one.position = position
                moved.append(one)
        if moved:
            Attribute.objects.bulk_update(moved, ["position"])
            names = [one.name for one in ordered]
            audit.record(verb="attribute.ordered", subject=moved[0], actor=actor, at=at, of=of, names=names)


def key_of(name: str) -> str:
    """A key made of a name: "Größe (m²)" is `grosse_m2`."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    return key if key[:1].isalpha() else f"own_{key}"[:60].rstrip("_")


def _refuse_misfits(attribute: Attribute, kind: str, choices: Sequence[str]) -> None:
    table: Any = TABLES[attribute.of]
    with of_everybody():
        rows = table.objects.filter(attributes__has_key=attribute.key)
        if kind == attribute.kind:
            if kind != Attribute.Kind.CHOICE or set(attribute.choices) <= set(choices):
                return
            # A key may be what Django takes for a comparison ("a__in"), so that it is no part of a look-up.
            rows = rows.annotate(held=KeyTextTransform(attribute.key, "attributes")).exclude(held__in=list(choices))
        count = rows.count()
    if count:
        field = "kind" if kind != attribute.kind else "choices"
        told = str(AttributeInUse(rows=count, name=attribute.name))
        raise AttributeInUse(rows=count, name=attribute.name, fields={field: told})


def _name(text: str) -> str:
    try:
        return clean_name(text, longest=LONGEST_NAME)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error


def _choices(kind: str, given: Sequence[str]) -> list[str]:
    if kind != Attribute.Kind.CHOICE:
        return []
    found: dict[str, None] = {}
    try:
        for choice in given:
            if choice.strip():
                found.setdefault(clean_name(choice, longest=LONGEST_CHOICE))
    except NotAName as error:
        raise Invalid(fields={"choices": str(error)}) from error
    if not 1 <= len(found) <= MOST_CHOICES:
        raise Invalid(fields={"choices": _("Give 1 to {most} choices.").format(most=MOST_CHOICES)})
    return list(found)
