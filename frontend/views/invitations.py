"""The page behind the link in a letter of invitation."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from allauth.account.models import EmailAddress
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts import people, services
from accounts.models import Invitation, User
from accounts.services.refusals import InvitationOver
from accounts.tenancy.scope import tenant_scope
from frontend.access import public
from frontend.forms.people import NewAccount
from frontend.http import done, page, told_in

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@public(because="who holds the letter is asked in")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Says who invites whom into what. Reading it changes nothing: scanners of mail open links, too."""
    offer = offer_behind(secret)
    if offer is None:
        return private(over(request))
    try:
        if request.user.is_authenticated:
            return private(for_somebody(request, offer, secret))
        return private(for_a_visitor(request, offer, secret))
    except InvitationOver:  # used or taken back while the page was read
        return private(over(request))


def offer_behind(secret: str) -> Invitation | None:
    """The offer that a secret opens. Nothing tells a wrong one from one that is used, replaced or over."""
    found = people.invitation_behind(secret)
    if found is None:
        return None
    with tenant_scope(found.tenant_id, read_only=True):
        return people.offer(found.invitation_id)


def over(request: HttpRequest) -> HttpResponse:
    return page(request, "doors/invitation_over.html", {}, status=HTTPStatus.NOT_FOUND)


def private(response: HttpResponse) -> HttpResponse:
    """Nobody keeps or lists it. The policy of the whole product sends its address to no other site; a stricter one
    would make browsers post the form with the origin `null`."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def for_somebody(request: HttpRequest, offer: Invitation, secret: str) -> HttpResponse:
    """One button for the person who was invited; everybody else is told for whom it is."""
    person = cast("User", request.user)
    fits = person.email == offer.email
    if request.method == "POST" and fits:
        with transaction.atomic():
            services.accept_invitation(secret=secret, person=person, at=timezone.now())
            confirm_address(person)
        return welcome(request, offer)
    status = HTTPStatus.CONFLICT if request.method == "POST" else HTTPStatus.OK
    return page(request, "doors/invitation.html", said(offer, secret) | {"fits": fits}, status=status)


def for_a_visitor(request: HttpRequest, offer: Invitation, secret: str) -> HttpResponse:
    """To the sign-in for who has one, and a new one on the spot for who has none."""
    if User.objects.filter(email=offer.email).exists():
        status = HTTPStatus.CONFLICT if request.method == "POST" else HTTPStatus.OK
        return page(request, "doors/invitation.html", said(offer, secret) | {"has_account": True}, status=status)
    form = NewAccount(request.POST if request.method == "POST" else None, email=offer.email, name=offer.name)
    if request.method == "POST" and form.is_valid():
        name, password = form.cleaned_data["name"], form.cleaned_data["password"]
        with told_in(form), transaction.atomic():
            person = services.join_with_new_account(secret=secret, name=name, password=password, at=timezone.now())
            confirm_address(person)
        if form.is_valid():
            login(request, person, backend=BACKEND)
            return welcome(request, offer)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "doors/invitation.html", said(offer, secret) | {"form": form}, status=status)


def said(offer: Invitation, secret: str) -> dict[str, object]:
    """What the page says of an offer."""
    return {
        "offer": offer,
        "title": gettext("Join {organisation}").format(organisation=offer.tenant.name),
        "here": reverse("invitation", args=[secret]),
        "sign_in_url": f"{reverse('account_login')}?next={reverse('invitation', args=[secret])}",
    }


def confirm_address(person: User) -> None:
    """The secret came by a letter to this address: whoever shows it has read that letter."""
    known = EmailAddress.objects.filter(user=person)
    if not known.filter(email=person.email).update(verified=True):
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=not known.exists())


def welcome(request: HttpRequest, offer: Invitation) -> HttpResponse:
    url = reverse("organisation", args=[offer.tenant.slug])
    return done(request, url, gettext("You are a member of {organisation}").format(organisation=offer.tenant.name))
