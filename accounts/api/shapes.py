"""What this app's resources look like outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.integrations.tokens import scopes_in_effect
from accounts.listings import MEMBERS, TEAMS, InvitationRow, MemberRow, TeamRow, TokenRow
from accounts.models import ApiToken, Membership, Tenant
from accounts.models.organisation import Role, Visibility

# What an invitation may be; `expired` is one that has ended by itself.
INVITATION_STATES = ("open", "accepted", "revoked", "expired")


def ref(kind: str, key: UUID | None, name: str | None) -> dict[str, Any] | None:
    """A row that is named beside its id."""
    return {"id": ids.encode(kind, key), "name": name} if key is not None else None


class Organisation(fields.Output):
    """The organisation of the token. Days are counted in its time zone, sums told in its currency."""

    id = fields.Id(ids.ORGANISATION)
    slug = fields.Text(longest=40)
    name = fields.Text(longest=120)
    time_zone = fields.Text(longest=64)
    currency = fields.Currency()
    fiscal_year_starts = fields.Whole(least=1, most=12, help_text="The first month of the fiscal year")
    week_starts = fields.Whole(least=1, most=7, help_text="The first day of the week; 1 is Monday")
    counts_from_grade = fields.Whole(most=4, help_text="From this evidence grade on, milestones count in statistics")
    closed_until = fields.Day(allow_null=True, help_text="Changes of deals cannot take effect on this day or before")
    visibility = fields.OneOf(Visibility.values, help_text="Whose deals managers and reps see")
    group_only = fields.Switch(help_text="Whether figures name teams and never one person")


class Member(fields.Output):
    """A person in the organisation. Without an e-mail address: an owner that an import named."""

    id = fields.Id(ids.MEMBER)
    name = fields.Text(longest=120)
    email = fields.Text(longest=254, allow_null=True)
    role = fields.OneOf(Role.values)
    team = fields.Text(longest=120, allow_null=True, help_text="The team's name")
    team_id = fields.Id(ids.TEAM, allow_null=True)
    is_active = fields.Switch()
    is_placeholder = fields.Switch(help_text="Whether an import named them and nobody can sign in as them")
    merged_into_id = fields.Id(ids.MEMBER, allow_null=True, help_text="The member that a placeholder turned out to be")
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)
    created_at = fields.Moment()


class SentToken(fields.Output):
    """The token that was sent, without its secret."""

    id = fields.Id(ids.TOKEN)
    name = fields.Text(longest=80)
    prefix = fields.Text(longest=24)
    scopes = fields.Texts()
    scopes_in_effect = fields.Texts(help_text="Those of them that the member's role still includes something of")
    created_at = fields.Moment()
    expires_at = fields.Moment(allow_null=True)


class Token(fields.Output):
    """A program's key. Its secret was shown when it was made, and is kept nowhere."""

    id = fields.Id(ids.TOKEN)
    name = fields.Text(longest=80)
    prefix = fields.Text(longest=24, help_text="What the secret begins with")
    scopes = fields.Texts()
    created_at = fields.Moment()
    expires_at = fields.Moment(allow_null=True)
    last_used_at = fields.Moment(allow_null=True, help_text="To the minute")
    revoked_at = fields.Moment(allow_null=True)


class NewToken(Token):
    """A key that was just made, with its secret: this once, and null when the same request is sent again."""

    secret = fields.Text(longest=80, allow_null=True)


class Me(fields.Output):
    """For whom and in which organisation this token speaks."""

    organisation = Organisation()
    member = Member()
    token = SentToken()


def organisation(tenant: Tenant) -> dict[str, Any]:
    """The organisation of the token."""
    return {
        "id": ids.encode(ids.ORGANISATION, tenant.public_id),
        "slug": tenant.slug,
        "name": tenant.name,
        "time_zone": tenant.time_zone,
        "currency": tenant.currency,
        "fiscal_year_starts": tenant.fiscal_year_starts,
        "week_starts": tenant.week_starts,
        "counts_from_grade": tenant.counts_from_grade,
        "closed_until": tenant.closed_until,
        "visibility": tenant.visibility,
        "group_only": tenant.group_only,
    }


def member(row: MemberRow) -> dict[str, Any]:
    """A member; texts that are not known are null."""
    return {
        "id": ids.encode(ids.MEMBER, row.key),
        "name": row.name,
        "email": row.email or None,
        "role": row.role,
        "team": row.team_name,
        "team_id": ids.encode(ids.TEAM, row.team) if row.team else None,
        "is_active": row.is_active,
        "is_placeholder": row.is_placeholder,
        "merged_into_id": ids.encode(ids.MEMBER, row.merged_into) if row.merged_into else None,
        "source": row.source or None,
        "external_id": row.external_id or None,
        "created_at": row.created_at,
    }


MEMBER = Noun(MEMBERS, member, Member, "member.see")


class Team(fields.Output):
    """People who sell together. Teams form a tree: each may stand below another one."""

    expands = {"manager": MEMBER}

    id = fields.Id(ids.TEAM)
    name = fields.Text(longest=120)
    parent = fields.Ref(ids.TEAM, allow_null=True)  # type: ignore[assignment]
    manager = fields.Ref(ids.MEMBER, allow_null=True)


def team(row: TeamRow) -> dict[str, Any]:
    """A team with the names of those it belongs to."""
    return {
        "id": ids.encode(ids.TEAM, row.key),
        "name": row.name,
        "parent": ref(ids.TEAM, row.parent, row.parent_name),
        "manager": ref(ids.MEMBER, row.manager, row.manager_name),
    }


TEAM = Noun(TEAMS, team, Team, "team.see")


class Invitation(fields.Output):
    """The offer of a place to one address. Its secret stands in the letter and nowhere else."""

    expands = {"team": TEAM, "member": MEMBER, "invited_by": MEMBER}

    id = fields.Id(ids.INVITATION)
    email = fields.Text(longest=254)
    name = fields.Text(longest=120, allow_null=True)
    role = fields.OneOf(Role.values)
    team = fields.Ref(ids.TEAM, allow_null=True)
    member = fields.Ref(ids.MEMBER, allow_null=True, help_text="Who took it, or the placeholder they would become")
    invited_by = fields.Ref(ids.MEMBER)
    state = fields.OneOf(INVITATION_STATES)
    created_at = fields.Moment()
    expires_at = fields.Moment()


def invitation(row: InvitationRow) -> dict[str, Any]:
    """An invitation without its secret."""
    return {
        "id": ids.encode(ids.INVITATION, row.key),
        "email": row.email,
        "name": row.name or None,
        "role": row.role,
        "team": ref(ids.TEAM, row.team, row.team_name),
        "member": ref(ids.MEMBER, row.member, row.member_name),
        "invited_by": ref(ids.MEMBER, row.inviter, row.inviter_name),
        "state": row.state,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }


def sent_token(key: ApiToken) -> dict[str, Any]:
    """The caller's own token."""
    return {
        "id": ids.encode(ids.TOKEN, key.pk),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "scopes_in_effect": scopes_in_effect(key),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }


def token(row: TokenRow) -> dict[str, Any]:
    """One of the caller's tokens."""
    return {
        "id": ids.encode(ids.TOKEN, row.key),
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }


def me(caller: Membership, key: ApiToken, row: MemberRow) -> dict[str, Any]:
    """For whom a token speaks."""
    return {"organisation": organisation(caller.tenant), "member": member(row), "token": sent_token(key)}
