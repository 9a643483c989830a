"""What was answered to a request that may come again."""

from __future__ import annotations

from django.db import models

from accounts.tenancy.models import TenantForeignKey, TenantModel


class IdempotencyKey(TenantModel):
    """The answer to a program's request, written in the transaction of its effect, so that a repeat has none.

    `digest` is that of method, address and body: the key belongs to one request. Kept for a day.
    """

    membership = TenantForeignKey("accounts.Membership", models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    location = models.CharField(max_length=300, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "membership", "key"], name="idempotency_key_once_for_a_member"),
        ]
        indexes = [models.Index(fields=["tenant", "created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return self.key
