"""The steps a deal takes, and the ways it can end."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel


class EndCause(models.TextChoices):
    """Why a deal is over. Exactly one of these, or empty while it is open.

    A loss of which nobody recorded the reason is `lost` without an `EndReason`.
    """

    WON = "won", _("Won")
    LOST = "lost", _("Lost to somebody else")
    NO_DECISION = "no_decision", _("No decision")
    DISQUALIFIED = "disqualified", _("Disqualified by us")


class Pipeline(TenantModel):
    """An ordered set of stages that a kind of deal goes through."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=1)
    source = models.CharField(max_length=40, default="", blank=True)
    external_id = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="pipeline_name_unique_in_tenant",
                violation_error_message=_("Another pipeline has this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Stage(TenantModel):
    """A step of a pipeline. Logic hangs on its kind, never on its name."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        NO_DECISION = "no_decision", _("No decision")
        DISQUALIFIED = "disqualified", _("Disqualified")

    pipeline = TenantForeignKey(Pipeline, models.CASCADE, related_name="stages")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.OPEN)
    position = models.PositiveSmallIntegerField()
    patience_days = models.PositiveSmallIntegerField(_("patience in days"), null=True, blank=True)

    class Meta:
        ordering = ["pipeline", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "pipeline", "name"],
                name="stage_name_unique_in_pipeline",
                violation_error_message=_("Another stage of this pipeline has this name."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "pipeline", "position"],
                name="stage_position_unique_in_pipeline",
                violation_error_message=_("Another stage already has this position."),
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether a deal in this stage is still being worked."""
        return self.kind == self.Kind.OPEN


class EndReason(TenantModel):
    """One of the organisation's own reasons for an end, such as a competitor's name or “no budget”."""

    kind = models.CharField(_("kind"), max_length=12, choices=EndCause)
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["kind", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "name"],
                name="end_reason_unique_in_kind",
                violation_error_message=_("This reason is already in the list."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
