"""Deals, what happened to them, and what they are described by."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, filters, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.models import Membership
from accounts.refusals import Invalid
from strategy import listings, services
from strategy.api import inputs, shapes
from strategy.models import Company, Deal, EndCause, Stage

EXTERNAL = [
    Filter("source", fields.Text(longest=40), "The system that `external_id` belongs to."),
    Filter("external_id", fields.Text(longest=200), "The id in that system."),
]


class Deals(Resource):
    """Opportunities."""

    kind = ids.DEAL
    access = {
        "list": "deal.see",
        "retrieve": "deal.see",
        "create": "deal.open",
        "events": "deal.see",
        "transitions": "deal.move",
        "qualification": "deal.move",
    }
    takes = {"create": inputs.OpenDeal, "transitions": inputs.Transition, "qualification": inputs.Qualification}
    names = {
        "list": "list_deals",
        "retrieve": "get_deal",
        "create": "create_deal",
        "events": "list_deal_events",
        "transitions": "move_deal",
        "qualification": "qualify_deal",
    }
    gives = {
        "list": shapes.Deal,
        "retrieve": shapes.Deal,
        "create": shapes.Deal,
        "events": shapes.Event,
        "transitions": shapes.Deal,
        "qualification": shapes.Deal,
    }
    lists = frozenset({"list", "events"})
    table = Deal
    in_sight = True
    guarded = {"transitions": Match.HEEDED, "qualification": Match.HEEDED}
    filters = {
        "list": [
            Filter("is_open", filters.Flag(), "true: only open deals. false: only deals that are over."),
            Filter("end_cause", fields.OneOf(EndCause.values), "Only deals that ended this way."),
            filters.of("stage", ids.STAGE, lambda: Stage.objects.all(), "Only deals in this stage."),
            filters.of("owner", ids.MEMBER, lambda: Membership.objects.all(), "Only deals of this member."),
            filters.of("company", ids.COMPANY, lambda: Company.objects.all(), "Only deals with this company."),
            *EXTERNAL,
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the deals, the newest first."""
        return self.page(listings.DEALS, shapes.deal)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one deal."""
        return Response(shapes.deal(self.shown(listings.DEALS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Open a deal.

        Answers 409 `external_id_taken` when the source's id is another deal already.
        """
        deal = services.open_deal(actor=request.user, at=timezone.now(), **self.read(request))
        answer = self._answer(deal)
        return created(answer.data, f"/api/v1/deals/{answer.data['id']}")

    @action(detail=True, methods=["get"])
    def events(self, request: TokenRequest, id: str) -> Response:
        """List what happened to a deal, the oldest first."""
        return self.page(listings.DEAL_EVENTS, shapes.event, deal=self._deal(id).pk)

    @action(detail=True, methods=["post"])
    @idempotent
    def transitions(self, request: TokenRequest, id: str) -> Response:
        """Move a deal to another stage.

        A stage of a kind other than `open` closes the deal with that cause. A deal that is over is opened again by
        an open stage, and begins another episode.
        """
        deal, wanted, at = self._deal(id), self.read(request), timezone.now()
        to = wanted.pop("stage")
        if deal.is_open or not to.is_open:
            return self._answer(services.move_deal(deal=deal, to=to, actor=request.user, at=at, **wanted))
        if beside := [name for name, value in wanted.items() if value is not None]:
            raise Invalid(fields=dict.fromkeys(beside, _("A deal is opened again today, with nothing beside it.")))
        return self._answer(services.reopen_deal(deal=deal, to=to, actor=request.user, at=at))

    @action(detail=True, methods=["post"])
    @idempotent
    def qualification(self, request: TokenRequest, id: str) -> Response:
        """Qualify a deal."""
        deal, wanted = self._deal(id), self.read(request)
        return self._answer(services.qualify_deal(deal=deal, actor=request.user, at=timezone.now(), **wanted))

    def _deal(self, text: str) -> Deal:
        found = Deal.objects.select_related("stage", "pipeline").filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found

    def _answer(self, deal: Deal) -> Response:
        return Response(shapes.deal(listings.DEALS.one(deal.pk)))
