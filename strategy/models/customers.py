"""Who may buy."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.visibility import WITH_ITS_DEAL, SeenManager

LONGEST_KEY = 200


def name_key(name: str) -> str:
    """A name without what people write differently: case and spaces. Kept in a column, so that `=` finds it.

    Some letters fold into two or three; what is too long for the column is cut off.
    """
    return "".join(name.casefold().split())[:LONGEST_KEY]


class Company(TenantModel):
    """A company that may buy. `revenue` is a year's, in minor units of `revenue_currency`."""

    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=LONGEST_KEY, editable=False)
    domain = models.CharField(_("domain"), max_length=200, default="", blank=True)
    industry = models.CharField(_("industry"), max_length=120, default="", blank=True)
    country = models.CharField(_("country"), max_length=120, default="", blank=True)
    region = models.CharField(_("region"), max_length=120, default="", db_default="", blank=True)
    tags = ArrayField(models.CharField(max_length=60), verbose_name=_("tags"), default=list, db_default=[], blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    revenue = models.BigIntegerField(_("revenue a year"), null=True, blank=True)
    revenue_currency = models.CharField(max_length=3, default="", blank=True)
    founded = models.PositiveSmallIntegerField(_("founded in"), null=True, blank=True)
    parent = TenantForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="subsidiaries")
    owner = TenantForeignKey("accounts.Membership", models.SET_NULL, null=True, blank=True, related_name="+")
    attributes = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, default="", blank=True)
    external_id = models.CharField(max_length=200, default="", blank=True)
    # What the source said last: a row that says the same again changes nothing that was changed here since.
    source_digest = models.UUIDField(null=True, blank=True, editable=False)
    # What it was found to be the same as; the row stays, so that the merge can be undone and old ids still lead on.
    merged_into = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "external_id"],
                condition=~models.Q(external_id=""),
                name="company_external_id_unique_in_source",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "name_key"], name="company_by_name"),
            models.Index(fields=["tenant", "domain"], condition=~models.Q(domain=""), name="company_by_domain"),
            models.Index(fields=["tenant", "owner", "-id"], name="company_of_owner_newest"),
            models.Index(
                fields=["tenant", "industry", "-id"],
                condition=~models.Q(industry=""),
                name="company_of_industry_newest",
            ),
            models.Index(
                fields=["tenant", "country", "-id"], condition=~models.Q(country=""), name="company_of_country_newest"
            ),
            models.Index(fields=["tenant", "parent", "-id"], name="company_of_parent_newest"),
            models.Index(fields=["tenant", "-updated_at", "-id"], name="company_changed_last"),
            models.Index(
                fields=["tenant", "source", "-id"], condition=~models.Q(source=""), name="company_of_source_newest"
            ),
            GinIndex(
                fields=["tenant", "name_key"], opclasses=["int8_ops", "gin_trgm_ops"], name="company_by_part_of_name"
            ),
            GinIndex(fields=["tenant", "tags"], opclasses=["int8_ops", "array_ops"], name="company_by_tag"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.name_key = name_key(self.name)
        super().save(*args, **kwargs)


class Contact(TenantModel):
    """A person at a company. `persona` is what the member chose, else what the title and the department match."""

    company = TenantForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="contacts")
    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=LONGEST_KEY, editable=False)
    title = models.CharField(_("title"), max_length=200, default="", blank=True)
    department = models.CharField(_("department"), max_length=120, default="", blank=True)
    # In small letters, so that `=` finds it.
    email = models.CharField(_("e-mail"), max_length=254, default="", blank=True)
    phone = models.CharField(_("phone"), max_length=60, default="", blank=True)
    persona = TenantForeignKey("strategy.PlanPart", models.SET_NULL, null=True, blank=True, related_name="+")
    attributes = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, default="", blank=True)
    external_id = models.CharField(max_length=200, default="", blank=True)
    source_digest = models.UUIDField(null=True, blank=True, editable=False)
    merged_into = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "external_id"],
                condition=~models.Q(external_id=""),
                name="contact_external_id_unique_in_source",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="contact_newest_first"),
            models.Index(fields=["tenant", "company", "-id"], name="contact_of_company_newest"),
            models.Index(fields=["tenant", "name_key"], name="contact_by_name"),
            models.Index(fields=["tenant", "email"], condition=~models.Q(email=""), name="contact_by_email"),
            models.Index(fields=["tenant", "-updated_at", "-id"], name="contact_changed_last"),
            models.Index(
                fields=["tenant", "source", "-id"], condition=~models.Q(source=""), name="contact_of_source_newest"
            ),
            GinIndex(
                fields=["tenant", "name_key"], opclasses=["int8_ops", "gin_trgm_ops"], name="contact_by_part_of_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.name_key = name_key(self.name)
        super().save(*args, **kwargs)


class BuyingRole(TenantModel):
    """What a contact is in the decision about one deal."""

    class Role(models.TextChoices):
        CHAMPION = "champion", _("Champion")
        COACH = "coach", _("Coach")
        ECONOMIC_BUYER = "economic_buyer", _("Economic buyer")
        DECISION_MAKER = "decision_maker", _("Decision maker")
        TECHNICAL_BUYER = "technical_buyer", _("Technical buyer")
        USER = "user", _("User")
        BLOCKER = "blocker", _("Blocker")
        OTHER = "other", _("Other")

    seen = (WITH_ITS_DEAL,)

    deal = TenantForeignKey("strategy.Deal", models.CASCADE, related_name="buying_roles")
    contact = TenantForeignKey(Contact, models.PROTECT, related_name="buying_roles")
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.OTHER)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[SeenManager[BuyingRole]] = SeenManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "deal", "contact"],
                name="buying_role_once_for_contact",
                violation_error_message=_("This person is named in the deal already."),
            ),
        ]


class Attribute(TenantModel):
    """A fact of companies, contacts or deals that the organisation keeps beside those everybody has.

    Values stand in the row's `attributes` under `key`: a text, a whole number, a day as "2026-12-31", true or false,
    or one of `choices`.
    """

    class Of(models.TextChoices):
        COMPANY = "company", _("Companies")
        CONTACT = "contact", _("Contacts")
        DEAL = "deal", _("Deals")

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Whole number")
        DAY = "day", _("Day")
        SWITCH = "switch", _("Yes or no")
        CHOICE = "choice", _("One of a list")

    of = models.CharField(max_length=8, choices=Of)
    key = models.CharField(max_length=60)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.TEXT)
    choices = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=1)
    # No longer offered; the values that are there stay.
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["of", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "of", "key"],
                name="attribute_key_unique",
                violation_error_message=_("Another attribute has this key."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Merge(TenantModel):
    """That two rows were found to be one. `moved` is what undoing it needs: ids by table, and values it filled."""

    class Of(models.TextChoices):
        COMPANY = "company", _("Companies")
        CONTACT = "contact", _("Contacts")
        DEAL = "deal", _("Deals")

    of = models.CharField(max_length=8, choices=Of)
    kept_id = models.UUIDField()
    gone_id = models.UUIDField()
    moved = models.JSONField(default=dict)
    merged_at = models.DateTimeField()
    merged_by = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "kept_id"], name="merge_by_what_stayed"),
            models.Index(fields=["tenant", "gone_id"], name="merge_by_what_went"),
        ]


Named = TypeVar("Named", Company, Contact, Company | None, Contact | None)


def kept(row: Named) -> Named:
    """The company or the contact, or the one that it is part of now; None for nobody."""
    stays: Named = row.merged_into if row is not None and row.merged_into_id is not None else row
    return stays
