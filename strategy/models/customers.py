"""Who may buy."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel

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
    created_at = models.DateTimeField(auto_now_add=True)

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
            models.Index(
                fields=["tenant", "source", "-id"], condition=~models.Q(source=""), name="company_of_source_newest"
            ),
            GinIndex(
                fields=["tenant", "name_key"], opclasses=["int8_ops", "gin_trgm_ops"], name="company_by_part_of_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.name_key = name_key(self.name)
        super().save(*args, **kwargs)
