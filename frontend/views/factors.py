"""Two-step sign-in and passkeys: what belongs to a person's sign-in, and using it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.internal import flows
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from frontend import words
from frontend.access import public, signed_in
from frontend.doors.told import Told, Words

OWN = "it is the person's own"
SECOND_STEP = "whoever has given the first half of a sign-in gives the second"
FEW_CODES = 3


class Index(Told, base.IndexView):  # type: ignore[misc]
    """What belongs to the sign-in."""

    template_name = "mfa/index.html"
    words = Words(
        title=_("Two-step sign-in"),
        lede=_("A password can be guessed or stolen. A second step keeps others out."),
    )

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context = super().get_context_data(**given)
        found = context["authenticators"]
        left = len(found["recovery_codes"].get_unused_codes()) if "recovery_codes" in found else 0
        today = timezone.localdate()
        passkeys = [
            {
                "key": one.instance.pk,
                "name": one.name,
                "added": words.ago(timezone.localdate(one.instance.created_at), today=today),
                "used": words.ago(timezone.localdate(one.instance.last_used_at), today=today)
                if one.instance.last_used_at
                else gettext("not yet"),
            }
            for one in found.get("webauthn", [])
        ]
        return context | {
            "passkeys": passkeys,
            "has_app": "totp" in found,
            "codes_left": left,
            "few_codes": left <= FEW_CODES,
        }


class Authenticate(Told, base.AuthenticateView):  # type: ignore[misc]
    """The second step of signing in: a code or a passkey."""

    template_name = "mfa/authenticate.html"
    words = Words(title=_("Second step"), lede=_("Show that it is you."), button=_("Sign in"))

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context = super().get_context_data(**given)
        person = self.stage.login.user
        return context | {
            "has_codes": Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.WEBAUTHN).exists(),
            "has_passkeys": Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).exists(),
        }

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response


class AgainCode(Told, base.ReauthenticateView):  # type: ignore[misc]
    """A code once more, before something that matters."""

    template_name = "account/again.html"
    words = Words(
        title=_("Is it you?"),
        lede=_("Before this is changed, give a code of your authenticator app, or a recovery code."),
        button=_("Go on"),
        back=_("Cancel"),
        back_to="mfa_index",
    )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        has_codes = Authenticator.objects.filter(user=request.user).exclude(type=Authenticator.Type.WEBAUTHN)
        if not has_codes.exists():
            # The library would ask for the password, which is no second factor.
            return redirect(self.passthrough_next_url(reverse("mfa_reauthenticate_webauthn")))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]


class AgainPasskey(Told, webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]
    """A passkey once more, before something that matters."""

    template_name = "mfa/webauthn/reauthenticate.html"
    words = Words(title=_("Is it you?"), lede=_("Before this is changed, use your passkey once more."))

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(self, form)


class AddApp(Told, totp.ActivateTOTPView):  # type: ignore[misc]
    """The secret for an authenticator app, as a picture and as text."""

    template_name = "mfa/totp/activate_form.html"
    words = Words(title=_("Add an authenticator app"), button=_("Add the app"), back=_("Cancel"), back_to="mfa_index")

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context = super().get_context_data(**given)
        secret = context["form"].secret
        return context | {"secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}


class RemoveApp(Told, totp.DeactivateTOTPView):  # type: ignore[misc]
    """Without the app."""

    template_name = "settings/form.html"
    words = Words(
        title=_("Remove the authenticator app?"),
        lede=_("Its codes will no longer be asked for, and no longer open anything."),
        button=_("Remove the app"),
        back=_("Keep it"),
        back_to="mfa_index",
        danger=True,
    )


class MakeCodes(Told, codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    """New recovery codes in place of the old ones."""

    template_name = "settings/form.html"
    words = Words(
        title=_("Make new recovery codes?"),
        lede=_("The old ones are worth nothing from then on."),
        button=_("Make new codes"),
        back=_("Keep the old ones"),
        back_to="mfa_view_recovery_codes",
    )


class Codes(Told, codes.ViewRecoveryCodesView):  # type: ignore[misc]
    """The codes to keep for a lost phone."""

    template_name = "mfa/recovery_codes/index.html"
    words = Words(
        title=_("Recovery codes"),
        lede=_("Each opens your account once when your phone is lost. Print them, or keep them with your passwords."),
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # The codes are as good as a second factor: whoever finds an open session does not get them.
        flows.reauthentication.raise_if_reauthentication_required(request, app="allauth.mfa")
        return super().get(request, *args, **kwargs)  # type: ignore[no-any-return]


class AddPasskey(Told, webauthn.AddWebAuthnView):  # type: ignore[misc]
    """One more passkey, which signs in alone."""

    template_name = "mfa/webauthn/add_form.html"
    words = Words(
        title=_("Add a passkey"),
        lede=_("Your phone, computer or security key keeps it, and opens it with your face, finger or PIN."),
        button=_("Add a passkey"),
        back=_("Cancel"),
        back_to="mfa_index",
    )

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context = super().get_context_data(**given)
        # The library asks each time whether a key may sign in alone; ours always may, and always asks who holds it.
        context["js_data"] = {"creation_options": auth.begin_registration(self.request.user, True)}
        # It makes the form anew, without what was wrong in the one that was sent.
        return context | ({"form": given["form"]} if "form" in given else {})


class NamePasskey(Told, webauthn.EditWebAuthnView):  # type: ignore[misc]
    """Another name for a passkey."""

    template_name = "settings/form.html"
    success_url = reverse_lazy("mfa_index")
    words = Words(title=_("Name the passkey"), button=_("Keep the name"), back=_("Cancel"), back_to="mfa_index")


class RemovePasskey(Told, webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    """Without this passkey."""

    template_name = "settings/form.html"
    success_url = reverse_lazy("mfa_index")
    words = Words(
        title=_("Remove this passkey?"),
        lede=_("It will no longer open anything. Your device may still show it until you remove it there, too."),
        button=_("Remove the passkey"),
        back=_("Keep it"),
        back_to="mfa_index",
        danger=True,
    )


class SignInPasskey(webauthn.LoginWebAuthnView):  # type: ignore[misc]
    """A passkey instead of address and password. The script asks for the question and posts the answer."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get("Accept") != "application/json":
            return redirect("account_login")
        return JsonResponse({"request_options": auth.begin_authentication(user=None)})

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(self, form)


def refused(view: Any, form: Any) -> HttpResponse:
    """Tell why at the page on which the passkey was asked for."""
    for sentence in form.errors.get("credential", []):
        messages.error(view.request, sentence)
    here = view.request.resolver_match.view_name
    return redirect("account_login" if here == "mfa_login_webauthn" else here)


index = signed_in(because=OWN)(Index.as_view())
authenticate = public(because=SECOND_STEP)(Authenticate.as_view())
sign_in_passkey = public(because="this is how people get in")(never_cache(SignInPasskey.as_view()))
again_code = signed_in(because=OWN)(AgainCode.as_view())
again_passkey = signed_in(because=OWN)(AgainPasskey.as_view())
add_app = signed_in(because=OWN)(never_cache(AddApp.as_view()))
remove_app = signed_in(because=OWN)(RemoveApp.as_view())
view_codes = signed_in(because=OWN)(never_cache(Codes.as_view()))
make_codes = signed_in(because=OWN)(MakeCodes.as_view())
add_passkey = signed_in(because=OWN)(never_cache(AddPasskey.as_view()))
name_passkey = signed_in(because=OWN)(NamePasskey.as_view())
remove_passkey = signed_in(because=OWN)(RemovePasskey.as_view())
