"""Keys that programs sign in with."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel


class ApiToken(TenantModel):
    """A program's key to one organisation, acting as one member. Only a digest of it is kept.

    Empty scopes mean no rights. One that was made with another ends with it. The secret has 256 random bits, so a plain
    SHA-256 is enough.
    """

    membership = TenantForeignKey("accounts.Membership", models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=24, unique=True)
    digest = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    made_with = TenantForeignKey("accounts.ApiToken", models.CASCADE, null=True, blank=True, related_name="made")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
