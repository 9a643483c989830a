"""What deals go through, and the words in which they are described."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model
from django.utils import timezone
from rest_framework.response import Response

from accounts.api import fields, filters, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.reading import Listing
from strategy import listings
from strategy.api import pipeline_inputs as inputs
from strategy.api import shapes
from strategy.models import Competitor, DealSource, EndCause, EndReason, ExchangeRate, Pipeline, Stage
from strategy.services import exchange_rates, pipelines, word_lists

ACCESS = {"list": "deal.see", "retrieve": "deal.see", "create": "pipeline.edit", "partial_update": "pipeline.edit"}
ARCHIVED = Filter("is_archived", filters.Flag(), "false: only what is still offered.")


class Described(Resource):
    """A list of words that deals are described by: what the resources below have in common."""

    access = ACCESS
    guarded = {"partial_update": Match.NEEDED}
    listing: ClassVar[Listing[Any]]
    show: ClassVar[Callable[[Any], Any]]
    place: ClassVar[str]

    def row(self, text: str) -> Any:
        """The row of an address. Raises NotThere."""
        table: type[Model] = self.table  # type: ignore[assignment]
        found = table._default_manager.filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found

    def answer(self, row: Any) -> Response:
        return Response(type(self).show(self.listing.one(row.pk)))

    def made(self, row: Any) -> Response:
        answer = type(self).show(self.listing.one(row.pk))
        return created(answer, f"/api/v1/{self.place}/{answer['id']}")


class Pipelines(Described):
    """Ordered sets of stages."""

    kind = ids.PIPELINE
    names = {
        "list": "list_pipelines",
        "retrieve": "get_pipeline",
        "create": "create_pipeline",
        "partial_update": "change_pipeline",
    }
    takes = {"create": inputs.AddPipeline, "partial_update": inputs.ChangePipeline}
    gives = dict.fromkeys(names, shapes.Pipeline)
    filters = {"list": [ARCHIVED]}
    table = Pipeline
    listing, show, place = listings.PIPELINES, shapes.pipeline, "pipelines"

    def list(self, request: TokenRequest) -> Response:
        """List the pipelines."""
        return self.page(listings.PIPELINES, shapes.pipeline)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one pipeline."""
        return Response(shapes.pipeline(self.shown(listings.PIPELINES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a pipeline.

        It begins with one open stage and an end of each kind. No two have names that read the same (409 `name_taken`).
        """
        return self.made(pipelines.add_pipeline(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Rename, place or archive a pipeline.

        The deals of an archived one stay where they are. One pipeline is always there (409 `last_pipeline`).
        """
        row = self.row(id)
        pipelines.change_pipeline(pipeline=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)


class Stages(Described):
    """The steps of pipelines and the ways deals end."""

    kind = ids.STAGE
    names = {
        "list": "list_stages",
        "retrieve": "get_stage",
        "create": "create_stage",
        "partial_update": "change_stage",
    }
    takes = {"create": inputs.AddStage, "partial_update": inputs.ChangeStage}
    gives = dict.fromkeys(names, shapes.StageOut)
    filters = {
        "list": [
            filters.of("pipeline", ids.PIPELINE, lambda: Pipeline.objects.all(), "Only stages of this pipeline."),
            Filter("kind", fields.OneOf(Stage.Kind.values), "Only stages of this kind."),
            ARCHIVED,
        ]
    }
    table = Stage
    listing, show, place = listings.STAGES, shapes.stage, "stages"

    def list(self, request: TokenRequest) -> Response:
        """List the stages. Within a pipeline their `position` is their order."""
        return self.page(listings.STAGES, shapes.stage)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one stage."""
        return Response(shapes.stage(self.shown(listings.STAGES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a stage to a pipeline.

        No two of a pipeline have names that read the same (409 `name_taken`).
        """
        return self.made(pipelines.add_stage(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change a stage.

        Its kind stays once a deal has been there (409 `stage_kind_fixed`). It is archived only without open deals
        (409 `stage_in_use`), and a pipeline keeps an open stage (409 `last_open_stage`).
        """
        row = self.row(id)
        pipelines.change_stage(stage=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)


class EndReasons(Described):
    """Why deals ended, in the organisation's own words."""

    kind = ids.END_REASON
    names = {
        "list": "list_end_reasons",
        "retrieve": "get_end_reason",
        "create": "create_end_reason",
        "partial_update": "change_end_reason",
    }
    takes = {"create": inputs.AddEndReason, "partial_update": inputs.ChangeWord}
    gives = dict.fromkeys(names, shapes.EndReason)
    filters = {
        "list": [Filter("kind", fields.OneOf(EndCause.values), "Only reasons for this kind of end."), ARCHIVED],
    }
    table = EndReason
    listing, show, place = listings.END_REASONS, shapes.end_reason, "end_reasons"

    def list(self, request: TokenRequest) -> Response:
        """List the reasons a deal can be closed with."""
        return self.page(listings.END_REASONS, shapes.end_reason)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one reason."""
        return Response(shapes.end_reason(self.shown(listings.END_REASONS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a reason for ends of a kind."""
        return self.made(word_lists.add_reason(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Rename, place or archive a reason. What was closed with it goes on saying so."""
        row = self.row(id)
        word_lists.change_reason(reason=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)


class Competitors(Described):
    """Whom deals are lost to."""

    kind = ids.COMPETITOR
    names = {
        "list": "list_competitors",
        "retrieve": "get_competitor",
        "create": "create_competitor",
        "partial_update": "change_competitor",
    }
    takes = {"create": inputs.AddWord, "partial_update": inputs.ChangeWord}
    gives = dict.fromkeys(names, shapes.Competitor)
    filters = {"list": [ARCHIVED]}
    table = Competitor
    listing, show, place = listings.COMPETITORS, shapes.competitor, "competitors"

    def list(self, request: TokenRequest) -> Response:
        """List the competitors."""
        return self.page(listings.COMPETITORS, shapes.competitor)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one competitor."""
        return Response(shapes.competitor(self.shown(listings.COMPETITORS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a competitor."""
        return self.made(word_lists.add_competitor(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Rename, place or archive a competitor."""
        row = self.row(id)
        word_lists.change_competitor(competitor=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)


class DealSources(Described):
    """Where deals come from."""

    kind = ids.DEAL_SOURCE
    names = {
        "list": "list_deal_sources",
        "retrieve": "get_deal_source",
        "create": "create_deal_source",
        "partial_update": "change_deal_source",
    }
    takes = {"create": inputs.AddWord, "partial_update": inputs.ChangeWord}
    gives = dict.fromkeys(names, shapes.DealSource)
    filters = {"list": [ARCHIVED]}
    table = DealSource
    listing, show, place = listings.DEAL_SOURCES, shapes.deal_source, "deal_sources"

    def list(self, request: TokenRequest) -> Response:
        """List where deals come from."""
        return self.page(listings.DEAL_SOURCES, shapes.deal_source)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one source of deals."""
        return Response(shapes.deal_source(self.shown(listings.DEAL_SOURCES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a source of deals."""
        return self.made(word_lists.add_deal_source(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Rename, place or archive a source of deals."""
        row = self.row(id)
        word_lists.change_deal_source(source=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)


class ExchangeRates(Described):
    """What other currencies are worth in the organisation's own, from a day on until the next rate."""

    kind = ids.EXCHANGE_RATE
    access = {"list": "deal.see", "retrieve": "deal.see", "create": "pipeline.edit", "destroy": "pipeline.edit"}
    names = {
        "list": "list_exchange_rates",
        "retrieve": "get_exchange_rate",
        "create": "create_exchange_rate",
        "destroy": "remove_exchange_rate",
    }
    takes = {"create": inputs.AddRate}
    gives = dict.fromkeys(("list", "retrieve", "create"), shapes.ExchangeRate)
    guarded = {"destroy": Match.HEEDED}
    filters = {"list": [Filter("currency", fields.Currency(), "Only rates of this currency.")]}
    table = ExchangeRate
    listing, show, place = listings.EXCHANGE_RATES, shapes.exchange_rate, "exchange_rates"

    def list(self, request: TokenRequest) -> Response:
        """List the rates, the last added first."""
        return self.page(listings.EXCHANGE_RATES, shapes.exchange_rate)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one rate."""
        return Response(shapes.exchange_rate(self.shown(listings.EXCHANGE_RATES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a rate from a day on.

        Deals that were qualified before keep the rate of their day. 409 `rate_taken` where the day has one.
        """
        return self.made(exchange_rates.add_rate(actor=request.user, at=timezone.now(), **self.read(request)))

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Remove a rate: from its day on the one before holds."""
        exchange_rates.remove_rate(rate=self.row(id), actor=request.user, at=timezone.now())
        return Response(status=204)
