"""What supervisors and load balancers are told: whether the process lives, and whether it can serve."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils import timezone

from accounts.models import Letter, Membership
from accounts.tenancy.scope import tenant_scope
from config import env, readiness
from tests.databases import as_owner, copied, current_name, pointed_at, url_of
from tests.make import make_deal
from tests.servers import serving

SECRETS = ("tl_web", "127.0.0.1", "postgresql", "redis", "Traceback")


@pytest.fixture(autouse=True)
def asks_anew() -> None:
    for question in readiness.QUESTIONS.values():
        question.forget()


def told(client: Client, address: str = "/readyz", **headers: Any) -> tuple[int, dict[str, str]]:
    answer = client.get(address, **headers)
    said = answer.content.decode()
    assert not [secret for secret in SECRETS if secret in said]
    return answer.status_code, json.loads(said)


def test_a_process_that_can_serve_says_so_part_by_part(client: Client, transactional_db: None) -> None:
    status, said = told(client)
    assert said == {"status": "ready", **dict.fromkeys(readiness.PARTS, "ok")}
    assert status == 200


def test_a_living_process_needs_nothing(client: Client) -> None:
    # No `db` fixture: a query would fail this test.
    assert told(client, "/livez") == (200, {"status": "alive"})


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_a_load_balancer_asks_by_address_over_plain_http(
    address: str, client: Client, transactional_db: None, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    for host in ("10.0.0.7:8000", "evil.example", "not a host"):
        answer = client.get(address, headers={"Host": host})
        assert answer.status_code == 200, host
        assert host not in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
    assert client.get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_a_probe_only_looks(address: str, client: Client) -> None:
    assert client.post(address).status_code == 405
    assert client.head("/livez").status_code == 200


def test_a_part_may_be_left_out_and_only_a_part(client: Client, transactional_db: None) -> None:
    assert "broker" not in told(client, "/readyz?exclude=broker&exclude=statistics")[1]
    status, said = told(client, "/readyz?exclude=everything")
    assert status == 400
    assert said["status"] == "not asked"


def test_a_table_without_its_wall_is_named_as_the_wall(client: Client, transactional_db: None) -> None:
    with copied() as name, pointed_at(name):
        with as_owner(name) as owner:
            owner.execute("ALTER TABLE strategy_deal DISABLE ROW LEVEL SECURITY")
        status, said = told(client)
    assert status == 503
    assert said["wall"].startswith("is missing")
    assert (said["database"], said["migrations"], said["broker"]) == ("ok", "ok", "ok")


def test_a_role_that_no_wall_holds_back_is_named_as_the_wall(client: Client, transactional_db: None) -> None:
    login = env.address(env.url("DATABASE_MIGRATE_URL"))
    settings_of = connections["default"].settings_dict
    usual = dict(settings_of)
    connections["default"].close()
    try:
        settings_of |= {"USER": login.user, "PASSWORD": login.password}
        status, said = told(client)
    finally:
        settings_of |= usual
    assert status == 503
    assert said["wall"].startswith("does not hold back")


def test_missing_migrations_are_named(client: Client, transactional_db: None) -> None:
    with copied() as name, pointed_at(name):
        with as_owner(name) as owner:
            owner.execute("DELETE FROM django_migrations WHERE app = 'outcomes' AND name = '0004_oldest_mark'")
        status, said = told(client)
    assert (status, said["migrations"]) == (503, "are missing: run manage.py migrate")


def test_a_database_without_any_table_is_not_ready(client: Client, transactional_db: None) -> None:
    with copied() as name, pointed_at(name):
        with as_owner(name) as owner:
            owner.execute("DROP SCHEMA public CASCADE")
        assert told(client)[1]["migrations"] == "are missing: run manage.py migrate"


def test_old_code_is_ready_on_the_tables_of_the_next_version(client: Client, transactional_db: None) -> None:
    with copied() as name, pointed_at(name):
        with as_owner(name) as owner:
            owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('outcomes', '9999_x', now())")
        assert told(client)[0] == 200


def test_marks_that_nobody_works_off_are_told_with_their_age(
    client: Client, transactional_db: None, lena: Membership
) -> None:
    with tenant_scope(lena.tenant_id):
        make_deal(actor=lena)
    assert told(client)[1]["statistics"] == "ok"
    with as_owner(current_name()) as owner:
        owner.execute("UPDATE outcomes_statisticmark SET at = now() - interval '20 minutes'")
    readiness.QUESTIONS[readiness.IN_DATABASE].forget()
    status, said = told(client)
    assert status == 503
    assert said["statistics"].startswith("the oldest has waited for 12")
    assert told(client, "/readyz?exclude=statistics")[0] == 200


def test_a_letter_that_nobody_sends_is_told_and_one_that_is_to_wait_is_not(
    client: Client, transactional_db: None
) -> None:
    now = timezone.now()
    Letter.objects.create(kind="reset", sealed=b"", created_at=now, next_try_at=now + timedelta(hours=2))
    Letter.objects.create(kind="reset", sealed=b"", created_at=now - timedelta(days=1), sent_at=now)
    assert told(client)[1]["letters"] == "ok"
    Letter.objects.create(kind="reset", sealed=b"", created_at=now, next_try_at=now - timedelta(minutes=20))
    readiness.QUESTIONS[readiness.IN_DATABASE].forget()
    status, said = told(client)
    assert (status, said["statistics"]) == (503, "ok")
    assert said["letters"].startswith("the oldest has waited for 12")


def test_a_database_that_refuses_is_named(client: Client, transactional_db: None) -> None:
    with pointed_at("no_such_database"):
        status, said = told(client)
    assert (status, said["database"], said["broker"]) == (503, "does not answer", "ok")


def test_asking_often_asks_the_servers_once(client: Client, transactional_db: None) -> None:
    made: list[object] = []
    connection_created.connect(lambda connection, **_: made.append(connection), weak=False, dispatch_uid="count")
    try:
        for _ in range(20):
            told(client)
    finally:
        connection_created.disconnect(dispatch_uid="count")
    assert len(made) == 1


@contextmanager
def black_hole() -> Iterator[int]:
    """A port where everybody is let in and nobody is answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield listener.getsockname()[1]


def test_says_in_time_that_database_and_broker_swallow_everything(tmp_path: Path) -> None:
    login = env.address(url_of("postgres"))
    with black_hole() as hole:
        swallowed = url_of("postgres").replace(f":{login.port}/", f":{hole}/")
        with serving(swallowed, tmp_path, CELERY_BROKER_URL=f"redis://127.0.0.1:{hole}/0") as port:
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(urllib.error.HTTPError) as refusal:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=20)
                assert time.monotonic() - began < readiness.LONGEST + 2
                said = json.load(refusal.value)
                assert refusal.value.code == 503
                assert (said["database"], said["broker"]) == ("does not answer", "does not answer")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
                assert answer.status == 200


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("address", ["/api/v1/nonsense", "/api/v1/", "/api/v1", "/api/v2/deals", "/api/v1/deals/1/2"])
def test_an_unknown_address_of_the_api_is_a_problem_document_in_development_too(
    address: str, debug: bool, settings: Any, db: None
) -> None:
    settings.DEBUG = debug
    program = Client(enforce_csrf_checks=True)
    for method in ("get", "post", "put", "delete"):
        answer = getattr(program, method)(address)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert answer.json()["code"] == "not_found"
