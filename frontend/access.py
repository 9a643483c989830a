"""Who may open a page. Each view says so, and a test walks the site map to see that it does."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts import entrance, queries
from accounts.entrance import Bar
from accounts.permissions import CAPABILITIES, require
from accounts.tenancy.scope import tenant_scope
from frontend.forms.doors import SignInAgain
from frontend.http import SignedRequest, TenantRequest


class View(Protocol):
    """A view that says who may open it: a capability of `accounts/permissions.py`, or why everybody may."""

    access: str

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


def may(capability: str) -> Callable[[Callable[..., HttpResponseBase]], View]:
    """Open the page to members whose role includes the capability.

    The address carries the organisation, and the middleware has entered it; the view gets it as `request.tenant`.
    Nobody signed in: to the sign-in, or 401 where a part of a page is asked for. A stranger: the same 404 as for an
    organisation that does not exist. A member whose role does not include it: NotAllowed.
    """
    if capability not in CAPABILITIES:
        raise KeyError(f"{capability!r} is not in the table of accounts/permissions.py")

    def decorate(view: Callable[..., HttpResponseBase]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return sign_in(request)
            if bar := getattr(request, "bar", None):
                return barred(request, bar, slug)
            member = getattr(request, "membership", None)
            if member is None:
                raise Http404(slug)
            require(member, capability)
            # Forms and dates of the page mean the organisation's clock.
            with timezone.override(member.tenant.zone):
                return view(cast("TenantRequest", request), *args, **kwargs)

        guarded.access = capability  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def outside(capability: str, *, barred_too: bool = False) -> Callable[[Callable[..., HttpResponse]], View]:
    """Like @may, for a view that asks other computers: it enters `tenant_scope()` before and after, not meanwhile.

    barred_too: also for members whose session has not shown yet what the organisation asks for.
    """
    if capability not in CAPABILITIES:
        raise KeyError(f"{capability!r} is not in the table of accounts/permissions.py")

    def decorate(view: Callable[..., HttpResponse]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return sign_in(request)
            place = queries.place_of(request.user, slug)
            if place is None:
                raise Http404(slug)
            with tenant_scope(place.tenant_id, read_only=True):
                member = queries.member(place.membership_id)
                bar = entrance.bar_of(request.session, member, now=timezone.now())
            if bar and not barred_too:
                return barred(request, bar, slug)
            require(member, capability)
            request.membership, request.tenant = member, member.tenant  # type: ignore[attr-defined]
            with timezone.override(member.tenant.zone):
                return view(cast("TenantRequest", request), *args, **kwargs)

        guarded.access = capability  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def barred(request: HttpRequest, bar: Bar, slug: str) -> HttpResponse:
    """To where a member shows what the organisation asks for, and back here; a part of a page is told 401."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=401)
    wanted = request.get_full_path() if request.method == "GET" else f"/o/{slug}/"
    return redirect_to_login(wanted, login_url=reverse("organisation-sign-in", args=[slug]))


def signed_in(*, because: str) -> Callable[[Callable[..., HttpResponse]], View]:
    """Open the page to everybody who has signed in, outside of any organisation."""

    def decorate(view: Callable[..., HttpResponse]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return (
                view(cast("SignedRequest", request), *args, **kwargs)
                if request.user.is_authenticated
                else sign_in(request)
            )

        guarded.access = f"signed in: {because}"  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def public(*, because: str) -> Callable[[Callable[..., HttpResponse]], View]:
    """Open the page to everybody, for the reason given."""

    def decorate(view: Callable[..., HttpResponse]) -> View:
        opened = cast("View", view)
        opened.access = f"public: {because}"
        return opened

    return decorate


def sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back here; a part of a page is told 401 with a dialog that asks to sign in over that page."""
    if getattr(request, "htmx", False):
        return render(request, "doors/again.html", {"form": SignInAgain()}, status=401)
    return redirect_to_login(request.get_full_path())
