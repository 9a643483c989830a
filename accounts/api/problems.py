"""“No”, as programs hear it: application/problem+json (RFC 9457) with a stable, documented type.

Every refusal of a deed and of the door itself is a `Refused`; its code is the last part of the type, and its
docstring is what the page of errors says about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any, TypedDict

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import Error as DatabaseFault
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.api.parsing import UnsupportedMediaType
from accounts.api.rendering import dumps
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid, Refused

MEDIA_TYPE = "application/problem+json"
PAGE = "/api/errors"
# Statement cancelled, lock not available, deadlock, cannot serialise: over in a moment.
PASSING = frozenset({"57014", "55P03", "40P01", "40001"})
UNIQUE_VIOLATION = "23505"


class BadRequest(Refused):
    """The request cannot be understood at all, for example because of a forged Host header."""

    code = "bad_request"
    status = 400
    sentence = "The request cannot be understood."


class Unauthenticated(Refused):
    """No token came with the request. Send `Authorization: Bearer tl_live_…`."""

    code = "unauthenticated"
    status = 401
    sentence = "Send a token: Authorization: Bearer tl_live_…"


class InvalidToken(Refused):
    """The token is unknown, revoked or expired, or its member is no longer active. Make a new one."""

    code = "invalid_token"
    status = 401
    sentence = "This token does not open anything: it is unknown, revoked or expired."


class InsufficientScope(Refused):
    """The token's scopes do not include this, though its member's role may. `data.scopes` names those that do."""

    code = "insufficient_scope"
    status = 403
    sentence = "The token lacks a scope that includes {capability}."


class NotThere(Refused):
    """There is no such address, or no such row in the token's organisation."""

    code = "not_found"
    status = 404
    sentence = "There is nothing here."


class MethodNotAllowed(Refused):
    """The address exists and does not know the method. The header Allow names those it knows."""

    code = "method_not_allowed"
    status = 405
    sentence = "This address does not know the method {method}."


class InvalidParameter(Refused):
    """A parameter of the address is unknown, given twice, or has a value that cannot be used; `errors` says which."""

    code = "invalid_parameter"
    status = 400
    sentence = "The address has parameters that cannot be used."
    at = "parameter"


class Duplicate(Refused):
    """Somebody has just stored a row with the same key, at the same moment. Read, and send it again if need be."""

    code = "duplicate"
    status = 409
    sentence = "The same is already there: {what}."


class TooManyRequests(Refused):
    """The token, its organisation or (without a good token) the address asked too often; `data.limit` says which.
    Nothing was done. Wait as long as Retry-After says; the header RateLimit tells beforehand what is left."""

    code = "too_many_requests"
    status = 429
    sentence = "Too many requests. Wait {wait} s."


class Busy(Refused):
    """The database was too busy to answer in time. Nothing was stored; send the request again after Retry-After."""

    code = "busy"
    status = 503
    sentence = "The request could not be served in time. Nothing was stored; try again."


class InternalError(Refused):
    """A fault of ours. Nothing was stored. Tell us the request_id."""

    code = "internal_error"
    status = 500
    sentence = "Something broke on our side. Nothing was stored."


class ErrorItem(TypedDict, total=False):
    """One thing that is wrong: where, by code and sentence."""

    pointer: str
    parameter: str
    header: str
    code: str
    detail: str


def every_refusal(of: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Each refusal that the loaded apps can answer with."""
    for refusal in of.__subclasses__():
        yield refusal
        yield from every_refusal(refusal)


def body_of(refusal: Refused, request_id: str, errors: list[ErrorItem] | None = None) -> dict[str, Any]:
    """The problem document. Nothing in it tells another tenant's row from one that never was."""
    place = getattr(refusal, "at", "pointer")
    if errors is None:
        errors = list(items_of_refusal(refusal, "#", place))
    return {
        "type": f"{PAGE}#{refusal.code}",
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "detail": str(refusal),
        "instance": f"/api/requests/{request_id}",
        "code": refusal.code,
        "errors": errors,
        "data": refusal.data,
        "request_id": request_id,
    }


def answer(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The problem as an answer of Django, where no view of the API was reached."""
    body = body_of(refusal, getattr(request, "request_id", ""))
    headers = {"Cache-Control": "no-store", **_headers(refusal)}
    return HttpResponse(dumps(body), status=refusal.status, content_type=MEDIA_TYPE, headers=headers)


def handle(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None for what nobody expected: Django writes it down and answers 500."""
    request = context["request"]
    errors = None
    if isinstance(exception, exceptions.ValidationError):
        errors, exception = list(items_of(exception.detail, "#")), Invalid()
    refusal = exception if isinstance(exception, Refused) else _refusal_for(exception, request)
    if refusal is None:
        return None
    return Response(
        body_of(refusal, getattr(request, "request_id", ""), errors),
        status=refusal.status,
        headers=_headers(refusal),
        content_type=MEDIA_TYPE,
    )


def _refusal_for(exception: Exception, request: Any) -> Refused | None:
    match exception:
        case Http404() | exceptions.NotFound():
            return NotThere()
        case PermissionDenied() | exceptions.PermissionDenied():
            return NotAllowed()
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(method=request.method)
        case exceptions.UnsupportedMediaType():
            wanted = request.parsers[0].media_type
            return UnsupportedMediaType(wanted=wanted, given=request.content_type[:80] or "nothing")
        case exceptions.Throttled():
            return TooManyRequests(wait=ceil(getattr(exception, "wait", None) or 1))
        case SuspiciousOperation():
            return BadRequest()
        case DatabaseFault():
            return _refusal_of_database(exception)
    return None


def _refusal_of_database(fault: DatabaseFault) -> Refused | None:
    cause = fault.__cause__
    state = getattr(cause, "sqlstate", None)
    if state in PASSING:
        return Busy()
    if state == UNIQUE_VIOLATION:
        # The net below the deeds' own checks: two requests at once that both found the place free.
        name = getattr(getattr(cause, "diag", None), "constraint_name", None) or "a unique key"
        return Duplicate(what=name.replace("_", " "))
    return None


def _headers(refusal: Refused) -> dict[str, str]:
    match refusal:
        case Unauthenticated():
            return {"WWW-Authenticate": 'Bearer realm="api"'}
        case InvalidToken():
            return {"WWW-Authenticate": 'Bearer realm="api", error="invalid_token"'}
        case InsufficientScope():
            return {"WWW-Authenticate": 'Bearer realm="api", error="insufficient_scope"'}
        case TooManyRequests():
            return {"Retry-After": str(refusal.data["wait"])}
        case Busy():
            return {"Retry-After": "1"}
    return {}


def items_of_refusal(refusal: Refused, pointer: str, place: str = "pointer") -> Iterator[ErrorItem]:
    """What a refusal says of each field."""
    for name, told in refusal.fields.items():
        yield _item(place, name if place != "pointer" else f"{pointer}/{name}" if name else pointer, refusal.code, told)


def items_of(detail: Any, pointer: str) -> Iterator[ErrorItem]:
    """DRF's nested errors as a flat list with JSON pointers."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else "/" + str(name).replace("~", "~0").replace("/", "~1")
            yield from items_of(inner, pointer + step)
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from items_of(inner, f"{pointer}/{number}" if isinstance(inner, dict | list) else pointer)
    else:
        yield {"pointer": pointer, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def _item(place: str, name: str, code: str, told: str) -> ErrorItem:
    if place == "parameter":
        return {"parameter": name, "code": code, "detail": str(told)}
    if place == "header":
        return {"header": name, "code": code, "detail": str(told)}
    return {"pointer": name, "code": code, "detail": str(told)}
