"""Questions about people and organisations, asked before or inside a tenant."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import idna
from django.apps import apps
from django.db import connection
from django.db.models import Model, Q

from accounts.integrations.tokens import digest, prefix_of
from accounts.models import ApiToken, EmailDomain, Membership, OperatorAccess, PastAddress, SavedView, Tenant, User
from accounts.models.organisation import Role
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


class OperatorPlace(NamedTuple):
    """An organisation that an operator may read for a while."""

    tenant_id: int
    access_id: UUID
    slug: str
    name: str


# What counts as a second step of signing in; recovery codes only stand in for one.
SIGN_IN_STEPS = "mfa.Authenticator"
SECOND_FACTORS = ("totp", "webauthn")


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


def place_that_left(user: User, slug: str) -> Place | None:
    """The person's place in the organisation that once had the address; None for a stranger to it."""
    left = PastAddress.objects.filter(slug=slug).values_list("organisation_id", flat=True).first()
    return next((place for place in places_of(user) if place.tenant_id == left), None) if left else None


def operator_places(user: User) -> list[OperatorPlace]:
    """The organisations that an operator has leave to read at this moment, the latest leave first."""
    if not is_operator(user):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT leave.tenant_id, leave.access_id, tenant.slug, tenant.name"
            " FROM gate.operator_accesses(%s) AS leave JOIN accounts_tenant AS tenant ON tenant.id = leave.tenant_id"
            " ORDER BY leave.access_id DESC",
            [user.pk],
        )
        return [OperatorPlace(*row) for row in cursor.fetchall()]


def operator_place(user: User, slug: str) -> OperatorPlace | None:
    """Where an operator has leave to read at this address; None without one, and for everybody else."""
    return next((place for place in operator_places(user) if place.slug == slug), None)


def is_operator(user: User) -> bool:
    """Whether somebody runs the installation and signs in with a second factor, without which nobody does."""
    return user.is_active and user.is_staff and has_second_factor(user)


def count_second_factors(people: Collection[UUID]) -> int:
    """How many of the people sign in with a code or a passkey."""
    known: Any = apps.get_model(SIGN_IN_STEPS)._default_manager
    return int(known.filter(user_id__in=people, type__in=SECOND_FACTORS).values("user_id").distinct().count())


def has_second_factor(user: User) -> bool:
    """Whether the person signs in with a code or a passkey."""
    known: Any = apps.get_model(SIGN_IN_STEPS)._default_manager
    return bool(known.filter(user_id=user.pk, type__in=SECOND_FACTORS).exists())


def operator_member(access_id: UUID, *, operator: User, now: datetime) -> tuple[OperatorAccess, Membership]:
    """An operator's leave, and a viewer who stands for them in the current tenant and is stored nowhere.

    Raises OperatorAccess.DoesNotExist when the leave has ended or is somebody else's.
    """
    live = OperatorAccess.objects.select_related("tenant").filter(ended_at=None, expires_at__gt=now)
    access = live.get(pk=access_id, operator=operator)
    name = operator.name or operator.email
    member = Membership(tenant=access.tenant, user=operator, name=name, email=operator.email, role=Role.VIEWER)
    return access, member


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


def is_member(user: User) -> bool:
    """Whether somebody is an active member of the current tenant."""
    return Membership.objects.filter(user=user, is_active=True).exists()


def _same_mailbox(column: str, address: str) -> Q:
    """The rows of which a column has an address of the same mailbox: with or without a tag after a plus, or quotes."""
    local, _at, domain = address.rpartition("@")
    plain = local.strip('"')
    name = plain.partition("+")[0] or plain
    tagged = {f"{column}__startswith": f"{name}+", f"{column}__endswith": f"@{domain}"}
    return Q(**{f"{column}__in": [address, f"{name}@{domain}"]}) | Q(**tagged)


def is_own_address(address: str) -> bool:
    """Whether mail to an address reaches the current tenant's own people: a member, also by a tag after a plus, or
    anybody at a domain that it has proven."""
    domain = address.rpartition("@")[2]
    with suppress(idna.IDNAError, UnicodeError):
        domain = idna.encode(domain, uts46=True).decode("ascii")  # as a proven one is stored
    if EmailDomain.objects.filter(domain=domain, verified_at__isnull=False).exists():
        return True
    return Membership.objects.filter(_same_mailbox("email", address) | _same_mailbox("user__email", address)).exists()


def tenants_of_domain(domain: str) -> list[Tenant]:
    """The organisations that have proven a mail domain, by name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id FROM gate.tenants_of_domain(%s)", [domain])
        keys = [key for (key,) in cursor.fetchall()]
    return list(Tenant.objects.filter(pk__in=keys).order_by("name", "pk")[:20])


def people_by_name(at_most: int) -> list[Membership]:
    """People of the current tenant who can sign in or could, by name."""
    return list(Membership.objects.filter(user__isnull=False).order_by("name", "pk")[:at_most])


def organisation_at(slug: str) -> Tenant | None:
    """The organisation at an address, or the one that left it. For operators: it says what exists."""
    here = Tenant.objects.filter(slug=slug).first()
    if here is None:
        left = PastAddress.objects.select_related("organisation").filter(slug=slug).first()
        here = left.organisation if left else None
    return here


def operators_who_looked(at_most: int) -> list[OperatorAccess]:
    """The leaves that operators had in the current tenant, the latest first."""
    return list(OperatorAccess.objects.select_related("operator").order_by("-created_at", "-pk")[:at_most])


def operator_access(access_id: UUID) -> OperatorAccess | None:
    """One leave of an operator in the current tenant."""
    return OperatorAccess.objects.select_related("operator").filter(pk=access_id).first()


def saved_views(member: Membership, page: str) -> list[SavedView]:
    """The views of a page that a member may choose: their own, and those that are shared."""
    found = SavedView.objects.filter(Q(member=member) | Q(is_shared=True), page=page)
    return list(found.order_by("name", "pk"))
