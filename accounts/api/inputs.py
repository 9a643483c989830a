"""What programs send to change who may what."""

from __future__ import annotations

from accounts.api import fields, ids
from accounts.integrations.tokens import SCOPES
from accounts.models import Membership, Team
from accounts.models.organisation import Role


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
