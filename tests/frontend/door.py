"""Coming in by an organisation's own provider, as a browser does."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import Identity, IdentityProvider, Tenant, User
from accounts.secrets import seal
from accounts.tenancy.scope import tenant_scope
from tests.providers import SECRET, Crooked

DOOR = "/o/northwind/sign-in/"
LENA = {"sub": "lena-7", "email": "lena@example.com", "email_verified": True, "name": "Lena"}


def set_up(tenant: Tenant, provider: Crooked, **facts: Any) -> None:
    """The organisation signs in with the provider, and example.com is its own."""
    with tenant_scope(tenant.pk):
        IdentityProvider.objects.create(
            name=f"{tenant.name} ID",
            issuer=provider.issuer,
            client_id=tenant.slug,
            client_secret=seal(SECRET, use="provider"),
            **facts,
        )


def change(tenant: Tenant, **facts: Any) -> None:
    with tenant_scope(tenant.pk):
        IdentityProvider.objects.update(**facts)


def require(tenant: Tenant, **switches: bool) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(**switches)


def went(client: Client, slug: str = "northwind", wanted: str = "") -> str:
    """The provider's address to which a browser is sent."""
    answer = client.get(f"/o/{slug}/sign-in/go/", {"next": wanted} if wanted else {})
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def came_back(client: Client, address: str) -> HttpResponse:
    return client.get(address.removeprefix("http://testserver"))


def sign_in(client: Client, provider: Crooked, slug: str = "northwind", wanted: str = "") -> HttpResponse:
    return came_back(client, provider.sign_in(went(client, slug, wanted)))


def signed_in_as(client: Client) -> str | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else None


def identities(tenant: Tenant) -> int:
    with tenant_scope(tenant.pk):
        return Identity.objects.count()
