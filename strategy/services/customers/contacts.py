"""Contacts: open, change, take over from another system, and what they are in the decision about a deal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.upserts import Line
from strategy.models import Attribute, BuyingRole, Contact, Deal
from strategy.services.customers.facts import contact_facts, own_facts
from strategy.services.customers.storing import (
    absorb,
    at_version,
    change,
    differences,
    refuse_half_named,
    refuse_merged,
    store_new,
)


def open_contact(
    *, actor: Membership, at: datetime, name: str, source: str = "", external_id: str = "", **given: Any
) -> Contact:
    """Write down a person at a company. Raises NotAllowed, Invalid with the fields that are wrong, ExternalIdTaken."""
    require(actor, "company.edit")
    refuse_half_named(source, external_id)
    facts = contact_facts({"name": name, **given}, known=own_facts(Attribute.Of.CONTACT))
    contact = Contact(source=source, external_id=external_id, **facts)
    with transaction.atomic():
        store_new(contact)
        audit.record(verb="contact.opened", subject=contact, actor=actor, at=at, name=contact.name)
    return contact


def edit_contact(
    *, contact: Contact, actor: Membership, at: datetime, version: int | None = None, **given: Any
) -> Contact:
    """Change facts of a contact; those that are left out stay.

    Raises NotAllowed, Invalid, CustomerChangedMeanwhile, WasMerged.
    """
    require(actor, "company.edit")
    refuse_merged(contact)
    at_version(contact, version)
    known = own_facts(Attribute.Of.CONTACT) if "attributes" in given else {}
    facts = contact_facts(given, stored=contact, known=known)
    changed = differences(contact, facts)
    if not changed:
        return contact
    with transaction.atomic():
        change(contact, facts, at=at)
        audit.record(verb="contact.edited", subject=contact, actor=actor, at=at, name=contact.name, changed=changed)
    return contact


def upsert_contacts(*, lines: Sequence[Line], actor: Membership, at: datetime) -> None:
    """Make or change the contact that each line names; settles or refuses every line. Raises NotAllowed."""
    require(actor, "company.edit")
    known = own_facts(Attribute.Of.CONTACT)

    def facts(given: Mapping[str, Any], stored: Contact | None) -> dict[str, Any]:
        return contact_facts(given, stored=stored, known=known)

    with transaction.atomic():
        absorb(Contact, lines, facts=facts, settle=lambda _judged: None, actor=actor, at=at)


def give_buying_role(*, deal: Deal, contact: Contact, role: str, actor: Membership, at: datetime) -> BuyingRole:
    """Say what a contact is in the decision about a deal, or that it is something else than was said.

    Raises NotAllowed, WasMerged.
    """
    require(actor, "deal.move")
    refuse_merged(deal)
    refuse_merged(contact)
    with transaction.atomic():
        found, is_new = BuyingRole.objects.select_for_update(of=["self"]).get_or_create(
            deal=deal, contact=contact, defaults={"role": role}
        )
        before = None if is_new else found.role
        if before == role:
            return found
        if not is_new:
            found.role = role
            found.save(update_fields=["role"])
        audit.record(
            verb="buying_role.given",
            subject=deal,
            actor=actor,
            at=at,
            contact=contact.name,
            deal=deal.name,
            role=[before, role],
        )
    return found


def take_buying_role(*, role: BuyingRole, actor: Membership, at: datetime) -> None:
    """Say that a contact has no part in the decision about a deal. Raises NotAllowed, WasMerged."""
    require(actor, "deal.move")
    deal, contact = role.deal, role.contact
    refuse_merged(deal)
    with transaction.atomic():
        audit.record(verb="buying_role.taken", subject=deal, actor=actor, at=at, contact=contact.name, deal=deal.name)
        role.delete()
