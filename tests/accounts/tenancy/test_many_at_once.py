"""Hundreds of people and programs of several organisations at once, over a handful of connections.

Every text of an organisation carries its own word. Each byte of each answer is searched for the words of the others.
"""

from __future__ import annotations

import http.client
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import NamedTuple

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.api import ids
from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes import services
from outcomes.models import ConfirmationAnswer, MilestoneEvent, MilestoneType
from outcomes.services.milestones.types import key_of
from strategy.models import Company, Deal
from tests.api import make_secret
from tests.canaries import plant
from tests.databases import as_maintenance, url_of
from tests.make import make_deal, make_organisation
from tests.servers import WEB_THREADS, WEB_WORKERS, pooled, serving

WORDS = [f"{letter}canary{letter}" for letter in "bdfgkp"]
AT_ONCE = 200
REQUESTS = 240


class Shop(NamedTuple):
    """An organisation of which every text has the word, a browser of its owner and a key to it."""

    word: str
    tenant: Tenant
    cookie: str
    secret: str
    deals: list[str]


@dataclass
class Seen:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    foreign: list[str] = field(default_factory=list)
    without_own: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)


def open_shop(word: str) -> Shop:
    owner = make_organisation(word, owner=word)
    with tenant_scope(owner.tenant_id):
        company = Company.objects.create(name=f"{word} customer")
        deals = [make_deal(actor=owner, name=f"{word} deal {number}", company=company) for number in range(5)]
    rows = plant(owner.tenant_id, word)
    browser = Client()
    browser.force_login(owner.user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}; csrftoken={'x' * 32}"
    return Shop(word, owner.tenant, cookie, make_secret(owner), [str(deal.pk) for deal in [*deals, rows[Deal]]])


@pytest.fixture(scope="module")
def shops(database_of_its_own: str) -> list[Shop]:
    return [open_shop(word) for word in WORDS]


def foreign_words(answer: bytes, own: str) -> set[str]:
    return set(re.findall(rb"[a-z]canary[a-z]", answer.lower())) - {own.encode()}


def test_the_search_finds_a_foreign_word_wherever_it_stands() -> None:
    assert foreign_words(b'<a href="/x?q=%20Bcanaryb">', "dcanaryd") == {b"bcanaryb"}
    assert foreign_words(b"dcanaryd, DCANARYD", "dcanaryd") == set()


# --- What is asked --------------------------------------------------------------------------------------------------

PAGES = ["deals/", "execution/", "log/", "imports/", "settings/tokens/", "deals/{deal}/", "deals/?state=all", "start/"]
LISTS = ["me", "members", "companies", "stages", "deals", "activities", "milestones", "milestone_types", "statistics"]
#: Lists of words that every organisation begins with, and of figures.
WORDLESS = {"stages", "milestone_types", "statistics"}


class Question(NamedTuple):
    """One request, and the answer it should have."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int
    shows_own: bool


def page(shop: Shop, dice: random.Random) -> Question:
    chosen = dice.choice(PAGES)
    path = f"/o/{shop.tenant.slug}/{chosen}".format(deal=dice.choice(shop.deals))
    return Question("GET", path, {"Cookie": shop.cookie}, "", 200, True)


def api(shop: Shop, dice: random.Random) -> Question:
    headers = {"Authorization": f"Bearer {shop.secret}"}
    chosen = dice.choice(LISTS)
    return Question("GET", f"/api/v1/{chosen}", headers, "", 200, chosen not in WORDLESS)


def write(shop: Shop, dice: random.Random) -> Question:
    headers = {"Authorization": f"Bearer {shop.secret}", "Content-Type": "application/json"}
    body = json.dumps({"name": f"{shop.word} new {dice.random()}"})
    return Question("POST", "/api/v1/deals", headers, body, 201, True)


def refused_write(shop: Shop, dice: random.Random) -> Question:
    headers = {"Authorization": f"Bearer {shop.secret}", "Content-Type": "application/json"}
    body = json.dumps({"name": f"{shop.word} refused", "company": "com_00000000000000000000000000"})
    return Question("POST", "/api/v1/deals", headers, body, 422, False)


def form(shop: Shop, dice: random.Random) -> Question:
    headers = {"Cookie": shop.cookie, "Content-Type": "application/x-www-form-urlencoded"}
    body = f"csrfmiddlewaretoken={'x' * 32}&name=&scopes=nothing"
    return Question("POST", f"/o/{shop.tenant.slug}/settings/tokens/", headers, body, 422, True)


def trespass(shop: Shop, other: Shop, dice: random.Random) -> Question:
    """To another organisation, or to its deal in one's own."""
    path = dice.choice([f"/o/{other.tenant.slug}/deals/", f"/o/{shop.tenant.slug}/deals/{other.deals[0]}/"])
    return Question("GET", path, {"Cookie": shop.cookie}, "", 404, False)


def questions(shops: list[Shop]) -> Iterator[tuple[Shop, Question]]:
    dice = random.Random(20)
    for number in range(REQUESTS):
        shop = shops[number % len(shops)]
        ask = dice.choices([page, api, write, refused_write, form], [8, 8, 2, 2, 1])[0]
        yield shop, ask(shop, dice)
        if number % 10 == 0:
            yield shop, trespass(shop, dice.choice([one for one in shops if one is not shop]), dice)


def ask(port: int, question: Question) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(question.method, question.path, question.body or None, question.headers)
        answer = connection.getresponse()
        return answer.status, str(answer.headers).encode() + answer.read()
    finally:
        connection.close()


def all_at_once(port: int, shops: list[Shop]) -> Seen:
    seen = Seen()

    def one(job: tuple[Shop, Question]) -> None:
        shop, question = job
        status, answer = ask(port, question)
        seen.statuses[status] += 1
        if status != question.status:
            seen.unexpected.append(f"{question.method} {question.path}: {status} {answer[-300:]!r}")
        # A trespasser may read back the address that was asked for.
        asked = question.path.encode()
        if found := foreign_words(answer.replace(asked, b""), shop.word):
            seen.foreign.append(f"{question.path} for {shop.word}: {found}")
        if question.shows_own and shop.word.encode() not in answer.lower():
            seen.without_own.append(question.path)

    with ThreadPoolExecutor(AT_ONCE) as people:
        list(people.map(one, list(questions(shops))))
    return seen


def assert_apart(seen: Seen, shops: list[Shop]) -> None:
    assert seen.foreign == []
    assert seen.unexpected == []
    assert seen.without_own == []
    assert sum(seen.statuses.values()) > AT_ONCE
    assert {200, 201, 404, 422} <= set(seen.statuses)
    with as_maintenance() as all_rows:
        for shop in shops:
            rows = all_rows.execute("SELECT name FROM strategy_deal WHERE tenant_id = %s", [shop.tenant.pk]).fetchall()
            assert all(shop.word in name for (name,) in rows)
            assert not any("refused" in name for (name,) in rows)
        assert all_rows.execute(CONNECTIONS).fetchone()[0] <= WEB_WORKERS * WEB_THREADS + 1


CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'tl_web' AND datname = current_database()"


@pytest.fixture(scope="class")
def port(shops: list[Shop], database_of_its_own: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving(url_of(database_of_its_own), tmp_path_factory.mktemp("web")) as found:
        yield found


def sent_at_once(port: int, question: Question, *, times: int = 100) -> Counter[tuple[int, bytes]]:
    """What a request is answered that arrives so often at once."""
    together = Barrier(times)

    def one(_: int) -> tuple[int, bytes]:
        together.wait()
        status, answer = ask(port, question)
        return status, answer.partition(b"\n\n")[2] if status == question.status else b""

    with ThreadPoolExecutor(times) as people:
        return Counter(people.map(one, range(times)))


class TestOneServer:
    def test_nobody_gets_a_byte_of_another(self, shops: list[Shop], port: int) -> None:
        assert_apart(all_at_once(port, shops), shops)

    def test_answer_of_a_customer_and_key_of_a_program_count_once_however_often_they_arrive(
        self, shops: list[Shop], port: int
    ) -> None:
        shop = shops[0]
        with tenant_scope(shop.tenant.pk):
            owner, kind = Membership.objects.get(user__isnull=False), MilestoneType.objects.order_by("-position")[0]
            deal, other = (make_deal(actor=owner, name=f"{shop.word} {name}") for name in ("asked", "told"))
            now = timezone.now()
            made = services.ask(
                actor=owner, deal=deal, type=kind, name=shop.word, email="i@brightwater.example", at=now
            )
        url = f"/c/{made.secret}/"
        _, page = ask(port, Question("GET", url, {}, "", 200, False))
        (key, *_) = re.findall(rb'name="key" value="([^"]+)"', page)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        pressed = sent_at_once(port, Question("POST", url, headers, f"a=yes&key={key.decode()}", 303, False))
        assert {status for status, _ in pressed} == {303}

        headers = {
            "Authorization": f"Bearer {shop.secret}",
            "Idempotency-Key": "once",
            "Content-Type": "application/json",
        }
        body = json.dumps({"deal": ids.encode(ids.DEAL, other.pk), "type": key_of(kind)})
        told = sent_at_once(port, Question("POST", "/api/v1/milestones", headers, body, 201, False))
        # Whoever comes while the first one is at it is told to come again.
        assert {status for status, _ in told} <= {201, 409}
        assert len([status for status, _ in told if status == 201]) == 1
        with tenant_scope(shop.tenant.pk):
            assert ConfirmationAnswer.objects.filter(confirmation=made.confirmation).count() == 1
            assert [MilestoneEvent.objects.filter(deal=one).count() for one in (deal, other)] == [1, 1]


def test_nobody_gets_a_byte_of_another_through_a_pooler(
    shops: list[Shop], database_of_its_own: str, tmp_path: Path
) -> None:
    with pooled(database_of_its_own, tmp_path, size=3) as url, serving(url, tmp_path) as port:
        assert_apart(all_at_once(port, shops), shops)
