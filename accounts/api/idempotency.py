"""A request that may be sent again: one effect, and the same answer (header Idempotency-Key).

The answer is written in the transaction of the effect: there is no moment in which one is kept without the other.
Only successes are kept; after a refusal nothing was stored, and the same key may be tried again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.response import Response

from accounts.api.problems import NotThere
from accounts.api.rendering import dumps
from accounts.api.resource import TokenRequest
from accounts.models import IdempotencyKey
from accounts.refusals import Refused

KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT = timedelta(hours=24)
# At most so many old keys are swept with each new one, so that no request pays for all.
SWEPT = 20
Action = TypeVar("Action", bound=Callable[..., Any])


class IdempotencyKeyUnusable(Refused):
    """The Idempotency-Key is not 1 to 255 visible ASCII characters."""

    code = "idempotency_key_unusable"
    status = 400
    sentence = "Write an Idempotency-Key of 1 to 255 visible ASCII characters, for example a UUID."


class RequestInFlight(Refused):
    """A request with the same Idempotency-Key is being worked on. Send this one again after Retry-After."""

    code = "request_in_flight"
    status = 409
    sentence = "The same request is being worked on. Ask again in a moment."


class IdempotencyKeyReused(Refused):
    """The Idempotency-Key was used for another request within a day. Use a new key for each request."""

    code = "idempotency_key_reused"
    status = 422
    sentence = "This Idempotency-Key belongs to another request. Use a new one."


class AnswerOutOfSight(Refused):
    """The request was done. What it was answered shows a row that the member does not see any more."""

    code = "answer_out_of_sight"
    status = 409
    sentence = "This was done before. What came of it is not among what you see any more."


def idempotent(action: Action) -> Action:
    """Let the action be sent again with the same Idempotency-Key: it is done once and answered the same."""

    @wraps(action)
    def once(view: Any, request: TokenRequest, *args: Any, **kwargs: Any) -> Any:
        def act() -> Response:
            view.heed()
            return action(view, request, *args, **kwargs)  # type: ignore[no-any-return]

        key = request.headers.get("Idempotency-Key")
        if key is None:
            return act()
        if not KEY.fullmatch(key):
            raise IdempotencyKeyUnusable
        return _once(key, view, request, act)

    once.is_idempotent = True  # type: ignore[attr-defined]
    return once  # type: ignore[return-value]


def _once(key: str, view: Any, request: TokenRequest, act: Callable[[], Response]) -> HttpResponse | Response:
    member, digest, now = request.user, _digest(request), timezone.now()
    _claim(f"{member.tenant_id}/{member.pk}/{key}")
    stored = IdempotencyKey.objects.filter(membership=member, key=key).first()
    if stored is not None and stored.created_at > now - KEPT:
        return _replay(stored, view, digest)
    if stored is not None:
        stored.delete()
    response = act()
    if response.status_code < 300:
        IdempotencyKey.objects.create(
            membership=member,
            key=key,
            digest=digest,
            status=response.status_code,
            body=dumps({**response.data, **dict.fromkeys(view.shown_once.get(view.action, ()))}),
            location=response.headers.get("Location", ""),
            created_at=now,
        )
        old = IdempotencyKey.objects.filter(created_at__lte=now - KEPT).order_by("created_at").values("pk")[:SWEPT]
        IdempotencyKey.objects.filter(pk__in=old).delete()
    return response


def _claim(name: str) -> None:
    """Hold the key until the end of the transaction. Raises RequestInFlight when another request does."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (held,) = cursor.fetchone()
    if not held:
        raise RequestInFlight


def _replay(stored: IdempotencyKey, view: Any, digest: bytes) -> HttpResponse:
    if bytes(stored.digest) != digest:
        raise IdempotencyKeyReused
    try:
        view.refuse_unseen(json.loads(bytes(stored.body)))
    except NotThere as error:
        if "id" in view.kwargs:
            raise  # the address itself names what is not seen
        raise AnswerOutOfSight from error
    response = HttpResponse(bytes(stored.body), status=stored.status, content_type="application/json")
    response["Idempotency-Replayed"] = "true"
    if stored.location:
        response["Location"] = stored.location
    return response


def _digest(request: TokenRequest) -> bytes:
    """What makes it the same request: method, address, and the body by its meaning."""
    body = request.data if isinstance(request.data, bytes) else json.dumps(request.data, sort_keys=True).encode()
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + body).digest()
