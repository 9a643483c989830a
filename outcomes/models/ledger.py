"""The outcome ledger: what customers agreed to, and how we know."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.visibility import WITH_ITS_DEAL, SeenManager

#: Of a milestone whose first day nobody wrote down: before any day that is asked for.
EVER = date(1900, 1, 1)


class Grade(models.IntegerChoices):
    """How well a milestone is known. Which grade counts in statistics is a setting of the organisation."""

    E0 = 0, _("The rep says so")
    E1 = 1, _("An artefact is linked")
    E2 = 2, _("A second member checked it")
    E3 = 3, _("The customer confirmed it")
    E4 = 4, _("It stands in a system of record")


class MilestoneType(TenantModel):
    """A customer verifier: an act of the customer, objective, yes or no."""

    name = models.CharField(_("name"), max_length=80)
    # "Before …" in sentences about deals that stopped earlier: "the goal was agreed".
    before = models.CharField(max_length=120, default="", blank=True)
    statement = models.CharField(_("what the customer did"), max_length=300)
    position = models.PositiveSmallIntegerField()
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="milestone_type_unique_in_tenant",
                violation_error_message=_("Another milestone has this name."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "position"],
                name="milestone_type_position_unique_in_tenant",
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message=_("Another milestone has this position."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MilestoneEvent(TenantModel):
    """One entry of the ledger: effective on one day, written at one moment, never changed.

    A correction is a new event. `words` are the customer's own. Who agreed is a contact where one is known, and
    `agreed_by` the name as it was then. `answer` is what the holder of a link said, `confidence` how sure the customer
    is from 0 to 10. `source` and `external_id` name the row of another system that says so.
    """

    append_only = True
    seen = (WITH_ITS_DEAL,)

    class Kind(models.TextChoices):
        CLAIMED = "claimed", _("Claimed")
        EVIDENCED = "evidenced", _("Evidenced")
        CHECKED = "checked", _("Checked by a second member")
        CONFIRMED = "confirmed", _("Confirmed by the customer")
        CONTRADICTED = "contradicted", _("Contradicted by the customer")
        LAPSED = "lapsed", _("Lapsed")
        CORRECTED = "corrected", _("Taken back")

    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="milestone_events")
    type = TenantForeignKey(MilestoneType, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    grade = models.PositiveSmallIntegerField(choices=Grade, default=Grade.E0)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    actor = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, related_name="+")
    words = models.TextField(default="", blank=True)
    agreed_by = models.CharField(max_length=120, default="", blank=True)
    contact = TenantForeignKey("strategy.Contact", models.PROTECT, null=True, blank=True, related_name="+")
    evidence = models.URLField(max_length=500, default="", blank=True)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = TenantForeignKey("outcomes.ConfirmationAnswer", models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300, default="", db_default="", blank=True)
    entry_key = models.UUIDField(null=True, blank=True)
    source = models.CharField(max_length=40, default="", db_default="", blank=True)
    external_id = models.CharField(max_length=200, default="", db_default="", blank=True)

    objects: ClassVar[SeenManager[MilestoneEvent]] = SeenManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(grade__lte=4), name="milestone_event_grade_of_0_to_4"),
            models.CheckConstraint(
                condition=models.Q(confidence=None) | models.Q(confidence__lte=10),
                name="milestone_event_confidence_of_0_to_10",
            ),
            models.UniqueConstraint(fields=["tenant", "entry_key"], name="milestone_event_entered_once"),
            models.UniqueConstraint(fields=["tenant", "answer"], name="milestone_event_once_for_an_answer"),
            models.UniqueConstraint(
                fields=["tenant", "source", "external_id"],
                condition=~models.Q(external_id=""),
                name="milestone_event_external_id_unique_in_source",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "deal", "recorded_at", "id"], name="milestone_event_by_deal")]


class MilestoneActivity(TenantModel):
    """An activity that contributed to what an event of the ledger tells."""

    append_only = True
    seen = (WITH_ITS_DEAL,)

    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="+")
    event = TenantForeignKey(MilestoneEvent, models.PROTECT, related_name="contributing")
    # By key: the ledger stays when somebody takes an activity back.
    activity_id = models.UUIDField()

    objects: ClassVar[SeenManager[MilestoneActivity]] = SeenManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "event", "activity_id"], name="milestone_activity_once"),
        ]


class EvidenceFile(TenantModel):
    """A file that shows what an event of the ledger tells. `stored` is the name under which it is kept, `kind` what its
    content says it is, `digest` the SHA-256 of the content.
    """

    append_only = True
    seen = (WITH_ITS_DEAL,)

    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="+")
    event = TenantForeignKey(MilestoneEvent, models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    stored = models.UUIDField()
    added_at = models.DateTimeField()

    objects: ClassVar[SeenManager[EvidenceFile]] = SeenManager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "deal", "-id"], name="evidence_file_of_deal_newest")]


class Milestone(TenantModel):
    """Where a deal stands on one milestone: derived from its events, rewritten whenever one is added.

    `reached_on` is the effective day from which it held without a break; `grade` the best evidence since. `first_on` is
    the effective day of the first that was ever said of it.
    """

    seen = (WITH_ITS_DEAL,)

    class State(models.TextChoices):
        REACHED = "reached", _("Reached")
        CONTRADICTED = "contradicted", _("Contradicted")
        LAPSED = "lapsed", _("Lapsed")
        WITHDRAWN = "withdrawn", _("Taken back")

    deal = TenantForeignKey("strategy.Deal", models.PROTECT, related_name="milestones")
    type = TenantForeignKey(MilestoneType, models.PROTECT, related_name="milestones")
    state = models.CharField(max_length=12, choices=State)
    grade = models.PositiveSmallIntegerField(choices=Grade, default=Grade.E0)
    reached_on = models.DateField()
    first_on = models.DateField(db_default=EVER)
    recorded_at = models.DateTimeField()
    words = models.TextField(default="", blank=True)
    agreed_by = models.CharField(max_length=120, default="", blank=True)
    contact = TenantForeignKey("strategy.Contact", models.PROTECT, null=True, blank=True, related_name="+")
    evidence = models.URLField(max_length=500, default="", blank=True)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)

    objects: ClassVar[SeenManager[Milestone]] = SeenManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "deal", "type"], name="milestone_once_on_a_deal"),
        ]
        indexes = [
            models.Index(fields=["tenant", "type", "-id"], name="milestone_of_type_newest"),
            models.Index(fields=["tenant", "state", "-id"], name="milestone_of_state_newest"),
            models.Index(fields=["tenant", "grade", "-id"], name="milestone_of_grade_newest"),
            models.Index(fields=["tenant", "-first_on", "-id"], name="milestone_last_begun_first"),
            models.Index(fields=["tenant", "recorded_at"], name="milestone_by_recording"),
        ]
