"""Reports of faults to Sentry, if SENTRY_DSN says so: what broke and where in the code, nothing of whom it broke for.

A report is made anew out of what may leave. Messages of exceptions stay here, since they repeat what people typed;
they stand in the log beside the same request id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.urls import Resolver404, resolve

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

OF_EVENT = ("event_id", "timestamp", "platform", "level", "release", "environment", "sdk", "modules", "transaction")
OF_FAULT = ("type", "module")
OF_MECHANISM = ("type", "handled")
OF_FRAME = ("filename", "function", "module", "lineno", "pre_context", "context_line", "post_context", "in_app")


def begin() -> None:
    """Report faults of this process from now on. Does nothing without an address."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk
    from sentry_sdk.integrations import atexit, celery, dedupe, django, excepthook, threading

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        # By name: others would add the command line, the log and every address that was called.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            django.DjangoIntegration(middleware_spans=False, signals_spans=False, cache_spans=False),
            celery.CeleryIntegration(propagate_traces=False, monitor_beat_tasks=False),
            excepthook.ExcepthookIntegration(),
            threading.ThreadingIntegration(propagate_scope=False),
            atexit.AtexitIntegration(callback=lambda pending, timeout: None),
            dedupe.DedupeIntegration(),
        ],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        before_send=only_what_may_leave,
    )


def only_what_may_leave(event: Event, hint: Hint) -> Event:
    """The report with nothing in it but the code's own names and lines, and the number of the request."""
    told: dict[str, Any] = {name: event[name] for name in OF_EVENT if name in event}  # type: ignore[literal-required]
    told["transaction"] = _place(event)
    told["tags"] = _number_of_request()
    faults = (event.get("exception") or {}).get("values", [])
    told["exception"] = {"values": [_fault(fault) for fault in faults]}
    return told  # type: ignore[return-value]


def _fault(fault: dict[str, Any]) -> dict[str, Any]:
    told = {name: fault[name] for name in OF_FAULT if name in fault}
    told["mechanism"] = {name: value for name, value in (fault.get("mechanism") or {}).items() if name in OF_MECHANISM}
    frames = (fault.get("stacktrace") or {}).get("frames", [])
    told["stacktrace"] = {
        "frames": [{name: frame[name] for name in OF_FRAME if name in frame} for frame in frames],
    }
    return told


def _place(event: Event) -> str:
    """The task, or the pattern of the route: the address itself holds organisations and keys."""
    request: Any = event.get("request")
    if not request:
        return str(event.get("transaction") or "")
    from urllib.parse import urlsplit

    try:
        route = resolve(urlsplit(str(request.get("url", ""))).path).route
    except Resolver404:
        route = ""
    return f"{request.get('method', '')} /{route}".strip()


def _number_of_request() -> dict[str, str]:
    known = structlog.contextvars.get_contextvars()
    return {name: str(known[name]) for name in ("request_id", "task_id") if name in known}
