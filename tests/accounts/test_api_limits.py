"""A program that asks too often is told when to come again, and holds up nobody else."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import redis

from accounts.integrations import limits
from accounts.integrations.limits import Bucket, Limit, OwnStore, SharedStore, Store
from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from config.devstack.broker import Broker
from strategy.models import Deal
from tests.api import Program, make_secret
from tests.processes import answers, free_port, running

ASK_TWENTY_TIMES = """
import sys
from django.conf import settings
settings.configure()
from accounts.integrations.limits import Bucket, Limit, SharedStore
store = SharedStore(sys.argv[1])
print(sum(not store.take([Bucket(Limit("token", 30, 3600), sys.argv[2])])[0].wait for _ in range(20)))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey of this module's own: others empty theirs between tests."""
    folder = tmp_path_factory.mktemp("limits")
    broker, port = Broker(folder, password="of-the-tests", throw_away=True), free_port()
    program = broker.program(port)
    with running(
        [str(program.arguments[0]), str(broker.data / "valkey.conf")],
        log=folder / "valkey.log",
        environment={},
        ready=lambda: answers(port),
    ):
        yield broker.url(port)


@pytest.fixture
def limited(shared: str, settings: Any) -> Iterator[Any]:
    """Five requests of a token, eight of an organisation, three of a stranger; nothing comes back during the test."""
    settings.CACHE_URL = shared
    settings.API_LIMIT_TOKEN, settings.API_LIMIT_ORGANISATION, settings.API_LIMIT_STRANGERS = 5, 8, 3
    redis.Redis.from_url(shared).flushall()
    yield settings
    limits.store.cache_clear()


def statuses(program: Program, times: int, path: str = "me") -> list[int]:
    return [program.get(path).status_code for _ in range(times)]


def test_a_program_is_told_what_is_left(lena: Membership, limited: Any) -> None:
    answer = Program(make_secret(lena)).get("me")
    assert answer.headers["RateLimit-Policy"] == '"token";q=5;w=60, "organisation";q=8;w=60'
    assert answer.headers["RateLimit"] == '"token";r=4;t=12, "organisation";r=7;t=8'


def test_one_that_asks_too_often_is_told_when_to_come_again(lena: Membership, limited: Any) -> None:
    program = Program(make_secret(lena))
    assert statuses(program, 6) == [200] * 5 + [429]
    answer = program.get("me")
    assert 10 <= int(answer.headers["Retry-After"]) <= 12
    assert answer.headers["RateLimit"].startswith('"token";r=0;t=60')
    problem = answer.json()
    assert (problem["type"], problem["data"]["limit"]) == ("/api/errors#too_many_requests", "token")
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_refused_is_not_done(lena: Membership, limited: Any) -> None:
    program = Program(make_secret(lena))
    assert [program.post("deals", {"name": "Leak"}).status_code for _ in range(7)] == [201] * 5 + [429] * 2
    with tenant_scope(lena.tenant_id):
        assert Deal.objects.count() == 5


def test_the_flood_of_a_key_leaves_its_organisation_what_it_did_not_get(lena: Membership, limited: Any) -> None:
    loud, quiet = Program(make_secret(lena)), Program(make_secret(lena))
    statuses(loud, 50)
    assert statuses(quiet, 4) == [200] * 3 + [429]  # eight of the organisation, five of them the loud one's
    assert quiet.get("me").json()["data"]["limit"] == "organisation"


def test_the_flood_of_an_organisation_does_not_touch_another(lena: Membership, eve: Membership, limited: Any) -> None:
    for _ in range(3):
        statuses(Program(make_secret(lena)), 10)
    assert Program(make_secret(lena)).get("me").status_code == 429
    assert statuses(Program(make_secret(eve)), 5) == [200] * 5


@pytest.mark.parametrize("given", [None, "tl_live_00000000_" + "a" * 43])
def test_who_has_no_good_key_is_refused_ever_shorter_and_holds_up_nobody_who_has(
    lena: Membership, limited: Any, given: str | None
) -> None:
    stranger, program = Program(given), Program(make_secret(lena))
    assert statuses(stranger, 5) == [401] * 3 + [429] * 2
    assert program.get("me").status_code == 200  # from the same address


def test_an_ended_key_counts_as_none(lena: Membership, limited: Any) -> None:
    assert statuses(Program(make_secret(lena, revoked=True)), 5) == [401] * 3 + [429] * 2


def test_strangers_are_told_apart_by_their_address(lena: Membership, limited: Any) -> None:
    def asked(**headers: str) -> int:
        return Program().call("GET", "me", **headers).status_code

    assert [asked(REMOTE_ADDR="192.0.2.1") for _ in range(4)][-1] == 429
    assert asked(REMOTE_ADDR="192.0.2.2") == 401
    assert asked(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="192.0.2.9") == 429  # anybody can write that
    assert [asked(REMOTE_ADDR=f"2001:db8::{number}") for number in range(4)][-1] == 429  # one household
    assert asked(REMOTE_ADDR="not an address") == 401
    limited.BEHIND_PROXY = True
    assert asked(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="192.0.2.1, 192.0.2.9") == 401
    assert asked(REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR="192.0.2.9, 192.0.2.1") == 429
    assert asked(REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="\x00, <script>") == 401


def test_the_pages_about_the_api_are_not_counted(limited: Any, db: None) -> None:
    for _ in range(5):
        assert Program().client.get("/api/v1/openapi.json").status_code == 200


def test_processes_share_a_limit(shared: str) -> None:
    key = str(uuid4())
    started = [
        subprocess.Popen([sys.executable, "-c", ASK_TWENTY_TIMES, shared, key], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    got = [int(process.communicate(timeout=60)[0]) for process in started]
    assert sum(got) == 30
    assert sum(not SharedStore(shared).take([Bucket(Limit("token", 30, 3600), key)])[0].wait for _ in range(3)) == 0


@pytest.mark.parametrize("kind", ["shared", "own"])
def test_threads_share_a_limit(kind: str, shared: str) -> None:
    store: Store = SharedStore(shared) if kind == "shared" else OwnStore()
    key, limit = str(uuid4()), Limit("token", 30, 3600)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: not store.take([Bucket(limit, key)])[0].wait, range(80)))
    assert sum(taken) == 30


@pytest.mark.parametrize("kind", ["shared", "own"])
def test_a_bucket_refills_steadily(kind: str, shared: str) -> None:
    store: Store = SharedStore(shared) if kind == "shared" else OwnStore()
    bucket = Bucket(Limit("token", 10, 1), str(uuid4()))
    taken = [store.take([bucket])[0] for _ in range(11)]
    assert taken[0].remaining == 9
    assert not any(one.wait for one in taken[:10])
    wait = taken[10].wait
    assert 0 < wait <= 0.1
    time.sleep(wait + 0.02)
    assert not store.take([bucket])[0].wait


def test_a_cache_that_is_down_holds_up_nobody(lena: Membership, limited: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Requests pass, each process counts for itself, and the log says so once, not with every request."""
    limited.CACHE_URL = f"redis://127.0.0.1:{free_port()}/0"
    program = Program(make_secret(lena))
    assert statuses(program, 6) == [200] * 5 + [429]
    assert caplog.text.count("limits_not_shared") == 1


def test_a_cache_that_hangs_is_waited_for_once(lena: Membership, limited: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        limited.CACHE_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()
        assert statuses(Program(make_secret(lena)), 3) == [200] * 3
        assert time.monotonic() - began < 4


def test_a_limit_of_none_is_none(lena: Membership, limited: Any) -> None:
    limited.API_LIMIT_TOKEN = limited.API_LIMIT_ORGANISATION = 0
    program = Program(make_secret(lena))
    assert statuses(program, 10) == [200] * 10
    assert "RateLimit" not in program.get("me").headers


def test_the_script_keeps_nothing_longer_than_it_needs(shared: str) -> None:
    client = redis.Redis.from_url(shared)
    client.flushall()
    SharedStore(shared).take([Bucket(Limit("token", 10, 60), "one")])
    assert 0 < client.pttl("one") <= 6000
