"""Views that do one thing each to the organisation they are opened in, for tests of what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path

from accounts.refusals import Refused
from accounts.streams import TenantStream
from accounts.tenancy.scope import active
from accounts.visibility import current_sight
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from config.urls import urlpatterns as product
from frontend.access import may
from strategy.models import Company


class Detour(Exception):
    """An exception of which the middleware below makes a way on."""


def turn_into_redirect(get_response: Any) -> Any:
    """A middleware in the way of many: it answers an exception."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return redirect("/") if isinstance(exception, Detour) else None

    middleware.process_exception = process_exception
    return middleware


FAILURES: dict[str, type[Exception]] = {"key": KeyError, "404": Http404, "refused": Refused, "detour": Detour}


@may("organisation.see")
def write(request: HttpRequest, how: str) -> HttpResponse:
    """Stores something, then answers with the status or fails in the way named."""
    Company.objects.create(name=f"stored before {how}")
    if how in FAILURES:
        raise FAILURES[how]
    return HttpResponse(status=int(how))


@may("organisation.see")
def stream(request: HttpRequest) -> StreamingHttpResponse:
    Company.objects.create(name="stored before a stream")
    return StreamingHttpResponse(company.name for company in Company.objects.all())


@may("organisation.see")
def long(request: HttpRequest, how: str) -> TenantStream:
    """Sends names while it reads them; on the way it may write, or fail."""

    def parts() -> Iterator[str]:
        yield f"{active.get()} {current_sight().is_all};"
        for company in Company.objects.order_by("name"):
            yield f"{company.name};"
        if how == "write":
            Company.objects.create(name="stored by a stream")
        if how == "fail":
            raise KeyError(how)

    return TenantStream(parts(), content_type="text/plain")


@may("organisation.see")
def lazy(request: HttpRequest) -> TemplateResponse:
    """Its query runs when the template is rendered."""
    template = engines["django"].from_string("{% for company in companies %}{{ company.name }};{% endfor %}")
    return TemplateResponse(request, template, {"companies": Company.objects.order_by("name")})


@may("organisation.see")
def where(request: HttpRequest) -> JsonResponse:
    names = list(Company.objects.values_list("name", flat=True))
    return JsonResponse({"slug": request.tenant.slug, "member": request.membership.name, "companies": names})


def outside(request: HttpRequest) -> HttpResponse:
    return HttpResponse(json.dumps(active.get()))


urlpatterns = [
    path("outside/", outside),
    path(
        "o/<slug:slug>/probe/",
        include(
            [
                path("write/<str:how>/", write),
                path("stream/", stream),
                path("long/<str:how>/", long),
                path("lazy/", lazy),
                path("where/", where),
            ]
        ),
    ),
    *product,
]
