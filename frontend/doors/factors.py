"""Second factors and passkeys: their secrets are sealed, and passkeys belong to the site's own name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.secrets import seal, unseal

USE = "second factors"


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The product's answers to the library of second factors."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code does not fit. Give the newest one."),
        "unverified_email": _("Confirm your address first."),
        "add_email_blocked": _("Confirm your address first."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text, use=USE).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text.encode(), use=USE)

    def get_totp_issuer(self) -> str:
        return settings.PRODUCT_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # Never from the request: a passkey made under another name would open nothing later.
        return {"id": urlsplit(settings.SITE_URL).hostname or "localhost", "name": settings.PRODUCT_NAME}

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        return gettext("Passkey")
