"""What a member's day stands on: what they did, what their deals wait for, and where they look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, Max, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf

from accounts.models import Membership
from activities.models import Activity, ActivityType, Output, OutputType
from activities.queries import REMEMBERED, Habit
from outcomes.models import Milestone, MilestoneEvent, MilestoneType, PlannedActivity, StatisticGeneration
from outcomes.queries.plans import to_take_along
from outcomes.queries.plays import steps_of
from outcomes.queries.statistics import chance_to_win
from outcomes.statistics.waiting import WEEK, Steps
from strategy.models import BuyingRole, Company, Contact, Deal, PlanPart, Strategy

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
#: As much of what is planned as a day can hold.
MOST_PLANNED = 20


class Known(NamedTuple):
    """Somebody who decides about a deal, or whom an entry names without one."""

    contact: UUID
    name: str
    deal: UUID | None = None


class Offered(NamedTuple):
    """What the blanks of the quick log offer, each in its order."""

    plays: list[PlanPart]
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


class Asked(NamedTuple):
    """A question to take along: to which company, whom to ask there, and how far ahead it looks."""

    pk: UUID
    question: str
    company: str
    contact: str | None
    horizon: str


class Beside(NamedTuple):
    """What stands beside a member's deals. reached: when their own deals reached what counts; around: where the deals
    that are shown stand."""

    days: Days
    reached: list[date]
    around: list[Milestone]
    planned: list[PlannedActivity]
    question: Asked | None


ASKED = {
    "pk": "pk",
    "question": "question",
    "company": "company__name",
    "contact": "contact__name",
    "horizon": "horizon",
}
PLANNED = {
    **{name: name for name in ("pk", "purpose", "span", "first_on", "last_on")},
    **{name: f"{name}_id" for name in ("type", "deal", "company", "contact", "play")},
    **{f"{name}_name": f"{name}__name" for name in ("type", "deal", "company")},
    "icon": "type__icon",
    "milestone": "milestone__name",
}


def offered(deals: Iterable[UUID] = ()) -> Offered:
    """The types and plays that an entry can name, and who decides about some deals, in one question."""
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
    plays = PlanPart.objects.filter(kind=PlanPart.Kind.PLAY, is_current=True).values_list(
        Value("play"), "pk", "name", "position", "strategy__name", Value(0), Value("")
    )
    found = Offered([], [], [], [], [])
    everything = kinds.union(outputs, milestones, people, plays, all=True).order_by("position", "name")
    for what, pk, name, position, more, minutes, counts_as in everything:
        if what == "kind":
            kind = ActivityType(pk=pk, name=name, icon=more, usual_minutes=minutes, counts_as=counts_as)
            found.kinds.append(kind)
        elif what == "output":
            found.outputs.append(OutputType(pk=pk, name=name, position=position))
        elif what == "play":
            found.plays.append(PlanPart(pk=pk, name=name, kind=PlanPart.Kind.PLAY, strategy=Strategy(name=more)))
        elif what == "person":
            found.people.append(Known(pk, name, UUID(more)))
        else:
            found.milestones.append(MilestoneType(pk=pk, name=name, position=position, statement=more))
    return found


def known(contacts: Collection[UUID]) -> list[Known]:
    """People by their keys, or who they turned out to be."""
    found = Contact.objects.filter(pk__in=list(contacts)).select_related("merged_into")
    return [Known(one.merged_into_id or one.pk, (one.merged_into or one).name) for one in found]


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
    # Of which day the figures are comes along: narrowed to some people's deals they are asked for by it.
    as_of = Subquery(StatisticGeneration.objects.filter(is_current=True).values("as_of")[:1])
    found = list(rows.annotate(last=last, as_of=as_of).order_by("-worth", "-pk")[:WEIGHED])
    result, _population = chance_to_win(found[0].as_of) if found else (None, None)
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


def beside(
    member: UUID, deals: Collection[UUID], *, today: date, monday: date, counts_from: int, but: Collection[UUID] = ()
) -> Beside:
    """What stands beside a member's deals, in one question. deals: those whose path is shown; monday: when this week
    began; counts_from: the grade from which an outcome counts; but: questions that were put aside."""
    first = monday - timedelta(weeks=WEEKS - 1)
    found = Membership.objects.filter(pk=member).values_list(
        ArraySubquery(_done(member, since=first, until=today)),
        ArraySubquery(_reached(member, since=first, counts_from=counts_from)),
        ArraySubquery(
            Milestone.objects.filter(deal__in=list(deals)).values_list(
                JSONObject(deal="deal_id", type="type_id", state="state", grade="grade", on="reached_on")
            )
        ),
        ArraySubquery(_planned(member, today)),
        Subquery(to_take_along(member, but=but).values_list(JSONObject(**ASKED))[:1]),
    )
    done, reached, around, planned, asked = found.get()
    return Beside(
        days=_days(done, today=today, first=first),
        reached=reached,
        around=[_milestone(**one) for one in around or ()],
        planned=[_plan(one) for one in planned],
        question=Asked(**asked | {"pk": UUID(asked["pk"])}) if asked else None,
    )


def _done(member: UUID, *, since: date, until: date) -> Any:
    rows = Activity.objects.filter(member_id=member, day__gte=since, day__lte=until).order_by()
    grouped = rows.values("day", "horizon", "type__counts_as")
    row = JSONObject(day="day", horizon="horizon", counts_as="type__counts_as", n=Count("pk"))
    return grouped.annotate(row=row).values_list("row")


def _days(done: Iterable[Mapping[str, Any]], *, today: date, first: date) -> Days:
    weeks, horizons = [0] * WEEKS, {"H1": 0, "H2": 0, "H3": 0, "": 0}
    for one in done:
        day = date.fromisoformat(one["day"])
        weeks[(day - first).days // WEEK] += one["n"]
        if one["counts_as"] == ActivityType.CountsAs.CONTACT and (today - day).days < LOOKED_BACK:
            horizons[one["horizon"]] += one["n"]
    return Days(weeks=weeks, horizons=horizons)


def _reached(owner: UUID, *, since: date, counts_from: int) -> Any:
    own = Milestone.objects.filter(deal__owner=owner, deal__merged_into=None, reached_on__gte=since)
    return own.filter(state=Milestone.State.REACHED, grade__gte=counts_from).order_by().values_list("reached_on")


def _milestone(*, deal: str, type: str, state: str, grade: int, on: str) -> Milestone:
    day = date.fromisoformat(on)
    return Milestone(deal_id=UUID(deal), type_id=UUID(type), state=state, grade=grade, reached_on=day)


def _planned(member: UUID, day: date) -> Any:
    """What is still to be done within the day, the week and the month, the shortest spans first."""
    open_ones = PlannedActivity.objects.filter(member=member, first_on__lte=day, last_on__gte=day, state="planned")
    return open_ones.order_by(F("last_on") - F("first_on"), "pk").values_list(JSONObject(**PLANNED))[:MOST_PLANNED]


def _plan(one: Mapping[str, Any]) -> PlannedActivity:
    """The planned activity with what a page says of it."""
    deal = Deal(pk=UUID(one["deal"]), name=one["deal_name"]) if one["deal"] else None
    company = Company(pk=UUID(one["company"]), name=one["company_name"]) if one["company"] else None
    if deal is not None:
        deal.company = company
    return PlannedActivity(
        pk=UUID(one["pk"]),
        type=ActivityType(pk=UUID(one["type"]), name=one["type_name"], icon=one["icon"]),
        deal=deal,
        company=company,
        contact_id=one["contact"],
        play_id=one["play"],
        milestone=MilestoneType(name=one["milestone"]) if one["milestone"] else None,
        purpose=one["purpose"],
        span=one["span"],
        first_on=date.fromisoformat(one["first_on"]),
        last_on=date.fromisoformat(one["last_on"]),
    )
