"""A row of another organisation is, on every page and in every form, as one that never was."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from django.apps import apps
from django.db.models import UUIDField
from django.http import HttpResponse
from django.test import Client

from accounts.models import ApiToken, ImportFile, ImportRow, ImportRun, Membership
from accounts.tenancy.models import WalledModel
from activities.models import Activity, ActivityType, OutputType
from outcomes.models import MilestoneType
from strategy.models import Company, Deal, EndReason, Pipeline, Stage
from tests.databases import as_maintenance
from tests.frontend.test_bad_requests import PARAMETERS, forms_of, own_pages
from tests.worlds import World

PEOPLE = [Membership, ApiToken]
PLACES = [Company, Deal, Pipeline, Stage, EndReason]
WORK = [Activity, ActivityType, OutputType, MilestoneType, ImportRun, ImportFile, ImportRow]
KINDS = [*PEOPLE, *PLACES, *WORK]
UUID = re.compile(rb"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
# What differs between two answers to the same question: masked tokens, numbers of requests, moments.
FLEETING = re.compile(rb'(csrfmiddlewaretoken|csrf-token|nonce|X-CSRFToken)"[^>]*?"[A-Za-z0-9]{64}"|[A-Za-z0-9]{64}')


@pytest.fixture
def browser(made_world: World, planted: dict[str, Any]) -> Client:
    """Lena's browser."""
    client = Client(raise_request_exception=False)
    client.force_login(made_world.northwind.owner.user)
    return client


@pytest.fixture(scope="module", autouse=True)
def nothing_of_eve_changes(made_world: World, planted: dict[str, Any]) -> Iterator[None]:
    """Looked at once, at the end: after each test it would cost more than the tests."""
    before = fingerprint(made_world.southwind.pk)
    yield
    assert fingerprint(made_world.southwind.pk) == before


def fingerprint(tenant_id: int) -> Any:
    """Every row of an organisation in one number."""
    tables = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, WalledModel))
    rows = " UNION ALL ".join(
        f"SELECT t::text AS row FROM {table} AS t WHERE tenant_id = {tenant_id}" for table in tables
    )
    with as_maintenance() as all_rows:
        return all_rows.execute(
            f"SELECT count(*), md5(string_agg(row, '|' ORDER BY row)) FROM ({rows}) AS r"
        ).fetchone()


def plain(answer: HttpResponse) -> tuple[int, bytes, str]:
    assert answer.status_code < 500
    said = answer.getvalue()
    assert b"swcanary" not in said
    place = UUID.sub(b"KEY", answer.headers.get("Location", "").encode())
    # What was done before is told at the foot of the next page.
    content = said.partition(b'<div id="toasts"')[0]
    return answer.status_code, FLEETING.sub(b"", UUID.sub(b"KEY", content)), place.decode()


def offered(text: bytes, name: str) -> list[str]:
    """The keys of rows that a page fills the field with. The key of an entry is the form's own."""
    if name == "entry_key":
        return []
    tags = re.findall(rb"<(?:input|button)[^>]*\bname=\"" + name.encode() + rb"\"[^>]*>", text)
    selects = re.findall(rb"<select[^>]*\bname=\"" + name.encode() + rb"\".*?</select>", text, re.DOTALL)
    return [key.decode() for piece in [*tags, *selects] for key in UUID.findall(piece)]


def fields_of_keys(browser: Client, page: str) -> Iterator[tuple[str, dict[str, str], str, list[str]]]:
    """The fields of a page's forms that hold keys of rows: where the form goes, what it asks, the field, its keys."""
    text = browser.get(page).getvalue()
    for action, fields in forms_of(browser, page):
        for name in fields:
            if keys := offered(text, name):
                yield action, fields, name, keys


def foreign(planted: dict[str, Any]) -> list[str]:
    return [str(planted["swcanary"][model].pk) for model in KINDS]


@pytest.fixture(scope="module")
def kinds_of_keys(made_world: World, planted: dict[str, Any]) -> dict[str, str]:
    """The table of each row that is there, by its key."""
    rows = " UNION ALL ".join(
        f"SELECT {model._meta.pk.column}::text, '{model._meta.db_table}' FROM {model._meta.db_table}"
        for model in apps.get_models()
        if issubclass(model, WalledModel) and isinstance(model._meta.pk, UUIDField)
    )
    with as_maintenance() as all_rows:
        return dict(all_rows.execute(rows).fetchall())


def foreign_of(keys: list[str], kinds_of_keys: dict[str, str], planted: dict[str, Any]) -> list[str]:
    """A stranger's row of each kind that the field offers, or of every kind where it offers none that is there."""
    tables = {kinds_of_keys.get(str(uuid.UUID(key))) for key in keys} - {None}
    rows = {model._meta.db_table: row for model, row in planted["swcanary"].items()}
    return [str(rows[table].pk) for table in sorted(tables & rows.keys())] or foreign(planted)


# A second press on the same button is no mistake: it is told that there is nothing left to do.
SAID_AGAIN = {"/o/northwind/log/KEY/undo/"}


@pytest.mark.parametrize("page", [page for page in own_pages() if "KEY" in page])
def test_in_an_address(browser: Client, planted: dict[str, Any], page: str) -> None:
    for method in (browser.get, browser.post):
        never = plain(method(page.replace("KEY", str(uuid.uuid4()))))
        assert never[0] in (404, 405) or (page in SAID_AGAIN and never[0] == 303)
        for key in foreign(planted):
            assert plain(method(page.replace("KEY", key))) == never


@pytest.mark.parametrize("page", own_pages())
def test_in_a_question(browser: Client, made_world: World, planted: dict[str, Any], page: str) -> None:
    page = page.replace("KEY", str(made_world.northwind.deal.pk))
    keys = foreign(planted)

    def ask(*keys: object) -> tuple[int, bytes, str]:
        return plain(browser.get(f"{page}?" + "&".join(f"{name}={key}" for name, key in zip(PARAMETERS, cycle(keys)))))

    never = ask(uuid.uuid4())
    if never == plain(browser.get(page)):  # it reads none of them, or takes no notice of what is not there
        for turn in range(3):
            assert ask(*keys[turn:], *keys[:turn]) == never
        return
    for key in keys:
        found = ask(key)
        # An order has a place for each key, also for one that never was: then the next to it tells the same.
        assert found == never or found == ask(uuid.UUID(int=uuid.UUID(str(key)).int ^ 1))


@pytest.mark.parametrize("page", [page for page in own_pages() if page.startswith("/o/")])
def test_in_a_form(
    browser: Client, made_world: World, planted: dict[str, Any], kinds_of_keys: dict[str, str], page: str
) -> None:
    page = page.replace("KEY", str(made_world.northwind.deal.pk))
    for action, fields, name, keys in fields_of_keys(browser, page):
        never = plain(browser.post(action, fields | {name: str(uuid.uuid4())}))
        for key in foreign_of(keys, kinds_of_keys, planted):
            assert plain(browser.post(action, fields | {name: key})) == never, name


def test_the_fields_that_hold_keys_are_those_we_know_of(browser: Client, made_world: World) -> None:
    """Otherwise the proof above would be of nothing."""
    found = {
        (page.removeprefix("/o/northwind/"), name)
        for page in own_pages()
        if page.startswith("/o/")
        for address in [page.replace("KEY", str(made_world.northwind.deal.pk))]
        for _, _, name, _ in fields_of_keys(browser, address)
    }
    assert found >= {
        ("deals/KEY/milestones/new/", "milestone"),
        ("log/", "deal"),
        ("log/", "kind"),
        ("log/", "milestone"),
        ("log/", "output_type"),
    }
