"""One request: one organisation, one transaction, all of it or nothing."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as product
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from accounts import middleware
from accounts.integrations.tokens import make_token
from accounts.models import ApiToken, Membership
from accounts.models.organisation import Role
from accounts.tenancy.scope import active, tenant_scope
from strategy.models import Company
from tests.make import NOON
from tests.worlds import World

TURN = "tests.accounts.tenancy.probe_urls.turn_into_redirect"


@pytest.fixture(autouse=True)
def probes(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.accounts.tenancy.probe_urls"


@pytest.fixture
def lena(world: World) -> Client:
    """Lena's browser."""
    browser = Client(raise_request_exception=False)
    browser.force_login(world.northwind.owner.user)
    return browser


@pytest.fixture(autouse=True)
def swept(world: World) -> Iterator[None]:
    """What a request stored is removed; nothing of it is left on the connection."""
    yield
    assert active.get() is None
    with tenant_scope(world.northwind.pk):
        Company.objects.exclude(name="Northwind customer").delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.tenant_id', true), '')")
        assert cursor.fetchone() == ("",)


def stored(world: World) -> list[str]:
    with tenant_scope(world.northwind.pk):
        return list(Company.objects.exclude(name="Northwind customer").values_list("name", flat=True))


# --- All or nothing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200", "201", "204", "302", "303"])
def test_what_went_well_is_stored(lena: Client, world: World, status: str) -> None:
    assert lena.post(f"/o/northwind/probe/write/{status}/").status_code == int(status)
    assert stored(world) == [f"stored before {status}"]


@pytest.mark.parametrize("status", ["400", "403", "404", "409", "413", "422", "429", "500", "503"])
def test_what_was_answered_with_a_no_left_nothing(lena: Client, world: World, status: str) -> None:
    assert lena.post(f"/o/northwind/probe/write/{status}/").status_code == int(status)
    assert stored(world) == []


@pytest.mark.parametrize(("failure", "status"), [("key", 500), ("404", 404), ("refused", 409)])
def test_what_failed_left_nothing(lena: Client, world: World, failure: str, status: int) -> None:
    assert lena.post(f"/o/northwind/probe/write/{failure}/").status_code == status
    assert stored(world) == []


@pytest.mark.parametrize("place", [0, -1])
def test_what_failed_left_nothing_though_somebody_made_a_way_on_of_it(
    lena: Client, world: World, settings: Any, place: int
) -> None:
    settings.MIDDLEWARE = [*product.MIDDLEWARE[:place], TURN, *product.MIDDLEWARE[place:]]
    lena.handler.load_middleware()
    assert lena.post("/o/northwind/probe/write/detour/").status_code == 302
    assert stored(world) == []


def test_nobody_comes_after_the_middleware_that_must_know_of_every_failure() -> None:
    assert product.MIDDLEWARE[-1] == "accounts.middleware.TenantMiddleware"


def test_without_its_eye_for_failures_the_test_above_would_fail(
    lena: Client, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware.TenantMiddleware, "process_exception", lambda *_: None)
    settings.MIDDLEWARE = [TURN, *product.MIDDLEWARE]
    lena.handler.load_middleware()
    lena.post("/o/northwind/probe/write/detour/")
    assert stored(world) == ["stored before detour"]


# --- Reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_writes_nothing(lena: Client, world: World, method: str) -> None:
    assert getattr(lena, method)("/o/northwind/probe/write/200/").status_code == 500
    assert stored(world) == []


def test_a_page_that_asks_while_it_is_rendered_is_answered(lena: Client) -> None:
    assert lena.get("/o/northwind/probe/lazy/").content == b"Northwind customer;"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_streamed_answer_is_refused(lena: Client, world: World, method: str) -> None:
    """Its body would be made after the transaction has ended."""
    lena.raise_request_exception = True
    if method == "post":
        with pytest.raises(middleware.StreamingInTenant, match="/o/northwind/probe/stream/"):
            lena.post("/o/northwind/probe/stream/")
    lena.raise_request_exception = False
    assert getattr(lena, method)("/o/northwind/probe/stream/").status_code == 500
    assert stored(world) == []


def test_a_long_answer_is_made_inside_the_tenant_of_who_asks(lena: Client, world: World) -> None:
    with tenant_scope(world.northwind.pk):
        Company.objects.create(name="Another")
    answer = lena.get("/o/northwind/probe/long/well/")
    parts = iter(answer.streaming_content)
    assert next(parts) == f"{world.northwind.pk} True;".encode()
    assert active.get() is None  # between two parts the thread belongs to nobody
    assert b"".join(parts) == b"Another;Northwind customer;"
    assert not connection.in_atomic_block
    eve = Client()
    eve.force_login(world.southwind.owner.user)
    assert eve.get("/o/southwind/probe/long/well/").getvalue().endswith(b";Southwind customer;")
    assert eve.get("/o/northwind/probe/long/well/").status_code == 404


def test_a_long_answer_that_fails_or_that_nobody_reads_leaves_nothing(lena: Client, world: World) -> None:
    answer = lena.get("/o/northwind/probe/long/well/")
    next(iter(answer.streaming_content))
    answer.close()
    assert not connection.in_atomic_block
    for how, error in (("write", DatabaseError), ("fail", KeyError)):
        with pytest.raises(error):
            lena.get(f"/o/northwind/probe/long/{how}/").getvalue()
        assert not connection.in_atomic_block
    assert stored(world) == []


# --- Who ------------------------------------------------------------------------------------------------------------


def test_nobody_is_sent_to_the_sign_in_and_back(world: World) -> None:
    answer = Client().get("/o/northwind/deals/?owner=me")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/o/northwind/deals/%3Fowner%3Dme")


def test_nobody_stores_nothing(world: World) -> None:
    assert Client().post("/o/northwind/probe/write/200/").status_code == 302
    assert stored(world) == []


def answer_of(browser: Client, method: str, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    answer: HttpResponse = getattr(browser, method)(path, headers={"x-request-id": "00000000", **headers})
    return answer.status_code, answer.content, dict(answer.headers)


def addresses() -> list[str]:
    """Every address of an organisation's pages, with a key that is nobody's; its door stands open to everybody."""
    found = []
    for pattern in get_resolver("frontend.urls").url_patterns:
        if str(pattern.pattern) == "o/<slug:slug>/":
            for page in pattern.url_patterns:
                if getattr(page.callback, "access", "").startswith("public"):
                    continue
                inner = re.sub(r"<uuid:\w+>", str(uuid.UUID(int=7)), str(page.pattern))
                found.append(re.sub(r"<(int|str):\w+>", "1", inner))
                assert "<" not in found[-1]
    return [*found, "no-such-page/", "probe/where/"]


def test_a_strangers_organisation_is_as_one_that_never_was(lena: Client) -> None:
    for method, page in itertools.product(["get", "post", "head", "put"], addresses()):
        there = answer_of(lena, method, f"/o/southwind/{page}")
        nowhere = answer_of(lena, method, f"/o/no-such-one/{page}")
        assert there == nowhere, (method, page)
        assert there[0] == 404, (method, page)
        assert answer_of(lena, method, f"/o/southwind/{page}", hx_request="true")[:2] == nowhere[:2], (method, page)


@pytest.mark.parametrize(
    "slug", ["SOUTHWIND", "Northwind", "south wind", "northwind%00", "northwind_", "x" * 200, "%2e%2e"]
)
def test_an_address_that_is_nearly_one_is_none(lena: Client, slug: str) -> None:
    assert lena.get(f"/o/{slug}/probe/where/").status_code == 404


def test_a_member_who_has_left_is_a_stranger_at_once(world: World) -> None:
    user = world.southwind.owner.user
    with tenant_scope(world.northwind.pk):
        member = Membership.objects.create(user=user, name="Eve", role=Role.VIEWER)
    browser = Client()
    browser.force_login(user)
    assert browser.get("/o/northwind/probe/where/").json()["member"] == "Eve"
    with tenant_scope(world.northwind.pk):
        Membership.objects.filter(pk=member.pk).update(is_active=False)
    assert answer_of(browser, "get", "/o/northwind/deals/") == answer_of(browser, "get", "/o/no-such-one/deals/")
    with tenant_scope(world.northwind.pk):
        member.delete()


def test_two_tabs_in_two_organisations_do_not_cross(lena: Client, world: World) -> None:
    with tenant_scope(world.southwind.pk):
        guest = Membership.objects.create(user=world.northwind.owner.user, name="Guest", role=Role.OWNER)
    try:
        for _ in range(3):
            for seller, name in ((world.northwind, "Lena"), (world.southwind, "Guest")):
                assert lena.get(f"/o/{seller.tenant.slug}/probe/where/").json() == {
                    "slug": seller.tenant.slug,
                    "member": name,
                    "companies": [f"{seller.tenant.name} customer"],
                }
        lena.post("/o/northwind/probe/write/200/")
        assert lena.get("/o/southwind/probe/where/").json()["companies"] == ["Southwind customer"]
        assert stored(world) == ["stored before 200"]
    finally:
        with tenant_scope(world.southwind.pk):
            guest.delete()


def test_nothing_but_the_address_says_which_organisation(lena: Client, world: World) -> None:
    session = lena.session
    session["tenant"] = session["tenant_id"] = world.southwind.pk
    session.save()
    answer = lena.get(
        f"/o/northwind/probe/where/?tenant=southwind&slug=southwind&tenant_id={world.southwind.pk}",
        headers={"x-tenant": "southwind", "x-tenant-id": str(world.southwind.pk), "tenant-id": str(world.southwind.pk)},
    )
    assert answer.json()["companies"] == ["Northwind customer"]


@pytest.mark.parametrize("said", ["/o/southwind", "/o/northwind", "/api"])
def test_a_place_in_front_of_the_address_changes_nothing(lena: Client, said: str) -> None:
    """SCRIPT_NAME comes from the server's configuration, or from a header that a proxy forgot to take off."""
    assert lena.get("/o/northwind/probe/where/", SCRIPT_NAME=said).json()["slug"] == "northwind"
    assert lena.get("/o/southwind/probe/where/", SCRIPT_NAME=said).status_code == 404


def test_outside_an_organisation_there_is_none(lena: Client) -> None:
    assert lena.get("/outside/").content == b"null"


# --- Programs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def key(world: World) -> str:
    """A key to Northwind that may read."""
    with tenant_scope(world.northwind.pk):
        return make_token(
            actor=world.northwind.owner, name="x", scopes=["organisation:read", "deals:read"], at=NOON
        ).secret


def ask(browser: Client, key: str, path: str = "/api/v1/deals", **headers: str) -> HttpResponse:
    return browser.get(path, headers={"authorization": f"Bearer {key}", **headers})


def test_a_key_opens_its_own_organisation_whoever_is_signed_in_beside_it(world: World, key: str) -> None:
    browser = Client()
    browser.force_login(world.southwind.owner.user)
    names = [deal["name"] for deal in ask(browser, key, **{"x-tenant": "southwind"}).json()["data"]]
    assert names == ["Northwind deal"]


def test_a_key_opens_no_page(world: World, key: str) -> None:
    assert ask(Client(), key, "/o/northwind/deals/").status_code == 302
    browser = Client()
    browser.force_login(world.southwind.owner.user)
    assert ask(browser, key, "/o/northwind/deals/").status_code == 404


def test_an_answer_that_was_given_stays_given_when_its_key_cannot_be_marked_as_used(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseError("canceling statement due to lock timeout")

    monkeypatch.setattr(middleware, "note_use", fail)
    assert ask(Client(), key).status_code == 200


def test_a_key_remembers_that_it_was_used(world: World, key: str) -> None:
    ask(Client(), key)
    with tenant_scope(world.northwind.pk):
        assert ApiToken.objects.exclude(last_used_at=None).exists()
