"""Forms about people: joining by an invitation, inviting, and what becomes of members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Team, User
from accounts.models.organisation import Role
from accounts.names import LONGEST_NAME
from accounts.people import ACTIVE, DEACTIVATED, PLACEHOLDER, PRESENT, PeopleFilter
from accounts.teams import Branch

#: As many addresses as one paste may have.
MOST_AT_ONCE = 50
#: What each role is for, beside its name.
ROLE_WORDS = {
    Role.OWNER: _("Owner: everything, also who signs in how"),
    Role.LEADER: _("Leader: settings, people and every deal"),
    Role.MANAGER: _("Manager: sells, and invites reps and viewers"),
    Role.REP: _("Rep: sells"),
    Role.VIEWER: _("Viewer: looks and changes nothing"),
}


class NewAccount(forms.Form):
    """A sign-in for the address that was invited. The address itself is not asked for."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Give your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        help_text=_("At least 12 characters. A few plain words are good."),
        error_messages={"required": _("Give a password of at least 12 characters.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, given: Any = None, *, email: str, name: str = "") -> None:
        super().__init__(given, initial={"name": name})
        self.email = email

    def clean_password(self) -> str:
        """Judged with what else is known of the person, so that nobody's password is their own name."""
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


def team_choices(branches: Iterable[Branch], nobody: object) -> list[tuple[str, object]]:
    """Teams to choose from, as the tree has them; the first choice is none."""
    indented = [(str(one.team.pk), "\N{EM SPACE}" * one.depth + one.team.name) for one in branches]
    return [("", nobody), *indented]


def member_choices(members: Iterable[Membership], nobody: object | None = None) -> list[tuple[str, object]]:
    """Members to choose from, with what tells two of the same name apart."""
    named: list[tuple[str, object]] = [
        (str(one.pk), f"{one.name} ({one.email})" if one.email else one.name) for one in members
    ]
    return named if nobody is None else [("", nobody), *named]


class Picked(forms.TypedChoiceField):
    """A choice among rows by their keys: gives the row, or None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=options.pop("required", False), empty_value=None, **options)
        self.rows: dict[str, Any] = {}

    def offer(self, choices: Iterable[tuple[str, object]], rows: Iterable[Any]) -> None:
        """Set what can be chosen."""
        self.choices = list(choices)
        self.rows = {str(row.pk): row for row in rows}
        self.coerce = self.rows.__getitem__


class PeopleFilterForm(forms.Form):
    """A GET form. What is not understood is left out, never an error: addresses live long."""

    standing = forms.ChoiceField(
        label=_("Standing"),
        required=False,
        choices=[
            (PRESENT, _("All who are here")),
            (ACTIVE, _("Can sign in")),
            (PLACEHOLDER, _("Named by an import")),
            (DEACTIVATED, _("Deactivated")),
        ],
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Any role")), *Role.choices])
    team = Picked(label=_("Team"))
    q = forms.CharField(
        label=_("Part of a name or address"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, given: Any, *, teams: Iterable[Branch]) -> None:
        super().__init__(given or None)
        branches = list(teams)
        self.fields["team"].offer(team_choices(branches, _("Any team")), [one.team for one in branches])  # type: ignore[attr-defined]
        self.fields["q"].widget.attrs["placeholder"] = _("Part of a name or address")
        self.is_valid()

    def wanted(self) -> PeopleFilter:
        """The filter that was asked for."""
        given = getattr(self, "cleaned_data", {})
        team: Team | None = given.get("team")
        return PeopleFilter(
            standing=given.get("standing") or PRESENT,
            role=given.get("role") or "",
            team=team.pk if team else None,
            words=given.get("q", ""),
        )


class Invite(forms.Form):
    """Whom to invite, as what and into which team: one address a line, or with commas between."""

    emails = forms.CharField(
        label=_("E-mail addresses"),
        max_length=20_000,
        help_text=_("One on each line, or with commas between. Each person gets a letter with a link that opens once."),
        error_messages={"required": _("Give at least one e-mail address.")},
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label=_("Role"), help_text=_("What they may do here. None is above your own."))
    team = Picked(label=_("Team"), help_text=_("Where they sell. It can be changed later."))

    def __init__(self, given: Any = None, *, roles: Iterable[Role], teams: Iterable[Branch], may_none: bool) -> None:
        super().__init__(given, initial={"role": Role.REP})
        branches = list(teams)
        choices = team_choices(branches, _("No team"))
        team = self.fields["team"]
        team.offer(choices if may_none else choices[1:], [one.team for one in branches])  # type: ignore[attr-defined]
        team.required = not may_none
        self.fields["role"].choices = [(role, ROLE_WORDS[role]) for role in roles]  # type: ignore[attr-defined]

    def clean_emails(self) -> list[str]:
        """The addresses, each once, in their order."""
        text = self.cleaned_data["emails"].replace(",", "\n").replace(";", "\n")
        found = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        if not found:
            raise forms.ValidationError(self.fields["emails"].error_messages["required"])
        if len(found) > MOST_AT_ONCE:
            raise forms.ValidationError(_("Give at most %(most)s at once.") % {"most": MOST_AT_ONCE})
        return found
