"""Passkeys in a real browser with a virtual authenticator, which answers as a phone or a security key would."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations
from tests.make import PASSWORD


@pytest.fixture(autouse=True)
def site(live_server: LiveServer, settings: Any) -> None:
    """Passkeys belong to the site's own name."""
    settings.SITE_URL = live_server.url


def authenticator(page: Page) -> Any:
    """Give the page's browser a device that keeps passkeys and knows its holder."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill("lena@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page, name: str) -> None:
    page.goto("/accounts/2fa/passkeys/add/")
    if page.get_by_role("heading", name="Is it you?").count():
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add a passkey").click()


def test_a_passkey_is_added_and_signs_in_without_address_and_password(opened: Open, lena: Membership) -> None:
    page = opened(None)
    authenticator(page)
    sign_in(page)
    page.wait_for_url("**/o/northwind/**")
    add_passkey(page, "Work laptop")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/2fa/")
    expect(page.get_by_text("Work laptop")).to_be_visible()
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/o/northwind/**")
    assert page.said == []  # type: ignore[attr-defined]


def test_it_is_the_second_step_after_a_password(opened: Open, lena: Membership) -> None:
    page = opened(None)
    authenticator(page)
    sign_in(page)
    page.wait_for_url("**/o/northwind/**")
    add_passkey(page, "Phone")
    page.wait_for_url("**/2fa/codes/")
    page.context.clear_cookies()
    sign_in(page)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/o/northwind/**")


def test_a_device_that_says_no_is_told_and_another_way_is_left(opened: Open, lena: Membership) -> None:
    page = opened(None)
    session, device = authenticator(page)
    page.goto("/accounts/login/")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("That was not done.")
    sign_in(page)
    page.wait_for_url("**/o/northwind/**")


def test_it_is_renamed_and_removed(opened: Open, lena: Membership) -> None:
    page = opened(None)
    authenticator(page)
    sign_in(page)
    page.wait_for_url("**/o/northwind/**")
    add_passkey(page, "Phone")
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Rename Phone").click()
    page.get_by_label("Name").fill("Old phone")
    page.get_by_role("button", name="Keep the name").click()
    page.get_by_role("link", name="Remove Old phone").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("Old phone")).to_have_count(0)
    assert not Authenticator.objects.filter(type="webauthn").exists()


@pytest.mark.parametrize("look", [Look(), Look(390, "dark"), Look(320)], ids=str)
def test_the_pages_of_a_sign_in_are_sound(look: Look, opened: Open, lena: Membership) -> None:
    page = opened(None, look)
    found = []
    for path in ("/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/confirm-email/"):
        page.goto(path)
        found += [f"{path}: {fault}" for fault in violations(page)] + [path] * (overhang(page) > 0)
    sign_in(page)
    page.wait_for_url("**/o/northwind/**")
    page.goto("/accounts/reauthenticate/?next=/accounts/2fa/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    own = ("/account/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/")
    for path in (*own, "/accounts/2fa/app/add/", "/accounts/2fa/passkeys/add/"):
        page.goto(path)
        found += [f"{path}: {fault}" for fault in violations(page)] + [path] * (overhang(page) > 0)
    assert found == []
