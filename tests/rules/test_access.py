"""Every page says who may open it, and strangers get what strangers get."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Membership, Tenant
from accounts.permissions import CAPABILITIES

#: Doors of programs say their access on the view class.
API = ("api/",)


def pages(patterns: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Every page of the site map with its address."""
    found: list[tuple[str, Any]] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += pages(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            found.append((prefix + str(pattern.pattern), pattern.callback))
    return found


OURS = [(address, view) for address, view in pages(get_resolver().url_patterns) if not address.startswith(API)]
#: Before anybody is known, an organisation shows its door.
DOORS = ("o/<slug:slug>/sign-in/", "o/<slug:slug>/sign-in/go/")
OF_ORGANISATION = [
    (address, view) for address, view in OURS if address.startswith("o/<slug:slug>/") and address not in DOORS
]


@pytest.mark.parametrize(("address", "view"), OURS, ids=[address or "/" for address, _ in OURS])
def test_page_says_who_may_open_it(address: str, view: Any) -> None:
    assert getattr(view, "access", None), f"{address}: decorate with @may(...), @signed_in(...) or @public(because=...)"


@pytest.mark.parametrize(("address", "view"), OF_ORGANISATION, ids=[address for address, _ in OF_ORGANISATION])
def test_page_of_an_organisation_asks_for_a_capability(address: str, view: Any) -> None:
    assert view.access in CAPABILITIES


OWN = [(address, view) for address, view in OURS if view.access.startswith("signed in: ")]


@pytest.mark.parametrize(("address", "view"), OWN, ids=[address for address, _ in OWN])
def test_nobody_opens_a_persons_own_page(address: str, view: Any, client: Client, db: None) -> None:
    answer = client.get(keyed(f"/{address}"))
    if answer.status_code == 405:
        answer = client.post(keyed(f"/{address}"))
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")


def filled(address: str, tenant: Tenant) -> str:
    """The address with this organisation and keys of nothing."""
    return keyed("/" + address.replace("<slug:slug>", tenant.slug))


def keyed(address: str) -> str:
    """The address with keys of nothing."""
    for converter in ("<uuid:pk>", "<uuid:file>", "<uuid:row>"):
        address = address.replace(converter, str(UUID(int=0)))
    return re.sub(r"<int:\w+>", "1", address)


def asked(client: Client, address: str) -> int:
    """The answer to reading the page, or to posting to it where it cannot be read."""
    answer = client.get(address)
    return client.post(address).status_code if answer.status_code == 405 else answer.status_code


def answers(client: Client, northwind: Tenant) -> dict[str, int]:
    """What each page of an organisation answers. For all of them at once, because people cost more than answers."""
    return {address: asked(client, filled(address, northwind)) for address, _ in OF_ORGANISATION}


def test_nobody_is_sent_to_the_sign_in(client: Client, northwind: Tenant) -> None:
    assert {address: status for address, status in answers(client, northwind).items() if status != 302} == {}


def test_eve_finds_nothing_at_the_addresses_of_northwind(client: Client, northwind: Tenant, eve: Membership) -> None:
    client.force_login(eve.user)
    assert {address: status for address, status in answers(client, northwind).items() if status != 404} == {}
