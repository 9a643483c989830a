"""The parts of published strategies: segments, personas and plays."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.response import Response

from accounts.api import filters, ids
from accounts.api.filters import Filter
from accounts.api.nouns import Noun
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest
from strategy.api import plan_shapes as shapes
from strategy.models import PlanPart, Strategy

OF_PARTS = [
    filters.of("strategy", ids.STRATEGY, lambda: Strategy.objects.all(), "Only those of this strategy."),
    Filter("is_current", filters.Flag(), "true: only those that an active strategy names now."),
]


class Parts(Resource):
    """Parts of one kind. They are written with their strategy's text."""

    access = {"list": "strategy.see", "retrieve": "strategy.see"}
    filters = {"list": OF_PARTS}
    part: ClassVar[str]
    noun: ClassVar[Noun]

    def list(self, request: TokenRequest) -> Response:
        return self.page(self.noun.listing, self.noun.show, kind=self.part)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        row: Any = self.shown(self.noun.listing, id)
        if row.kind != self.part:
            raise NotThere
        return Response(self.noun.show(row))


class Segments(Parts):
    """Companies that strategies serve."""

    kind, part, noun = ids.SEGMENT, PlanPart.Kind.SEGMENT, shapes.SEGMENT
    names = {"list": "list_segments", "retrieve": "get_segment"}
    gives = dict.fromkeys(names, shapes.SegmentOut)

    def list(self, request: TokenRequest) -> Response:
        """List the segments of all strategies that were ever active, the newest first."""
        return super().list(request)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one segment."""
        return super().retrieve(request, id)


class Personas(Parts):
    """People that strategies' plays are for."""

    kind, part, noun = ids.PERSONA, PlanPart.Kind.PERSONA, shapes.PERSONA
    names = {"list": "list_personas", "retrieve": "get_persona"}
    gives = dict.fromkeys(names, shapes.PersonaOut)

    def list(self, request: TokenRequest) -> Response:
        """List the personas of all strategies that were ever active, the newest first."""
        return super().list(request)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one persona."""
        return super().retrieve(request, id)


class Plays(Parts):
    """Repeatable sets of activities."""

    kind, part, noun = ids.PLAY, PlanPart.Kind.PLAY, shapes.PLAY
    names = {"list": "list_plays", "retrieve": "get_play"}
    gives = dict.fromkeys(names, shapes.PlayOut)

    def list(self, request: TokenRequest) -> Response:
        """List the plays of all strategies that were ever active, the newest first."""
        return super().list(request)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one play."""
        return super().retrieve(request, id)
