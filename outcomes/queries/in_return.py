"""One useful fact for whoever logged something, from the organisation's own closed deals."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery

from accounts.visibility import current_sight
from outcomes.models import DealFact, Milestone, MilestoneType
from outcomes.queries.path import path_of
from outcomes.statistics.bins import WON
from outcomes.statistics.intervals import Share, share
from outcomes.statistics.minimum import PERCENTAGE_DEALS


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What closed deals with a milestone became: `won` of `n`, as a share with its interval where n is enough.

    of_own: only the reader's own deals are counted. need: how many closed deals there must be.
    """

    milestone: str
    won: int
    n: int
    share: Share | None
    of_own: bool
    need: int = PERCENTAGE_DEALS


def fact_after(*, deal: UUID, milestone: UUID | None, counts_from: int) -> Fact | None:
    """Of the closed deals that got this milestone, or the one that comes next on the deal, how many were won.

    None where the deal has every milestone. A member who does not see everybody's deals is told of their own alone: a
    figure of few people would tell of each of them.
    """
    types, reached = path_of(deal)
    wanted = next((kind for kind in types if kind.pk == milestone), None) or _next(types, reached)
    if wanted is None:
        return None
    sight = current_sight()
    known = Milestone.objects.filter(
        type=wanted, state=Milestone.State.REACHED, grade__gte=counts_from, deal__merged_into=None
    ).exclude(deal=deal)
    if sight.people is not None:
        known = known.filter(deal__owner=sight.me)
    # From the milestones of one type by their index to the few facts of their deals.
    cause = Subquery(DealFact.objects.filter(deal_id=OuterRef("deal_id")).values("end_cause")[:1])
    closed = known.annotate(cause=cause).exclude(cause="").exclude(cause=None)
    found = closed.aggregate(n=Count("pk"), won=Count("pk", filter=Q(cause=WON)))
    n, won = found["n"], found["won"]
    enough = share(won, n) if n >= PERCENTAGE_DEALS else None
    return Fact(milestone=wanted.name, won=won, n=n, share=enough, of_own=sight.people is not None)


def _next(types: list[MilestoneType], reached: dict[UUID, Milestone]) -> MilestoneType | None:
    """The first milestone that the deal has not reached."""
    return next(
        (kind for kind in types if kind.pk not in reached or reached[kind.pk].state != Milestone.State.REACHED), None
    )
