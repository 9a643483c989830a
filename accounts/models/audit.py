"""Who did what, when: written in the transaction of the deed, never changed."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.tenancy.models import TenantForeignKey, TenantModel


class AuditEvent(TenantModel):
    """One deed. Its subject is named by label and key, so that this app needs to know no other."""

    append_only = True

    at = models.DateTimeField()
    actor = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, related_name="+")
    token = TenantForeignKey("accounts.ApiToken", models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    subject_label = models.CharField(max_length=60)
    subject_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    request_id = models.CharField(max_length=64, default="")

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["tenant", "subject_id"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_label} {self.subject_id}"
