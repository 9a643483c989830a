"""What the deals say taken together."""

from __future__ import annotations

from functools import partial

from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest
from outcomes import listings
from outcomes.api import figures
from outcomes.queries import statistics
from outcomes.statistics.metrics import METRICS, Metric
from strategy.api import shapes as deals


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
