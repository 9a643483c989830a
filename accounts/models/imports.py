"""What came in from another system, and what became of each of its rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel


class ImportRun(TenantModel):
    """One import: its files, what we understood of them, how far it is, what came of it.

    `observed_from` and `observed_until` are the days between which the source recorded ends: without the first
    late entry cannot be corrected, after the second nothing is known of open deals.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    preset = models.CharField(max_length=40, default="", blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    observed_from = models.DateField(null=True, blank=True)
    observed_until = models.DateField(null=True, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    # Where a killed run goes on: the last committed file and line.
    checkpoint = models.JSONField(default=dict, blank=True)
    actor = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-created_at"], name="import_run_newest_first")]


class ImportFile(TenantModel):
    """One uploaded file of a run, kept until the run is over."""

    run = TenantForeignKey(ImportRun, models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, default="", blank=True)
    path = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    details = models.JSONField(default=dict, blank=True)


class ImportRow(TenantModel):
    """A row that a person should know of: refused with what to do, or joined to something by a guess."""

    class Outcome(models.TextChoices):
        REFUSED = "refused", _("Refused")
        NOTED = "noted", _("Noted")

    run = TenantForeignKey(ImportRun, models.CASCADE, related_name="rows")
    file = TenantForeignKey(ImportFile, models.CASCADE, related_name="noted_rows")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=200, default="", blank=True)
    value = models.TextField(default="", blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    code = models.CharField(max_length=60, default="")
    message = models.TextField(default="")
    cells = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "run", "outcome", "code"], name="import_row_by_outcome")]
