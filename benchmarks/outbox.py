"""How many events two worker processes deliver in a second, beside how many tasks that do nothing: python -m
config.devstack exec --temp -- python benchmarks/outbox.py

Two organisations with a webhook each, all to one receiver on this machine that answers at once, in a process of its
own on the same cores. Events are written by the triggers, given their places by the relay, signed, posted one after
the other over one connection for each webhook, and written down. The receiver knows each event by its id: it must have
all of them, and each once. Prints the rates of all of it, and what the triggers cost a bare insert of an activity.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ |= {"OUTBOUND_NETWORKS": "127.0.0.0/8"}

import django

django.setup()

from celery import shared_task  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import tasks  # noqa: E402
from accounts.models import Delivery, User  # noqa: E402
from accounts.services import open_organisation  # noqa: E402
from accounts.services.webhooks import add_webhook  # noqa: E402
from accounts.tenancy.scope import tenant_scope  # noqa: E402
from activities.models import Activity, ActivityType  # noqa: E402
from strategy.models import Company  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
EVENTS, NOTHINGS = int(os.environ.get("EVENTS", "6000")), int(os.environ.get("NOTHINGS", "2000"))
WORKERS = 2
ROWS, TURNS = 300, 9
PATIENCE = 120


@shared_task(name="benchmarks.outbox.nothing")
def nothing(**_: Any) -> None:
    """Does nothing."""


def receive(port: Any, taken: Any, again: Any) -> None:
    """Answers 204 to everything, by as little as it takes; counts the events, and those that came again."""
    seen = set()

    class Taker(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.held = transport, b""

        def data_received(self, data: bytes) -> None:
            self.held += data
            while b"\r\n\r\n" in self.held:
                head, _, rest = self.held.partition(b"\r\n\r\n")
                told = head.lower()
                length = int(told.partition(b"content-length: ")[2].split(b"\r\n")[0])
                if len(rest) < length:
                    return
                self.held = rest[length:]
                name = told.partition(b"webhook-id: ")[2].split(b"\r\n")[0]
                again.value += name in seen
                seen.add(name)
                taken.value = len(seen)
                self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(serve())


def delivered(port: int, taken: Any) -> tuple[float, float]:
    """Events given their places, and delivered, in a second."""
    tenants = []
    for name in ("Northwind", "Southwind"):
        user = User.objects.create_user(f"{name}@example.com", name=name)
        owner = open_organisation(owner=user, name=name, at=timezone.now())
        with tenant_scope(owner.tenant_id):
            add_webhook(actor=owner, url=f"http://127.0.0.1:{port}/", at=timezone.now())
            for start in range(0, EVENTS, 500):
                Company.objects.bulk_create(
                    Company(name=f"Company {n}", name_key=f"company {n}") for n in range(start, start + 500)
                )
        tenants.append(owner.tenant_id)
    began = time.perf_counter()
    for tenant in tenants:
        tasks.relay_events.apply(headers={"tenant_id": tenant}, throw=True)
    placed = 2 * EVENTS / (time.perf_counter() - began)
    began = time.perf_counter()
    while taken.value < 2 * EVENTS:
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit(f"only {taken.value} of {2 * EVENTS} have come")
        for _ in range(WORKERS):
            tasks.deliver_webhooks.apply_async(expires=1)
        time.sleep(0.25)
    seconds = time.perf_counter() - began
    ends = time.perf_counter() + PATIENCE
    while (done := written_down(tenants)) < 2 * EVENTS:
        if time.perf_counter() > ends:
            raise SystemExit(f"only {done} of {2 * EVENTS} are written down as delivered")
        time.sleep(0.1)
    return placed, 2 * EVENTS / seconds


def written_down(tenants: list[int]) -> int:
    """How many deliveries the log has."""
    found = 0
    for tenant in tenants:
        with tenant_scope(tenant):
            found += Delivery.objects.filter(state="delivered").values("webhook", "position").distinct().count()
    return found


def nothings() -> float:
    """Tasks that do nothing, in a second: while nobody sends any more, so that sending costs the workers nothing."""
    from config.celery import app

    for _ in range(NOTHINGS):
        nothing.apply_async(queue="events")
    with app.connection_for_read() as broker:
        queue = app.amqp.queues["events"](broker.default_channel)
        waiting, began = queue.queue_declare().message_count, time.perf_counter()
        if waiting < NOTHINGS / 4:
            raise SystemExit("The workers were as fast as the sender: give it more NOTHINGS.")
        while queue.queue_declare().message_count:
            time.sleep(0.01)
    return float(waiting / (time.perf_counter() - began))


def inserts(*, tell: bool) -> float:
    """Seconds for one activity inserted by itself, with the triggers that tell of it or without."""
    owner = open_organisation(
        owner=User.objects.create_user(f"{time.time_ns()}@example.com", name="Lena"), name="Bare", at=timezone.now()
    )
    with tenant_scope(owner.tenant_id), connection.cursor() as cursor:
        # As in an import, whose rows are not told one by one.
        cursor.execute("SELECT set_config('app.import_run', %s, true)", ["" if tell else "quiet"])
        kind = ActivityType.objects.order_by("position")[0]
        now = timezone.now()
        began = time.perf_counter()
        for _ in range(ROWS):
            Activity(type=kind, member=owner, at=now, day=now.date(), minutes=5).save(force_insert=True)
        seconds = (time.perf_counter() - began) / ROWS
        transaction.set_rollback(True)
    return seconds


def main() -> None:
    port, taken, again = (multiprocessing.Value("i", 0) for _ in range(3))
    receiver = multiprocessing.Process(target=receive, args=[port, taken, again], daemon=True)
    receiver.start()
    arguments = [*(sys.executable, "-m", "celery", "-A", "config", "worker", "--queues", "events", "--loglevel")]
    arguments += ["ERROR", "--concurrency", str(WORKERS), "--include", "benchmarks.outbox", "--without-gossip"]
    arguments += ["--without-mingle", "--without-heartbeat"]
    worker = subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})  # noqa: S603
    try:
        time.sleep(6)
        rate = max(nothings() for _ in range(2))
        placed, sent = delivered(port.value, taken)
    finally:
        worker.terminate()
        worker.wait()
    bare = [inserts(tell=False) for _ in range(TURNS)]
    told = [inserts(tell=True) for _ in range(TURNS)]
    print(f"tasks that do nothing   {rate:8.0f} a second")  # noqa: T201
    print(f"events given a place    {placed:8.0f} a second")  # noqa: T201
    print(f"events delivered        {sent:8.0f} a second, {sent / rate:.1f} times as many")  # noqa: T201
    print(f"events lost             {2 * EVENTS - taken.value:8d}, and {again.value} came twice")  # noqa: T201
    print(f"an activity inserted    {1e6 * median(bare):8.0f} µs untold, {1e6 * median(told):.0f} µs told")  # noqa: T201
    receiver.kill()


if __name__ == "__main__":
    main()
