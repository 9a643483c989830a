"""Letters that let a person join an organisation."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organisation import Role, Team
from accounts.tenancy.models import TenantForeignKey, TenantModel


class Invitation(TenantModel):
    """The offer of a place to one e-mail address, with its role and team, to be taken once before it ends.

    The link's secret has 256 random bits and is kept as a SHA-256 digest only.
    `membership` is the placeholder of an import that the person becomes, if there is one.
    """

    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=120, default="", blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.REP)
    team = TenantForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")
    membership = TenantForeignKey("accounts.Membership", models.CASCADE, null=True, blank=True, related_name="+")
    invited_by = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = TenantForeignKey("accounts.Membership", models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_one_open_for_an_address",
                violation_error_message=_("This address has an open invitation already."),
            ),
        ]
        # The look-up function that finds an invitation comes without a tenant.
        indexes = [models.Index(fields=["digest"], name="invitation_by_digest")]

    def __str__(self) -> str:
        return self.email
