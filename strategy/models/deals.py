"""Deals, and the record of everything that happened to them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Cast, Coalesce, Least, Lower
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel, TenantQuerySet
from accounts.visibility import WITH_ITS_DEAL, SeenManager, Way
from strategy.models.pipeline import EndCause


class DealQuerySet(TenantQuerySet["Deal"]):
    def open(self) -> DealQuerySet:
        """Deals that nobody has ended."""
        return self.filter(end_cause="")

    def real(self) -> DealQuerySet:
        """Deals that count: no test deals, no merged duplicates."""
        return self.filter(is_test=False, merged_into=None)


#: Above this a value is not told apart: a wrong key, at a rate that makes it more than the column holds.
LARGEST_WORTH = 9 * 10**17
NEVER = date(9999, 12, 31)
DealManager = SeenManager.from_queryset(DealQuerySet)


class Deal(TenantModel):
    """An opportunity with one company. `qualified_on` starts every clock and never moves.

    Days are the organisation's calendar days. Amounts are minor units of `currency`; `rate` turns them into the
    organisation's currency and is that of `rate_date`, the day of qualification.
    `observed_from` is the first day from which its source recorded ends, `observed_until` the last day the source
    knew; a change made here clears the latter, since from then on the deal is watched.
    """

    seen = (Way(person="owner_id"),)

    name = models.CharField(_("name"), max_length=200)
    # Without case and spaces, for the search. The database makes it, so that no way of writing a name forgets it.
    name_key = models.GeneratedField(
        expression=Lower(Func(F("name"), Value(r"\s"), Value(""), Value("g"), function="regexp_replace")),
        output_field=models.TextField(),
        db_persist=True,
    )
    # What lists are ordered by: the value in the organisation's currency, and the day of the decision. Both stand in
    # columns because behind the wall only plain ones are compared by an index.
    worth = models.GeneratedField(
        expression=Case(
            When(amount__isnull=True, then=Value(-1)),
            default=Cast(
                Least(
                    Cast("amount", models.DecimalField(max_digits=38, decimal_places=8)) * F("rate"),
                    Value(Decimal(LARGEST_WORTH)),
                    output_field=models.DecimalField(max_digits=38, decimal_places=8),
                ),
                models.BigIntegerField(),
            ),
            output_field=models.BigIntegerField(),
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    due_on = models.GeneratedField(
        expression=Coalesce("expected_close_on", Value(NEVER), output_field=models.DateField()),
        output_field=models.DateField(),
        db_persist=True,
    )
    company = TenantForeignKey("strategy.Company", models.PROTECT, null=True, blank=True, related_name="deals")
    pipeline = TenantForeignKey("strategy.Pipeline", models.PROTECT, related_name="deals")
    stage = TenantForeignKey("strategy.Stage", models.PROTECT, related_name="deals")
    owner = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="deals")
    owner_at_qualification = TenantForeignKey(
        "accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+"
    )

    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    rate_date = models.DateField(null=True, blank=True)
    amount_at_qualification = models.BigIntegerField(null=True, blank=True)
    amount = models.BigIntegerField(_("amount"), null=True, blank=True)

    opened_on = models.DateField(_("opened on"), null=True, blank=True)
    qualified_on = models.DateField(_("qualified on"), null=True, blank=True)
    qualified_by = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")
    qualification_note = models.TextField(_("by what criteria"), default="", blank=True)
    expected_close_on = models.DateField(_("expected close"), null=True, blank=True)
    entered_stage_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    closed_recorded_at = models.DateTimeField(null=True, blank=True)
    end_cause = models.CharField(_("how it ended"), max_length=12, choices=EndCause, default="", blank=True)
    end_reason = TenantForeignKey("strategy.EndReason", models.PROTECT, null=True, blank=True, related_name="+")
    competitor = TenantForeignKey("strategy.Competitor", models.PROTECT, null=True, blank=True, related_name="+")
    came_from = TenantForeignKey("strategy.DealSource", models.PROTECT, null=True, blank=True, related_name="+")
    # What it serves now; since when, and what it served before, stands in its plan spans.
    strategy = TenantForeignKey("strategy.Strategy", models.PROTECT, null=True, blank=True, related_name="+")
    segment = TenantForeignKey("strategy.PlanPart", models.PROTECT, null=True, blank=True, related_name="+")
    play = TenantForeignKey("strategy.PlanPart", models.PROTECT, null=True, blank=True, related_name="+")
    episode = models.PositiveSmallIntegerField(default=1)

    observed_from = models.DateField(null=True, blank=True)
    observed_until = models.DateField(null=True, blank=True)
    is_test = models.BooleanField(default=False)
    merged_into = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    attributes = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, default="", blank=True)
    external_id = models.CharField(max_length=200, default="", blank=True)
    # What the source said last: a row that says the same again changes nothing that was changed here since.
    source_digest = models.UUIDField(null=True, blank=True, editable=False)
    import_run = TenantForeignKey("accounts.ImportRun", models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[DealManager[Deal]] = DealManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "external_id"],
                condition=~Q(external_id=""),
                name="deal_external_id_unique_in_source",
            ),
            models.CheckConstraint(
                condition=Q(end_cause="", closed_on=None) | (~Q(end_cause="") & Q(closed_on__isnull=False)),
                name="deal_ends_with_a_cause_and_a_day",
                violation_error_message=_("A deal that is over has a cause and a day; an open one has neither."),
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(qualified_on=None) | Q(closed_on__gte=F("qualified_on")),
                name="deal_ends_after_it_was_qualified",
                violation_error_message=_("A deal cannot end before it was qualified."),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="deal_newest_first"),
            models.Index(fields=["tenant", "end_cause", "-created_at", "-id"], name="deal_by_end_newest_first"),
            models.Index(fields=["tenant", "stage", "-created_at", "-id"], name="deal_of_stage_newest_first"),
            models.Index(fields=["tenant", "owner", "-created_at", "-id"], name="deal_of_owner_newest_first"),
            models.Index(fields=["tenant", "owner", "end_cause", "-created_at", "-id"], name="deal_of_owner_by_end"),
            models.Index(fields=["tenant", "company", "-created_at", "-id"], name="deal_of_company_newest_first"),
            # Few of many deals may be over, or come from one source.
            models.Index(
                fields=["tenant", "-created_at", "-id"], condition=~Q(end_cause=""), name="deal_over_newest_first"
            ),
            models.Index(
                fields=["tenant", "source", "-created_at", "-id"],
                condition=~Q(source=""),
                name="deal_of_source_newest_first",
            ),
            models.Index(fields=["tenant", "qualified_on"], name="deal_by_qualification"),
            models.Index(fields=["tenant", "-updated_at", "-id"], name="deal_changed_last"),
            models.Index(fields=["tenant", "pipeline", "-created_at", "-id"], name="deal_of_pipeline_newest_first"),
            models.Index(fields=["tenant", "strategy", "-created_at", "-id"], name="deal_of_strategy_newest_first"),
            models.Index(fields=["tenant", "-worth", "-id"], name="deal_largest_first"),
            models.Index(fields=["tenant", "-worth", "-id"], condition=Q(end_cause=""), name="deal_open_largest_first"),
            models.Index(fields=["tenant", "due_on", "id"], name="deal_due_first"),
            models.Index(fields=["tenant", "due_on", "id"], condition=Q(end_cause=""), name="deal_open_due_first"),
            models.Index(
                fields=["tenant", "segment", "-created_at", "-id"],
                condition=Q(segment__isnull=False),
                name="deal_of_segment_newest_first",
            ),
            models.Index(
                fields=["tenant", "play", "-created_at", "-id"],
                condition=Q(play__isnull=False),
                name="deal_of_play_newest_first",
            ),
            models.Index(
                fields=["tenant", "came_from", "-created_at", "-id"],
                condition=Q(came_from__isnull=False),
                name="deal_came_from_newest_first",
            ),
            GinIndex(
                fields=["tenant", "name_key"], opclasses=["int8_ops", "gin_trgm_ops"], name="deal_by_part_of_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether nobody has ended it."""
        return not self.end_cause


class StageSpan(TenantModel):
    """A deal's stay in a stage; open while `left_on` is empty. A return is a new span."""

    class Exit(models.TextChoices):
        ADVANCE = "advance", _("Moved on")
        SKIP = "skip", _("Skipped a stage")
        BACK = "back", _("Moved back")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        NO_DECISION = "no_decision", _("No decision")
        DISQUALIFIED = "disqualified", _("Disqualified")

    seen = (WITH_ITS_DEAL,)

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="stage_spans")
    stage = TenantForeignKey("strategy.Stage", models.PROTECT, related_name="+")
    entered_on = models.DateField()
    left_on = models.DateField(null=True, blank=True)
    exit_kind = models.CharField(max_length=12, choices=Exit, default="", blank=True)
    # The stage that it was left for, also one that ended the deal: in a pipeline may be several of its kind.
    left_for = TenantForeignKey("strategy.Stage", models.PROTECT, null=True, blank=True, related_name="+")
    episode = models.PositiveSmallIntegerField(default=1)

    objects: ClassVar[SeenManager[StageSpan]] = SeenManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "deal"], condition=Q(left_on=None), name="stage_span_one_open_for_a_deal"
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=F("entered_on")), name="stage_span_ends_after_it_began"
            ),
        ]
        # How deals had ended by a past day, also those that were opened again.
        indexes = [
            models.Index(
                fields=["tenant", "exit_kind"],
                condition=Q(exit_kind__in=EndCause.values),
                name="stage_span_that_ended_a_deal",
            ),
        ]


class OwnerSpan(TenantModel):
    """Who had a deal from which day until which; open while `until_on` is empty."""

    seen = (WITH_ITS_DEAL,)

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="owner_spans")
    owner = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    objects: ClassVar[SeenManager[OwnerSpan]] = SeenManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "deal"], condition=Q(until_on=None), name="owner_span_one_open_for_a_deal"
            ),
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")), name="owner_span_ends_after_it_began"
            ),
        ]


class PlanSpan(TenantModel):
    """Which strategy, segment and play a deal served from which day until which; open while `until_on` is empty."""

    seen = (WITH_ITS_DEAL,)

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="plan_spans")
    strategy = TenantForeignKey("strategy.Strategy", models.PROTECT, null=True, blank=True, related_name="+")
    segment = TenantForeignKey("strategy.PlanPart", models.PROTECT, null=True, blank=True, related_name="+")
    play = TenantForeignKey("strategy.PlanPart", models.PROTECT, null=True, blank=True, related_name="+")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    objects: ClassVar[SeenManager[PlanSpan]] = SeenManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "deal"], condition=Q(until_on=None), name="plan_span_one_open_for_a_deal"
            ),
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")), name="plan_span_ends_after_it_began"
            ),
        ]


class DealEvent(TenantModel):
    """Something that happened to a deal: on `effective_on`, written down at `recorded_at`, never changed.

    `data` holds what changed as {"field": [before, after]}.
    """

    append_only = True
    seen = (WITH_ITS_DEAL,)

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        QUALIFIED = "qualified", _("Qualified")
        MOVED = "moved", _("Moved")
        REPRICED = "repriced", _("Repriced")
        RESCHEDULED = "rescheduled", _("Expected close changed")
        REASSIGNED = "reassigned", _("Given to somebody else")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Opened again")
        CORRECTED = "corrected", _("Corrected")
        REPLANNED = "replanned", _("Strategy, segment or play changed")
        MERGED = "merged", _("Merged")

    deal = TenantForeignKey(Deal, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    effective_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    actor = TenantForeignKey("accounts.Membership", models.PROTECT, null=True, related_name="+")
    import_run = TenantForeignKey("accounts.ImportRun", models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects: ClassVar[SeenManager[DealEvent]] = SeenManager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "deal", "recorded_at", "id"], name="deal_event_by_deal")]


class BulkEdit(TenantModel):
    """A change of many deals at once. `rows` keeps each deal's id, its version afterwards and what stood there before,
    so that it can be undone where nothing has changed since."""

    #: What somebody changed is seen by those who see their deals; undoing asks for sight of every deal in it.
    seen = (Way(person="actor_id"),)

    actor = TenantForeignKey("accounts.Membership", models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    deed = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    rows = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    # How many deals were changed: counting `rows` would read all of them for each line of a list.
    many = models.PositiveSmallIntegerField(default=0, db_default=0)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SeenManager[BulkEdit]] = SeenManager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "actor", "-id"], name="bulk_edit_of_actor_newest")]
