"""A key for a program."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.integrations.tokens import LIFETIME, SCOPES, scope_is_within
from accounts.models import Membership
from frontend.forms.pick import Ticks

#: What each scope lets a program do, in words.
SCOPE_WORDS = {
    "deals:read": _("Read deals and companies"),
    "deals:write": _("Open and move deals"),
    "deals:override": _("Move deals past what a stage asks for"),
    "merges:write": _("Merge companies, contacts and deals"),
    "companies:write": _("Change companies and contacts"),
    "pipelines:write": _("Change pipelines, reasons and exchange rates"),
    "strategies:read": _("Read strategies"),
    "strategies:write": _("Write strategies"),
    "activities:read": _("Read activities"),
    "activities:write": _("Log activities"),
    "milestones:read": _("Read outcomes"),
    "milestones:write": _("Record outcomes"),
    "milestones:attest": _("Say what stands in a system of record"),
    "confirmations:write": _("Ask customers to confirm"),
    "statistics:read": _("Read statistics"),
    "events:read": _("Follow what happens"),
    "webhooks:read": _("Read webhooks and what was sent"),
    "webhooks:write": _("Add and change webhooks"),
    "organisation:read": _("Read members, teams and the organisation"),
    "organisation:write": _("Change the organisation’s settings"),
    "invitations:write": _("Invite people"),
    "members:write": _("Change members and teams"),
    "audit:read": _("Read who did what"),
    "tokens:read": _("Read the list of your tokens"),
    "tokens:write": _("Make and revoke tokens"),
}
LIFETIMES = {30: _("30 days"), LIFETIME.days: _("90 days"), 365: _("One year")}


class TokenForm(forms.Form):
    """A name, what the program may do, and until when. No more than the member's own role includes."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Which program uses it, so that you know what stops when you revoke it."),
        error_messages={"required": _("Give the token a name that says which program uses it.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=Ticks,
        error_messages={"required": _("Choose at least one thing that the program may do.")},
    )
    days = forms.TypedChoiceField(
        label=_("It ends after"), coerce=int, choices=list(LIFETIMES.items()), initial=LIFETIME.days
    )

    def __init__(self, given: Any = None, *, member: Membership) -> None:
        super().__init__(given)
        mine = [scope for scope in SCOPES if scope_is_within(member, scope)]
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope, SCOPE_WORDS.get(scope, scope)) for scope in mine
        ]

    def expires_at(self, now: datetime) -> datetime:
        """The end that was chosen."""
        return now + timedelta(days=self.cleaned_data["days"])
