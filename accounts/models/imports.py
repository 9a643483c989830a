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
    # Where a killed run goes on: the last committed file and line, and the seconds of work until there.
    checkpoint = models.JSONField(default=dict, blank=True)
    actor = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # Runs of one organisation are worked off in this order.
    queued_at = models.DateTimeField(null=True, blank=True)
    # When it last moved: one that works and does not move has lost its worker.
    touched_at = models.DateTimeField(null=True, blank=True)
    # A column of its own: a run that works must not hold up the person who stops it.
    stop_asked = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The code and data of a problem: {} while there is none.
    error = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="import_run_newest_first"),
            # The look-up function that finds what still has to be done comes without a tenant.
            models.Index(
                fields=["tenant"], condition=models.Q(state__in=["queued", "running"]), name="import_run_to_do"
            ),
        ]

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen any more unless somebody asks."""
        return self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)

    @property
    def is_under_way(self) -> bool:
        """Whether it waits for its turn or has it."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class ImportFile(TenantModel):
    """One uploaded file of a run; its content is kept until the run is done.

    `position` is its turn. `details` is what a survey found in it, `counts` how many of its rows ended how.
    """

    run = TenantForeignKey(ImportRun, models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, default="", blank=True)
    position = models.PositiveSmallIntegerField(default=1)
    path = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    encoding = models.CharField(max_length=40, default="utf-8")
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class ImportRow(TenantModel):
    """What a person should know of: a refused row, or something noted of one or many rows.

    `code` names the problem and `data` fills its sentence, so that it is told in the reader's language. A note
    stands for `rows` rows, of which `line` is the first. `cells` are those of a refused row, to send again.
    """

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
    data = models.JSONField(default=dict, blank=True)
    rows = models.PositiveIntegerField(default=1)
    cells = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "run", "outcome", "code"], name="import_row_by_outcome")]

    def __str__(self) -> str:
        return f"{self.outcome} line {self.line}: {self.code}"
