"""A member's settings, and the keys of their programs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, Membership, Tenant
from accounts.tenancy.scope import tenant_scope

TOKENS = "/o/northwind/settings/tokens/"
GIVEN: dict[str, Any] = {"name": "Warehouse", "scopes": ["deals:read", "statistics:read"], "days": "90"}


def test_settings_say_who_one_is_and_where(as_omar: Client) -> None:
    page = as_omar.get("/o/northwind/settings/").content.decode()
    for words in ("Omar", "omar@example.com", "Rep", "Northwind", "UTC", "EUR", "Sign out"):
        assert words in page


def test_single_keys_can_be_turned_off(as_omar: Client) -> None:
    as_omar.post("/theme/", {"keys": "off", "next": "/o/northwind/settings/"})
    assert 'data-keys="off"' in as_omar.get("/o/northwind/settings/").content.decode()


class TestTokens:
    def made(self, client: Client) -> str:
        """Makes a token and gives its secret, as the page shows it."""
        answer = client.post(TOKENS, GIVEN)
        assert answer.status_code == 200
        found = re.search(r'<code class="secret"[^>]*>(tl_live_\S+)</code>', answer.content.decode())
        assert found is not None
        return found[1]

    def test_is_shown_once_and_works(self, as_omar: Client, northwind: Tenant) -> None:
        secret = self.made(as_omar)
        again = as_omar.get(TOKENS)
        assert secret not in again.content.decode()
        assert "Warehouse" in again.content.decode()
        assert "no-store" in again["Cache-Control"]
        answer = Client().get("/api/v1/deals", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 200

    def test_can_be_revoked_at_once(self, as_omar: Client, northwind: Tenant) -> None:
        secret = self.made(as_omar)
        url = re.search(r'action="([^"]+revoke/)"', as_omar.get(TOKENS).content.decode())[1]  # type: ignore[index]
        assert as_omar.post(url).status_code == 303
        assert Client().get("/api/v1/deals", headers={"Authorization": f"Bearer {secret}"}).status_code == 401

    def test_says_in_words_what_a_program_may(self, as_omar: Client) -> None:
        assert "Open and move deals" in as_omar.get(TOKENS).content.decode()

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"name": ""}, "Give the token a name"),
            ({"scopes": []}, "Choose at least one thing"),
            ({"scopes": ["everything"]}, "Choose from what is offered"),
            ({"days": "4000"}, "Choose from what is offered"),
        ],
    )
    def test_says_what_to_do_and_makes_none(
        self, as_omar: Client, northwind: Tenant, change: dict[str, Any], told: str
    ) -> None:
        answer = as_omar.post(TOKENS, {**GIVEN, **change})
        assert answer.status_code == 422
        assert told in answer.content.decode()
        with tenant_scope(northwind.pk):
            assert not ApiToken.objects.exists()

    def test_lena_does_not_revoke_omars(self, as_omar: Client, lena: Membership, northwind: Tenant) -> None:
        self.made(as_omar)
        url = re.search(r'action="([^"]+revoke/)"', as_omar.get(TOKENS).content.decode())[1]  # type: ignore[index]
        as_omar.force_login(lena.user)
        assert as_omar.post(url).status_code == 404

    def test_vera_makes_none(self, as_vera: Client) -> None:
        assert as_vera.get(TOKENS).status_code == 403
