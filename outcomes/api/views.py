"""Milestones and their types, and what the deals say taken together."""

from __future__ import annotations

from functools import partial

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import filters, ids
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from outcomes import listings, services
from outcomes.api import figures, inputs, shapes
from outcomes.models import MilestoneType
from outcomes.queries import statistics
from outcomes.statistics.metrics import METRICS, Metric
from strategy.api import shapes as deals
from strategy.models import Deal


class Milestones(Resource):
    """What customers agreed to."""

    kind = ids.MILESTONE
    in_sight = True
    access = {"list": "milestone.see", "retrieve": "milestone.see", "create": "milestone.record"}
    takes = {"create": inputs.RecordMilestone}
    names = {"list": "list_milestones", "retrieve": "get_milestone", "create": "create_milestone"}
    gives = {"list": shapes.Milestone, "retrieve": shapes.Milestone, "create": shapes.Milestone}
    filters = {
        "list": [
            filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only milestones of this deal."),
            filters.of("type", ids.MILESTONE_TYPE, lambda: MilestoneType.objects.all(), "Only this milestone."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the milestones of deals, the newest first.

        Those of a deal that was merged into another one are left out, unless it is asked for: they are that one's.
        """
        fixed = {} if "deal" in self.wanted else {"standing": True}
        return self.page(listings.MILESTONES, shapes.milestone, **fixed)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one milestone of a deal."""
        return Response(shapes.milestone(self.shown(listings.MILESTONES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Record that the customer did something.

        Adds an entry to the ledger and answers with the milestone as it stands now. It is in the statistics seconds
        later.
        """
        recorded = services.record_milestone(actor=request.user, at=timezone.now(), **self.read(request))
        answer = shapes.milestone(listings.MILESTONES.one(recorded.pk))
        return created(answer, f"/api/v1/milestones/{answer['id']}")


class Statistics(Resource):
    """What the deals say, taken together."""

    access = {"list": "statistics.see", "retrieve": "statistics.see", "rows": "statistics.see"}
    also = {"rows": ["deal.see"]}
    names = {"list": "list_statistics", "retrieve": "get_statistic", "rows": "list_statistic_rows"}
    gives = {"list": figures.Statistic, "retrieve": figures.StatisticInDetail, "rows": deals.Deal}
    lists = frozenset({"list", "rows"})
    unpaged = frozenset({"list"})
    id_pattern = f"^{figures.NAME}$"

    def list(self, request: TokenRequest) -> Response:
        """List the statistics as they stand.

        They are computed in the background, seconds after a change; `updating` says that some wait. `whose` says
        whose deals they count: a member who sees some people's deals gets the statistics of those.
        """
        found = statistics.current()
        data = [figures.statistic(metric, found) for metric in METRICS.values()]
        return Response({"data": data, "next_cursor": None, "next": None})

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one statistic with what it is made of."""
        return Response(figures.in_detail(self._metric(id), statistics.current()))

    @action(detail=True, methods=["get"])
    def rows(self, request: TokenRequest, id: str) -> Response:
        """List the deals behind a statistic: those that its `n` counts, the last qualified first."""
        metric, standing = self._metric(id), statistics.standing_now()
        as_of = standing.as_of if standing else None
        return self.paged(
            partial(listings.deals_behind, rows=metric.rows, as_of=as_of), deals.deal, listings.by_qualification
        )

    def _metric(self, name: str) -> Metric:
        try:
            return METRICS[name]
        except KeyError as error:
            raise NotThere from error


class MilestoneTypes(Resource):
    """The milestones that are watched for."""

    kind = ids.MILESTONE_TYPE
    access = {"list": "milestone.see"}
    names = {"list": "list_milestone_types"}
    gives = {"list": shapes.MilestoneType}

    def list(self, request: TokenRequest) -> Response:
        """List the milestones that are watched for, in the order of `position`."""
        return self.page(listings.MILESTONE_TYPES, shapes.milestone_type)
