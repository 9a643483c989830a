"""Questions about people and organisations, asked before or inside a tenant."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Model

from accounts.integrations.tokens import digest, prefix_of
from accounts.models import ApiToken, Membership, Tenant, User
from accounts.tenancy.scope import current_tenant_id


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
    """A token with its member and tenant. Raises ApiToken.DoesNotExist when the member is no longer active.

    Asked with every request of a program: composing it anew each time would cost as much as a page of deals.
    """
    with connection.cursor() as cursor:
        cursor.execute(_text_of_token(), [current_tenant_id(), token_id])
        row = cursor.fetchone()
    if row is None:
        raise ApiToken.DoesNotExist(token_id)
    parts = iter(row)
    found = ApiToken.from_db("default", _columns(ApiToken), [next(parts) for _ in _columns(ApiToken)])
    found.membership = Membership.from_db("default", _columns(Membership), [next(parts) for _ in _columns(Membership)])
    found.tenant = found.membership.tenant = Tenant.from_db("default", _columns(Tenant), list(parts))
    return found


@cache
def _text_of_token() -> str:
    named = (("token", ApiToken), ("member", Membership), ("tenant", Tenant))
    shown = ", ".join(f"{short}.{column}" for short, model in named for column in _columns(model))
    return (
        f"SELECT {shown} FROM accounts_apitoken AS token"  # noqa: S608  (names of this program's own columns)
        " JOIN accounts_membership AS member"
        " ON member.tenant_id = token.tenant_id AND member.id = token.membership_id AND member.is_active"
        " JOIN accounts_tenant AS tenant ON tenant.id = token.tenant_id"
        " WHERE token.tenant_id = %s AND token.id = %s"
    )


@cache
def _columns(model: type[Model]) -> tuple[str, ...]:
    """The model's columns, which are also its attributes."""
    return tuple(field.attname for field in model._meta.concrete_fields)


def tokens_of(membership: Membership) -> list[ApiToken]:
    """The member's keys, newest first, ended ones included."""
    return list(ApiToken.objects.filter(membership=membership).order_by("-created_at"))


def members_called(words: str, *, most: int) -> list[Membership]:
    """Members with these words in their name, those who can sign in first. It reads no more than the organisation's."""
    found = Membership.objects.filter(name__icontains=words)
    return list(found.order_by("-is_active", "name", "pk")[:most])
