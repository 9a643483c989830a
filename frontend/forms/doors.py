"""Signing up and signing in. The sign-in library does the work; here are the words, and the organisation."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, LoginForm, SignupForm
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant, User
from accounts.services import open_organisation


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What the sign-in library asks the product."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP_OPEN

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def save_user(self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit)  # type: ignore[no-any-return]


class SignUp(SignupForm):  # type: ignore[misc]
    """A person and their organisation, on one page. The address of the organisation is made from its name."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    organisation = forms.CharField(
        label=_("Organisation"),
        max_length=Tenant._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        help_text=_("The company or team that sells. You will own it here."),
    )
    field_order = ["email", "name", "organisation", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, email=_("Work e-mail"), password1=_("Password"))
        self.fields["password1"].help_text = _("At least 12 characters. A few plain words are good.")
        asked = {
            "email": _("Give your e-mail address, like name@company.com."),
            "name": _("Give your name."),
            "organisation": _("Give the name of your organisation."),
            "password1": _("Give a password of at least 12 characters."),
        }
        for name, sentence in asked.items():
            self.fields[name].error_messages["required"] = sentence

    def save(self, request: HttpRequest) -> User:
        # One transaction: nobody is left with a sign-in and without an organisation.
        with transaction.atomic():
            user: User = super().save(request)
            open_organisation(owner=user, name=self.cleaned_data["organisation"], at=timezone.now())
        return user


class SignIn(LoginForm):  # type: ignore[misc]
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, login=_("E-mail"), password=_("Password"))
        self.fields["login"].error_messages["required"] = _("Give your e-mail address.")
        self.fields["password"].error_messages["required"] = _("Give your password.")


class SignInAgain(SignIn):
    """The same over a page that was left open: its fields have names of their own there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": "again_%s"})


class ChangePassword(ChangePasswordForm):  # type: ignore[misc]
    """The old password, and the new one once: the browser shows it to who wants to see it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, oldpassword=_("Password until now"), password1=_("New password"))
        self.fields["password1"].help_text = _("At least 12 characters. A few plain words are good.")
        self.fields["oldpassword"].error_messages["required"] = _("Give the password until now.")
        self.fields["password1"].error_messages["required"] = _("Give a password of at least 12 characters.")
        self.fields.pop("password2", None)


class NewOrganisation(forms.Form):
    """One more organisation for somebody who is signed in."""

    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=120,
        error_messages={"required": _("Give the name of your organisation.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


def say(form: forms.Form, **labels: Any) -> None:
    """Our labels instead of the library's, and none of its placeholders: a placeholder is no label."""
    for name, label in labels.items():
        form.fields[name].label = label
        form.fields[name].widget.attrs.pop("placeholder", None)
        # The library adds a link as help text, unescaped; the page has its own.
        form.fields[name].help_text = ""
