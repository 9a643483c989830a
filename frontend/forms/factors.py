"""Codes and passkeys. The sign-in library checks them; here are the words, and answers to what no browser sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from frontend.forms.doors import say

#: What the library raises over a credential that no authenticator has made.
NO_CREDENTIAL = (TypeError, KeyError, ValueError, AttributeError, IndexError)
SAY_WHAT = _("Your device did not answer as it should. Try again.")
LONGEST_NAME = 60


class Code:
    """A form with one field for a code of six digits, or a recovery code."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, code=_("Code"))  # type: ignore[arg-type]
        field = self.fields["code"]
        field.error_messages["required"] = _("Give the code.")
        field.widget.attrs |= {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}

    def clean_code(self) -> str:
        # Apps and notes show codes in groups.
        given: dict[str, Any] = self.cleaned_data  # type: ignore[attr-defined]
        given["code"] = "".join(given["code"].split())
        return super().clean_code()  # type: ignore[misc, no-any-return]


class Authenticate(Code, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("From your authenticator app, or one of your recovery codes.")


class AgainCode(Code, ReauthenticateForm):  # type: ignore[misc]
    """A code once more, before something that matters."""


class AddApp(Code, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app, which shows that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, code=_("Code that the app shows"))


class CredentialField(forms.JSONField):
    """What the script writes: an object of JSON, and none so deep that nobody can read it."""

    widget = forms.HiddenInput
    default_error_messages = {"required": SAY_WHAT, "invalid": SAY_WHAT}

    def to_python(self, value: Any) -> Any:
        try:
            given = super().to_python(value)
        except RecursionError as error:
            raise forms.ValidationError(SAY_WHAT) from error
        if given is not None and not isinstance(given, dict):
            raise forms.ValidationError(SAY_WHAT)
        return given

    def bound_data(self, data: Any, initial: Any) -> Any:
        # An answer to a question that has been asked is of no use a second time.
        return None


class Credential:
    """A form with what an authenticator answered: anything else is refused in words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField()  # type: ignore[attr-defined]

    def clean_credential(self) -> Any:
        with refused_in_words():
            return super().clean_credential()  # type: ignore[misc]


class AuthenticatePasskey(Credential, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second step."""


class SignInPasskey(Credential, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of a password."""


class AgainPasskey(Credential, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey once more, before something that matters."""


class AddPasskey(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and what the person calls it. All of ours can sign in alone, so nothing is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        name_passkey(self)
        self.fields["credential"] = CredentialField()

    def clean(self) -> dict[str, Any]:
        with refused_in_words():
            cleaned: dict[str, Any] = super().clean()
        return cleaned


class NamePasskey(EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_passkey(self)


def name_passkey(form: forms.Form) -> None:
    say(form, name=_("Name"))
    field = form.fields["name"]
    field.help_text = _("So that you know which one it is, such as Phone or Work laptop.")
    field.max_length = LONGEST_NAME  # type: ignore[attr-defined]
    field.validators.append(MaxLengthValidator(LONGEST_NAME))
    field.error_messages["required"] = _("Give it a name.")


@contextmanager
def refused_in_words() -> Iterator[None]:
    """Tell what the library cannot read as an error of the form."""
    try:
        yield
    except forms.ValidationError:
        raise
    except NO_CREDENTIAL as error:
        raise forms.ValidationError(SAY_WHAT) from error
