"""The types by which activities and outputs are logged."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.response import Response

from accounts.api import ids
from accounts.api.idempotency import idempotent
from accounts.api.resource import TokenRequest
from activities import listings, services
from activities.api import inputs, shapes
from activities.models import ActivityType, OutputType
from strategy.api.pipelines import ARCHIVED, Described

ACCESS = {
    "list": "activity.see",
    "retrieve": "activity.see",
    "create": "pipeline.edit",
    "partial_update": "pipeline.edit",
}


class ActivityTypes(Described):
    """Kinds of activity."""

    kind = ids.ACTIVITY_TYPE
    access = ACCESS
    names = {
        "list": "list_activity_types",
        "retrieve": "get_activity_type",
        "create": "create_activity_type",
        "partial_update": "change_activity_type",
    }
    takes = {"create": inputs.AddActivityType, "partial_update": inputs.ChangeActivityType}
    gives = dict.fromkeys(names, shapes.ActivityType)
    filters = {"list": [ARCHIVED]}
    table = ActivityType
    listing, show, place = listings.ACTIVITY_TYPES, shapes.activity_type, "activity_types"

    def list(self, request: TokenRequest) -> Response:
        """List the kinds of activity. Their `position` is the order in which people are offered them."""
        return self.page(listings.ACTIVITY_TYPES, shapes.activity_type)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one kind of activity."""
        return Response(shapes.activity_type(self.shown(listings.ACTIVITY_TYPES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a kind of activity.

        No two have names that read the same (409 `name_taken`).
        """
        return self.made(services.add_activity_type(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Rename, place, archive or describe a kind of activity anew.

        What was logged with it keeps its minutes.
        """
        row = self.row(id)
        services.change_activity_type(type=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)


class OutputTypes(Described):
    """Kinds of output."""

    kind = ids.OUTPUT_TYPE
    access = ACCESS
    names = {
        "list": "list_output_types",
        "retrieve": "get_output_type",
        "create": "create_output_type",
        "partial_update": "change_output_type",
    }
    takes = {"create": inputs.AddOutputType, "partial_update": inputs.ChangeOutputType}
    gives = dict.fromkeys(names, shapes.OutputType)
    filters = {"list": [ARCHIVED]}
    table = OutputType
    listing, show, place = listings.OUTPUT_TYPES, shapes.output_type, "output_types"

    def list(self, request: TokenRequest) -> Response:
        """List the kinds of output."""
        return self.page(listings.OUTPUT_TYPES, shapes.output_type)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one kind of output."""
        return Response(shapes.output_type(self.shown(listings.OUTPUT_TYPES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a kind of output.

        No two have names that read the same (409 `name_taken`).
        """
        return self.made(services.add_output_type(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Rename, place or archive a kind of output."""
        row = self.row(id)
        services.change_output_type(type=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)
