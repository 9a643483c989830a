"""Events outlive what carries them: workers, the broker and the database are killed, and each event has one effect at
its receiver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Delivery, Event, Membership, OutboxEvent, Webhook
from accounts.tenancy.scope import tenant_scope
from config.devstack.broker import Broker
from strategy.models import Company
from tests.accounts.test_webhooks import follow
from tests.databases import pointed_at
from tests.make import make_organisation
from tests.processes import answers, free_port, running, wait_until
from tests.receivers import Got, receiving
from tests.servers import DatabaseServer
from tests.workers import working

EACH = 60
QUICKLY = 0.01


@pytest.mark.django_db(transaction=True)
def test_each_event_has_one_effect_though_worker_broker_and_database_are_killed(tmp_path: Path, settings: Any) -> None:
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    broker, port = Broker(tmp_path, password="of-the-tests", throw_away=True), free_port()
    url = broker.url(port)
    with (
        receiving(_in_a_moment) as receiver,
        receiving() as theirs,
        DatabaseServer(tmp_path / "database") as database,
        pointed_at(database.name, database.port),
    ):
        lena, eve = make_organisation("Northwind", owner="lena"), make_organisation("Southwind", owner="eve")
        follow(lena, receiver)
        follow(eve, theirs)
        with ringing(url, database, tmp_path):
            with serving(broker, port) as first, working_at(url, database, tmp_path / "a.log") as worker:
                happen(lena, "a")
                wait_until(lambda: len(receiver.got) > 5, what="the first events")
                _kill_family(worker)
                _kill(first)
                happen(lena, "b")
                end_leases(lena)
            with serving(broker, port), working_at(url, database, tmp_path / "b.log"):
                happen(lena, "c")
                wait_until(lambda: len(receiver.seen) > EACH, what="events after the kill")
                database.restart_at_once()
                connections.close_all()
                happen(lena, "d")
                end_leases(lena)
                wait_until(lambda: len(receiver.seen) == 4 * EACH, what="all events")
                wait_until(lambda: _is_settled(lena), what="everything to be written down")
        with tenant_scope(lena.tenant_id):
            places = list(Event.objects.order_by("position").values_list("position", flat=True))
            assert places == list(range(1, 4 * EACH + 1))
            assert Delivery.objects.filter(state="delivered").values("position").distinct().count() == 4 * EACH
    # In effect once, in order, though some were sent again; and nothing of it to others.
    assert [got.told["data"]["id"] for got in receiver.seen.values()] == list(receiver.seen)
    assert theirs.got == []


def happen(member: Membership, word: str) -> None:
    with tenant_scope(member.tenant_id):
        for number in range(EACH):
            Company.objects.create(name=f"Company {word}{number}")


def end_leases(member: Membership) -> None:
    """As if the twenty seconds were over for which who is killed keeps what they had claimed."""
    with tenant_scope(member.tenant_id):
        Webhook.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now())


def _in_a_moment(_: Got) -> int:
    time.sleep(QUICKLY)
    return 204


def _is_settled(member: Membership) -> bool:
    with tenant_scope(member.tenant_id):
        done = Delivery.objects.filter(state="delivered").values("position").distinct().count()
        return done == 4 * EACH and not OutboxEvent.objects.exists()


@contextmanager
def serving(broker: Broker, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(broker.program(port).arguments[0]), str(broker.data / "valkey.conf")]
    log = broker.data.parent / "valkey.log"
    with running(command, log=log, environment={}, ready=lambda: answers(port)) as process:
        yield process


@contextmanager
def working_at(broker: str, database: DatabaseServer, log: Path) -> Iterator[int]:
    with working(
        database.name,
        log,
        queues=["events"],
        DATABASE_URL=database.url,
        CELERY_BROKER_URL=broker,
        OUTBOUND_NETWORKS="127.0.0.0/8",
    ) as worker:
        yield worker.pid


@contextmanager
def ringing(broker: str, database: DatabaseServer, folder: Path) -> Iterator[None]:
    """The clock of the product."""
    arguments = [
        *(sys.executable, "-m", "celery", "-A", "config", "beat", "--schedule", str(folder / "beat")),
        *("--loglevel", "WARNING", "--pidfile", ""),
    ]
    environment = {
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "CELERY_BROKER_URL": broker,
        "PYTHONPATH": os.getcwd(),
    }
    with running(arguments, log=folder / "beat.log", environment=environment, ready=lambda: True):
        yield


def _kill_family(pid: int) -> None:
    """A worker, and the processes that it made, all at once."""
    found = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in found.splitlines()[1:]]
    family = {pid}
    while more := {child for child, parent in rows if parent in family} - family:
        family |= more
    for one in family:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _kill(process: subprocess.Popen[bytes]) -> None:
    _kill_family(process.pid)
    process.wait()
