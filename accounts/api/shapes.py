"""What this app's resources look like outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.listings import MEMBERS, MemberRow
from accounts.models import ApiToken, Membership, Tenant
from accounts.models.organisation import Role


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
    counts_from_grade = fields.Whole(most=4, help_text="From this evidence grade on, milestones count in statistics")


class Member(fields.Output):
    """A person in the organisation. Without an e-mail address: an owner that an import named."""

    id = fields.Id(ids.MEMBER)
    name = fields.Text(longest=120)
    email = fields.Text(longest=254, allow_null=True)
    role = fields.OneOf(Role.values)
    team = fields.Text(longest=120, allow_null=True)
    is_active = fields.Switch()
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)


class Token(fields.Output):
    """The token that was sent, without its secret."""

    id = fields.Id(ids.TOKEN)
    name = fields.Text(longest=80)
    prefix = fields.Text(longest=24)
    scopes = fields.Texts()
    expires_at = fields.Moment(allow_null=True)


class Me(fields.Output):
    """For whom and in which organisation this token speaks."""

    organisation = Organisation()
    member = Member()
    token = Token()


def organisation(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.ORGANISATION, tenant.public_id),
        "slug": tenant.slug,
        "name": tenant.name,
        "time_zone": tenant.time_zone,
        "currency": tenant.currency,
        "counts_from_grade": tenant.counts_from_grade,
    }


def member(row: MemberRow) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.MEMBER, row.key),
        "name": row.name,
        "email": row.email or None,
        "role": row.role,
        "team": row.team_name,
        "is_active": row.is_active,
        "source": row.source or None,
        "external_id": row.external_id or None,
    }


MEMBER = Noun(MEMBERS, member, Member, "member.see")


def token(row: ApiToken) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.TOKEN, row.pk),
        "name": row.name,
        "prefix": row.prefix,
        "scopes": list(row.scopes),
        "expires_at": row.expires_at,
    }


def me(caller: Membership, key: ApiToken, row: MemberRow) -> dict[str, Any]:
    return {"organisation": organisation(caller.tenant), "member": member(row), "token": token(key)}
