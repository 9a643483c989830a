"""Letters on their way: written in the transaction of the deed they tell of, sent by a worker."""

from __future__ import annotations

import uuid_utils.compat
from django.db import models


class Letter(models.Model):
    """One letter to one address. It may open an account, so its text is sealed, and wiped when it has left.

    `organisation` says whose limits it counts against; a letter about a sign-in has none.
    """

    id = models.UUIDField(primary_key=True, default=uuid_utils.compat.uuid7, editable=False)
    organisation = models.ForeignKey("accounts.Tenant", models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(next_try_at__isnull=False), name="letter_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
