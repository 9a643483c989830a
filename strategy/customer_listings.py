"""The lists of companies, contacts and the organisation's own facts of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position, by_external_id


class CompanyRow(NamedTuple):
    """A company as the list shows it. `attributes` is JSON."""

    key: UUID
    name: str
    domain: str
    industry: str
    country: str
    region: str
    tags: list[str]
    employees: int | None
    revenue: int | None
    revenue_currency: str
    founded: int | None
    parent: UUID | None
    parent_name: str | None
    owner: UUID | None
    owner_name: str | None
    attributes: str
    source: str
    external_id: str
    merged_into: UUID | None
    merged_into_name: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def position(self) -> Position:
        return Position(None, self.key)


class ChangedCompanyRow(CompanyRow):
    """A company in the order of the changes."""

    @property
    def position(self) -> Position:
        return Position(self.updated_at, self.key)


def standing(short: str) -> dict[str, str]:
    """The condition that leaves merged rows out: asked as `standing=True`."""
    return {"standing": f"({short}.merged_into_id IS NULL) = %(standing)s"}


COMPANIES = Listing(
    row=CompanyRow,
    table="strategy_company",
    short="company",
    columns=(
        *("company.id", "company.name", "company.domain", "company.industry", "company.country", "company.region"),
        *("company.tags", "company.employees", "company.revenue", "company.revenue_currency", "company.founded"),
        *("company.parent_id", "parent.name", "company.owner_id", "owner.name"),
        # As text: the driver leaves JSON to Django's field, which is not asked here.
        "company.attributes::text",
        *("company.source", "company.external_id", "company.merged_into_id", "stays.name"),
        *("company.version", "company.created_at", "company.updated_at"),
    ),
    joins=(
        "LEFT JOIN accounts_membership AS owner ON owner.tenant_id = company.tenant_id AND owner.id = company.owner_id"
        " LEFT JOIN strategy_company AS parent ON parent.tenant_id = company.tenant_id"
        " AND parent.id = company.parent_id"
        " LEFT JOIN strategy_company AS stays ON stays.tenant_id = company.tenant_id"
        " AND stays.id = company.merged_into_id"
    ),
    narrow={
        **by_external_id("company"),
        **standing("company"),
        "owner": "company.owner_id = %(owner)s",
        "parent": "company.parent_id = %(parent)s",
        "industry": "company.industry = %(industry)s",
        "country": "company.country = %(country)s",
        # Asked by `customer_queries.companies_page`: of a rare tag by the keys of its companies.
        "tag": "%(tag)s = ANY (company.tags)",
        "keys": "company.id = ANY (%(keys)s)",
        "domain": "company.domain = %(domain)s",
        "name": "company.name_key = %(name)s",
    },
)
COMPANIES_CHANGED = replace(
    COMPANIES,
    row=ChangedCompanyRow,
    moment="updated_at",
    newest_first=False,
    narrow={**COMPANIES.narrow, "updated_since": "company.updated_at >= %(updated_since)s"},
)


class ContactRow(NamedTuple):
    """A contact as the list shows them. `attributes` is JSON."""

    key: UUID
    name: str
    title: str
    department: str
    email: str
    phone: str
    company: UUID | None
    company_name: str | None
    persona: UUID | None
    persona_name: str | None
    attributes: str
    source: str
    external_id: str
    merged_into: UUID | None
    merged_into_name: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def position(self) -> Position:
        return Position(None, self.key)


class ChangedContactRow(ContactRow):
    """A contact in the order of the changes."""

    @property
    def position(self) -> Position:
        return Position(self.updated_at, self.key)


CONTACTS = Listing(
    row=ContactRow,
    table="strategy_contact",
    short="contact",
    columns=(
        *("contact.id", "contact.name", "contact.title", "contact.department", "contact.email", "contact.phone"),
        *("contact.company_id", "company.name", "contact.persona_id", "persona.name", "contact.attributes::text"),
        *("contact.source", "contact.external_id", "contact.merged_into_id", "stays.name"),
        *("contact.version", "contact.created_at", "contact.updated_at"),
    ),
    joins=(
        "LEFT JOIN strategy_company AS company ON company.tenant_id = contact.tenant_id"
        " AND company.id = contact.company_id"
        " LEFT JOIN strategy_planpart AS persona ON persona.tenant_id = contact.tenant_id"
        " AND persona.id = contact.persona_id"
        " LEFT JOIN strategy_contact AS stays ON stays.tenant_id = contact.tenant_id"
        " AND stays.id = contact.merged_into_id"
    ),
    narrow={
        **by_external_id("contact"),
        **standing("contact"),
        "company": "contact.company_id = %(company)s",
        "email": "contact.email = %(email)s",
        "persona": "contact.persona_id = %(persona)s",
    },
)
CONTACTS_CHANGED = replace(
    CONTACTS,
    row=ChangedContactRow,
    moment="updated_at",
    newest_first=False,
    narrow={**CONTACTS.narrow, "updated_since": "contact.updated_at >= %(updated_since)s"},
)


class AttributeRow(NamedTuple):
    """One of the organisation's own facts."""

    key: UUID
    of: str
    slug: str
    name: str
    kind: str
    choices: list[str]
    position_number: int
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


ATTRIBUTES = Listing(
    row=AttributeRow,
    table="strategy_attribute",
    short="attribute",
    columns=(
        *("attribute.id", "attribute.of", "attribute.key", "attribute.name", "attribute.kind", "attribute.choices"),
        *("attribute.position", "attribute.is_archived"),
    ),
    newest_first=False,
    narrow={"of": "attribute.of = %(of)s"},
)
