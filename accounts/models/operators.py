"""People who run the installation, and when they looked into an organisation."""

from __future__ import annotations

from django.db import models

from accounts.tenancy.models import TenantModel


class OperatorAccess(TenantModel):
    """An operator's leave to read one organisation, with a written reason and an end. Its owner sees it."""

    operator = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="operator_access_has_a_reason"),
        ]
        # The look-up function that finds an operator's leaves comes without a tenant.
        indexes = [
            models.Index(fields=["operator"], name="operator_access_by_operator"),
            models.Index(fields=["tenant", "-created_at"], name="operator_access_newest_first"),
        ]

    def __str__(self) -> str:
        return self.reason
