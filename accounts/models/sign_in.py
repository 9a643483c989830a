"""How an organisation's own people sign in: its identity provider, and the mail domains it has proven to be its own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organisation import Role
from accounts.tenancy.models import TenantModel


class IdentityProvider(TenantModel):
    """The organisation's OpenID provider. Its secret is sealed (`accounts/secrets.py`).

    `vouches`: addresses count as checked where it does not say whether they are. `joins_as`: the role of somebody of
    a proven domain who is no member yet; empty when they stay outside.
    """

    name = models.CharField(_("name"), max_length=80)
    issuer = models.URLField(_("issuer"), max_length=300)
    client_id = models.CharField(_("client id"), max_length=200)
    client_secret = models.BinaryField()
    vouches = models.BooleanField(default=False)
    joins_as = models.CharField(max_length=10, choices=Role, default="", blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="identity_provider_one_in_tenant"),
            models.CheckConstraint(
                condition=models.Q(joins_as__in=["", Role.VIEWER, Role.REP]), name="identity_provider_joins_as_little"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Identity(TenantModel):
    """Who a member is at the organisation's provider: its name for them (`sub`), which never changes.

    `provider` is the issuer, so that one that was set up anew still knows its people.
    """

    provider = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "provider", "subject"], name="identity_once_at_a_provider"),
        ]

    def __str__(self) -> str:
        return self.subject


class EmailDomain(TenantModel):
    """A mail domain, proven by a TXT record that holds `challenge`. Several organisations may prove the same one.

    `lost_at`: the record was there and is gone; until it is back the domain counts as unproven.
    """

    domain = models.CharField(_("domain"), max_length=253)
    challenge = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "domain"], name="email_domain_once_in_tenant")]
        # The look-up function that finds where an address signs in comes without a tenant.
        indexes = [models.Index(fields=["domain"], name="email_domain_by_name")]

    def __str__(self) -> str:
        return self.domain
