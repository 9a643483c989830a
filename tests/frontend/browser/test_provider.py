"""Signing in with somebody else's OpenID provider, in a real browser, from the settings to the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import EmailDomain, Identity, Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from tests.frontend.browser.conftest import Open
from tests.providers import independent_provider

PEOPLE = {
    "lena-7": {"email": "lena@example.com", "email_verified": True, "name": "Lena"},
    "ada-1": {"email": "ada@example.com", "email_verified": True, "name": "Ada Byron"},
}


@pytest.fixture
def issuer(settings: Any, tmp_path: Path) -> Iterator[str]:
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    with independent_provider(tmp_path, **PEOPLE) as running:
        yield running


def authorize(page: Any, subject: str) -> None:
    """At the provider's own page."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_lena_sets_it_up_tries_it_requires_it_and_ada_joins(
    opened: Open, live_server: Any, issuer: str, lena: Membership, northwind: Tenant
) -> None:
    with tenant_scope(northwind.pk):
        EmailDomain.objects.create(domain="example.com", challenge="x", verified_at=timezone.now())
    page = opened(lena)
    page.goto("/o/northwind/settings/sign-in/")
    page.get_by_label("Name").fill("Northwind ID")
    page.get_by_label("Issuer").fill(issuer)
    page.get_by_label("Client ID").fill("northwind")
    page.get_by_label("Client secret").fill("a secret")
    page.get_by_role("button", name="Set up the provider").click()
    page.get_by_role("link", name="Sign in with Northwind ID").click()
    authorize(page, "lena-7")
    page.get_by_text("it works").wait_for()
    page.get_by_label("Members must sign in with the provider").check()
    page.get_by_label("Somebody of your domain").select_option("viewer")
    page.get_by_role("button", name="Save the rules").click()
    page.get_by_text("The rules are saved").wait_for()

    someone = opened(None)
    someone.goto("/accounts/login/")
    someone.get_by_role("link", name="Sign in with your organisation").click()
    someone.get_by_label("Work e-mail").fill("ada@example.com")
    someone.get_by_role("button", name="Find your organisation").click()
    someone.get_by_role("link", name="Sign in with Northwind ID").click()
    authorize(someone, "ada-1")
    someone.wait_for_url("**/o/northwind/start/")
    someone.goto("/accounts/password/change/")
    assert "Sign in yourself" in someone.title()
    with tenant_scope(northwind.pk):
        assert Membership.objects.get(email="ada@example.com").role == "viewer"
        assert Identity.objects.count() == 2


def test_lena_with_a_password_is_sent_to_the_door_by_two_tabs_of_two_organisations(
    opened: Open, live_server: Any, issuer: str, lena: Membership, northwind: Tenant
) -> None:
    from accounts.services import open_organisation
    from tests.make import NOON

    open_organisation(owner=lena.user, name="Westwind", at=NOON)
    Tenant.objects.filter(pk=northwind.pk).update(mfa_required=True)
    page = opened(lena)
    other = page.context.new_page()
    page.goto("/o/northwind/deals/")
    other.goto("/o/westwind/deals/")
    assert page.url.endswith("/o/northwind/sign-in/?next=/o/northwind/deals/")
    assert other.url.endswith("/o/westwind/deals/")
