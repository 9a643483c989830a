"""What the sign-in library asks the product: who may sign up, how letters are sent, how tries are counted."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import mail
from accounts.models import User
from frontend.doors import throttle
from frontend.doors.devices import device_words

#: The library's letters, each by our template in `templates/mail/`.
LETTERS = {
    "account/email/email_confirmation_signup": "confirm-sign-up",
    "account/email/email_confirmation": "confirm-address",
    "account/email/account_already_exists": "known-address",
    "account/email/unknown_account": "unknown-address",
    "account/email/password_reset_key": "reset-password",
    "account/email/password_changed": "password-changed",
    "account/email/password_reset": "password-changed",
    "account/email/password_set": "password-changed",
    "account/email/email_changed": "address-changed",
    "account/email/email_deleted": "address-dropped",
    "mfa/email/totp_activated": "app-added",
    "mfa/email/totp_deactivated": "app-removed",
    "mfa/email/recovery_codes_generated": "codes-made",
    "mfa/email/webauthn_added": "passkey-added",
    "mfa/email/webauthn_removed": "passkey-removed",
}
TOLD = ("activate_url", "password_reset_url", "from_email", "to_email", "ip", "timestamp", "deleted_email")
LONGEST_ADDRESS = User._meta.get_field("email").max_length


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The product's answers to the sign-in library."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Address and password do not belong together. Look at both, or choose a new one."),
        "too_many_login_attempts": _("Too many tries with this address from here. Wait a minute, then try again."),
        "enter_current_password": _("This is not your password. Give the one you sign in with."),
        "incorrect_password": _("This is not your password."),
        "incorrect_code": _("This code does not fit. Give the newest one."),
        "duplicate_email": _("This is your address already, or it waits to be confirmed."),
        "rate_limited": _("Too many tries. Wait a minute, then try again."),
        "invalid_password_reset": _("This link has ended or was used. Ask for a new one."),
    }

    # --- Signing up -----------------------------------------------------------------------------------------------

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP_OPEN

    def save_user(self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        user.organisation_to_open = form.cleaned_data.get("organisation", "")
        return super().save_user(request, user, form, commit)  # type: ignore[no-any-return]

    def clean_email(self, email: str) -> str:
        if len(email) > (LONGEST_ADDRESS or 0):
            raise ValidationError(_("This address is too long. Give one of at most 254 characters."))
        return email

    # --- Ways on --------------------------------------------------------------------------------------------------

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_change_password")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        return reverse("account" if self.request.user.is_authenticated else "account_login")

    def post_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **hooks)
        throttle.remember_device(request, response, user.email)
        return response

    # --- Letters --------------------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        about = {name: context[name] for name in TOLD if name in context}
        person = context.get("user") or self.request.user
        about["name"] = "" if person is None or isinstance(person, AnonymousUser) else person.name
        if "user_agent" in context:
            about["device"] = device_words(context["user_agent"])
        mail.post(to=email, kind=LETTERS[template_prefix], at=timezone.now(), about=about)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return on_site(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        person, _, secret = key.partition("-")
        return on_site(reverse("account_reset_password_from_key", kwargs={"uidb36": person, "key": secret}))

    # --- Tries ----------------------------------------------------------------------------------------------------

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return throttle.counted_for(request, credentials.get("email", ""))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        # Before the password is hashed: that costs more than anything else here.
        known = throttle.known_device(request, credentials.get("email", ""))
        self._login_failed_rl_usage = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed",
            key=self._get_login_attempts_cache_key(request, **credentials),
            config={
                "login_failed": throttle.OF_A_DEVICE if known else f"{throttle.OF_A_NETWORK},{throttle.OF_A_DEVICE}"
            },
        )
        if not self._login_failed_rl_usage:
            raise self.validation_error("too_many_login_attempts")


def on_site(path: str) -> str:
    """The address of a page as letters give it: by the site's own name, whatever name a visitor used."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"
