"""How the plays of a strategy do: what was won of their deals, and what deals of the same ages give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import Avg, Count, DateField, F, FloatField, Func, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Greatest, Least, NullIf

from accounts.visibility import current_sight
from outcomes.queries.statistics import Population, chance_to_win
from outcomes.statistics.bins import WON
from outcomes.statistics.plays import Judged, Tally, judged
from outcomes.statistics.waiting import Steps
from strategy.models import Deal, EndCause, PlanSpan, Strategy
from strategy.strategies import part_keys


@dataclass(frozen=True, kw_only=True)
class Judging:
    """The verdicts on a strategy's plays, by their keys in its text; `deals` are those they were compared with."""

    plays: Mapping[UUID, Judged] = field(default_factory=dict)
    deals: int = 0
    population: Population = field(default_factory=Population)

    def of(self, play: UUID) -> Judged:
        return self.plays.get(play) or judged(Tally())


def judging(of: Strategy, *, today: date) -> Judging:
    """The verdicts on the plays of a strategy, over the deals that figures count for whoever asks.

    A deal counts for the play that it serves now. One that came to it after it had ended counts for none: who names
    the play then knows how the deal went.
    """
    result, population = chance_to_win()
    steps = steps_of(result.detail) if result else None
    deals = Deal.objects.real().filter(strategy=of, play__isnull=False, qualified_on__lte=today)
    if population.people is not None and population.people != current_sight().people:
        deals = deals.filter(owner_id__in=population.people)
    keys = part_keys(of)
    return Judging(
        plays={keys[part]: judged(Tally(*counts)) for part, *counts in _counted(deals, steps, today) if part in keys},
        deals=result.n if result and steps else 0,
        population=population,
    )


def steps_of(detail: Mapping[str, Any]) -> Steps | None:
    """The curve of a result; none where late entry leaves it without information, or too few are known."""
    curve = detail.get("curve") or {}
    if detail.get("gap") is not None or not curve.get("age"):
        return None
    return Steps([-1, *curve["age"]], [0.0, *curve[WON]], [1.0, *curve["open"]])


def _counted(deals: Any, steps: Steps | None, today: date) -> Any:
    """Play, qualified, ended, won and the expected share, in one question."""
    # A day of the calendar: a plain value would be compared as text.
    now = Cast(Value(today), DateField())
    named = (
        PlanSpan.objects.filter(deal=OuterRef("pk"), play=OuterRef("play")).order_by("from_on").values("from_on")[:1]
    )
    # Both leave out what is not there.
    entered = Greatest("qualified_on", "observed_from", Subquery(named))
    seen_until = Greatest(Least(now, "observed_until"), "closed_on")
    watched = deals.annotate(entered_on=entered, seen_until=seen_until).filter(seen_until__gte=F("entered_on"))
    counted = watched.filter(Q(closed_on=None) | Q(closed_on__gte=F("entered_on")))
    return (
        counted.values_list("play_id")
        .annotate(
            qualified=Count("pk"),
            ended=Count("pk", filter=~Q(end_cause="")),
            won=Count("pk", filter=Q(end_cause=EndCause.WON)),
            expected=Avg(_chance(steps)) if steps else Value(None, FloatField()),
        )
        .order_by()
    )


def _chance(steps: Steps) -> Any:
    """The chance that a deal like all others is won by its age, given that it was still open when it entered."""
    before = _days(_days(F("entered_on"), F("qualified_on")), Value(1))
    won, since = _at(steps.ages, steps.won, before), _days(F("seen_until"), F("qualified_on"))
    gained = _at(steps.ages, steps.won, since) - won
    return Cast(gained, FloatField()) / NullIf(_at(steps.ages, steps.open, before), Value(0.0))


def _days(later: Any, earlier: Any) -> Func:
    """Days between two days, and days less some: whole numbers, where Django would make an interval of them."""
    return Func(later, earlier, template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())


def _at(ages: Sequence[int], values: Sequence[float], age: Any) -> Func:
    """What a step function says at an age: the value of the last step not above it."""
    steps = Cast(Value(list(ages)), ArrayField(IntegerField()))
    step = Func(age, steps, function="width_bucket", output_field=IntegerField())
    said = Cast(Value(list(values)), ArrayField(FloatField()))
    return Func(said, step, template="(%(expressions)s]", arg_joiner=")[", output_field=FloatField())
