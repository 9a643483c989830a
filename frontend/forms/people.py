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
#: More members than this are not listed to choose from.
MOST_LISTED = 200
#: What each role is for, beside its name.
ROLE_WORDS = {
    Role.OWNER: _("Owner: everything, also who signs in how"),
    Role.LEADER: _("Leader: settings, people and every deal"),
    Role.MANAGER: _("Manager: sells, and invites reps and viewers"),
    Role.REP: _("Rep: sells"),
    Role.VIEWER: _("Viewer: sees every deal, and changes nothing"),
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


class Who(Picked):
    """One of the members; where they are too many to list, by their e-mail address."""

    def offer_members(self, members: Iterable[Membership], nobody: object | None = None) -> None:
        """Set who can be chosen."""
        found = list(members)
        if len(found) <= MOST_LISTED:
            blank = nobody if nobody is not None else "" if not self.required else None
            self.offer(member_choices(found, blank), found)
            return
        by_address = {one.email: one for one in found if one.email}
        self.offer([(address, address) for address in by_address], [])
        self.rows = by_address
        self.coerce = by_address.__getitem__
        self.widget = forms.EmailInput()
        self.help_text = _("The e-mail address of a member.")

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).strip().lower()


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


class RenameSelf(forms.Form):
    """One's own name in this organisation."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        help_text=_("How everybody here sees you. It changes nothing in other organisations."),
        error_messages={"required": _("Give a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, given: Any = None, *, member: Membership) -> None:
        super().__init__(given, initial={"name": member.name, "role": member.role, "team": member.team_id})


class ChangeMember(RenameSelf):
    """A member's name, role and team."""

    role = forms.ChoiceField(label=_("Role"), help_text=_("What the member may do here. None is above your own."))
    team = Picked(label=_("Team"), help_text=_("Who manages it may see the member’s deals."))

    def __init__(
        self, given: Any = None, *, member: Membership, roles: Iterable[Role], teams: Iterable[Branch]
    ) -> None:
        super().__init__(given, member=member)
        branches = list(teams)
        self.fields["name"].help_text = _("How everybody here sees the member.")
        self.fields["role"].choices = [(role, ROLE_WORDS[role]) for role in roles]  # type: ignore[attr-defined]
        self.fields["team"].offer(team_choices(branches, _("No team")), [one.team for one in branches])  # type: ignore[attr-defined]


class Choose(forms.Form):
    """One member for a deed."""

    to = Who()

    def __init__(
        self, given: Any = None, *, members: Iterable[Membership], label: str, nobody: object | None = None
    ) -> None:
        super().__init__(given)
        field, found = self.fields["to"], list(members)
        if not found and nobody is not None:
            field.widget = forms.HiddenInput()
        field.label, field.required = label, nobody is None
        field.error_messages["required"] = _("Choose a member.")
        if found or nobody is None:
            field.offer_members(found, nobody)  # type: ignore[attr-defined]


class InviteAs(forms.Form):
    """The address of somebody whom an import named, and what they may do."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={"required": _("Give an e-mail address, like name@company.com.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), help_text=_("What they may do here. None is above your own."))
    team = Picked(label=_("Team"))

    def __init__(
        self, given: Any = None, *, member: Membership, roles: Iterable[Role], teams: Iterable[Branch]
    ) -> None:
        super().__init__(given, initial={"role": member.role, "team": member.team_id, "email": member.email})
        branches = list(teams)
        self.fields["role"].choices = [(role, ROLE_WORDS[role]) for role in roles]  # type: ignore[attr-defined]
        self.fields["team"].offer(team_choices(branches, _("No team")), [one.team for one in branches])  # type: ignore[attr-defined]


class TeamForm(forms.Form):
    """A team's name, what it stands below, and who manages it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Give the team a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    parent = Picked(label=_("Below"), help_text=_("Who manages that one manages this one, too."))
    manager = Who(label=_("Manager"), help_text=_("May invite into it, and into the teams below it."))

    def __init__(
        self, given: Any = None, *, teams: Iterable[Branch], members: Iterable[Membership], team: Team | None = None
    ) -> None:
        now = {"name": team.name, "parent": team.parent_id, "manager": team.manager_id} if team else None
        super().__init__(given, initial=now)
        branches = list(teams)
        self.fields["parent"].offer(team_choices(branches, _("No other team")), [one.team for one in branches])  # type: ignore[attr-defined]
        managers = list(members)
        if team is not None and team.manager is not None and team.manager not in managers:
            managers.append(team.manager)
        self.fields["manager"].offer_members(managers, _("Nobody"))  # type: ignore[attr-defined]
        if team is not None and team.manager is not None and len(managers) > MOST_LISTED:
            self.initial["manager"] = team.manager.email
