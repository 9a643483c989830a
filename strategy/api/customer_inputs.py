"""What programs send to change companies, contacts and the organisation's own facts of them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.api import fields, ids, upserts
from accounts.models import Membership
from strategy.models import Attribute, BuyingRole, Company, Contact, PlanPart
from strategy.services.customers import attributes, facts, merging

LONGEST_LIST = 2 * facts.MOST_TAGS


class Words(fields.StrictField):
    """A list of texts."""

    def __init__(self, *, most: int, longest: int, **options: Any) -> None:
        self.most, self.line = most, fields.Text(longest=longest)
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.line.schema(), "maxItems": self.most}

    def read(self, given: Any) -> list[str]:
        if not isinstance(given, list) or len(given) > self.most:
            raise fields.NotUsable(_("Give a list of at most {most} texts.").format(most=self.most))
        return [self.line.read(one) for one in given]


class Own(fields.StrictField):
    """Values of the organisation's own attributes by their keys; null takes one away."""

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {}, "maxProperties": LONGEST_LIST}

    def read(self, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict) or len(given) > LONGEST_LIST:
            raise fields.NotUsable(_("Give an object of attributes by their keys."))
        return given


def line(longest: int) -> fields.Text:
    return fields.Text(longest=longest, empty=True, required=False, allow_null=True)


def company_field(**options: Any) -> fields.Reference:
    return fields.Reference(ids.COMPANY, lambda: Company.objects.all(), **options)


class PutCompany(fields.Input):
    """What is known of a company. What is left out stays as it is; null empties it."""

    name = fields.Text(longest=facts.LONGEST_NAME, required=False, help_text="Needed for a new one")
    domain = fields.Text(longest=2000, empty=True, required=False, allow_null=True, help_text="As company.com")
    industry = line(120)
    country = line(120)
    region = line(120)
    tags = Words(most=facts.MOST_TAGS, longest=facts.LONGEST_TAG, required=False)
    employees = fields.Whole(most=facts.MOST_EMPLOYEES, required=False, allow_null=True)
    revenue = fields.Whole(
        least=-fields.LARGEST, required=False, allow_null=True, help_text="A year's, in whole minor units (cents)"
    )
    revenue_currency = fields.Currency(required=False, allow_null=True, help_text="Without one: the organisation's")
    founded = fields.Whole(least=facts.EARLIEST_YEAR, most=2199, required=False, allow_null=True, help_text="A year")
    parent = company_field(required=False, allow_null=True)  # type: ignore[assignment]
    owner = fields.Reference(
        ids.MEMBER, lambda: Membership.objects.filter(is_active=True), required=False, allow_null=True
    )
    attributes = Own(required=False, help_text="Own attributes by their keys; those that are not named stay")


class ChangeCompany(PutCompany):
    """What is to change of a company; what is left out stays."""


class OpenCompany(PutCompany):
    """A new company. Its owner is the token's member unless somebody else is named."""

    name = fields.Text(longest=facts.LONGEST_NAME)
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system that external_id belongs to")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)


class UpsertCompany(PutCompany):
    """A company by its id in another system."""

    source = upserts.source()  # type: ignore[assignment]
    external_id = upserts.external_id()


class UpsertCompanies(fields.Input):
    """Up to 500 companies."""

    items = upserts.Rows(UpsertCompany)


class PutContact(fields.Input):
    """What is known of a person at a company. What is left out stays as it is; null empties it."""

    name = fields.Text(longest=facts.LONGEST_NAME, required=False, help_text="Needed for a new one")
    company = company_field(required=False, allow_null=True)
    title = line(200)
    department = line(120)
    email = fields.Text(longest=254, empty=True, required=False, allow_null=True)
    phone = fields.Text(longest=60, empty=True, required=False, allow_null=True)
    persona = fields.Reference(
        ids.PERSONA,
        lambda: PlanPart.objects.filter(kind=PlanPart.Kind.PERSONA),
        required=False,
        allow_null=True,
        help_text="Of a strategy; without one it is what the title and the department match",
    )
    attributes = Own(required=False, help_text="Own attributes by their keys; those that are not named stay")


class ChangeContact(PutContact):
    """What is to change of a contact; what is left out stays."""


class OpenContact(PutContact):
    """A new contact."""

    name = fields.Text(longest=facts.LONGEST_NAME)
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system that external_id belongs to")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)


class UpsertContact(PutContact):
    """A contact by their id in another system."""

    source = upserts.source()  # type: ignore[assignment]
    external_id = upserts.external_id()


class UpsertContacts(fields.Input):
    """Up to 500 contacts."""

    items = upserts.Rows(UpsertContact)


class MergeCompany(fields.Input):
    """Which company goes into the one of the address, and which of its facts hold."""

    gone = company_field(help_text="Its deals, contacts and subsidiaries become those of the one that stays")
    wins = fields.Several(
        [*merging.COMPANY_FACTS, "attributes"],
        required=False,
        help_text="Facts of the one that goes that hold. What the other one lacks it learns anyway",
    )


class MergeContact(fields.Input):
    """Which contact goes into the one of the address, and which of their facts hold."""

    gone = fields.Reference(ids.CONTACT, lambda: Contact.objects.all())
    wins = fields.Several([*merging.CONTACT_FACTS, "attributes"], required=False)


class GiveRole(fields.Input):
    """What the contact is in the decision about the deal."""

    role = fields.OneOf(BuyingRole.Role.values)


class DefineAttribute(fields.Input):
    """One more fact of companies, contacts or deals."""

    of = fields.OneOf(Attribute.Of.values)
    name = fields.Text(longest=attributes.LONGEST_NAME)
    key = fields.Text(longest=60, required=False, help_text="Small letters, digits and _; without one: from the name")
    kind = fields.OneOf(Attribute.Kind.values, required=False)
    choices = Words(most=attributes.MOST_CHOICES, longest=attributes.LONGEST_CHOICE, required=False)


class ChangeAttribute(fields.Input):
    """What is to change of an attribute; what is left out stays."""

    name = fields.Text(longest=attributes.LONGEST_NAME, required=False)
    kind = fields.OneOf(Attribute.Kind.values, required=False, help_text="Stays once rows have values")
    choices = Words(most=attributes.MOST_CHOICES, longest=attributes.LONGEST_CHOICE, required=False)
    is_archived = fields.Switch(required=False, help_text="Archived ones take no values; those that are there stay")
