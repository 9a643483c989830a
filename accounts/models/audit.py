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
    # What stands before the dot, as a column: no index helps to look for a part of a text behind the wall.
    kind = models.GeneratedField(
        expression=models.Func(models.F("verb"), models.Value("."), models.Value(1), function="split_part"),
        output_field=models.CharField(max_length=60),
        db_persist=True,
    )
    subject_label = models.CharField(max_length=60)
    subject_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    request_id = models.CharField(max_length=64, default="")

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["tenant", "subject_id", "-at", "-id"], name="audit_of_subject"),
            models.Index(fields=["tenant", "actor", "-at", "-id"], name="audit_of_actor"),
            models.Index(fields=["tenant", "kind", "-at", "-id"], name="audit_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_label} {self.subject_id}"
