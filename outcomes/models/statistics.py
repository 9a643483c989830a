"""What the statistics stand on (marks and facts) and what they say (results of one generation)."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now

from accounts.tenancy.models import TenantForeignKey, TenantModel, WalledModel
from accounts.visibility import WITH_ITS_DEAL, SeenManager


class StatisticMark(WalledModel):
    """Something that changed since the last refresh. Written by statement triggers with the keys before and after,
    and once for all deals when what they are counted by has changed.

    Append-only and without a unique key: a deduplicating table made single inserts five times dearer.
    """

    DEAL, ALL = "deal", "all"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12)
    key = models.UUIDField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["tenant", "kind", "key"], name="statistic_mark_by_tenant")]


class DealFact(WalledModel):
    """One qualified deal as statistics see it: whole numbers and days, recomputed from base rows when marked.

    Minutes count everybody's logged work on the deal. `progress_on` is the last milestone that counts or the last
    stage advance. `milestone` and `stage` are where it stood last: positions for order, keys for names.
    """

    #: By who owns the deal now; `owner_id` is who had it when it was qualified.
    seen = (WITH_ITS_DEAL,)

    deal_id = models.UUIDField(primary_key=True)
    qualified_on = models.DateField()
    observed_from = models.DateField(null=True)
    observed_until = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    end_cause = models.CharField(max_length=12, default="")
    end_reason_id = models.UUIDField(null=True)
    pipeline_id = models.UUIDField()
    stage_id = models.UUIDField()
    milestone_type_id = models.UUIDField(null=True)
    owner_id = models.UUIDField(null=True)
    # In minor units of the organisation's currency, at the rate of the day of qualification.
    amount = models.BigIntegerField(null=True)
    won_amount = models.BigIntegerField(null=True)
    minutes = models.BigIntegerField(default=0)
    minutes_after_progress = models.BigIntegerField(default=0)
    activities = models.PositiveIntegerField(default=0)
    outputs = models.PositiveIntegerField(default=0)
    milestones = models.PositiveSmallIntegerField(default=0)
    progress_on = models.DateField(null=True)

    objects: ClassVar[SeenManager[DealFact]] = SeenManager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "qualified_on"], name="deal_fact_by_qualification")]


class StatisticGeneration(TenantModel):
    """One complete set of results. Readers follow the current one; it is swapped in the commit that made it."""

    number = models.PositiveBigIntegerField()
    as_of = models.DateField()
    computed_at = models.DateTimeField()
    is_current = models.BooleanField(default=False)
    inputs_hash = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="statistic_generation_number_unique"),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_current=True),
                name="statistic_generation_one_current_in_tenant",
            ),
        ]


class StatisticResult(TenantModel):
    """What one statistic says of one slice as of one day, with its doubt.

    `value`, `low` and `high` are empty when there is not enough data; `not_enough` then says what is missing.
    `n` is the number of deals it rests on, `events` the number of ends (or other events) counted.
    """

    generation = TenantForeignKey(StatisticGeneration, models.CASCADE, related_name="results")
    metric = models.CharField(max_length=60)
    slice = models.CharField(max_length=120, default="")
    as_of = models.DateField()
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.PositiveIntegerField()
    events = models.PositiveIntegerField(default=0)
    grade = models.CharField(max_length=1, default="")
    method = models.CharField(max_length=20)
    inputs_hash = models.CharField(max_length=64)
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    not_enough = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "generation", "metric", "slice"], name="statistic_result_once_in_a_generation"
            ),
        ]
