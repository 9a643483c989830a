"""What programs send to change who may what."""

from __future__ import annotations

from accounts.api import fields, ids
from accounts.integrations.tokens import SCOPES
from accounts.models import Membership, Team
from accounts.models.organisation import Role, Visibility


class MakeToken(fields.Input):
    """A key for another program, or for a part of this one. It can do no more than the token that asks."""

    name = fields.Text(longest=80, help_text="Which program uses it")
    scopes = fields.Several(SCOPES, help_text="Some of those that the token that asks has")
    expires_at = fields.Moment(
        required=False, allow_null=True, help_text="Not after the end of the token that asks; without one: in 90 days"
    )


class ChangeMember(fields.Input):
    """What is to change of a member; what is left out stays."""

    name = fields.Text(longest=120, required=False)
    role = fields.OneOf(Role.values, required=False, help_text="Never above the role of the token's member")
    team_id = fields.Reference(ids.TEAM, lambda: Team.objects.all(), required=False, allow_null=True)


class AddTeam(fields.Input):
    """A new team, below another one or below none."""

    name = fields.Text(longest=120)
    parent = fields.Reference(  # type: ignore[assignment]
        ids.TEAM, lambda: Team.objects.all(), required=False, allow_null=True
    )
    manager = fields.Reference(
        ids.MEMBER, lambda: Membership.objects.filter(is_active=True), required=False, allow_null=True
    )


class ChangeTeam(fields.Input):
    """What is to change of a team; what is left out stays."""

    name = fields.Text(longest=120, required=False)
    parent = fields.Reference(  # type: ignore[assignment]
        ids.TEAM, lambda: Team.objects.all(), required=False, allow_null=True
    )
    manager = fields.Reference(
        ids.MEMBER, lambda: Membership.objects.filter(is_active=True), required=False, allow_null=True
    )


class Invite(fields.Input):
    """Whom to invite, as what, and into which team. `member` is the placeholder that they become."""

    email = fields.Text(longest=254)
    name = fields.Text(longest=120, empty=True, required=False)
    role = fields.OneOf(Role.values, help_text="Never above the role of the token's member")
    team = fields.Reference(ids.TEAM, lambda: Team.objects.all(), required=False, allow_null=True)
    member = fields.Reference(
        ids.MEMBER, lambda: Membership.objects.filter(user=None, is_active=True), required=False, allow_null=True
    )


class EditOrganisation(fields.Input):
    """What is to be changed. What is left out stays as it is."""

    name = fields.Text(longest=120, required=False)
    slug = fields.Text(longest=40, required=False, help_text="For owners. Pages under the old one lead on")
    time_zone = fields.Text(longest=64, required=False, help_text="As Europe/Berlin. Days that are written down stay")
    currency = fields.Currency(required=False, help_text="Can be changed until the first deal has an amount")
    fiscal_year_starts = fields.Whole(least=1, most=12, required=False, help_text="A month")
    week_starts = fields.Whole(least=1, most=7, required=False, help_text="1 is Monday")
    counts_from_grade = fields.Whole(most=4, required=False, help_text="Statistics are counted anew")
    closed_until = fields.Day(
        required=False, allow_null=True, help_text="Changes of deals cannot take effect on this day or before"
    )
    visibility = fields.OneOf(Visibility.values, required=False, help_text="Whose deals managers and reps see")
    group_only = fields.Switch(required=False, help_text="Figures name teams and never one person")
