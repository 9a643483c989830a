"""Questions about plans: what is planned for a day, what was kept, what targets stand beside, and what to ask next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import Membership, Team
from accounts.visibility import of_everybody
from activities.models import Activity
from outcomes.models import (
    ActivityTarget,
    Confirmation,
    Conversation,
    ConversationDeal,
    Milestone,
    MutualStep,
    PlannedActivity,
    StepProposal,
    Theme,
)
from outcomes.plan_listings import CONVERSATIONS, ConversationRow
from outcomes.statistics.intervals import Share, share
from outcomes.statistics.minimum import PERCENTAGE_DEALS
from strategy.models import Deal

#: As many weeks as the rate of what was kept looks back.
KEPT_WEEKS = 8
#: As many as a page tells of.
MOST_TARGETS, MOST_THEMES, MOST_OF_COMPANY = 100, 200, 50


def steps_of(deal: UUID) -> list[MutualStep]:
    """The mutual plan of a deal in its order."""
    found = MutualStep.objects.filter(deal=deal).select_related("our_owner", "their_owner", "type")
    return list(found.order_by("position", "pk"))


def deal_of(confirmation: Confirmation) -> Deal:
    """The deal that a link is about, or what it turned out to be."""
    deal: Deal = confirmation.deal
    while deal.merged_into_id is not None:
        deal = Deal.objects.get(pk=deal.merged_into_id)
    return deal


def shared_plan(confirmation: Confirmation) -> list[MutualStep]:
    """The mutual plan that the holder of a link is shown."""
    return steps_of(deal_of(confirmation).pk)


def proposals_on(deal: UUID) -> list[StepProposal]:
    """What customers propose for the plan of a deal and nobody has settled, the oldest first."""
    found = StepProposal.objects.filter(deal=deal, state=StepProposal.State.OPEN)
    return list(found.select_related("step", "confirmation").order_by("pk"))


def settled_of(confirmation: Confirmation) -> tuple[int, int, int]:
    """Of what the holder of a link proposed: how much waits, how much was accepted, and how much there is."""
    states = list(StepProposal.objects.filter(confirmation=confirmation).values_list("state", flat=True))
    return states.count(StepProposal.State.OPEN), states.count(StepProposal.State.ACCEPTED), len(states)


def plans_within(member: Membership, first: date, last: date) -> list[PlannedActivity]:
    """All that a member planned for days from the first to the last, moved and dropped plans too."""
    return by_span(_plans(member).filter(first_on__lte=last, last_on__gte=first))


def by_span(plans: QuerySet[PlannedActivity]) -> list[PlannedActivity]:
    return sorted(plans, key=lambda one: (one.last_on - one.first_on, one.first_on, one.pk))


def _plans(member: Membership) -> QuerySet[PlannedActivity]:
    related = ("type", "deal", "company", "contact", "milestone", "play", "activity", "moved_to")
    return PlannedActivity.objects.filter(member=member).select_related(*related)


class Kept(NamedTuple):
    """How many of all plans whose span is over were done within it; `rate` where there are enough to say one."""

    kept: int
    planned: int

    @property
    def rate(self) -> Share | None:
        return share(self.kept, self.planned) if self.planned >= PERCENTAGE_DEALS else None

    @property
    def more(self) -> int:
        """How many more plans a rate needs."""
        return max(0, PERCENTAGE_DEALS - self.planned)


def kept(member: Membership, *, today: date) -> Kept:
    """What a member has kept of the last weeks' plans. Moved and dropped ones are counted like those not done."""
    over = PlannedActivity.objects.filter(
        member=member, last_on__lt=today, last_on__gte=today - timedelta(weeks=KEPT_WEEKS)
    )
    within = Q(state="done", activity__day__gte=F("first_on"), activity__day__lte=F("last_on"))
    # Two numbers name no deal; a deal that was handed over does not change what was kept.
    with of_everybody():
        found = over.aggregate(planned=Count("pk"), kept=Count("pk", filter=within))
    return Kept(found["kept"], found["planned"])


class Talk(NamedTuple):
    """A conversation as its list has it, with (key, name) of the deal that it became, for those who see that deal."""

    row: ConversationRow
    deal: tuple[UUID, str] | None


def talks(rows: Sequence[ConversationRow]) -> list[Talk]:
    """The rows with their deals: one question for all."""
    found = ConversationDeal.objects.filter(conversation__in=[row.key for row in rows])
    deals = {key: (deal, name) for key, deal, name in found.values_list("conversation_id", "deal_id", "deal__name")}
    return [Talk(row, deals.get(row.key)) for row in rows]


def to_take_along(member: UUID, *, but: Collection[UUID] = ()) -> QuerySet[Conversation]:
    """The questions of a member that were not asked: first that of the company with the most open deals of theirs, of
    several the oldest. `but` are those that were put aside: they come last."""
    waiting = Conversation.objects.filter(member=member, asked_on=None, company__merged_into=None)
    own = Deal.objects.open().filter(company=OuterRef("company"), owner=member, merged_into=None)
    counted = Coalesce(Subquery(own.order_by().values("company").annotate(many=Count("pk")).values("many")), 0)
    last = [Case(When(pk__in=list(but), then=1), default=0)] if but else []
    return waiting.annotate(counted=counted).order_by(*last, "-counted", "pk")


class Progress(NamedTuple):
    """What was done of a target in one week or month, beside the milestones of its kind that were reached meanwhile."""

    first_on: date
    last_on: date
    done: int
    reached: int


#: By target the members whose work it counts; None for everybody's.
Whose = Mapping[UUID, frozenset[UUID] | None]
Periods = Sequence[tuple[date, date]]
ByDay = dict[tuple[UUID, UUID | None], list[tuple[date, int]]]


def targets_on(day: date, *, people: Collection[UUID] | None, teams: Collection[UUID] | None) -> list[ActivityTarget]:
    """Targets that are not over on a day: those of these members and teams, and the organisation's; None for all."""
    found = ActivityTarget.objects.filter(Q(until_on=None) | Q(until_on__gte=day))
    if people is not None:
        found = found.exclude(~Q(member__in=people) & Q(member__isnull=False))
    if teams is not None:
        found = found.exclude(~Q(team__in=teams) & Q(team__isnull=False))
    related = ("member", "team", "type", "milestone", "set_by")
    return list(found.select_related(*related).order_by("-pk")[:MOST_TARGETS])


def whose(targets: Sequence[ActivityTarget]) -> Whose:
    """The members whose work each target counts: one, those of a team and the teams below it, or (None) everybody's."""
    of_teams: dict[UUID, set[UUID]] = {one.team_id: set() for one in targets if one.team_id is not None}
    if of_teams:
        above = dict(Team.objects.values_list("pk", "parent"))
        for member, own in Membership.objects.exclude(team=None).values_list("pk", "team"):
            team: UUID | None = own
            passed: set[UUID] = set()
            while team is not None and team not in passed:
                of_teams.get(team, set()).add(member)
                passed.add(team)
                team = above.get(team)
    found: dict[UUID, frozenset[UUID] | None] = {}
    for one in targets:
        found[one.pk] = frozenset(of_teams[one.team_id]) if one.team_id is not None else None
        if one.member_id is not None:
            found[one.pk] = frozenset({one.member_id})
    return found


def progress(
    targets: Sequence[ActivityTarget], members: Whose, spans: Mapping[UUID, Periods], *, counts_from: int
) -> dict[UUID, list[Progress]]:
    """What was done in the periods of each target, beside what customers agreed to on the deals of the same people.

    Only milestones that are known well enough to count are counted, and nothing of test deals. Four questions, however
    many targets and periods.
    """
    if not targets:
        return {}
    days = [day for periods in spans.values() for period in periods for day in period]
    done = Activity.objects.filter(
        Q(deal=None) | Q(deal__is_test=False),
        type__in={one.type_id for one in targets},
        day__gte=min(days),
        day__lte=max(days),
    )
    agreed = Milestone.objects.filter(
        type__in={one.milestone_id for one in targets},
        state=Milestone.State.REACHED,
        grade__gte=counts_from,
        reached_on__gte=min(days),
        reached_on__lte=max(days),
        deal__merged_into=None,
        deal__is_test=False,
    )
    did = _by_day(done, "member", "day", members)
    reached = _by_day(agreed, "deal__owner", "reached_on", members)

    def counted(found: ByDay, kind: UUID, target: ActivityTarget, first: date, last: date) -> int:
        of = members[target.pk]
        return sum(_within(found[kind, one], first, last) for one in ((None,) if of is None else of))

    return {
        one.pk: [
            Progress(
                first,
                last,
                counted(did, one.type_id, one, first, last),
                counted(reached, one.milestone_id, one, first, last),
            )
            for first, last in spans[one.pk]
        ]
        for one in targets
    }


def _by_day(rows: QuerySet[Any], who: str, day: str, members: Whose) -> ByDay:
    """How many rows there are of each type and day: of each person who is named, and (None) of everybody."""
    found: ByDay = defaultdict(list)
    named = {one for people in members.values() for one in people or ()}
    # Sums of people whom the reader leads, or of groups; no deal is named.
    with of_everybody():
        if named:
            theirs = rows.filter(**{f"{who}__in": named}).values_list("type", who, day)
            for kind, person, on, many in theirs.annotate(many=Count("pk")):
                found[kind, person].append((on, many))
        if None in members.values():
            for kind, on, many in rows.values_list("type", day).annotate(many=Count("pk")):
                found[kind, None].append((on, many))
    return found


def _within(days: Sequence[tuple[date, int]], first: date, last: date) -> int:
    return sum(many for day, many in days if first <= day <= last)


def themes_in_use() -> list[tuple[str, int]]:
    """(theme, in how many conversations), those of most conversations first."""
    counted = Theme.objects.annotate(many=Count("conversations")).filter(many__gt=0)
    return list(counted.order_by("-many", "key").values_list("name", "many")[:MOST_THEMES])


def conversations_with(company: UUID) -> list[Talk]:
    """The newest conversations with a company."""
    return talks(CONVERSATIONS.page(limit=MOST_OF_COMPANY, company=company))
