"""Deals and what happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, filters, ids, upserts
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.permissions import require_for
from accounts.api.problems import InvalidParameter, NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.integrations.tokens import token_allows
from accounts.models import Membership
from accounts.reading import Position
from accounts.refusals import Invalid
from strategy import listings, past, services, strategies
from strategy.api import bulk_shapes, inputs, shapes
from strategy.api.customers import standing
from strategy.listings import DealRow
from strategy.models import Company, Deal, DealSource, EndCause, Merge, Pipeline, PlanPart, Stage, Strategy
from strategy.requirements import RequirementsMissing
from strategy.services.deals.bulk import DealNotThere
from strategy.services.deals.drafts import RELATED

AS_OF = Filter("as_of", fields.Day(), "The deal as it was at the end of this day of the organisation.")
NOT_PAST = ("stage", "strategy", "segment", "play", "expected_close_until", "updated_since")


def _parts(kind: str) -> Any:
    return lambda: PlanPart.objects.filter(kind=kind)


LIST = [
    Filter("is_open", filters.Flag(), "true: only open deals. false: only deals that are over."),
    Filter("end_cause", fields.OneOf(EndCause.values), "Only deals that ended this way."),
    filters.of("stage", ids.STAGE, lambda: Stage.objects.all(), "Only deals in this stage."),
    filters.of("pipeline", ids.PIPELINE, lambda: Pipeline.objects.all(), "Only deals of this pipeline."),
    filters.of("owner", ids.MEMBER, lambda: Membership.objects.all(), "Only deals of this member."),
    filters.of("company", ids.COMPANY, lambda: Company.objects.all(), "Only deals with this company."),
    filters.of("strategy", ids.STRATEGY, lambda: Strategy.objects.all(), "Only deals that serve this strategy."),
    filters.of("segment", ids.SEGMENT, _parts(PlanPart.Kind.SEGMENT), "Only deals of this segment."),
    filters.of("play", ids.PLAY, _parts(PlanPart.Kind.PLAY), "Only deals that follow this play."),
    filters.of("came_from", ids.DEAL_SOURCE, lambda: DealSource.objects.all(), "Only deals that came from there."),
    Filter("qualified_from", fields.Day(), "Only deals qualified on this day or later."),
    Filter("qualified_until", fields.Day(), "Only deals qualified on this day or before."),
    Filter("expected_close_until", fields.Day(), "Only deals expected to close on this day or before."),
    Filter("source", fields.Text(longest=40), "The system that `external_id` belongs to."),
    Filter("external_id", fields.Text(longest=200), "The id in that system."),
    Filter("updated_since", fields.Moment(), "Only deals changed at this moment or later, the oldest change first."),
    Filter("as_of", fields.Day(), "The deals as they were at the end of this day of the organisation."),
]


class Deals(Resource):
    """Opportunities."""

    kind = ids.DEAL
    access = {
        **dict.fromkeys(("list", "retrieve", "events"), "deal.see"),
        **dict.fromkeys(("partial_update", "transitions", "qualification", "bulk"), "deal.move"),
        **dict.fromkeys(("put_by_external_id", "upsert"), "deal.move"),
        **dict.fromkeys(("merges", "undo_merge"), "deal.merge"),
        "create": "deal.open",
    }
    also = {"put_by_external_id": ["deal.open"], "upsert": ["deal.open"]}
    takes = {
        "create": inputs.OpenDeal,
        "partial_update": inputs.ChangeDeal,
        "transitions": inputs.Transition,
        "qualification": inputs.Qualification,
        "put_by_external_id": inputs.PutDeal,
        "upsert": inputs.UpsertDeals,
        "bulk": inputs.BulkEditDeals,
        "merges": inputs.MergeDeal,
    }
    names = {
        "list": "list_deals",
        "retrieve": "get_deal",
        "create": "create_deal",
        "partial_update": "update_deal",
        "events": "list_deal_events",
        "transitions": "move_deal",
        "qualification": "qualify_deal",
        "put_by_external_id": "put_deal",
        "upsert": "upsert_deals",
        "bulk": "bulk_edit_deals",
        "merges": "merge_deal",
        "undo_merge": "undo_deal_merge",
    }
    gives: ClassVar[Any] = {
        **dict.fromkeys(("list", "retrieve", "put_by_external_id"), shapes.Deal),
        **dict.fromkeys(("create", "partial_update"), shapes.ChangedDeal),
        **dict.fromkeys(("transitions", "qualification"), shapes.Deal),
        "events": shapes.Event,
        "upsert": upserts.Upserted,
        "bulk": bulk_shapes.BulkEdited,
        **dict.fromkeys(("merges", "undo_merge"), shapes.DealMerge),
    }
    lists = frozenset({"list", "events"})
    table = Deal
    in_sight = True
    guarded = {"partial_update": Match.NEEDED, "transitions": Match.HEEDED, "qualification": Match.HEEDED}
    filters = {"list": LIST, "retrieve": [AS_OF]}

    def list(self, request: TokenRequest) -> Response:
        """List the deals, the newest first.

        Test deals are among them, and say so (`is_test`). What was merged into another deal is left out, unless its own
        id in another system, or what has changed (`updated_since`), is asked for: `merged_into_id` says so then. With
        `updated_since` the oldest change comes first. With `as_of` each deal is answered as it was at the end of
        that day, by what took effect until then and with everything that is known of it now: stage, end, owner,
        strategy, segment, play, amount, expected close and qualification are those of the day, everything else is as it
        is now. It cannot be asked together with `stage`, `strategy`, `segment`, `play`, `expected_close_until` and
        `updated_since`.
        """
        day = self.wanted.get("as_of")
        if day is not None:
            self._refuse_beside_past(request)
            return self.paged(partial(self._past, **standing(self.wanted)), shapes.deal)
        if "updated_since" in self.wanted:
            return self.paged(listings.DEALS_CHANGED.page, shapes.deal, lambda row: Position(row.updated_at, row.key))
        return self.page(listings.DEALS, shapes.deal, **standing(self.wanted))

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one deal.

        With `as_of` as it was at the end of that day, as in the list.
        """
        row = self.shown(listings.DEALS, id)
        day = getattr(self, "wanted", {}).get("as_of")
        if day is None or request.method != "GET":
            return Response(shapes.deal(row))
        self._refuse_beside_past(request)
        there = past.page(day, limit=1, key=row.key)
        if not there:
            raise NotThere
        return Response(shapes.deal(there[0]))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Open a deal.

        Answers 409 `external_id_taken` when the source's id is another deal already, and 422 `requirements_missing`
        with what its stage asks for, or where the rate of its currency is not known. `suggested_segments` says which
        segments its company is in, where none is given: it is never set by itself.
        """
        wanted = self.read(request)
        _require_override(request, wanted)
        deal = services.open_deal(actor=request.user, at=timezone.now(), **wanted)
        answer = self._suggesting(request, deal)
        return created(answer, f"/api/v1/deals/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change what is known of a deal.

        What is left out stays. Each fact goes through its own deed and leaves its event: all of them or none. `on` is
        the day from which they hold: not before the last change of the same fact, nor in a closed period (422
        `period_closed`). What has no day of its own and was counted in a closed period stays (409 `figures_closed`):
        whether the deal is a test, and value and competitor of one that ended. Another company may suggest another
        segment (`suggested_segments`).
        """
        wanted = self.read(request)
        deal = services.change_deal(deal=self._deal(id), actor=request.user, at=timezone.now(), **wanted)
        return Response(self._suggesting(request, deal))

    @action(detail=True, methods=["get"])
    def events(self, request: TokenRequest, id: str) -> Response:
        """List what happened to a deal, the oldest first."""
        return self.page(listings.DEAL_EVENTS, shapes.event, deal=self._deal(id).pk)

    @action(detail=True, methods=["post"])
    @idempotent
    def transitions(self, request: TokenRequest, id: str) -> Response:
        """Move a deal to another stage.

        A stage of a kind other than `open` closes the deal with that cause. A deal that is over is opened again by
        an open stage, and begins another episode. What the stage asks for and is not known is answered with 422
        `requirements_missing`: `data.missing` lists it, and `supply` stores it in the same step. A milestone that is
        asked for holds at a grade that counts (`counts_from_grade`), and what customers did is supplied as
        `milestones`. `override_because` passes all the same, for members who lead.
        """
        deal, wanted, at = self._deal(id), self.read(request), timezone.now()
        _require_override(request, wanted)
        to = wanted.pop("stage")
        supply = wanted.pop("supply", {})
        for name in supply.keys() & inputs.Supply.needs.keys():
            require_for(request, inputs.Supply.needs[name])
        try:
            if deal.is_open or not to.is_open:
                services.move_deal(deal=deal, to=to, actor=request.user, at=at, supply=supply, **wanted)
            else:
                beside = {name: wanted.pop(name, None) for name in ("reason", "competitor", "amount")}
                supply |= {name: value for name, value in beside.items() if value is not None}
                services.reopen_deal(deal=deal, to=to, actor=request.user, at=at, supply=supply, **wanted)
        except (RequirementsMissing, Invalid) as refusal:
            is_missing = isinstance(refusal, RequirementsMissing)
            refusal.fields = {_place_of(name, is_missing): told for name, told in refusal.fields.items()}
            raise
        return self._answer(deal.pk)

    @action(detail=True, methods=["post"])
    @idempotent
    def qualification(self, request: TokenRequest, id: str) -> Response:
        """Qualify a deal.

        Its amount, owner and exchange rate of that day are kept. Answers 422 `requirements_missing` where the rate of
        its currency is not known and none is given.
        """
        deal, wanted = self._deal(id), self.read(request)
        services.qualify_deal(deal=deal, actor=request.user, at=timezone.now(), **wanted)
        return self._answer(deal.pk)

    def put_by_external_id(self, request: TokenRequest, source: str, external_id: str) -> Response:
        """Make or change the deal with this id in another system.

        What is left out stays as it is. `stage` moves it, closes it or opens it again.
        """
        line = upserts.line_of(self.read(request), source, external_id)
        services.upsert_deals(lines=[line], actor=request.user, at=timezone.now())
        return upserts.answer_one(line, lambda key: self._answer(key).data, "deals")

    @idempotent
    def upsert(self, request: TokenRequest) -> Response:
        """Make or change up to 500 deals by their ids in other systems.

        Each is judged by itself: `results` says in the order of `items` what became of it, and one that is refused
        does not stop the others. Answers 200 also then.
        """
        lines = upserts.lines_of(self.read(request)["items"], inputs.UpsertDeal)
        services.upsert_deals(lines=lines, actor=request.user, at=timezone.now())
        return upserts.answer(lines, ids.DEAL)

    @idempotent
    def bulk(self, request: TokenRequest) -> Response:
        """Change the same facts of up to 500 deals, named by their ids.

        Each is judged by itself, and `results` says what became of it. The answer's `id` undoes it:
        `POST /bulk_edits/{id}/undo`.
        """
        wanted = self.read(request)
        edited = services.bulk_edit_deals(
            keys=wanted["deals"], actor=request.user, at=timezone.now(), on=wanted.get("on"), **wanted["change"]
        )
        return Response(bulk_shapes.bulk_edited(edited))

    @action(detail=True, methods=["post"])
    @idempotent
    def merges(self, request: TokenRequest, id: str) -> Response:
        """Merge another deal into this one.

        Stage, owner and qualification are those of this one, which learns what it did not know; people and activities
        of the other one are its own from now on. The other one leaves figures and the lists of people, and says in
        `merged_into_id` what it is part of. It can be undone.
        """
        keep, wanted = self._deal(id), self.read(request)
        made = services.merge_deals(keep=keep, gone=wanted["gone"], actor=request.user, at=timezone.now())
        return Response(shapes.deal_merge(made))

    @action(detail=True, methods=["post"], url_path="merges/undo")
    @idempotent
    def undo_merge(self, request: TokenRequest, id: str) -> Response:
        """Undo the last merge into this deal.

        Answers 404 where nothing was merged into it.
        """
        merges = Merge.objects.filter(of=Merge.Of.DEAL, kept_id=self._deal(id).pk, undone_at=None)
        made = merges.order_by("-merged_at", "-pk").first()
        if made is None:
            raise NotThere
        return Response(shapes.deal_merge(services.undo_deal_merge(merge=made, actor=request.user, at=timezone.now())))

    def refuse_unseen(self, answer: Mapping[str, Any]) -> None:
        """Raises NotThere for an earlier answer that shows a deal which has left the caller's sight since."""
        if "kept_id" in answer:
            answer = {"id": answer["kept_id"]}
        super().refuse_unseen(seen_then(answer))

    def _past(self, *, as_of: date, **wanted: Any) -> Sequence[DealRow]:
        return past.page(as_of, **wanted)

    def _refuse_beside_past(self, request: TokenRequest) -> None:
        """Raises InvalidParameter for a day to come, and for filters of which the past is not searched."""
        wrong = {name: _("This cannot be asked of a past day.") for name in NOT_PAST if name in self.wanted}
        if self.wanted["as_of"] > request.user.tenant.day_of(timezone.now()):
            wrong["as_of"] = _("Give a day that is not to come.")
        if wrong:
            raise InvalidParameter(fields=wrong)

    def _deal(self, text: str) -> Deal:
        found = Deal.objects.select_related(*RELATED).filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found

    def _suggesting(self, request: TokenRequest, deal: Deal) -> dict[str, Any]:
        # Its reasons tell what a strategy says, and what is known of the company.
        may_read = all(token_allows(request.auth, one) for one in ("strategy.see", "company.see"))
        wanted = deal.is_open and may_read
        suggested = strategies.segments_worth_a_thought(deal.company, now=deal.segment_id) if wanted else []
        return shapes.changed_deal(listings.changed_deal(deal.pk), suggested)

    def _answer(self, key: UUID) -> Response:
        return Response(shapes.deal(listings.changed_deal(key)))


def seen_then(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer without the deals that were not there for the caller already then."""
    if "results" not in answer:
        return answer
    return {**answer, "results": [row for row in answer["results"] if row["code"] != DealNotThere.code]}


def _require_override(request: TokenRequest, wanted: Mapping[str, Any]) -> None:
    """Raises NotAllowed or InsufficientScope for a reason to pass by who, or by what, may not override."""
    if (wanted.get("override_because") or "").strip():
        require_for(request, "deal.override")


def _place_of(name: str, is_missing: bool) -> str:
    """Where in a transition stands what a refusal names."""
    supplied = is_missing and name not in ("reason", "competitor")
    return f"supply/{name}" if supplied or name.partition("/")[0] in inputs.Supply.needs else name
