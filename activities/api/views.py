"""Activities, and the types they are logged by."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.response import Response

from accounts.api import fields, filters, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.resource import Resource, TokenRequest, created
from accounts.models import Membership
from activities import listings, services
from activities.api import inputs, shapes
from strategy.models import Company, Deal


class Activities(Resource):
    """What sellers did."""

    kind = ids.ACTIVITY
    in_sight = True
    access = {"list": "activity.see", "retrieve": "activity.see", "create": "activity.log"}
    takes = {"create": inputs.LogActivity}
    names = {"list": "list_activities", "retrieve": "get_activity", "create": "create_activity"}
    gives = {"list": shapes.Activity, "retrieve": shapes.Activity, "create": shapes.Activity}
    filters = {
        "list": [
            filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only activities on this deal."),
            filters.of("company", ids.COMPANY, lambda: Company.objects.all(), "Only activities with this company."),
            filters.of("member", ids.MEMBER, lambda: Membership.objects.all(), "Only what this member did."),
            Filter("since", fields.Moment(), "Only what happened at this moment or later."),
            Filter("until", fields.Moment(), "Only what happened before this moment."),
            Filter("source", fields.Text(longest=40), "The system that `external_id` belongs to."),
            Filter("external_id", fields.Text(longest=200), "The id in that system."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the activities, the latest first."""
        return self.page(listings.ACTIVITIES, shapes.activity)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one activity."""
        return Response(shapes.activity(self.shown(listings.ACTIVITIES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Log an activity, with the outputs it left behind.

        A deal that was merged takes none any more (409 `was_merged`): name the one that it is part of.
        """
        wanted = self.read(request)
        wanted["horizon"] = wanted.get("horizon") or ""
        wanted["outputs"] = [services.Gave(**given) for given in wanted.get("outputs", ())]
        logged = services.log_activity(actor=request.user, recorded_at=timezone.now(), **wanted)
        answer = shapes.activity(listings.ACTIVITIES.one(logged.pk))
        return created(answer, f"/api/v1/activities/{answer['id']}")


class ActivityTypes(Resource):
    """Kinds of activity."""

    kind = ids.ACTIVITY_TYPE
    access = {"list": "activity.see"}
    names = {"list": "list_activity_types"}
    gives = {"list": shapes.ActivityType}

    def list(self, request: TokenRequest) -> Response:
        """List the kinds of activity."""
        return self.page(listings.ACTIVITY_TYPES, shapes.activity_type)


class OutputTypes(Resource):
    """Kinds of output."""

    kind = ids.OUTPUT_TYPE
    access = {"list": "activity.see"}
    names = {"list": "list_output_types"}
    gives = {"list": shapes.OutputType}

    def list(self, request: TokenRequest) -> Response:
        """List the kinds of output."""
        return self.page(listings.OUTPUT_TYPES, shapes.output_type)
