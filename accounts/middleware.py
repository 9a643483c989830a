"""Each request belongs to one tenant, decided by its address or its token, and to one transaction."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DatabaseError, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
    UnreadablePostError,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, entrance, queries, watch
from accounts.api import limits
from accounts.api.parsing import take_in
from accounts.models import ApiToken, Membership, OperatorAccess, User
from accounts.permissions import NotAllowed
from accounts.streams import TenantStream
from accounts.tenancy.scope import tenant_scope
from accounts.visibility import seen_by

log = structlog.get_logger(__name__)

Row = TypeVar("Row")
Next = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
ORGANISATION = re.compile(r"^/o/([a-z0-9-]{1,40})/")
# Pages that ask other computers: they enter the organisation themselves, before and after, and not while they wait.
OUTSIDE = re.compile(r"^/o/[a-z0-9-]{1,40}/(settings/)?sign-in/")
# What a session that an organisation's provider began may open outside of it.
CONFINED_TO = re.compile(r"^/(organisations/|theme/|accounts/log(in|out)/|sign-in/.*|o/.*)?$")
NOBODY = "No organisation has this address, or you are not a member of it."
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READING_METHODS = frozenset({"GET", "HEAD"})
OPERATORS_READ = _("You are here as an operator, to read. Nothing can be changed and nothing taken away.")
# Often enough to see that a token is alive, seldom enough not to write with every call.
USED_AGAIN_AFTER = timedelta(minutes=1)


class StreamingInTenant(RuntimeError):
    """A streamed body is made after the transaction has ended; a `TenantStream` has one of its own."""


class RequestIdMiddleware:
    """Gives each request an id, or takes the caller's, for logs, problems and audit. It proves nothing."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        mark = audit.request_id.set(request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                response = self.get_response(request)
            finally:
                audit.request_id.reset(mark)
        response["X-Request-Id"] = request_id
        return response


class NulMiddleware:
    """Refuses an address or a cookie with a NUL character: PostgreSQL has no text with one, not even to look for.

    The API names the parameter itself, and reads no cookie.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/v"):
            return self.get_response(request)
        asked = request.META.get("QUERY_STRING", "")
        if "%00" in asked or any("\0" in text for text in (asked, *request.COOKIES.values())):
            raise BadRequest("A NUL character in the address or in a cookie.")
        return self.get_response(request)


class PrivateMiddleware:
    """Nobody keeps an answer that does not say otherwise: no shared cache, and no browser after its person has left."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class TenantMiddleware:
    """Enters the tenant of the address (/o/<slug>/) or of the token (/api/), and undoes what a failure left.

    A response of 400 and above rolls back, and so does an exception, whatever answer was made of it: that needs
    the last place in the list, where nobody can make an answer of it before. Reading requests cannot write.
    No such organisation and not a member are the same 404. What the member does not see is not there inside.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = request.membership = request.token = request.bar = None  # type: ignore[attr-defined]
        # What the views are found by; `path` has whatever a proxy or a caller says comes before it.
        if request.path_info.startswith("/api/"):
            return self._for_token(request)
        if _is_past_its_door(request):
            return HttpResponse(status=401) if getattr(request, "htmx", False) else _to_own_sign_in(request)
        found = ORGANISATION.match(request.path_info)
        if found and not OUTSIDE.match(request.path_info):
            return self._for_member(request, found[1])
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        request.has_failed = True  # type: ignore[attr-defined]
        request.was_denied = isinstance(exception, NotAllowed)  # type: ignore[attr-defined]

    def _for_member(self, request: HttpRequest, slug: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)  # the view sends to the sign-in
        place = queries.place_of(request.user, slug)
        if place is None:
            return self._for_no_member(request, request.user, slug)
        # What is sent is read before a transaction begins: the database ends one that waits for a slow sender.
        with suppress(UnreadablePostError):  # which leaves a form without a token, and that is refused
            _ = request.POST
        with tenant_scope(place.tenant_id, read_only=request.method in SAFE_METHODS):
            member = _or_none(queries.member, place.membership_id)
            if member is None:  # ended since the look-up
                raise Http404(NOBODY)
            request.bar = bar = entrance.bar_of(request.session, member, now=timezone.now())  # type: ignore[attr-defined]
            response = None if bar else self._serve(request, member)
        if response is None:
            return self.get_response(request)  # the view says what is missing, and reaches no row
        if getattr(request, "was_denied", False):
            note_denied(request, member)
        return response

    def _for_no_member(self, request: HttpRequest, user: User, slug: str) -> HttpResponse:
        """To where the organisation is now, for its members; its pages, for an operator with leave to read them."""
        if moved := queries.place_that_left(user, slug):
            return _on_to(request, before=slug, after=moved.slug)
        if entrance.is_confined(request.session):
            raise Http404(NOBODY)  # no organisation's word makes anybody an operator
        place = queries.operator_place(user, slug)
        if place is None:
            raise Http404(NOBODY)
        if not entrance.has_shown_second_factor(request.session, user):
            return HttpResponseRedirect(reverse("operators"))  # which says what to show first
        if request.method not in READING_METHODS:
            raise PermissionDenied(str(OPERATORS_READ))
        with tenant_scope(place.tenant_id, read_only=True):
            try:
                access, member = queries.operator_member(place.access_id, operator=user, now=timezone.now())
            except OperatorAccess.DoesNotExist as error:
                raise Http404(NOBODY) from error
            request.operator_access = access  # type: ignore[attr-defined]
            response = self._serve(request, member)
        if response.has_header("Content-Disposition"):
            raise PermissionDenied(str(OPERATORS_READ))
        if response.status_code < 400:
            watch.note_look(tenant_id=place.tenant_id, access=access, path=request.path_info, at=timezone.now())
        return response

    def _for_token(self, request: HttpRequest) -> HttpResponse:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        place = queries.place_of_token(secret.strip()) if scheme.lower() == "bearer" else None
        if place is None:
            return self._for_nobody(request)
        standings = limits.of_token(place)
        if (too_many := limits.refusal(request, standings)) is not None:
            return too_many
        try:
            take_in(request)
        except UnreadablePostError as error:
            raise BadRequest("The body ended before its length.") from error
        response = self._with_token(request, place)
        if response is None:  # its member has left since it was made
            return self._for_nobody(request)
        limits.tell(response, standings)
        if response.status_code == 403:
            note_denied(request, request.membership)  # type: ignore[attr-defined]
        if response.status_code < 500:
            try:
                note_use(place.tenant_id, request.token, timezone.now())  # type: ignore[attr-defined]
            except DatabaseError:
                # What was asked for is done and committed: a failure told now would make the program repeat it.
                log.warning("token_use_not_noted", exc_info=True)
        return response

    def _for_nobody(self, request: HttpRequest) -> HttpResponse:
        """What everybody may read, or 401, of which an address gets only so many."""
        response = self.get_response(request)
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return response
        return limits.refusal(request, limits.of_stranger(request)) or response

    def _with_token(self, request: HttpRequest, place: queries.TokenPlace) -> HttpResponse | None:
        with tenant_scope(place.tenant_id, read_only=request.method in SAFE_METHODS):
            token = _or_none(queries.token, place.token_id)
            if token is None:
                return None
            request.token = token  # type: ignore[attr-defined]
            mark = audit.token_id.set(token.pk)
            try:
                return self._serve(request, token.membership)
            finally:
                audit.token_id.reset(mark)

    def _serve(self, request: HttpRequest, member: Membership) -> HttpResponse:
        request.membership, request.tenant = member, member.tenant  # type: ignore[attr-defined]
        with seen_by(member):
            response = self.get_response(request)
        if response.status_code >= 400 or getattr(request, "has_failed", False):
            transaction.set_rollback(True)
        _refuse_streaming(request, response)
        return response


def note_denied(request: HttpRequest, member: Membership) -> None:
    """Write down what a member was refused."""
    token: ApiToken | None = request.token  # type: ignore[attr-defined]
    watch.note_denied(
        tenant_id=member.tenant.pk,
        member=member,
        method=request.method or "",
        path=request.path_info,
        at=timezone.now(),
        token_id=token.pk if token else None,
    )


def _on_to(request: HttpRequest, *, before: str, after: str) -> HttpResponse:
    """The same page at the organisation's present address; what was sent goes along."""
    response = HttpResponsePermanentRedirect(request.get_full_path().replace(f"/o/{before}/", f"/o/{after}/", 1))
    if request.method not in READING_METHODS:
        response.status_code = 308
    return response


def _is_past_its_door(request: HttpRequest) -> bool:
    """Whether somebody whom only an organisation vouches for asks for more than that organisation's pages."""
    if not request.user.is_authenticated or not entrance.is_confined(request.session):
        return False
    opens_another = request.path_info == "/organisations/" and request.method not in SAFE_METHODS
    return opens_another or not CONFINED_TO.match(request.path_info)


def _to_own_sign_in(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.get_full_path(), login_url=reverse("sign-in-own"))


def note_use(tenant_id: int, token: ApiToken, now: datetime) -> None:
    """Remember when a token was last used, after the request's own transaction."""
    if token.last_used_at is None or now - token.last_used_at > USED_AGAIN_AFTER:
        with tenant_scope(tenant_id):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _refuse_streaming(request: HttpRequest, response: HttpResponseBase) -> None:
    if response.streaming and not isinstance(response, TenantStream):
        response.close()
        raise StreamingInTenant(request.path)


def _or_none(question: Callable[[UUID], Row], key: UUID) -> Row | None:
    try:
        return question(key)
    except (Membership.DoesNotExist, ApiToken.DoesNotExist):
        return None
