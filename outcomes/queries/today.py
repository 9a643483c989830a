"""What a member's day stands on: what they did, what their deals wait for, and where they look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Max, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, NullIf

from activities.models import Activity, ActivityType, Output, OutputType
from activities.queries import REMEMBERED, Habit
from outcomes.models import Milestone, MilestoneEvent, MilestoneType
from outcomes.queries.plays import steps_of
from outcomes.queries.statistics import chance_to_win
from outcomes.statistics.waiting import WEEK, Steps
from strategy.models import BuyingRole, Deal

#: The open deals of one member that are weighed against each other; the largest, where there are more.
WEIGHED = 300
#: What a row shows of a deal.
NAMED = (
    "name",
    "company__name",
    "external_id",
    "worth",
    "owner",
    "end_cause",
    "qualified_on",
    "opened_on",
)
#: A deal whose last outcome is younger does not wait.
MOVED_WITHIN = WEEK
WEEKS = 8
LOOKED_BACK = 14


class Known(NamedTuple):
    """Somebody who decides about a deal."""

    contact: UUID
    name: str
    deal: UUID


class Offered(NamedTuple):
    """What the blanks of the quick log offer, each in its order."""

    kinds: list[ActivityType]
    outputs: list[OutputType]
    milestones: list[MilestoneType]
    people: list[Known]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An open deal that waits for its next outcome since a day. cost: what another week takes, in minor units of the
    organisation's currency; None where too few deals are closed to say so."""

    deal: Deal
    since: date
    days: int
    cost: float | None

    @property
    def rank(self) -> tuple[float, float, int]:
        """What orders: the cost, then value × weeks, then the wait of deals without a value."""
        return (self.cost or 0.0, max(self.deal.worth, 0) * self.days / WEEK, self.days)


@dataclass(frozen=True, kw_only=True)
class Pursuit:
    """The deals that wait, the dearest first; `open` are the member's open deals, the largest first, and by_cost says
    whether what waiting costs is known."""

    deals: Sequence[Waiting]
    open: Sequence[Deal]
    by_cost: bool


class Days(NamedTuple):
    """What a member did, in short. weeks: activities in each of the last weeks, the oldest first; horizons: customer
    conversations of the last two weeks by how far they looked."""

    weeks: list[int]
    horizons: dict[str, int]


def offered(deals: Iterable[UUID] = ()) -> Offered:
    """The types that an entry can name, and who decides about some deals, in one question."""
    rows: Any = ActivityType.objects.filter(is_archived=False)
    kinds = rows.values_list(Value("kind"), "pk", "name", "position", "icon", "usual_minutes", "counts_as")
    empty = (Value(""), Value(0), Value(""))
    outputs = OutputType.objects.filter(is_archived=False).values_list(
        Value("output"), "pk", "name", "position", *empty
    )
    milestones = MilestoneType.objects.filter(is_archived=False).values_list(
        Value("milestone"), "pk", "name", "position", "statement", Value(0), Value("")
    )
    people = BuyingRole.objects.filter(deal__in=list(deals), contact__merged_into=None).values_list(
        Value("person"), "contact_id", "contact__name", Value(0), Cast("deal_id", TextField()), Value(0), Value("")
    )
    found = Offered([], [], [], [])
    everything = kinds.union(outputs, milestones, people, all=True).order_by("position", "name")
    for what, pk, name, position, more, minutes, counts_as in everything:
        if what == "kind":
            kind = ActivityType(pk=pk, name=name, icon=more, usual_minutes=minutes, counts_as=counts_as)
            found.kinds.append(kind)
        elif what == "output":
            found.outputs.append(OutputType(pk=pk, name=name, position=position))
        elif what == "person":
            found.people.append(Known(pk, name, UUID(more)))
        else:
            found.milestones.append(MilestoneType(pk=pk, name=name, position=position, statement=more))
    return found


def lately(member: UUID) -> list[Any]:
    """What the member logged last, newest first, each with what it `gave` and the `outcome` logged with it."""
    gave = (
        Output.objects.filter(activity=OuterRef("pk"))
        .order_by("pk")
        .values_list(Coalesce(NullIf("note", Value("")), "type__name"))
    )
    outcome = MilestoneEvent.objects.filter(entry_key=OuterRef("entry_key"), deal=OuterRef("deal"))
    rows = Activity.objects.filter(member_id=member).select_related("type", "deal", "deal__company")
    return list(
        rows.annotate(gave=ArraySubquery(gave), outcome=Subquery(outcome.values("type__name")[:1])).order_by(
            "-at", "-pk"
        )[:REMEMBERED]
    )


def habit_from(rows: Iterable[Activity]) -> Habit:
    """The habits that show in what somebody logged last."""
    known = list(rows)
    deals = dict.fromkeys(one.deal_id for one in known if one.deal_id)
    return Habit(deals=list(deals), kinds=[(one.type_id, one.at) for one in known])


def pursued(owner: UUID, *, today: date) -> Pursuit:
    """The member's open deals that wait for their next outcome, by what waiting costs.

    The cost of a week is the value times the fall in the chance to win of a deal that is still open at this age, from
    the curve of the organisation's own deals (those in the member's sight). Without a curve, value times weeks.
    """
    reached = Milestone.objects.filter(deal=OuterRef("pk"), state=Milestone.State.REACHED).order_by()
    last = Subquery(reached.values("deal").annotate(last=Max("reached_on")).values("last"))
    rows: Any = Deal.objects.real().open().filter(owner_id=owner).select_related("company").only(*NAMED)
    found = list(rows.annotate(last=last).order_by("-worth", "-pk")[:WEIGHED])
    result, _population = chance_to_win() if found else (None, None)
    steps = steps_of(result.detail) if result and result.not_enough is None else None
    waiting = [one for deal in found if (one := _waiting(deal, today=today, steps=steps))]
    waiting.sort(key=lambda one: one.rank, reverse=True)
    return Pursuit(deals=waiting, open=found, by_cost=steps is not None)


def _waiting(deal: Any, *, today: date, steps: Steps | None) -> Waiting | None:
    """What a deal waits for, since when; None where an outcome is only just reached."""
    if deal.last is not None and (today - deal.last).days < MOVED_WITHIN:
        return None
    began = deal.qualified_on or deal.opened_on or today
    since = deal.last or began
    fall = steps.fall_per_week(max((today - began).days, 0)) if steps else None
    cost = None if fall is None else max(deal.worth, 0) * fall
    return Waiting(deal=deal, since=since, days=max((today - since).days, 0), cost=cost)


def days_of(member: UUID, *, today: date, monday: date) -> Days:
    """Activities by week and conversations by horizon, in one question. monday: when this week began."""
    first = monday - timedelta(weeks=WEEKS - 1)
    rows = (
        Activity.objects.filter(member_id=member, day__gte=first, day__lte=today)
        .values_list("day", "horizon", "type__counts_as")
        .annotate(n=Count("pk"))
        .order_by()
    )
    weeks, horizons = [0] * WEEKS, {"H1": 0, "H2": 0, "H3": 0, "": 0}
    for day, horizon, counts_as, n in rows:
        weeks[(day - first).days // WEEK] += n
        if counts_as == ActivityType.CountsAs.CONTACT and (today - day).days < LOOKED_BACK:
            horizons[horizon] += n
    return Days(weeks=weeks, horizons=horizons)


def milestones_around(deals: Collection[UUID], *, owner: UUID, since: date) -> list[Milestone]:
    """Where some deals stand, and what the member's deals reached since a day, in one question."""
    own = Q(deal__owner=owner, reached_on__gte=since, state=Milestone.State.REACHED)
    return list(Milestone.objects.filter(Q(deal__in=list(deals)) | own).select_related("deal"))
