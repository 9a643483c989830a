"""Counting requests, and answering Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

ADDRESS = "/metrics"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
Next = Callable[[HttpRequest], HttpResponse]


class MetricsMiddleware:
    """Counts each request by the name of its route; at /metrics tells whoever has the token. Not there without one."""

    def __init__(self, get_response: Next) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == ADDRESS:
            return tell(request)
        from config.metrics.database import Meter

        meter, began = Meter("web"), time.perf_counter()
        with connection.execute_wrapper(meter):
            response = self.get_response(request)
        count(request, response.status_code, time.perf_counter() - began)
        meter.tell()
        return response


def count(request: HttpRequest, status: int, seconds: float) -> None:
    """Add one request."""
    from config.metrics import figures

    route, method = route_of(request), request.method if request.method in METHODS else "other"
    figures.REQUESTS.labels(route, method, f"{status // 100}xx").inc()
    figures.REQUEST_SECONDS.labels(route, method).observe(seconds)


def route_of(request: HttpRequest) -> str:
    """The name of the route, else its pattern: never the address, which holds organisations and keys."""
    match = request.resolver_match
    if match is not None:
        return match.view_name if match.url_name else str(match.route)
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"


def tell(request: HttpRequest) -> HttpResponse:
    """The figures, to Prometheus."""
    from config.metrics import figures

    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if not figures.may_know(request.headers.get("Authorization", "")):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    text = figures.told(of_moment=True)
    return HttpResponse(text, content_type=figures.CONTENT_TYPE, headers={"Cache-Control": "no-store"})
