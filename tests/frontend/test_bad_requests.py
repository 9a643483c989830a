"""Whatever is sent to a page, the answer is clear and nothing is half-stored: never a fault of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.models import PastAddress, Tenant
from accounts.tenancy.models import WalledModel
from accounts.tenancy.scope import tenant_scope
from tests.worlds import World

pytestmark = pytest.mark.usefixtures("made_world")

TEN_MEGABYTES = 10 * 1024 * 1024
NASTY = [
    "a%00b",
    "%FF%FE",
    quote("🙂" * 3000),
    "-1",
    "9" * 40,
    "NaN",
    "0001-01-01",
    "9999-12-31T23:59",
    "00000000-0000-0000-0000-000000000000",
    quote("' OR 1=1 --<script>alert(1)</script>"),
    quote("../../../etc/passwd{{ 7 * 7 }}%s{0}"),
    "%0d%0aSet-Cookie:%20a=b",
]
PARAMETERS = sorted(
    {"after", "by", "chart", "deal", "from", "measure", "next", "other", "owner", "page", "q", "seen", "show", "stage"}
    | {"state", "to", "until", "watch", "cause", "company", "sort"}
)
TABLES = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, WalledModel))


@pytest.fixture
def browser(made_world: World) -> Client:
    """Lena's browser, which shows a fault of ours as a page."""
    client = Client(raise_request_exception=False)
    client.force_login(made_world.northwind.owner.user)
    return client


def own_pages() -> list[str]:
    """Every page of the site map outside the sign-in library, with KEY for the key of a deal."""
    found: list[str] = []

    def walk(patterns: Any, prefix: str) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                found.append(prefix + str(pattern.pattern))
            else:
                walk(pattern.url_patterns, prefix + str(pattern.pattern))

    walk(get_resolver("frontend.urls").url_patterns, "/")
    found = [address.replace("<slug:slug>", "northwind") for address in found]
    return [re.sub(r"<(int|str):\w+>", "1", re.sub(r"<uuid:\w+>", "KEY", address)) for address in found]


def rows(tenant_id: int) -> tuple[int, ...]:
    """How many rows each table of the organisation has."""
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    with tenant_scope(tenant_id), connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return cursor.fetchone()


def dealt(names: Iterable[str], turn: int) -> list[tuple[str, str]]:
    """Each name with something nasty, another one at each turn."""
    return [(name, NASTY[(turn + place) % len(NASTY)]) for place, name in enumerate(names)]


def spoiled(fields: dict[str, str]) -> Iterator[str]:
    """Answers to a form: everything nasty, by turns; then one field at a time among good ones."""
    for turn in range(0, len(NASTY), 3):
        yield "&".join(f"{name}={nasty}" for name, nasty in dealt(fields, turn))
    for turn, spoil in enumerate(fields):
        good = {name: quote(value) for name, value in fields.items()}
        yield "&".join(f"{name}={value}" for name, value in (good | {spoil: NASTY[turn % len(NASTY)]}).items())


def assert_clear(answer: HttpResponse, what: str) -> None:
    assert answer.status_code < 500, what
    assert b"Traceback" not in answer.content, what


@pytest.fixture(autouse=True)
def northwind_stays_where_it_is(made_world: World) -> Iterator[None]:
    """Among the nasty texts is one that an organisation can move to."""
    yield
    PastAddress.objects.all().delete()
    Tenant.objects.filter(pk=made_world.northwind.pk).update(slug="northwind")


# --- Addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", own_pages())
def test_a_page_takes_any_question(browser: Client, made_world: World, page: str) -> None:
    page = page.replace("KEY", str(made_world.northwind.deal.pk))
    for turn in range(0, len(NASTY), 3):
        question = "&".join(f"{name}={nasty}" for name, nasty in dealt(PARAMETERS, turn))
        assert_clear(browser.get(f"{page}?{question}"), question)
    assert_clear(browser.get(f"{page}?{question}", headers={"hx-request": "true"}), question)


def test_a_character_that_no_text_has_is_refused_at_the_door(browser: Client) -> None:
    for path in ("/?a=b%00", "/o/northwind/log/deals/?other=%00", "/?%00"):
        assert browser.get(path).status_code == 400
    assert browser.get("/o/northwind/log/deals/?other=%2500").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/o/%00/",
        "/o/north%00wind/deals/",
        "/o/northwind/deals/%00/",
        "/accounts/login/%00",
        "/%FF%FE/",
        "/o/%0d%0a/",
    ],
)
def test_an_address_of_nothing_is_not_there(browser: Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert b"There is no such page" in answer.content


@pytest.mark.parametrize(
    "host",
    ["evil.example", "northwind", "localhost@evil.example", "a b", "[::1", "%00", "localhost/x"],
)
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/o/northwind/deals/"])
def test_a_forged_host_is_refused_and_not_repeated(browser: Client, host: str, path: str) -> None:
    answer = browser.get(path, headers={"host": host})
    assert answer.status_code == 400
    assert host.encode() not in answer.content


def test_a_host_said_by_a_proxy_that_nobody_trusts_is_not_believed(browser: Client) -> None:
    answer = browser.get("/", headers={"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"})
    assert "evil.example" not in f"{answer.headers}{answer.content!r}"


@pytest.mark.parametrize("value", ['"\\000\\000abcdefgh"', "a" * 5000, '"\\377\\376xxxxxxxx"', "../../x", '"'])
def test_a_cookie_of_any_kind_is_read_or_left(value: str) -> None:
    client = Client(raise_request_exception=False)
    for name in ("session", "csrftoken", "theme", "messages", "keys"):
        for path in ("/o/northwind/deals/", "/api/v1/me"):
            assert_clear(client.get(path, headers={"cookie": f"{name}={value}"}), f"{name}={value}")


# --- Forms ----------------------------------------------------------------------------------------------------------


class Forms(HTMLParser):
    """The forms of a page: where each goes and what it asks."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((said.get("action", ""), said.get("method", "get").lower(), {}))
        elif tag in ("input", "textarea", "select", "button") and said.get("name") and self.found:
            self.found[-1][2].setdefault(said["name"], said.get("value", ""))


def forms_of(browser: Client, page: str) -> Iterator[tuple[str, dict[str, str]]]:
    answer = browser.get(page)
    if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
        return
    parser = Forms()
    parser.feed(answer.content.decode())
    for action, method, fields in parser.found:
        if method == "post" and "logout" not in action:
            yield action or page, fields


@pytest.mark.parametrize("page", own_pages())
def test_a_form_takes_any_answer(browser: Client, made_world: World, page: str) -> None:
    page = page.replace("KEY", str(made_world.northwind.deal.pk))
    for action, fields in forms_of(browser, page):
        before = rows(made_world.northwind.pk)
        for answers in spoiled(fields):
            answer = browser.post(action, answers, content_type="application/x-www-form-urlencoded")
            assert_clear(answer, f"{action} {answers}")
            after = rows(made_world.northwind.pk)
            assert after == before or answer.status_code < 400
            before = after


@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/signup/", "/accounts/logout/", "/theme/"])
def test_the_doors_take_any_answer(page: str) -> None:
    browser = Client(raise_request_exception=False)
    fields = {
        "login": "lena@example.com",
        "email": "new@example.com",
        "password": "x" * 20,
        "password1": "a quiet long phrase",
        "organisation": "New",
        "name": "New",
        "theme": "dark",
        "next": "//evil.example/",
    }
    for answers in spoiled(fields):
        answer = browser.post(page, answers, content_type="application/x-www-form-urlencoded")
        assert_clear(answer, answers)
        assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("page", [*own_pages(), "/accounts/login/", "/accounts/signup/"])
def test_a_form_without_its_token_is_refused(made_world: World, page: str) -> None:
    page = page.replace("KEY", str(made_world.northwind.deal.pk))
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(made_world.northwind.owner.user)
    before = rows(made_world.northwind.pk)
    for headers in ({"x-csrftoken": "x" * 32}, {"origin": "https://evil.example"}):
        answer = browser.post(page, {"name": "x", "csrfmiddlewaretoken": "%00"}, headers=headers)
        assert answer.status_code in (403, 404)
    assert rows(made_world.northwind.pk) == before


BODIES: dict[str, tuple[str, bytes]] = {
    "form": ("application/x-www-form-urlencoded", b"name=" + b"x" * TEN_MEGABYTES),
    "many fields": ("application/x-www-form-urlencoded", b"a=1&" * 3000),
    "json": ("application/json", b'"' + b"x" * TEN_MEGABYTES + b'"'),
    "parts": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + b"x" * TEN_MEGABYTES + b"\r\n--b--\r\n",
    ),
    "broken parts": ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name"),
    "no boundary": ("multipart/form-data", b"--b"),
    "nul": ("application/x-www-form-urlencoded", b"name=a\x00b&\x00=\x00"),
    "other script": ("application/x-www-form-urlencoded; charset=utf-7", b"name=+AAA-"),
    "unknown script": ("application/x-www-form-urlencoded; charset=no-such", b"name=a"),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "page", ["/accounts/login/", "/organisations/", "/o/northwind/log/", "/o/northwind/imports/new/"]
)
def test_a_body_that_no_form_sends_is_refused(browser: Client, made_world: World, page: str, kind: str) -> None:
    page = page.replace("KEY", str(made_world.northwind.deal.pk))
    content_type, body = BODIES[kind]
    before = rows(made_world.northwind.pk)
    answer = browser.generic("POST", page, body, content_type)
    assert_clear(answer, kind)
    if answer.status_code >= 400:
        assert rows(made_world.northwind.pk) == before
    guarded = Client(enforce_csrf_checks=True, raise_request_exception=False)
    guarded.force_login(made_world.northwind.owner.user)
    assert 400 <= guarded.generic("POST", page, body, content_type).status_code < 500
