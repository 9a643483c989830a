"""People who run the installation, looking into an organisation; and its owners, looking at who did."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import entrance, queries
from accounts.models import OperatorAccess
from accounts.permissions import allows
from accounts.services.operators import end_operator_access, enter_organisation, leave_organisation
from frontend import navigation, words
from frontend.access import may, signed_in
from frontend.forms.operators import EnterForm
from frontend.http import SignedRequest, TenantRequest, done, page, told_in
from frontend.parts import Crumb, Head

MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
@signed_in(because="operators are members of no organisation; for everybody else it is not there")
def operators(request: SignedRequest) -> HttpResponse:
    """Where an operator may read at this moment, and the form to enter an organisation."""
    refuse_others(request)
    shown = entrance.has_shown_second_factor(request.session, request.user)
    if queries.is_operator(request.user) and not shown:
        # The session is older than the second step, or was begun without it.
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.path})}")
    form = EnterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tenant = queries.organisation_at(form.cleaned_data["slug"].strip().lower())
        if tenant is None:
            form.add_error("slug", gettext("No organisation has this address."))
        else:
            with told_in(form):
                reason = form.cleaned_data["reason"]
                enter_organisation(operator=request.user, tenant=tenant, reason=reason, at=timezone.now())
                return done(request, reverse("organisation", args=[tenant.slug]))
    context = {
        "form": form,
        "places": [
            (place, reverse("organisation", args=[place.slug]), reverse("operator-leave", args=[place.access_id]))
            for place in queries.operator_places(request.user)
        ],
        "may_enter": queries.is_operator(request.user),
        "two_steps_url": next((navigation.address_of(way) for way in navigation.YOURS if way.name == "mfa_index"), ""),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "operators/enter.html", context, status=status)


@require_POST
@signed_in(because="operators are members of no organisation; for everybody else it is not there")
def leave(request: SignedRequest, pk: UUID) -> HttpResponse:
    """End one's own leave before its time."""
    refuse_others(request)
    found = next((place for place in queries.operator_places(request.user) if place.access_id == pk), None)
    if found is not None:
        leave_organisation(
            operator=request.user, tenant_id=found.tenant_id, access_id=found.access_id, at=timezone.now()
        )
    return done(request, reverse("operators"), gettext("You have left"))


def refuse_others(request: SignedRequest) -> None:
    """For everybody who does not run the installation the page is not there."""
    if not request.user.is_staff:
        raise Http404


@dataclass(frozen=True, kw_only=True)
class Look:
    """One time that an operator entered."""

    who: str
    email: str
    why: str
    when: str
    until: str
    end_url: str
    pages_url: str


@require_GET
@may("audit.see")
def looked(request: TenantRequest) -> HttpResponse:
    """Which operators have entered the organisation, when and why."""
    found = queries.operators_who_looked(MOST_SHOWN)
    context = {
        "title": gettext("Operators who looked"),
        "lede": gettext("People who run the product enter only to read, for a reason, and for an hour."),
        "crumbs": [
            Crumb(words=gettext("Settings"), url=reverse("settings", args=[request.tenant.slug])),
            Crumb(words=gettext("Operators who looked")),
        ],
        "heads": [
            Head(words=gettext("Who")),
            Head(words=gettext("Why")),
            Head(words=gettext("When")),
            Head(words=gettext("Until")),
            Head(words=gettext("Show out"), silent=True),
        ],
        "looks": [look(access, request) for access in found],
    }
    return page(request, "operators/looked.html", context)


@require_POST
@may("organisation.secure")
def end(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Show an operator out."""
    access = queries.operator_access(pk)
    if access is None:
        raise Http404(pk)
    end_operator_access(access=access, actor=request.membership, at=timezone.now())
    url = reverse("operators-who-looked", args=[request.tenant.slug])
    return done(request, url, gettext("{name} is out").format(name=access.operator.name or access.operator.email))


def look(access: OperatorAccess, request: TenantRequest) -> Look:
    slug, zone, now = request.tenant.slug, request.tenant.zone, timezone.now()
    over = access.ended_at or access.expires_at
    begun, ended = access.created_at.astimezone(zone), over.astimezone(zone)
    may_end = over > now and allows(request.membership, "organisation.secure")
    return Look(
        who=access.operator.name or access.operator.email,
        email=access.operator.email,
        why=access.reason,
        when=f"{words.day(begun.date(), today=words.today_in(zone, now))} {words.clock(begun.time())}",
        until=words.clock(ended.time()),
        end_url=reverse("operator-end", args=[slug, access.pk]) if may_end else "",
        pages_url=reverse("audit", args=[slug]) + f"?about={access.pk}",
    )
