"""Milestones and their types."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.response import Response

from accounts.api import filters, ids
from accounts.api.idempotency import idempotent
from accounts.api.resource import Resource, TokenRequest, created
from outcomes import listings, services
from outcomes.api import inputs, shapes
from outcomes.models import MilestoneType
from strategy.models import Deal


class Milestones(Resource):
    """What customers agreed to."""

    kind = ids.MILESTONE
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
        """List the milestones of deals, the newest first."""
        return self.page(listings.MILESTONES, shapes.milestone)

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


class MilestoneTypes(Resource):
    """The milestones that are watched for."""

    kind = ids.MILESTONE_TYPE
    access = {"list": "milestone.see"}
    names = {"list": "list_milestone_types"}
    gives = {"list": shapes.MilestoneType}

    def list(self, request: TokenRequest) -> Response:
        """List the milestones that are watched for, in the order of `position`."""
        return self.page(listings.MILESTONE_TYPES, shapes.milestone_type)
