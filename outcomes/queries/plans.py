"""Questions about plans: what is planned for a day, what was kept, what targets stand beside, and what to ask next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from accounts.models import Membership
from accounts.teams import teams_below
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
#: Questions of one member that wait; more are not looked through.
MOST_WAITING = 200
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


def planned_for(member: Membership, day: date) -> list[PlannedActivity]:
    """What a member planned for a day, and for the week and the month in which it is: what is still to be done, and
    what was done of it. The shortest spans first."""
    return by_span(_plans(member).filter(first_on__lte=day, last_on__gte=day).exclude(state__in=("moved", "dropped")))


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


def next_question(member: Membership, *, but: Collection[UUID] = ()) -> Conversation | None:
    """The question to take along: the oldest of the member's that were not asked, of the company with the most open
    deals of theirs first; `but` are those that were put aside. None where none waits."""
    waiting = Conversation.objects.filter(member=member, asked_on=None, company__merged_into=None).exclude(pk__in=but)
    found = list(waiting.select_related("company", "contact").order_by("pk")[:MOST_WAITING])
    if not found:
        return None
    open_deals = Deal.objects.filter(company__in={one.company_id for one in found}, owner=member, end_cause="")
    counted = dict(open_deals.values_list("company").annotate(many=Count("pk")))
    return max(found, key=lambda one: (counted.get(one.company_id, 0), -one.pk.int))


class Progress(NamedTuple):
    """What was done of a target in one week or month, beside the milestones of its kind that were reached meanwhile."""

    first_on: date
    last_on: date
    done: int
    reached: int


def targets_on(day: date, *, people: Collection[UUID] | None, teams: Collection[UUID] | None) -> list[ActivityTarget]:
    """Targets that are not over on a day: those of these members and teams, and the organisation's; None for all."""
    found = ActivityTarget.objects.filter(Q(until_on=None) | Q(until_on__gte=day))
    if people is not None:
        found = found.exclude(~Q(member__in=people) & Q(member__isnull=False))
    if teams is not None:
        found = found.exclude(~Q(team__in=teams) & Q(team__isnull=False))
    related = ("member", "team", "type", "milestone", "set_by")
    return list(found.select_related(*related).order_by("-pk")[:MOST_TARGETS])


def whose(target: ActivityTarget) -> list[UUID] | None:
    """The members whose work a target counts: one, those of a team and the teams below it, or (None) everybody's."""
    if target.member_id is not None:
        return [target.member_id]
    if target.team_id is None:
        return None
    return list(Membership.objects.filter(team__in=teams_below([target.team_id])).values_list("pk", flat=True))


def progress(target: ActivityTarget, periods: Sequence[tuple[date, date]], *, counts_from: int) -> list[Progress]:
    """What was done in each period, beside what customers agreed to on the deals of the same people. Only milestones
    that are known well enough to count are counted. Two questions, however many periods."""
    members, first, last = whose(target), periods[0][0], periods[-1][1]
    done = Activity.objects.filter(type=target.type_id, day__gte=first, day__lte=last)
    agreed = Milestone.objects.filter(
        type=target.milestone_id,
        state=Milestone.State.REACHED,
        grade__gte=counts_from,
        reached_on__gte=first,
        reached_on__lte=last,
        deal__merged_into=None,
    )
    if members is not None:
        done, agreed = done.filter(member__in=members), agreed.filter(deal__owner__in=members)
    # Sums of people whom the reader leads, or of groups; no deal is named.
    with of_everybody():
        days = list(done.values_list("day").annotate(many=Count("pk")))
        reached = list(agreed.values_list("reached_on").annotate(many=Count("pk")))
    return [Progress(begin, end, _within(days, begin, end), _within(reached, begin, end)) for begin, end in periods]


def _within(days: Sequence[tuple[date, int]], first: date, last: date) -> int:
    return sum(many for day, many in days if first <= day <= last)


def themes_in_use() -> list[tuple[str, int]]:
    """(theme, in how many conversations), those of most conversations first."""
    counted = Theme.objects.annotate(many=Count("conversations")).filter(many__gt=0)
    return list(counted.order_by("-many", "key").values_list("name", "many")[:MOST_THEMES])


def conversations_with(company: UUID) -> list[Talk]:
    """The newest conversations with a company."""
    return talks(CONVERSATIONS.page(limit=MOST_OF_COMPANY, company=company))
