"""What is intended: strategies, kept version by version."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel


class Strategy(TenantModel):
    """A strategy over its whole life. What it says stands in its versions; this row says where it is.

    `working` is the text that is being written: a first draft, or the next version of an active strategy. `revision`
    counts its changes, so that nobody overwrites a text they have not read. An alternative stands beside the strategy
    it was copied from.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    owner = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    alternative_to = TenantForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="alternatives")
    working = models.JSONField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_because = models.CharField(_("why it ended"), max_length=300, default="", blank=True)

    class Meta:
        verbose_name_plural = _("strategies")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="strategy_name_unique_in_tenant",
                violation_error_message=_("Another strategy has this name."),
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", activated_at=None) | models.Q(activated_at__isnull=False),
                name="strategy_out_of_draft_by_activation",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="strategy_newest_first"),
            models.Index(fields=["tenant", "state", "-id"], name="strategy_by_state_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    def newest_version(self) -> StrategyVersion | None:
        """What it says now; None for one that was never activated."""
        return StrategyVersion.objects.filter(strategy=self).order_by("-number").first()


class StrategyVersion(TenantModel):
    """What a strategy said from one moment on, never changed afterwards. `content` is a `plan.document.Document`."""

    append_only = True

    strategy = TenantForeignKey(Strategy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    note = models.CharField(_("why it was changed"), max_length=300, default="", blank=True)
    published_at = models.DateTimeField()
    published_by = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "strategy", "number"], name="strategy_version_number_unique_in_strategy"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.strategy} {self.number}"


class PlanPart(TenantModel):
    """A part of a published strategy that deals and activities can point at. `key` is the part's id in the text.

    What it is called follows the newest version; what it was called stands in the versions.
    """

    class Kind(models.TextChoices):
        SEGMENT = "segment", _("Segment")
        PERSONA = "persona", _("Persona")
        PLAY = "play", _("Play")

    strategy = TenantForeignKey(Strategy, models.PROTECT, related_name="parts")
    # Given by who wrote the text, so it is no primary key.
    key = models.UUIDField()
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField()
    # False once a later version has left it out, or its strategy is retired.
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "strategy", "key"], name="plan_part_key_unique_in_strategy"),
        ]
        indexes = [
            models.Index(fields=["tenant", "kind", "is_current"], name="plan_part_by_kind"),
            models.Index(fields=["tenant", "kind", "-id"], name="plan_part_newest_first"),
        ]

    def __str__(self) -> str:
        return self.name
