"""What an organisation's own provider must send, and what it opens."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, EmailDomain, IdentityProvider, Membership, Tenant
from accounts.secrets import unseal
from accounts.services import open_organisation
from accounts.tenancy.scope import tenant_scope
from tests.api import Program, make_secret
from tests.frontend.door import DOOR, LENA, came_back, identities, require, set_up, sign_in, signed_in_as, went
from tests.make import NOON, PASSWORD, make_member
from tests.providers import SECRET, STRANGE_KEY, Crooked, crooked_provider, shared_secret
from tests.sessions import shown_second_factor


class TestWhatTheProviderSends:
    WRONG: dict[str, dict[str, Any]] = {
        "another audience": {"says": {"aud": "southwind"}},
        "several audiences and no party": {"says": {"aud": ["northwind", "another"]}},
        "another party": {"says": {"azp": "another"}},
        "another issuer": {"says": {"iss": "https://accounts.example"}},
        "another visit's nonce": {"says": {"nonce": "n"}},
        "no nonce": {"leaves_out": {"nonce"}},
        "over": {"says": {"exp": int(time.time()) - 300}},
        "without an end": {"leaves_out": {"exp"}},
        "from the future": {"says": {"iat": int(time.time()) + 9999, "nbf": int(time.time()) + 9999}},
        "no signature": {"algorithm": "none"},
        "somebody else's key": {"key": STRANGE_KEY},
        "a secret that both know": {"key": shared_secret(), "algorithm": "HS256"},
        "nobody": {"leaves_out": {"sub"}},
        "an empty name": {"says": {"sub": ""}},
        "a name that is no text": {"says": {"sub": 7}},
        "a name with a NUL": {"says": {"sub": "a\x00"}},
        "a name without an end": {"says": {"sub": "a" * 300}},
        "another access token": {"says": {"at_hash": "AAAA"}},
        "an answer that is no document": {"answer": b"<html>"},
        "a document that is a list": {"answer": b"[]"},
    }

    @pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
    def test_opens_nothing_unless_all_of_it_holds(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, wrong: dict[str, Any]
    ) -> None:
        address = provider.sign_in(went(client))
        for name, value in wrong.items():
            setattr(provider, name, {**provider.says, **value} if name == "says" else value)
        assert came_back(client, address).status_code == 422
        assert signed_in_as(client) is None
        assert identities(lena.tenant) == 0

    def test_a_state_is_good_once_and_in_this_browser_only(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        address = provider.sign_in(went(client))
        assert came_back(Client(), address).status_code == 400
        assert came_back(client, address).status_code == 302
        assert came_back(client, address).status_code == 400

    def test_a_state_is_over_after_a_while(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        address = provider.sign_in(went(client))
        with time_machine.travel(timezone.now() + timedelta(minutes=11)):
            assert came_back(client, address).status_code == 400

    def test_a_code_is_good_for_the_browser_that_asked(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        code = parse_qs(urlsplit(provider.sign_in(went(Client()))).query)["code"][0]
        mine = urlsplit(provider.sign_in(went(client)))
        state = parse_qs(mine.query)["state"][0]
        assert client.get(mine.path, {"code": code, "state": state}).status_code == 422

    def test_another_organisations_callback_is_not_theirs(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, southwind: Tenant
    ) -> None:
        with crooked_provider() as eves:
            set_up(southwind, eves)
            query = urlsplit(provider.sign_in(went(client))).query
            assert client.get(f"/sign-in/{southwind.public_id}/callback/?{query}").status_code == 400
        assert signed_in_as(client) is None

    @pytest.mark.parametrize("query", ["", "state=", "code=x", "state=x&code=y", "error=access_denied", "state=%F0%9F"])
    def test_a_made_up_answer_is_refused(
        self, client: Client, provider: Crooked, northwind: Tenant, query: str
    ) -> None:
        assert client.get(f"/sign-in/{northwind.public_id}/callback/?{query}").status_code == 400

    def test_who_says_no_at_the_provider_is_told_so(self, client: Client, provider: Crooked, northwind: Tenant) -> None:
        state = parse_qs(urlsplit(went(client)).query)["state"][0]
        answer = client.get(f"/sign-in/{northwind.public_id}/callback/", {"error": "access_denied", "state": state})
        assert answer.status_code == 422
        assert "did not sign you in" in answer.content.decode()

    def test_an_issuer_beside_the_code_must_be_the_right_one(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        address = provider.sign_in(went(client))
        assert came_back(client, f"{address}&iss=https://evil.example").status_code == 422
        assert came_back(client, f"{provider.sign_in(went(client))}&iss={provider.issuer}").status_code == 302

    def test_what_it_tells_only_when_asked_counts_if_it_is_of_the_same_person(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        provider.leaves_out = {"email", "email_verified"}
        provider.more = {**LENA, "sub": "somebody else"}
        assert sign_in(client, provider).status_code == 422
        provider.more = dict(LENA)
        assert sign_in(client, provider).status_code == 302


class TestWhatItOpens:
    def test_no_other_organisation_of_the_same_person(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, eve: Membership
    ) -> None:
        """Northwind's owner chooses what its provider says; Southwind has not chosen Northwind's owner."""
        make_member("lena", tenant=eve.tenant)
        sign_in(client, provider)
        answer = client.get("/o/southwind/deals/")
        assert answer["Location"] == "/o/southwind/sign-in/?next=/o/southwind/deals/"
        assert client.get("/o/southwind/deals/", headers={"HX-Request": "true"}).status_code == 401
        assert "southwind" not in client.get("/organisations/").content.decode()
        assert client.get("/")["Location"] == "/o/northwind/"

    @pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/2fa/", "/accounts/email/", "/nonsense/"])
    def test_not_the_persons_own_sign_in(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, path: str
    ) -> None:
        sign_in(client, provider)
        assert client.get(path)["Location"].startswith("/sign-in/own/")
        assert client.post("/organisations/", {"name": "Westwind"})["Location"].startswith("/sign-in/own/")
        assert not Tenant.objects.filter(name="Westwind").exists()
        page = client.get("/sign-in/own/?next=/accounts/password/change/")
        assert "lena@example.com" in page.content.decode()

    def test_both_in_two_tabs_for_who_showed_both(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        open_organisation(owner=lena.user, name="Westwind", at=NOON)
        require(lena.tenant, sso_required=True)
        client.post("/accounts/login/", {"login": "lena@example.com", "password": PASSWORD})
        assert client.get("/o/westwind/deals/").status_code == 200
        assert client.get("/o/northwind/deals/").status_code == 302
        assert sign_in(client, provider)["Location"] == "/o/northwind/"
        assert client.get("/o/northwind/deals/").status_code == 200
        assert client.get("/o/westwind/deals/").status_code == 200
        assert client.get("/accounts/password/change/").status_code == 200

    def test_as_long_as_the_provider_is_the_organisations(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        sign_in(client, provider)
        with time_machine.travel(timezone.now() + timedelta(hours=13)):
            assert client.get("/o/northwind/deals/").status_code == 302
        with tenant_scope(lena.tenant_id):
            IdentityProvider.objects.all().delete()
        assert client.get("/o/northwind/deals/").status_code == 302


class TestRequired:
    def test_a_password_is_not_enough_then(
        self, client: Client, provider: Crooked, proven: EmailDomain, omar: Membership
    ) -> None:
        require(omar.tenant, sso_required=True)
        client.force_login(omar.user)
        assert client.get("/o/northwind/deals/")["Location"] == f"{DOOR}?next=/o/northwind/deals/"
        assert client.get("/o/northwind/log/", headers={"HX-Request": "true"}).status_code == 401
        assert client.post("/o/northwind/log/")["Location"] == f"{DOOR}?next=/o/northwind/"
        assert "Enter without" not in client.get(DOOR).content.decode()
        assert client.post(f"{DOOR}past-provider/").status_code == 403
        provider.says |= {"sub": "omar-1", "email": "omar@example.com"}
        sign_in(client, provider)
        assert client.get("/o/northwind/deals/").status_code == 200

    def test_programs_go_on_working(self, provider: Crooked, omar: Membership) -> None:
        secret = make_secret(omar)
        require(omar.tenant, sso_required=True, mfa_required=True)
        assert Program(secret).get("deals").status_code == 200

    def test_an_owner_with_a_second_factor_gets_past_a_provider_that_is_down_and_it_is_written_down(
        self, client: Client, provider: Crooked, lena: Membership
    ) -> None:
        require(lena.tenant, sso_required=True)
        client.force_login(lena.user)
        client.post(f"{DOOR}past-provider/")
        assert client.get("/o/northwind/deals/").status_code == 302
        shown_second_factor(client, lena.user)
        assert client.get("/o/northwind/deals/").status_code == 302
        assert "Enter without the provider" in client.get(DOOR).content.decode()
        assert (
            client.post(f"{DOOR}past-provider/", {"next": "/o/northwind/deals/"})["Location"] == "/o/northwind/deals/"
        )
        assert client.get("/o/northwind/deals/").status_code == 200
        with tenant_scope(lena.tenant_id):
            assert AuditEvent.objects.filter(verb="sign_in_rules.passed").count() == 1

    def test_a_second_step_is_asked_for(self, client: Client, omar: Membership) -> None:
        require(omar.tenant, mfa_required=True)
        client.force_login(omar.user)
        assert client.get("/o/northwind/deals/")["Location"].startswith(DOOR)
        assert "second step" in client.get(DOOR).content.decode()
        shown_second_factor(client, omar.user)
        assert client.get("/o/northwind/deals/").status_code == 200

    def test_a_second_step_that_somebody_else_showed_in_this_browser_does_not_count(
        self, client: Client, omar: Membership, lena: Membership
    ) -> None:
        require(omar.tenant, mfa_required=True)
        client.force_login(omar.user)
        shown_second_factor(client, lena.user)
        assert client.get("/o/northwind/deals/").status_code == 302

    def test_who_signs_in_with_the_provider_is_asked_there(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        require(lena.tenant, mfa_required=True)
        sign_in(client, provider)
        assert client.get("/o/northwind/deals/").status_code == 200


def test_the_secret_lies_sealed_behind_the_wall(provider: Crooked, northwind: Tenant, southwind: Tenant) -> None:
    with tenant_scope(northwind.pk):
        kept = bytes(IdentityProvider.objects.get().client_secret)
    assert SECRET.encode() not in kept
    assert unseal(kept, use="provider") == SECRET
    with tenant_scope(southwind.pk):
        assert not IdentityProvider.objects.exists()
