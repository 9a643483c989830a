"""A person's own settings, in whatever organisation: what they are called, their address, their password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth
from allauth.account.models import EmailAddress
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import services
from frontend.access import signed_in
from frontend.doors.told import Told, Words
from frontend.forms.doors import Profile
from frontend.http import SignedRequest, done, page

OWN = "it is the person's own"


@signed_in(because=OWN)
@require_http_methods(["GET", "POST"])
def profile(request: SignedRequest) -> HttpResponse:
    """What the person is called, where their letters go, and how the pages look in this browser."""
    form = Profile(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        services.rename_person(user=request.user, name=form.cleaned_data["name"], at=timezone.now())
        return done(request, request.path, gettext("Name kept"))
    context = {
        "title": gettext("Profile"),
        "form": form,
        "address": request.user.email,
        "wanted": EmailAddress.objects.get_new(request.user),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "account/profile.html", context, status=status)


class Address(Told, allauth.EmailView):  # type: ignore[misc]
    """The address, and the one that is to take its place."""

    template_name = "account/address.html"
    words = Words(title=_("E-mail address"), button=_("Write to the new address"), back=_("Cancel"), back_to="account")


class ChangePassword(Told, allauth.PasswordChangeView):  # type: ignore[misc]
    """The old password, and a new one."""

    template_name = "account/password_change.html"
    words = Words(
        title=_("Password"),
        lede=_("A new one ends every other session of yours."),
        button=_("Change the password"),
    )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_usable_password():  # type: ignore[union-attr]
            return redirect("account_set_password")
        return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]


class Again(Told, allauth.ReauthenticateView):  # type: ignore[misc]
    """The password once more, before something that matters."""

    template_name = "account/again.html"
    words = Words(
        title=_("Is it you?"),
        lede=_("Before this is changed, give your password once more."),
        button=_("Go on"),
        back=_("Cancel"),
        back_to="account",
    )


@signed_in(because=OWN)
@require_GET
def no_password(request: SignedRequest) -> HttpResponse:
    """For somebody who signs in by their organisation only: a first password comes by a letter, like a new one."""
    if request.user.has_usable_password():
        return redirect("account_change_password")
    return render(request, "account/no_password.html", {"title": gettext("Password")})


address = signed_in(because=OWN)(Address.as_view())
change_password = signed_in(because=OWN)(ChangePassword.as_view())
again = signed_in(because=OWN)(Again.as_view())
