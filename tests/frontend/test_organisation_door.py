"""Signing in with an organisation's own provider, and what a provider may not bring about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, EmailDomain, Identity, IdentityProvider, Invitation, Membership, Tenant, User
from accounts.secrets import seal, unseal
from accounts.services import open_organisation
from accounts.tenancy.scope import tenant_scope
from tests.api import Program, make_secret
from tests.make import NOON, PASSWORD, make_member
from tests.providers import SECRET, STRANGE_KEY, Crooked, crooked_provider, shared_secret
from tests.sessions import shown_second_factor

DOOR = "/o/northwind/sign-in/"
LENA = {"sub": "lena-7", "email": "lena@example.com", "email_verified": True, "name": "Lena"}


@pytest.fixture
def provider(settings: Any, northwind: Tenant) -> Iterator[Crooked]:
    """Northwind's, which says that it is Lena who has signed in."""
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    with crooked_provider() as made:
        made.says = dict(LENA)
        set_up(northwind, made)
        yield made


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


@pytest.fixture
def proven(northwind: Tenant) -> EmailDomain:
    """Northwind has proven the domain of the cast's addresses."""
    with tenant_scope(northwind.pk):
        return EmailDomain.objects.create(domain="example.com", challenge="x", verified_at=timezone.now())


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


class TestTheDoor:
    def test_leads_a_member_in_and_to_the_page_that_was_wanted(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        page = client.get(DOOR).content.decode()
        assert "Sign in with Northwind ID" in page
        answer = sign_in(client, provider, wanted="/o/northwind/deals/?standing=lost")
        assert (answer.status_code, answer["Location"]) == (302, "/o/northwind/deals/?standing=lost")
        assert signed_in_as(client) == "lena@example.com"
        assert client.get("/o/northwind/deals/").status_code == 200
        with tenant_scope(lena.tenant_id):
            assert list(AuditEvent.objects.filter(verb__in=["identity.linked", "member.signed_in"]).values_list("verb"))

    def test_knows_them_by_the_providers_name_afterwards_whatever_their_address_is_then(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, omar: Membership
    ) -> None:
        sign_in(client, provider)
        provider.says["email"] = "omar@example.com"
        sign_in(Client(), provider)
        someone = Client()
        sign_in(someone, provider)
        assert signed_in_as(someone) == "lena@example.com"
        lena.user.refresh_from_db()
        assert lena.user.email == "lena@example.com"
        assert identities(lena.tenant) == 1

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/o/southwind/", "javascript:x"])
    def test_leads_nowhere_else(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, elsewhere: str
    ) -> None:
        assert sign_in(client, provider, wanted=elsewhere)["Location"] == "/o/northwind/"

    def test_looks_the_same_where_there_is_no_provider_and_where_there_is_no_organisation(
        self, client: Client, southwind: Tenant, omar: Membership
    ) -> None:
        def words(slug: str) -> str:
            answer = client.get(f"/o/{slug}/sign-in/")
            assert answer.status_code == 200
            return answer.content.decode().replace(slug, "SLUG")

        assert words("southwind") == words("nobody-at-all")
        assert "Southwind" not in words("southwind")
        for slug in ("southwind", "nobody-at-all"):
            assert client.get(f"/o/{slug}/sign-in/go/")["Location"] == f"/o/{slug}/sign-in/"

    def test_tells_a_stranger_nothing_of_who_is_a_member(
        self, client: Client, provider: Crooked, eve: Membership
    ) -> None:
        client.force_login(eve.user)
        page = client.get(DOOR).content.decode()
        for name in ("lena", "Lena", "member"):
            assert name not in page

    def test_says_that_the_provider_does_not_answer(self, client: Client, provider: Crooked) -> None:
        change(Tenant.objects.get(slug="northwind"), issuer="http://127.0.0.1:9")
        answer = client.get(f"{DOOR}go/")
        assert answer.status_code == 422
        assert "does not answer" in answer.content.decode()

    def test_says_who_could_not_be_told_by_a_secret_that_cannot_be_opened(
        self, client: Client, provider: Crooked
    ) -> None:
        change(Tenant.objects.get(slug="northwind"), client_secret=b"made with another key")
        assert client.get(f"{DOOR}go/").status_code == 422

    def test_is_found_by_the_domain_of_an_address(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership
    ) -> None:
        assert "/sign-in/" in client.get("/accounts/login/").content.decode()
        for address in ("lena@example.com", "nobody@EXAMPLE.com"):
            assert client.post("/sign-in/", {"email": address})["Location"] == DOOR
        for address in ("lena@other.example", "lena", "", "a@\x00", "a@" + "b" * 3000 + ".com"):
            assert client.post("/sign-in/", {"email": address}).status_code == 422

    def test_is_not_opened_too_often(self, client: Client, provider: Crooked) -> None:
        assert 429 in [client.get(f"{DOOR}go/").status_code for _ in range(40)]


class TestWhoIsLetIn:
    def test_nobody_by_their_address_alone(self, client: Client, provider: Crooked, lena: Membership) -> None:
        answer = sign_in(client, provider)
        assert answer.status_code == 403
        assert signed_in_as(client) is None
        assert identities(lena.tenant) == 0

    def test_whether_the_address_is_known_here_is_not_told(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, eve: Membership
    ) -> None:
        answers = set()
        for address in ("eve@example.com", "nobody@example.com"):
            provider.says |= {"sub": address, "email": address}
            answer = sign_in(client, provider)
            answers.add((answer.status_code, answer.content))
        assert len(answers) == 1

    def test_eves_provider_may_not_say_that_it_is_lena(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, southwind: Tenant
    ) -> None:
        with crooked_provider() as eves:
            set_up(southwind, eves, joins_as="rep", vouches=True)
            eves.says = dict(LENA)
            answer = sign_in(client, eves, slug="southwind")
        assert answer.status_code == 403
        assert signed_in_as(client) is None
        assert client.get("/o/northwind/").status_code == 302

    @pytest.mark.parametrize(
        ("verified", "vouches", "status"), [(False, True, 403), (None, False, 403), (None, True, 302)]
    )
    def test_an_address_counts_when_it_is_called_checked_or_the_owner_vouches_for_all_of_them(
        self,
        client: Client,
        provider: Crooked,
        proven: EmailDomain,
        lena: Membership,
        verified: bool | None,
        vouches: bool,
        status: int,
    ) -> None:
        change(lena.tenant, vouches=vouches)
        provider.says["email_verified"] = verified
        assert sign_in(client, provider).status_code == status

    @pytest.mark.parametrize(
        "address",
        [
            "lena",
            "lena@",
            "@example.com",
            "lena@sub.example.com",
            "lena@example.com.",
            "LENA@Example.COM ",
            7,
            "l" * 300 + "@example.com",
            "lena\x00@example.com",
            "lena@example.com@evil.example",
            "lena@exаmple.com",
        ],
    )
    def test_an_odd_address_opens_nothing_that_is_not_its_own(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, address: Any
    ) -> None:
        provider.says["email"] = address
        answer = sign_in(client, provider)
        same = str(address).strip().rstrip(".").lower() == "lena@example.com"
        assert answer.status_code == (302 if same else 403)

    def test_who_has_left_stays_outside(
        self, client: Client, provider: Crooked, proven: EmailDomain, lena: Membership, omar: Membership
    ) -> None:
        provider.says |= {"sub": "omar-1", "email": "omar@example.com"}
        sign_in(client, provider)
        with tenant_scope(omar.tenant_id):
            Membership.objects.filter(pk=omar.pk).update(is_active=False)
        change(omar.tenant, joins_as="rep")
        assert client.get("/o/northwind/deals/").status_code == 404
        assert sign_in(Client(), provider).status_code == 403
        with tenant_scope(omar.tenant_id):
            Identity.objects.all().delete()
        answer = sign_in(Client(), provider)
        assert answer.status_code == 403
        assert "not a member" in answer.content.decode()

    @pytest.mark.parametrize(("joins_as", "status"), [("", 403), ("viewer", 302), ("rep", 302)])
    def test_somebody_new_of_the_domain_joins_as_the_owner_has_said(
        self, client: Client, provider: Crooked, proven: EmailDomain, northwind: Tenant, joins_as: str, status: int
    ) -> None:
        change(northwind, joins_as=joins_as)
        provider.says = {"sub": "ada-1", "email": "ada@example.com", "email_verified": True, "name": "Ada Byron"}
        assert sign_in(client, provider).status_code == status
        with tenant_scope(northwind.pk):
            found = Membership.objects.filter(email="ada@example.com").values_list("role", "name")
            assert list(found) == ([(joins_as, "Ada Byron")] if joins_as else [])
        if joins_as:
            assert not User.objects.get(email="ada@example.com").has_usable_password()

    def test_an_invitation_for_exactly_that_address_lets_in_once(
        self, client: Client, provider: Crooked, northwind: Tenant, lena: Membership
    ) -> None:
        with tenant_scope(northwind.pk):
            Invitation.objects.create(
                email="ada@else.example",
                role="manager",
                invited_by=lena,
                digest=b"x",
                created_at=timezone.now(),
                expires_at=timezone.now() + timedelta(days=1),
            )
        provider.says |= {"sub": "bob-1", "email": "bob@else.example"}
        assert sign_in(client, provider).status_code == 403
        provider.says |= {"sub": "ada-1", "email": "ada@else.example"}
        assert sign_in(client, provider).status_code == 302
        with tenant_scope(northwind.pk):
            assert Membership.objects.get(email="ada@else.example").role == "manager"
            assert Invitation.objects.get().accepted_at

    def test_an_invitation_that_is_over_does_not(
        self, client: Client, provider: Crooked, northwind: Tenant, lena: Membership
    ) -> None:
        with tenant_scope(northwind.pk):
            Invitation.objects.create(
                email="ada@else.example",
                invited_by=lena,
                digest=b"x",
                created_at=timezone.now() - timedelta(days=9),
                expires_at=timezone.now() - timedelta(days=1),
            )
        provider.says |= {"sub": "ada-1", "email": "ada@else.example"}
        assert sign_in(client, provider).status_code == 403

    def test_eve_gets_nobody_by_inviting_them(
        self, client: Client, provider: Crooked, lena: Membership, eve: Membership
    ) -> None:
        with tenant_scope(eve.tenant_id):
            Invitation.objects.create(
                email="lena@example.com",
                invited_by=eve,
                digest=b"x",
                created_at=timezone.now(),
                expires_at=timezone.now() + timedelta(days=1),
            )
        with crooked_provider() as eves:
            set_up(eve.tenant, eves, vouches=True)
            eves.says = dict(LENA)
            assert sign_in(client, eves, slug="southwind").status_code == 403
        assert signed_in_as(client) is None

    def test_somebody_who_signed_in_by_themselves_may_be_known_without_a_proven_domain(
        self, client: Client, provider: Crooked, omar: Membership
    ) -> None:
        client.force_login(omar.user)
        provider.says |= {"sub": "omar-1", "email": "omar@example.com"}
        assert sign_in(client, provider).status_code == 302
        provider.says |= {"sub": "lena-1", "email": "lena@example.com"}
        assert sign_in(client, provider).status_code == 403

    def test_who_took_somebody_elses_address_before_does_not_come_in_with_them(
        self, client: Client, provider: Crooked, proven: EmailDomain, northwind: Tenant
    ) -> None:
        User.objects.create_user("ada@example.com", PASSWORD, name="Not Ada")
        change(northwind, joins_as="rep")
        provider.says |= {"sub": "ada-1", "email": "ada@example.com"}
        assert sign_in(client, provider).status_code == 403


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
