"""Lists as members like to see them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel


class SavedView(TenantModel):
    """A list with its filters, order and columns, under a name. `query` is what stands after the ? of its address."""

    class Page(models.TextChoices):
        DEALS = "deals", _("Deals")
        COMPANIES = "companies", _("Companies")
        CONTACTS = "contacts", _("Contacts")

    page = models.CharField(max_length=12, choices=Page)
    member = TenantForeignKey("accounts.Membership", models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=2000, default="", blank=True)
    is_shared = models.BooleanField(_("everybody sees it"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "page", "member", "name"],
                name="saved_view_name_unique_for_member",
                violation_error_message=_("You have a view of this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
