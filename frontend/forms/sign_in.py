"""An organisation's sign-in rules."""

from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import IdentityProvider
from accounts.models.organisation import Role
from accounts.refusals import Refused
from accounts.services.domains import domain_name


class FindOrganisation(forms.Form):
    """An address, for the sake of its domain."""

    email = forms.EmailField(
        label=_("Work e-mail"),
        error_messages={
            "required": _("Give your e-mail address, like name@company.com."),
            "invalid": _("Give your e-mail address, like name@company.com."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        """Its domain, as mail servers write it."""
        try:
            return domain_name(self.cleaned_data["email"].rpartition("@")[2])
        except Refused as refusal:
            raise forms.ValidationError(_("Give your e-mail address, like name@company.com.")) from refusal


class ProviderForm(forms.Form):
    """The provider that signs the organisation's people in."""

    prefix = "provider"
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What your people call it. It stands on the button with which they sign in."),
        error_messages={"required": _("Give the name that your people know the provider by.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    issuer = forms.CharField(
        label=_("Issuer"),
        max_length=300,
        help_text=_("The address that the provider calls its issuer, like https://login.company.com/sales."),
        error_messages={"required": _("Give the issuer’s address, beginning with https://.")},
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    client_id = forms.CharField(
        label=_("Client ID"),
        max_length=200,
        error_messages={"required": _("Give the client ID that the provider shows for this product.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    vouches = forms.BooleanField(
        label=_("Its addresses are checked, even where it does not say so"),
        required=False,
        help_text=_(
            "Some providers never say that an address is confirmed. Tick this only if people cannot choose theirs."
        ),
    )

    def __init__(self, given: Any = None, *, provider: IdentityProvider | None) -> None:
        initial = (
            {name: getattr(provider, name) for name in ("name", "issuer", "client_id", "vouches")} if provider else {}
        )
        super().__init__(given, initial=initial)
        self.fields["client_secret"].help_text = (
            _("It is kept sealed and never shown. Leave it empty to keep the one there is.")
            if provider
            else _("It is kept sealed and never shown.")
        )
        if provider is None:
            self.fields["client_secret"].required = True
            self.fields["client_secret"].error_messages["required"] = _("Give the client secret.")

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"]
        try:
            URLValidator(schemes=["https", "http"])(issuer)
        except forms.ValidationError as error:
            raise forms.ValidationError(_("Give the issuer’s address, beginning with https://.")) from error
        if "?" in issuer or "#" in issuer or "@" in issuer:
            raise forms.ValidationError(_("Give the issuer’s address without “?”, “#” and “@”."))
        return issuer


class DomainForm(forms.Form):
    """A mail domain that is the organisation's own."""

    prefix = "domain"
    domain = forms.CharField(
        label=_("Domain"),
        max_length=253,
        help_text=_("What stands behind the @ of your people’s addresses."),
        error_messages={"required": _("Give the domain of your addresses, like company.com.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
    )


class RulesForm(forms.Form):
    """How members must sign in."""

    prefix = "rules"
    sso_required = forms.BooleanField(label=_("Members must sign in with the provider"), required=False)
    mfa_required = forms.BooleanField(label=_("Members need a second step"), required=False)
    joins_as = forms.ChoiceField(
        label=_("Somebody of your domain who is no member yet"),
        required=False,
        choices=[
            ("", _("stays outside until invited")),
            (Role.VIEWER, _("joins as viewer")),
            (Role.REP, _("joins as rep")),
        ],
        help_text=_("Affects people whom the provider signs in with an address of a domain proven above."),
    )
