"""Signing in with an organisation's own provider, and what a provider may not bring about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, EmailDomain, Identity, Invitation, Membership, Tenant, User
from accounts.tenancy.scope import tenant_scope
from tests.frontend.door import DOOR, LENA, change, identities, set_up, sign_in, signed_in_as
from tests.make import PASSWORD
from tests.providers import Crooked, crooked_provider


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
