"""What companies, contacts and the organisation's own facts of them look like outside."""

from __future__ import annotations

from typing import Any

import orjson

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.api.shapes import MEMBER, ref
from accounts.reading import Position
from strategy import customer_listings as listings
from strategy.customer_listings import AttributeRow, CompanyRow, ContactRow
from strategy.models import Attribute, BuyingRole, Merge


class Company(fields.Output):
    """A company that may buy. `revenue` is a year's, in whole minor units of `revenue_currency`. One that was merged
    into another is still found by its id, and `merged_into` names that one."""

    expands = {"owner": MEMBER}

    id = fields.Id(ids.COMPANY)
    name = fields.Text(longest=200)
    domain = fields.Text(longest=200, allow_null=True)
    industry = fields.Text(longest=120, allow_null=True)
    country = fields.Text(longest=120, allow_null=True)
    region = fields.Text(longest=120, allow_null=True)
    tags = fields.Texts()
    employees = fields.Whole(allow_null=True)
    revenue = fields.Whole(least=-fields.LARGEST, allow_null=True)
    revenue_currency = fields.Currency(allow_null=True)
    founded = fields.Whole(allow_null=True)
    parent = fields.Ref(ids.COMPANY, allow_null=True)  # type: ignore[assignment]
    owner = fields.Ref(ids.MEMBER, allow_null=True)
    attributes = fields.Anything(help_text="Own attributes by their keys")
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)
    merged_into = fields.Ref(ids.COMPANY, allow_null=True)
    version = fields.Whole(least=1, help_text="Counted up with each change")
    created_at = fields.Moment()
    updated_at = fields.Moment()


def company(row: CompanyRow) -> dict[str, Any]:
    """A company; texts that are not known are null."""
    return {
        "id": ids.encode(ids.COMPANY, row.key),
        "name": row.name,
        "domain": row.domain or None,
        "industry": row.industry or None,
        "country": row.country or None,
        "region": row.region or None,
        "tags": row.tags,
        "employees": row.employees,
        "revenue": row.revenue,
        "revenue_currency": row.revenue_currency or None,
        "founded": row.founded,
        "parent": ref(ids.COMPANY, row.parent, row.parent_name),
        "owner": ref(ids.MEMBER, row.owner, row.owner_name),
        "attributes": orjson.loads(row.attributes),
        "source": row.source or None,
        "external_id": row.external_id or None,
        "merged_into": ref(ids.COMPANY, row.merged_into, row.merged_into_name),
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


COMPANY = Noun(listings.COMPANIES, company, Company, "company.see")


class Contact(fields.Output):
    """A person at a company. `persona` is the one that was chosen for them."""

    expands = {"company": COMPANY}

    id = fields.Id(ids.CONTACT)
    name = fields.Text(longest=200)
    company = fields.Ref(ids.COMPANY, allow_null=True)
    title = fields.Text(longest=200, allow_null=True)
    department = fields.Text(longest=120, allow_null=True)
    email = fields.Text(longest=254, allow_null=True)
    phone = fields.Text(longest=60, allow_null=True)
    persona = fields.Ref(ids.PERSONA, allow_null=True)
    attributes = fields.Anything(help_text="Own attributes by their keys")
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)
    merged_into = fields.Ref(ids.CONTACT, allow_null=True)
    version = fields.Whole(least=1, help_text="Counted up with each change")
    created_at = fields.Moment()
    updated_at = fields.Moment()


def contact(row: ContactRow) -> dict[str, Any]:
    """A contact with the company they are at."""
    return {
        "id": ids.encode(ids.CONTACT, row.key),
        "name": row.name,
        "company": ref(ids.COMPANY, row.company, row.company_name),
        "title": row.title or None,
        "department": row.department or None,
        "email": row.email or None,
        "phone": row.phone or None,
        "persona": ref(ids.PERSONA, row.persona, row.persona_name),
        "attributes": orjson.loads(row.attributes),
        "source": row.source or None,
        "external_id": row.external_id or None,
        "merged_into": ref(ids.CONTACT, row.merged_into, row.merged_into_name),
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


CONTACT = Noun(listings.CONTACTS, contact, Contact, "company.see")


class AttributeOut(fields.Output):
    """A fact that the organisation keeps beside those everybody has. Values stand under `key`."""

    class Meta:
        ref_name = "Attribute"

    id = fields.Id(ids.ATTRIBUTE)
    of = fields.OneOf(Attribute.Of.values)
    key = fields.Text(longest=60)
    name = fields.Text(longest=80)
    kind = fields.OneOf(Attribute.Kind.values)
    choices = fields.Texts()
    position = fields.Whole()
    is_archived = fields.Switch()


def attribute(row: AttributeRow) -> dict[str, Any]:
    """An attribute."""
    return {
        "id": ids.encode(ids.ATTRIBUTE, row.key),
        "of": row.of,
        "key": row.slug,
        "name": row.name,
        "kind": row.kind,
        "choices": row.choices,
        "position": row.position_number,
        "is_archived": row.is_archived,
    }


class BuyingRoleOut(fields.Output):
    """What a contact is in the decision about one deal."""

    class Meta:
        ref_name = "BuyingRole"

    expands = {"contact": CONTACT}

    id = fields.Id(ids.BUYING_ROLE)
    contact = fields.Ref(ids.CONTACT)
    role = fields.OneOf(BuyingRole.Role.values)
    created_at = fields.Moment()


def buying_role(row: BuyingRole) -> dict[str, Any]:
    """A role with the name of who has it."""
    return {
        "id": ids.encode(ids.BUYING_ROLE, row.pk),
        "contact": ref(ids.CONTACT, row.contact_id, row.contact.name),
        "role": row.role,
        "created_at": row.created_at,
    }


def role_place(row: BuyingRole) -> Position:
    """Where a role stands in the list of a deal's."""
    return Position(None, row.pk)


class MergeOut(fields.Output):
    """That two rows were found to be one. `stayed` names the facts of the one that stayed that an undo left as they
    are, and `left` counts the rows that it did not move back, because they were changed since."""

    class Meta:
        ref_name = "Merge"

    id = fields.Id(ids.MERGE)
    of = fields.OneOf(Merge.Of.values)
    kept = fields.Text(longest=40, help_text="The id of the row that stayed")
    gone = fields.Text(longest=40, help_text="The id of the row that went")
    moved = fields.Whole(help_text="How many rows were moved")
    merged_at = fields.Moment()
    undone_at = fields.Moment(allow_null=True)
    stayed = fields.Texts()
    left = fields.Whole()


KINDS = {Merge.Of.COMPANY: ids.COMPANY, Merge.Of.CONTACT: ids.CONTACT, Merge.Of.DEAL: ids.DEAL}


def merge(row: Merge, *, stayed: list[str] | None = None, left: int = 0) -> dict[str, Any]:
    """A merge as it stands."""
    kind = KINDS[Merge.Of(row.of)]
    return {
        "id": ids.encode(ids.MERGE, row.pk),
        "of": row.of,
        "kept": ids.encode(kind, row.kept_id),
        "gone": ids.encode(kind, row.gone_id),
        "moved": sum(map(len, row.moved.get("rows", {}).values())),
        "merged_at": row.merged_at,
        "undone_at": row.undone_at,
        "stayed": stayed or [],
        "left": left,
    }
