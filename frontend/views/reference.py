"""What the API can do and how it refuses, for the people who write programs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.integrations.tokens import SCOPES
from frontend.access import public
from frontend.forms.settings import SCOPE_WORDS
from frontend.reference import guide, operations


@require_safe
@public(because="people read it before they have a key")
def introduction(request: HttpRequest) -> HttpResponse:
    """How to begin, and what holds everywhere."""
    around = _around(request)
    context = {
        "title": gettext("API"),
        "here": "introduction",
        "scopes": [(scope, SCOPE_WORDS.get(scope, "")) for scope in SCOPES],
        "limits": {"token": settings.API_LIMIT_TOKEN, "organisation": settings.API_LIMIT_ORGANISATION},
        "run": guide.examples(around["site"]),
    }
    return render(request, "api/introduction.html", around | context)


@require_safe
@public(because="people read it before they have a key")
def resource(request: HttpRequest, name: str) -> HttpResponse:
    """One resource: its rows, and each operation with an example that runs."""
    around = _around(request)
    found = operations.resources(around["site"]).get(name)
    if found is None:
        raise Http404(name)
    context = {"title": found.title, "here": name, "resource": found}
    return render(request, "api/resource.html", around | context)


@require_safe
@public(because="the type of each problem leads here")
def errors(request: HttpRequest) -> HttpResponse:
    """Every type of problem, with what to do."""
    around = _around(request)
    context = {
        "title": gettext("Errors"),
        "here": "errors",
        "refusals": operations.refusals(),
        "refused": guide.examples(around["site"])["refused"],
    }
    return render(request, "api/errors.html", around | context)


def _around(request: HttpRequest) -> dict[str, Any]:
    """What stands around each of these pages."""
    site = request.build_absolute_uri("/").rstrip("/")
    return {"site": site, "pages": operations.resources(site).values(), "document_url": "/api/v1/openapi.json"}
