"""The steps a deal takes, and the ways it can end."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
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
    # No longer offered; its deals stay where they are.
    is_archived = models.BooleanField(default=False, db_default=False)
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
    """A step of a pipeline. Logic hangs on its kind, never on its name.

    `requires` names what must be known of a deal before it enters: see `strategy.requirements`.
    """

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
    requires = ArrayField(models.CharField(max_length=40), default=list, db_default=[], blank=True)
    is_archived = models.BooleanField(default=False, db_default=False)

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
    """One of the organisation's own reasons for an end, such as “no budget”. Who won it instead is a `Competitor`."""

    kind = models.CharField(_("kind"), max_length=12, choices=EndCause)
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=1)
    is_archived = models.BooleanField(default=False, db_default=False)

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


class Competitor(TenantModel):
    """Somebody whom deals are lost to."""

    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=1)
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="competitor_name_unique_in_tenant",
                violation_error_message=_("This competitor is already in the list."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DealSource(TenantModel):
    """Where deals come from, such as a fair, a partner or the seller's own search."""

    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=1)
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="deal_source_name_unique_in_tenant",
                violation_error_message=_("This source is already in the list."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExchangeRate(TenantModel):
    """What one unit of a currency is worth in the organisation's own from a day on, until the next rate."""

    currency = models.CharField(_("currency"), max_length=3)
    from_on = models.DateField(_("from"))
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8)

    class Meta:
        ordering = ["currency", "-from_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "currency", "from_on"],
                name="exchange_rate_one_a_day",
                violation_error_message=_("There is a rate of this day already."),
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_above_zero"),
        ]
