"""Questions about people and organisations, asked before or inside a tenant."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db import connection

from accounts.integrations.tokens import digest, prefix_of
from accounts.models import ApiToken, Membership, User


class Place(NamedTuple):
    """An organisation that a person is a member of."""

    tenant_id: int
    membership_id: UUID
    slug: str
    name: str
    is_demo: bool = False


class TokenPlace(NamedTuple):
    """The organisation a token opens."""

    tenant_id: int
    token_id: UUID


def places_of(user: User) -> list[Place]:
    """The organisations a person is an active member of, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place.tenant_id, place.membership_id, tenant.slug, tenant.name, tenant.is_demo"
            " FROM gate.places_of(%s) AS place JOIN accounts_tenant AS tenant ON tenant.id = place.tenant_id"
            " ORDER BY tenant.name, tenant.id",
            [user.pk],
        )
        return [Place(*row) for row in cursor.fetchall()]


def place_of(user: User, slug: str) -> Place | None:
    """The person's place in the organisation of an address; None for a stranger and for no such address."""
    return next((place for place in places_of(user) if place.slug == slug), None)


def place_of_token(secret: str) -> TokenPlace | None:
    """The organisation that a live token opens; None for an unknown, revoked or expired one."""
    prefix = prefix_of(secret)
    if not prefix:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, token_id FROM gate.token(%s, %s)", [prefix, digest(secret)])
        row = cursor.fetchone()
    return TokenPlace(*row) if row else None


def member(membership_id: UUID) -> Membership:
    """An active member of the current tenant with the tenant at hand. Raises Membership.DoesNotExist."""
    return Membership.objects.select_related("tenant", "user").get(pk=membership_id, is_active=True)


def token(token_id: UUID) -> ApiToken:
    """A token with its member and tenant. Raises ApiToken.DoesNotExist when the member is no longer active."""
    return ApiToken.objects.select_related("membership__tenant").get(pk=token_id, membership__is_active=True)


def tokens_of(membership: Membership) -> list[ApiToken]:
    """The member's keys, newest first, ended ones included."""
    return list(ApiToken.objects.filter(membership=membership).order_by("-created_at"))
