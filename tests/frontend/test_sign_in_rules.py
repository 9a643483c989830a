"""An owner says how the organisation's people sign in: provider, domains, rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import entrance
from accounts.models import AuditEvent, EmailDomain, IdentityProvider, Letter, Membership, Tenant
from accounts.secrets import unseal
from accounts.tasks import check_own_domains
from accounts.tenancy.scope import tenant_bound, tenant_scope
from tests.providers import SECRET, Crooked, Zone, crooked_provider, name_server

PAGE = "/o/northwind/settings/sign-in/"


@pytest.fixture
def provider(settings: Any) -> Iterator[Crooked]:
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    with crooked_provider() as made:
        yield made


@pytest.fixture
def zone(settings: Any) -> Iterator[Zone]:
    with name_server() as made:
        settings.DNS_SERVERS = [f"127.0.0.1:{made.port}"]
        yield made


@pytest.fixture
def owner(client: Client, lena: Membership) -> Client:
    client.force_login(lena.user)
    return client


def given(provider: Crooked, **change: str) -> dict[str, str]:
    facts = {"name": "Northwind ID", "issuer": provider.issuer, "client_id": "northwind", "client_secret": SECRET}
    return {f"provider-{name}": value for name, value in {**facts, **change}.items()}


def stored(tenant: Tenant) -> IdentityProvider | None:
    with tenant_scope(tenant.pk):
        return IdentityProvider.objects.first()


def verbs(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        return list(AuditEvent.objects.order_by("at", "id").values_list("verb", flat=True))


def show_provider(client: Client, tenant: Tenant) -> None:
    """As if the owner had just come back from the provider."""
    session = client.session
    provider = stored(tenant)
    assert provider is not None
    entrance.mark_provider(session, provider=provider, begun=False, now=timezone.now())
    session.save()


class TestTheProvider:
    def test_is_set_up_tried_and_changed_and_its_secret_is_shown_to_nobody(
        self, owner: Client, provider: Crooked, northwind: Tenant
    ) -> None:
        assert owner.post(f"{PAGE}provider/", given(provider)).status_code == 303
        kept = stored(northwind)
        assert kept is not None
        assert unseal(kept.client_secret, use="provider") == SECRET
        page = owner.get(PAGE).content.decode()
        assert SECRET not in page
        assert f"/sign-in/{northwind.public_id}/callback/" in page
        assert "/o/northwind/sign-in/go/" in page
        changed = given(provider, name="Hub", client_secret="")
        assert owner.post(f"{PAGE}provider/", changed).status_code == 303
        again = stored(northwind)
        assert again is not None
        assert (again.pk, again.name, unseal(again.client_secret, use="provider")) == (kept.pk, "Hub", SECRET)
        assert verbs(northwind)[-2:] == ["provider.set_up", "provider.changed"]

    def test_of_another_client_needs_its_own_secret_and_is_another_provider(
        self, owner: Client, provider: Crooked, northwind: Tenant
    ) -> None:
        owner.post(f"{PAGE}provider/", given(provider))
        kept = stored(northwind)
        assert owner.post(f"{PAGE}provider/", given(provider, client_id="x", client_secret="")).status_code == 422
        assert owner.post(f"{PAGE}provider/", given(provider, client_id="x")).status_code == 303
        again = stored(northwind)
        assert again is not None
        assert kept is not None
        assert again.pk != kept.pk

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 81),
            ("issuer", ""),
            ("issuer", "javascript:alert(1)"),
            ("issuer", "ftp://x.example"),
            ("issuer", "https://user@x.example/"),
            ("issuer", "https://x.example/?a=b"),
            ("issuer", "http://[::1"),
            ("issuer", "https://" + "x" * 400),
            ("client_id", ""),
            ("client_id", "a\x00"),
            ("client_secret", ""),
        ],
    )
    def test_says_what_to_give_and_stores_nothing(
        self, owner: Client, provider: Crooked, northwind: Tenant, field: str, value: str
    ) -> None:
        answer = owner.post(f"{PAGE}provider/", given(provider, **{field: value}))
        assert answer.status_code == 422
        assert f'id="id_provider-{field}_error"' in answer.content.decode()
        assert stored(northwind) is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"tells": {"issuer": "https://accounts.example"}},
            {"tells": {"token_endpoint": "file:///etc/passwd"}},
            {"tells": {"jwks_uri": None}},
            {"answer": b"no document"},
            {"answer": b"[" * 100_000},
            {"answer": b'"' + b"x" * 300_000 + b'"'},
            {"redirect": "http://127.0.0.1:1/"},
        ],
    )
    def test_that_is_none_is_refused(
        self, owner: Client, provider: Crooked, northwind: Tenant, wrong: dict[str, Any]
    ) -> None:
        for name, value in wrong.items():
            setattr(provider, name, value)
        assert owner.post(f"{PAGE}provider/", given(provider)).status_code == 422
        assert stored(northwind) is None

    def test_inside_our_own_network_is_not_called(
        self, owner: Client, provider: Crooked, northwind: Tenant, settings: Any
    ) -> None:
        settings.OUTBOUND_NETWORKS = []
        assert owner.post(f"{PAGE}provider/", given(provider)).status_code == 422
        assert provider.asked == []

    def test_goes_only_when_nobody_needs_it(self, owner: Client, provider: Crooked, northwind: Tenant) -> None:
        assert owner.post(f"{PAGE}provider/remove/").status_code == 409
        owner.post(f"{PAGE}provider/", given(provider))
        Tenant.objects.update(sso_required=True)
        show_provider(owner, northwind)
        assert owner.post(f"{PAGE}provider/remove/").status_code == 409
        Tenant.objects.update(sso_required=False)
        assert owner.post(f"{PAGE}provider/remove/").status_code == 303
        assert stored(northwind) is None


class TestDomains:
    def listed(self, tenant: Tenant) -> EmailDomain:
        with tenant_scope(tenant.pk):
            return EmailDomain.objects.get()

    def record(self, zone: Zone, tenant: Tenant) -> None:
        """What the owner does at their DNS provider, from what the page says."""
        domain = self.listed(tenant)
        zone.texts[f"_sign-in-challenge.{domain.domain}"] = ["v=spf1 -all", f"sign-in-verification={domain.challenge}"]

    def check(self, client: Client, tenant: Tenant) -> int:
        return client.post(f"{PAGE}domains/{self.listed(tenant).pk}/check/").status_code

    def test_are_proven_by_a_record(self, owner: Client, zone: Zone, northwind: Tenant) -> None:
        assert owner.post(f"{PAGE}domains/", {"domain-domain": "Northwind.Example."}).status_code == 303
        domain = self.listed(northwind)
        assert domain.domain == "northwind.example"
        page = owner.get(PAGE).content.decode()
        assert "_sign-in-challenge.northwind.example" in page
        assert f"sign-in-verification={domain.challenge}" in page
        assert self.check(owner, northwind) == 422
        zone.texts["_sign-in-challenge.northwind.example"] = ["sign-in-verification=somebody else's"]
        assert self.check(owner, northwind) == 422
        self.record(zone, northwind)
        assert self.check(owner, northwind) == 303
        assert self.listed(northwind).verified_at is not None
        assert verbs(northwind)[-2:] == ["domain.added", "domain.verified"]

    def test_nobody_who_answers_is_no_no(self, owner: Client, zone: Zone, northwind: Tenant) -> None:
        owner.post(f"{PAGE}domains/", {"domain-domain": "northwind.example"})
        zone.fails = True
        answer = owner.post(f"{PAGE}domains/{self.listed(northwind).pk}/check/")
        assert answer.status_code == 422
        assert "Nobody answers" in answer.content.decode()
        assert self.listed(northwind).checked_at is None

    @pytest.mark.parametrize(
        "domain",
        [
            *["", "gmail.com", "GMail.com.", "googlemail.com", "northwind", "127.0.0.1", "a b.com", "-x.com", "x..com"],
            *["*.com", "x" * 64 + ".com", "x" * 300 + ".com", "\x00.com", "a.1", "http://northwind.example/"],
        ],
    )
    def test_that_are_nobodys_own_are_refused(self, owner: Client, northwind: Tenant, domain: str) -> None:
        assert owner.post(f"{PAGE}domains/", {"domain-domain": domain}).status_code == 422
        with tenant_scope(northwind.pk):
            assert not EmailDomain.objects.exists()

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("Bücher.Example", "xn--bcher-kva.example"),
            ("@northwind.example", "northwind.example"),
            ("ｎ.example", "n.example"),
        ],
    )
    def test_are_kept_as_mail_servers_write_them(
        self, owner: Client, northwind: Tenant, written: str, kept: str
    ) -> None:
        owner.post(f"{PAGE}domains/", {"domain-domain": written})
        assert self.listed(northwind).domain == kept
        assert owner.post(f"{PAGE}domains/", {"domain-domain": kept}).status_code == 422

    def test_that_are_lost_count_no_more_and_the_owner_is_told(
        self, owner: Client, zone: Zone, northwind: Tenant
    ) -> None:
        owner.post(f"{PAGE}domains/", {"domain-domain": "northwind.example"})
        self.record(zone, northwind)
        self.check(owner, northwind)
        for fails, texts, proven in ((True, {}, True), (False, {}, False), (False, {}, False)):
            zone.fails, zone.texts = fails, texts
            with tenant_bound(northwind.pk):
                check_own_domains()
            assert (self.listed(northwind).verified_at is not None) == proven
        assert Letter.objects.filter(kind="domain_lost").count() == 1
        assert "Lost" in owner.get(PAGE).content.decode()
        self.record(zone, northwind)
        assert self.check(owner, northwind) == 303
        assert self.listed(northwind).lost_at is None

    def test_can_be_removed_by_their_owner_only(
        self, owner: Client, zone: Zone, northwind: Tenant, eve: Membership
    ) -> None:
        owner.post(f"{PAGE}domains/", {"domain-domain": "northwind.example"})
        pk = self.listed(northwind).pk
        stranger = Client()
        stranger.force_login(eve.user)
        for deed in ("check", "remove"):
            assert stranger.post(f"/o/southwind/settings/sign-in/domains/{pk}/{deed}/").status_code == 404
        assert owner.post(f"{PAGE}domains/{pk}/remove/").status_code == 303
        assert owner.post(f"{PAGE}domains/{pk}/remove/").status_code == 404


class TestRules:
    def test_the_provider_is_required_only_after_the_owner_has_tried_it(
        self, owner: Client, provider: Crooked, northwind: Tenant
    ) -> None:
        wanted = {"rules-sso_required": "on", "rules-joins_as": "viewer"}
        assert owner.post(f"{PAGE}rules/", wanted).status_code == 422
        owner.post(f"{PAGE}provider/", given(provider))
        answer = owner.post(f"{PAGE}rules/", wanted)
        assert answer.status_code == 422
        assert "Try it first" in answer.content.decode()
        assert not Tenant.objects.get().sso_required
        show_provider(owner, northwind)
        assert owner.post(f"{PAGE}rules/", wanted).status_code == 303
        assert Tenant.objects.get().sso_required
        assert stored(northwind).joins_as == "viewer"  # type: ignore[union-attr]
        assert verbs(northwind)[-1] == "sign_in_rules.changed"

    def test_a_try_of_long_ago_or_with_another_provider_is_none(
        self, owner: Client, provider: Crooked, northwind: Tenant
    ) -> None:
        owner.post(f"{PAGE}provider/", given(provider))
        show_provider(owner, northwind)
        owner.post(f"{PAGE}provider/", given(provider, client_id="another"))
        assert owner.post(f"{PAGE}rules/", {"rules-sso_required": "on"}).status_code == 422
        show_provider(owner, northwind)
        session = owner.session
        session[entrance.PROVIDERS][str(northwind.pk)]["at"] -= timedelta(days=1).total_seconds()
        session.save()
        assert owner.post(f"{PAGE}rules/", {"rules-sso_required": "on"}).status_code == 422

    def test_say_how_many_are_affected(self, owner: Client, omar: Membership, vera: Membership) -> None:
        assert "3 of 3 members have none" in owner.get(PAGE).content.decode()

    @pytest.mark.parametrize("role", ["owner", "leader", "everybody"])
    def test_nobody_joins_as_more_than_a_rep(self, owner: Client, northwind: Tenant, role: str) -> None:
        assert owner.post(f"{PAGE}rules/", {"rules-joins_as": role}).status_code == 422

    def test_are_the_owners(self, client: Client, omar: Membership, vera: Membership) -> None:
        for member in (omar, vera):
            client.force_login(member.user)
            assert client.get(PAGE).status_code == 403
            for deed in ("provider/", "provider/remove/", "domains/", "rules/"):
                assert client.post(PAGE + deed).status_code == 403

    def test_stand_among_the_settings(self, owner: Client) -> None:
        assert re.search(
            r'href="/o/northwind/settings/sign-in/"[^>]*>Sign-in rules',
            owner.get("/o/northwind/settings/").content.decode(),
        )
