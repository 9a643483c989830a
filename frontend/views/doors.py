"""Signing up, signing in, confirming an address, choosing a new password, and finding one's organisation."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account import views as allauth
from allauth.account.internal import flows
from allauth.account.internal.stagekit import unstash_login
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import entrance, queries, services
from accounts.models import User
from frontend.access import public, signed_in
from frontend.context import THEMES
from frontend.doors.told import Told, Words
from frontend.forms import doors as forms
from frontend.http import SignedRequest, page, told_in
from frontend.parts import Action

A_YEAR = 365 * 24 * 3600


class SignUp(Told, allauth.SignupView):  # type: ignore[misc]
    """A person and the organisation they want to open, on one page. It is opened when they confirm their address."""

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().form_valid(form)  # type: ignore[no-any-return]
        except IntegrityError:  # the same address came twice at once
            answer: HttpResponse = flows.signup.prevent_enumeration(self.request, email=form.cleaned_data["email"])
            return answer


class SignIn(Told, allauth.LoginView):  # type: ignore[misc]
    """E-mail and password, or a passkey."""


class ConfirmationSent(Told, allauth.EmailVerificationSentView):  # type: ignore[misc]
    """Where a sign-up goes on: in the letter. It is sent again at a press, to whoever has just signed up here."""

    template_name = "account/verification_sent.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        if login := unstash_login(request, peek=True):
            flows.email_verification.send_verification_email_at_login(request, login)
        return redirect("account_email_verification_sent")

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        return super().get_context_data(**given) | {"can_resend": bool(unstash_login(self.request, peek=True))}


class Confirm(Told, allauth.ConfirmEmailView):  # type: ignore[misc]
    """The link of a letter: a press confirms, so that a mail filter that follows links does not."""

    template_name = "account/email_confirm.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            address = self.get_object().email_address
        except Http404:
            return self.get(*args, **kwargs)  # type: ignore[no-any-return]
        with transaction.atomic():
            services.give_way(address=address.email, to=address.user)
            return super().post(*args, **kwargs)  # type: ignore[no-any-return]

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        gone = not context["can_confirm"]
        return super().render_to_response(context, status=HTTPStatus.NOT_FOUND if gone else None, **options)  # type: ignore[no-any-return]


class AskReset(Told, allauth.PasswordResetView):  # type: ignore[misc]
    """The address to which a link goes, whether or not there is an account with it."""

    template_name = "doors/form.html"
    words = Words(
        title=_("Choose a new password"),
        lede=_("We write to the address you sign in with. The link in that letter works once."),
        button=_("Write to me"),
        back=_("Back to the sign-in"),
        back_to="account_login",
    )


class ResetAsked(Told, allauth.PasswordResetDoneView):  # type: ignore[misc]
    """The same words whether or not there is such an account."""

    template_name = "doors/told.html"
    words = Words(
        title=_("Look into your mail"),
        lede=_("A letter is on its way to the address you gave. Its link works once, and for two hours."),
        back=_("Back to the sign-in"),
        back_to="account_login",
    )


class Reset(Told, allauth.PasswordResetFromKeyView):  # type: ignore[misc]
    """The new password, from the link of a letter."""

    template_name = "account/password_reset_from_key.html"
    words = Words(title=_("Choose a new password"), lede=_("Every session of yours ends."), button=_("Keep it"))

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            # The letter has reached them, which is all that confirming an address asks.
            services.give_way(address=self.reset_user.email, to=self.reset_user)
            flows.email_verification.verify_email_indirectly(self.request, self.reset_user, self.reset_user.email)
        return response

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        if context.get("token_fail"):
            options["status"] = HTTPStatus.NOT_FOUND
        return super().render_to_response(context, **options)  # type: ignore[no-any-return]


class WasReset(Told, allauth.PasswordResetFromKeyDoneView):  # type: ignore[misc]
    """On to the sign-in."""

    template_name = "doors/told.html"
    words = Words(
        title=_("You have a new password"),
        lede=_("Sign in with it. All other sessions have ended."),
        action=Action(words=str(_("Sign in")), url="/accounts/login/", solid=True),
    )


class Inactive(Told, allauth.AccountInactiveView):  # type: ignore[misc]
    """Somebody whose sign-in was ended."""

    template_name = "doors/told.html"
    words = Words(
        title=_("This sign-in has ended"),
        lede=_("Ask an owner of your organisation, or the people who run this installation."),
        back=_("Back to the sign-in"),
        back_to="account_login",
    )


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


FROM_A_LETTER = "its link is in a letter to whoever it is about"
sign_up = public(because="this is how people get in")(SignUp.as_view())
sign_in = public(because="this is how people get in")(SignIn.as_view())
sign_in_again = public(because="this is how people get in again")(require_POST(SignInAgain.as_view()))
sign_out = public(because="a page that was left open must not fail")(allauth.LogoutView.as_view())
confirmation_sent = public(because="nobody is known before they confirm")(never_cache(ConfirmationSent.as_view()))
confirm = public(because=FROM_A_LETTER)(never_cache(Confirm.as_view()))
ask_reset = public(because="who has no password cannot sign in")(AskReset.as_view())
reset_asked = public(because="who has no password cannot sign in")(ResetAsked.as_view())
reset = public(because=FROM_A_LETTER)(never_cache(Reset.as_view()))
was_reset = public(because="who has just chosen a password signs in with it next")(WasReset.as_view())
inactive = public(because="whoever is told so is not let in")(Inactive.as_view())


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
    form = forms.NewOrganisation(request.POST or None, initial={"name": request.user.organisation_to_open})
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
