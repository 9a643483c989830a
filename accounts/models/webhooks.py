"""Where other programs want to be told of events, and what came of telling them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel


class Webhook(TenantModel):
    """An address that is sent the organisation's events, in their order, from `position` on. Without types: all.

    Secrets are sealed; the one before is good until `old_secret_until`. While somebody sends, the row is leased to
    them: `lease` tells them apart, so that who lost it writes nothing. `held_by` is the delivery that failed just now:
    nothing overtakes it for its first tries. `retry_at` is when the first of those that failed is tried again.

    It is sent by the right of `kept_by`, who last said where it sends or switched it on, and ends with that right.
    """

    class Ended(models.TextChoices):
        MEMBER = "member", _("A member switched it off")
        KEEPER = "keeper", _("Who kept it may do so no more")
        FAILED = "failed", _("An event could not be delivered for three days")
        GONE = "gone", _("The address said that it is gone (410)")

    url = models.CharField(_("address"), max_length=500)
    types = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    secret = models.BinaryField()
    old_secret = models.BinaryField(default=b"")
    old_secret_until = models.DateTimeField(null=True)
    kept_by = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    is_active = models.BooleanField(default=True)
    ended = models.CharField(max_length=8, choices=Ended, default="")
    version = models.PositiveIntegerField(default=1, db_default=1)

    position = models.BigIntegerField(default=0)
    held_by = models.UUIDField(null=True)
    retry_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.url


class Delivery(TenantModel):
    """One event told to one address: how often it was tried, and what was answered last.

    One that waits has `next_try_at`: it was set aside, or somebody wants it sent again. So has one that failed: the
    webhook ended with it, and begins with it when it is switched on. `problem` is a word for why
    there was no answer, or none that counts.
    """

    class State(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        WAITING = "waiting", _("Waiting")
        FAILED = "failed", _("Failed")

    webhook = TenantForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    position = models.BigIntegerField()
    type = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=40, default="", db_default="")
    answer = models.CharField(max_length=500, default="", db_default="")
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "webhook", "-id"], name="delivery_newest_first"),
            models.Index(
                fields=["tenant", "webhook", "next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="delivery_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.state}"
