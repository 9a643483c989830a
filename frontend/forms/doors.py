"""Signing up and signing in. The sign-in library does the work; here are the words, and the organisation."""

from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant, User


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
        say(self, oldpassword=_("Password until now"))
        self.fields["oldpassword"].error_messages["required"] = _("Give the password until now.")
        ask_for_new_password(self)


class Address(AddEmailForm):  # type: ignore[misc]
    """The new address, which takes the place of the old one when it is confirmed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, email=_("New e-mail address"))
        self.fields["email"].help_text = _("We write to it. When you follow the link in that letter, it is yours here.")
        self.fields["email"].error_messages["required"] = _("Give the new address, like name@company.com.")


class AskReset(ResetPasswordForm):  # type: ignore[misc]
    """The address to which the link goes."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, email=_("E-mail"))
        self.fields["email"].error_messages["required"] = _("Give the address you signed up with.")

    def clean_email(self) -> str:
        address: str = super().clean_email()
        # Not to an address that somebody only wants to change to: it may be mistyped, and a stranger’s.
        self.users = [user for user in self.users if user.email.lower() == address.lower()]
        return address


class Reset(ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_new_password(self)


class AgainPassword(ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say(self, password=_("Password"))
        self.fields["password"].error_messages["required"] = _("Give your password.")


class Profile(forms.ModelForm):  # type: ignore[type-arg]
    """What the person is called."""

    class Meta:
        model = User
        fields = ["name"]
        error_messages = {"name": {"required": _("Give your name.")}}
        help_texts = {"name": _("Your colleagues see it, in every organisation you are a member of.")}
        labels = {"name": _("Name")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class NewOrganisation(forms.Form):
    """One more organisation for somebody who is signed in."""

    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=120,
        error_messages={"required": _("Give the name of your organisation.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


def ask_for_new_password(form: forms.Form) -> None:
    """Once and not twice: the browser shows it to who wants to see it."""
    say(form, password1=_("New password"))
    form.fields["password1"].help_text = _("At least 12 characters. A few plain words are good.")
    form.fields["password1"].error_messages["required"] = _("Give a password of at least 12 characters.")
    form.fields.pop("password2", None)


def say(form: forms.Form, **labels: Any) -> None:
    """Our labels instead of the library's, and none of its placeholders: a placeholder is no label."""
    for name, label in labels.items():
        form.fields[name].label = label
        form.fields[name].widget.attrs.pop("placeholder", None)
        # The library adds a link as help text, unescaped; the page has its own.
        form.fields[name].help_text = ""
