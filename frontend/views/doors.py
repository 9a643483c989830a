"""Signing up, signing in, and finding one's organisation."""

import json
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account import views as allauth
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import entrance, queries, services
from accounts.models import User
from frontend.access import public, signed_in
from frontend.context import THEMES
from frontend.forms import doors as forms
from frontend.forms.doors import NewOrganisation
from frontend.http import SignedRequest, page, told_in

A_YEAR = 365 * 24 * 3600


class WithStatus:
    """A form that comes back with errors says so in its status, like every form of the product."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response


class SignUp(WithStatus, allauth.SignupView):  # type: ignore[misc]
    """A person and their organisation, on one page."""


class SignIn(WithStatus, allauth.LoginView):  # type: ignore[misc]
    """E-mail and password."""


class SignInAgain(SignIn):
    """The same in a dialog over a page whose session has ended: what was typed there stays."""

    template_name = "doors/again.html#form"

    def get_form_class(self) -> type[forms.SignInAgain]:
        return forms.SignInAgain

    def form_valid(self, form: Any) -> HttpResponse:
        next_step = super().form_valid(form)
        if not self.request.user.is_authenticated:
            # A second step follows, on pages of its own; the page behind waits for it.
            context = {"next_url": next_step.headers.get("Location") or reverse("account_login")}
            return render(self.request, "doors/again.html#step", context)
        told = {
            "signed-in": {"token": get_token(self.request), "person": str(self.request.user.pk)},
            "dialog:close": "",
        }
        return HttpResponse(headers={"HX-Trigger": json.dumps(told), "HX-Reswap": "none"})


class ChangePassword(WithStatus, allauth.PasswordChangeView):  # type: ignore[misc]
    """The old password, and a new one."""


sign_up = public(because="this is how people get in")(SignUp.as_view())
sign_in = public(because="this is how people get in")(SignIn.as_view())
sign_in_again = public(because="this is how people get in again")(require_POST(SignInAgain.as_view()))
sign_out = public(because="a page that was left open must not fail")(allauth.LogoutView.as_view())
change_password = signed_in(because="it is the person's own")(ChangePassword.as_view())


@public(because="it only sends people to the right page")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """To the organisation, to the choice between several, or to the sign-in."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    places = open_places(request)
    if len(places) == 1:
        return redirect("organisation", places[0].slug)
    return redirect("organisations")


@signed_in(because="it lists the person's own organisations")
@require_http_methods(["GET", "POST"])
def organisations(request: SignedRequest) -> HttpResponse:
    """The organisations of a person, and a form for one more."""
    form = NewOrganisation(request.POST or None)
    if request.method == "POST" and not settings.SIGNUP_OPEN:
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            member = services.open_organisation(owner=request.user, name=form.cleaned_data["name"], at=timezone.now())
            return redirect("organisation", member.tenant.slug)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {
        "places": [(place, reverse("organisation", args=[place.slug])) for place in open_places(request)],
        "form": form,
        "may_open": settings.SIGNUP_OPEN and not entrance.is_confined(request.session),
    }
    return page(request, "doors/organisations.html", context, status=status)


def open_places(request: HttpRequest) -> list[queries.Place]:
    """The organisations of a person; of one whom only organisations vouch for, those organisations."""
    places = queries.places_of(cast("User", request.user))
    if not entrance.is_confined(request.session):
        return places
    return [place for place in places if entrance.opens(request.session, place.tenant_id)]


@public(because="everybody may like it dark")
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember how a person likes the pages; the script does the same without asking."""
    response = redirect(way_back(request))
    response.status_code = HTTPStatus.SEE_OTHER
    if request.POST.get("theme") in THEMES:
        response.set_cookie("theme", request.POST["theme"], max_age=A_YEAR, samesite="Lax", secure=settings.SECURE)
    if request.POST.get("keys") in ("on", "off"):
        response.set_cookie("keys", request.POST["keys"], max_age=A_YEAR, samesite="Lax", secure=settings.SECURE)
    return response


def way_back(request: HttpRequest) -> str:
    """Where the form stood, if that is a page of ours."""
    wanted = request.POST.get("next", "/")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    return wanted if ours and urlsplit(wanted).path.startswith("/") else "/"
