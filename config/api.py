"""The one router of the API, and the document that describes it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from rest_framework.routers import Route, SimpleRouter

from accounts.api import problems
from accounts.api.events import Events
from accounts.api.people import Invitations, Members, Teams
from accounts.api.rendering import dumps
from accounts.api.schema import document
from accounts.api.views import AuditEvents, Me, Organisation, Tokens
from accounts.api.webhooks import Deliveries, Webhooks
from activities.api.types import ActivityTypes, OutputTypes
from activities.api.views import Activities, Outputs
from frontend.views import reference
from outcomes.api.confirmations import Confirmations
from outcomes.api.evidence import EvidenceFiles
from outcomes.api.milestones import Milestones, MilestoneTypes
from outcomes.api.plans import Conversations, MutualSteps, Plans, Targets
from outcomes.api.strategies import Strategies
from outcomes.api.views import Statistics
from strategy.api.attributes import Attributes
from strategy.api.bulk_edits import BulkEdits
from strategy.api.customers import BuyingRoles, Companies, Contacts
from strategy.api.deals import Deals
from strategy.api.pipelines import Competitors, DealSources, EndReasons, ExchangeRates, Pipelines, Stages
from strategy.api.plan import Personas, Plays, Segments

# In the path of a source and of an id there, of which the latter may have a stroke in it.
BY_EXTERNAL_ID = "{prefix}/by-external-id/(?P<source>[^/]+)/(?P<external_id>.+)"


class Router(SimpleRouter):
    """Knows also a noun of which there is one, which is changed at its own address (the action `change`), and rows that
    another system keeps (`put_by_external_id` and `upsert`), and those that are changed many at once (`bulk`)."""

    routes = [
        Route(rf"^{BY_EXTERNAL_ID}$", {"put": "put_by_external_id"}, "{basename}-put", detail=False, initkwargs={}),
        Route(r"^{prefix}:upsert$", {"post": "upsert"}, "{basename}-upsert", detail=False, initkwargs={}),
        Route(r"^{prefix}:bulk$", {"post": "bulk"}, "{basename}-bulk", detail=False, initkwargs={}),
        *(
            route._replace(mapping={**route.mapping, "patch": "change"})
            if isinstance(route, Route) and not route.detail
            else route
            for route in SimpleRouter.routes
        ),
    ]


router = Router(trailing_slash=False)
for name, resource in {
    "me": Me,
    "organisation": Organisation,
    "members": Members,
    "teams": Teams,
    "invitations": Invitations,
    "tokens": Tokens,
    "audit_events": AuditEvents,
    "companies": Companies,
    "contacts": Contacts,
    "attributes": Attributes,
    "pipelines": Pipelines,
    "stages": Stages,
    "end_reasons": EndReasons,
    "competitors": Competitors,
    "deal_sources": DealSources,
    "exchange_rates": ExchangeRates,
    "deals": Deals,
    "bulk_edits": BulkEdits,
    "strategies": Strategies,
    "segments": Segments,
    "personas": Personas,
    "plays": Plays,
    "deals/(?P<deal>[^/]+)/contacts": BuyingRoles,
    "activity_types": ActivityTypes,
    "output_types": OutputTypes,
    "activities": Activities,
    "outputs": Outputs,
    "milestone_types": MilestoneTypes,
    "milestones": Milestones,
    "evidence_files": EvidenceFiles,
    "mutual_steps": MutualSteps,
    "plans": Plans,
    "targets": Targets,
    "conversations": Conversations,
    "confirmations": Confirmations,
    "statistics": Statistics,
    "events": Events,
    "webhooks": Webhooks,
    "webhooks/(?P<webhook>[^/]+)/deliveries": Deliveries,
}.items():
    router.register(name, resource, basename=f"api-{name}")


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document. It is the same for everybody."""
    return HttpResponse(
        dumps(document()), content_type="application/json", headers={"Cache-Control": "public, max-age=300"}
    )


openapi.access = "public: it says how to ask, and nothing of anybody"  # type: ignore[attr-defined]


@csrf_exempt  # programs send no form token, and nothing is done here
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """An address that no resource has. Said here, where DEBUG cannot answer with a page of its own instead."""
    return problems.answer(request, problems.NotThere())


unknown.access = "public: there is nothing"  # type: ignore[attr-defined]


urlpatterns = [
    path("", reference.introduction, name="api-reference"),
    path("errors", reference.errors, name="api-errors"),
    path("reference/<slug:name>", reference.resource, name="api-resource"),
    path("v1/openapi.json", openapi, name="api-openapi"),
    path("v1/", include(router.urls)),
    re_path(r"^v(?P<rest>.*)$", unknown),
]
