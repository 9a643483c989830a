"""Whether this process lives, and whether it can serve: for supervisors and load balancers.

They ask by address, over plain HTTP and with any Host. So they are answered before a Host is judged, a browser is
sent to HTTPS, or a session is looked for; the answers name nobody and repeat nothing of what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from config import readiness

Next = Callable[[HttpRequest], HttpResponse]
FRESH = {"Cache-Control": "no-store"}


def alive(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else."""
    return JsonResponse({"status": "alive"}, headers=FRESH)


def ready(request: HttpRequest) -> HttpResponse:
    """Each part by name, and 503 if one of them is not well. `?exclude=broker` leaves parts out of the question."""
    left_out = request.GET.getlist("exclude")
    unknown = sorted(set(left_out) - set(readiness.PARTS))
    if unknown:
        words = {"status": "not asked", "detail": f"exclude names parts: {', '.join(readiness.PARTS)}"}
        return JsonResponse(words, status=400, headers=FRESH)
    found = readiness.ask([part for part in readiness.PARTS if part not in left_out])
    well = all(answer == readiness.OK for answer in found.values())
    return JsonResponse(
        {"status": "ready" if well else "not ready", **found}, status=200 if well else 503, headers=FRESH
    )


PROBES: Mapping[str, Callable[[HttpRequest], HttpResponse]] = {"/livez": alive, "/readyz": ready}


class ProbesMiddleware:
    """Answers the probes, and leaves everything else to the rest."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return probe(request)
