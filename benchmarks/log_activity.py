"""What it costs to write down what was done: python -m config.devstack exec --temp -- python benchmarks/log_activity.py

One organisation with 20,000 activities on 500 deals, beside 20 others. Creating an activity through the API (key,
limits, wall, sight, permissions, validation, the row, its audit entry, and what triggers write: the mark for the
statistics, and the event for the outbox where there is one) is held against

* the bare insert: the same row into a table of the same columns, indexes, references and wall, without triggers, in a
  transaction of its own; by the processor time of the PostgreSQL process that does it, and
* a Django view that only inserts the row: it reads the body and saves the model, with no key, no check, no middleware;
  by the processor time of the program.

Then 500 rows at once by `POST /activities:upsert`: all new, all changed, and all the same. The two sides take turns.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
# Counted as ever, but never reached.
os.environ |= {"API_LIMIT_TOKEN": "1000000", "API_LIMIT_ORGANISATION": "1000000"}

import django
import orjson
import psycopg

django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.dateparse import parse_datetime  # noqa: E402

from accounts.api import ids  # noqa: E402
from accounts.integrations.tokens import SCOPES, make_token  # noqa: E402
from accounts.models import User  # noqa: E402
from accounts.services import open_organisation  # noqa: E402
from accounts.tenancy.scope import tenant_scope  # noqa: E402
from activities.models import Activity, ActivityType  # noqa: E402
from config import urls  # noqa: E402
from config.wsgi import application  # noqa: E402
from strategy.models import Company, Contact, Deal, Stage  # noqa: E402

DEALS, DONE, OTHERS, ROWS = 500, 20_000, 20, 500
EACH, TURNS, BULKS = int(os.environ.get("EACH", "300")), int(os.environ.get("TURNS", "5")), 6
TICKS = os.sysconf("SC_CLK_TCK")
TWIN = "bare_activity"


class World(NamedTuple):
    """The organisation: its key in tables, a program's key, and what an activity refers to."""

    tenant: int
    secret: str
    member: uuid.UUID
    type: uuid.UUID
    deals: list[Deal]
    contact: uuid.UUID


def furnish() -> World:
    """The organisation with its history, and some others."""
    owners = [
        open_organisation(
            owner=User.objects.create_user(f"o{number}@example.com", name="O"), name=f"Firm {number}", at=timezone.now()
        )
        for number in range(OTHERS + 1)
    ]
    owner = owners[0]
    with tenant_scope(owner.tenant_id):
        first, now = Stage.objects.filter(kind="open")[0], timezone.now()
        buyers = Company.objects.bulk_create(Company(name=f"Buyer {n}", name_key=f"buyer{n}") for n in range(50))
        shared = {"pipeline_id": first.pipeline_id, "stage": first, "owner": owner, "opened_on": now.date()}
        deals = Deal.objects.bulk_create(
            Deal(name=f"Deal {n}", currency="EUR", company=buyers[n % 50], **shared) for n in range(DEALS)
        )
        kind = ActivityType.objects.order_by("position")[0]
        contact = Contact.objects.create(name="Samir Haddad", name_key="samirhaddad", company=buyers[0])
        for start in range(0, DONE, 2000):
            Activity.objects.bulk_create(
                Activity(
                    type=kind,
                    member=owner,
                    deal=deals[n % DEALS],
                    company_id=deals[n % DEALS].company_id,
                    at=now - timedelta(minutes=n),
                    day=now.date(),
                    minutes=15,
                )
                for n in range(start, start + 2000)
            )
        secret = make_token(actor=owner, name="a program", scopes=SCOPES, at=now).secret
    return World(owner.tenant_id, secret, owner.pk, kind.pk, deals, contact.pk)


def make_twin() -> None:
    """A table like that of the activities in everything but its triggers."""
    with psycopg.connect(settings.DATABASE_MIGRATE_URL, autocommit=True) as migrator:
        migrator.execute("SET ROLE tl_owner")
        migrator.execute(f"CREATE TABLE {TWIN} (LIKE activities_activity INCLUDING ALL)")
        migrator.execute(f"INSERT INTO {TWIN} SELECT * FROM activities_activity")  # noqa: S608  (a constant)
        references = migrator.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'activities_activity'::regclass"
            " AND contype = 'f'"
        ).fetchall()
        for (definition,) in references:
            migrator.execute(f"ALTER TABLE {TWIN} ADD {definition}")
        migrator.execute(f"ALTER TABLE {TWIN} ENABLE ROW LEVEL SECURITY")
        own = "(tenant_id = current_setting('app.tenant_id')::bigint)"
        migrator.execute(f"CREATE POLICY everybody ON {TWIN} USING (true)")
        migrator.execute(f"CREATE POLICY wall ON {TWIN} AS RESTRICTIVE USING {own} WITH CHECK {own}")
        granted = migrator.execute(
            "SELECT DISTINCT grantee FROM information_schema.role_table_grants"
            " WHERE table_name = 'activities_activity' AND privilege_type = 'INSERT'"
        ).fetchall()
        for (role,) in granted:
            migrator.execute(f'GRANT ALL ON {TWIN} TO "{role}"')
        migrator.execute("VACUUM ANALYZE")


class Side(NamedTuple):
    """Something that does the work once, and the process of PostgreSQL that works for it."""

    do: Callable[[], None]
    backend: Callable[[], int]


class Cost(NamedTuple):
    """Processor time of one piece of work: in the program, and in PostgreSQL."""

    own: float
    database: float


def bare_insert(world: World) -> Side:
    """One transaction with the statement that Django sends for the row, in one round trip."""
    wall = psycopg.connect(settings.DATABASE_URL, autocommit=True, prepare_threshold=None)
    given = list(Activity._meta.concrete_fields)
    text = (
        f"INSERT INTO {TWIN} ({', '.join(field.column for field in given)}) VALUES ({', '.join(['%s'] * len(given))})"  # noqa: S608  (names of columns)
    )
    numbers = count()

    def do() -> None:
        row = activity(world, next(numbers))
        row.tenant_id, row.created_at = world.tenant, row.at
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in given]
        with wall.pipeline(), wall.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.tenant)])
            cursor.execute(text, values)
            cursor.execute("COMMIT")

    return Side(do, lambda: wall.info.backend_pid)


def activity(world: World, number: int) -> Activity:
    deal, now = world.deals[number % DEALS], timezone.now()
    return Activity(
        type_id=world.type,
        member_id=world.member,
        deal_id=deal.pk,
        company_id=deal.company_id,
        at=now,
        day=now.date(),
        minutes=15,
        note="They asked for the plan",
    )


def body_of(world: World, number: int) -> dict[str, Any]:
    return {
        "type": ids.encode(ids.ACTIVITY_TYPE, world.type),
        "at": timezone.now().isoformat(),
        "deal": ids.encode(ids.DEAL, world.deals[number % DEALS].pk),
        "minutes": 15,
        "note": "They asked for the plan",
    }


def backend() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def bare_view(world: World) -> Side:
    """A Django view that saves the model, behind no middleware."""

    def save(request: HttpRequest) -> JsonResponse:
        given = orjson.loads(request.body)
        with tenant_scope(world.tenant):
            row = Activity(
                type_id=given["type"],
                member_id=world.member,
                deal_id=given["deal"],
                company_id=given["company"],
                at=parse_datetime(given["at"]),
                day=given["at"][:10],
                minutes=given["minutes"],
                note=given["note"],
            )
            row.save()
        return JsonResponse({"id": str(row.pk)}, status=201)

    urls.urlpatterns.insert(0, path("bare/", save))
    with override_settings(MIDDLEWARE=[]):
        application = WSGIHandler()
    numbers = count()

    def do() -> None:
        deal = world.deals[next(numbers) % DEALS]
        given = body_of(world, 0) | {"type": str(world.type), "deal": str(deal.pk), "company": str(deal.company_id)}
        ask(application, "/bare/", given)

    return Side(do, backend)


def product(world: World) -> Side:
    numbers = count()
    return Side(lambda: ask_product(application, world, "activities", body_of(world, next(numbers))) and None, backend)


def ask_product(application: Any, world: World, address: str, given: Any) -> bytes:
    return ask(application, f"/api/v1/{address}", given, HTTP_AUTHORIZATION=f"Bearer {world.secret}")


def ask(application: Any, address: str, given: Any, **headers: str) -> bytes:
    """Send a body to a WSGI program."""
    body = orjson.dumps(given)
    environment = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": address,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        **headers,
    }
    told: list[str] = []
    response = application(environment, lambda status, headers: told.append(status))
    answer = b"".join(response)
    if close := getattr(response, "close", None):
        close()
    if not told[0].startswith("20"):
        raise SystemExit(f"{told[0]} {answer[:400]!r}")
    return answer


def spent_by(process: int) -> float:
    """The seconds of processor time that a process has used; in hundredths where the kernel counts no finer."""
    finer = Path(f"/proc/{process}/schedstat")
    if finer.exists():
        return int(finer.read_text().split()[0]) / 1e9
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cost_of(side: Side, times: int) -> Cost:
    process = side.backend()
    before, own = spent_by(process), time.process_time()
    for _ in range(times):
        side.do()
    return Cost((time.process_time() - own) / times, (spent_by(process) - before) / times)


def create(world: World) -> None:
    """Creating one, against the bare insert and against the bare view."""
    sides = {"product": product(world), "bare insert": bare_insert(world), "bare view": bare_view(world)}
    for side in sides.values():
        for _ in range(20):
            side.do()
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for _ in range(TURNS):
        for name, side in sides.items():
            costs[name].append(cost_of(side, EACH))
    for name, found in costs.items():
        own, database = (1e3 * median(part) for part in zip(*found, strict=True))
        say(f"{name:12} {own:6.2f} ms in the program, {database:6.2f} ms in PostgreSQL")
    turns = list(zip(costs["product"], costs["bare insert"], costs["bare view"], strict=True))
    database = [ours.database / bare.database for ours, bare, _view in turns]
    server = [ours.own / view.own for ours, _bare, view in turns]
    say(f"creating one: {spread(database)} times the database's processor time of the bare insert (wanted: 4)")
    say(f"creating one: {spread(server)} times the server's processor time of a view that only inserts (wanted: 3)")


def bulk(world: World) -> None:
    """500 rows at once, by what they find."""
    numbers, process = count(), backend()
    found: dict[str, list[tuple[float, float, float]]] = {"created": [], "updated": [], "unchanged": []}
    for _ in range(BULKS):
        part = next(numbers)
        rows = [
            {"source": "mail", "external_id": f"{part}-{n}", **body_of(world, n)} | ({"minutes": 15})
            for n in range(ROWS)
        ]
        for outcome in found:
            if outcome == "updated":
                rows = [row | {"minutes": 45} for row in rows]
            before, own, began = spent_by(process), time.process_time(), time.perf_counter()
            answer = orjson.loads(ask_product(application, world, "activities:upsert", {"items": rows}))
            wall, own, database = time.perf_counter() - began, time.process_time() - own, spent_by(process) - before
            if answer[outcome] != ROWS:
                raise SystemExit(f"{outcome}: {answer['results'][0]}")
            found[outcome].append((own, database, wall))
    for outcome, costs in found.items():
        own, database, wall = (median(part) for part in zip(*costs[1:], strict=True))
        say(
            f"500 {outcome:9} {ROWS / own:7.0f} rows a second of the program's processor time,"
            f" {2 * ROWS / (own + database):7.0f} of two processors' with PostgreSQL, {ROWS / wall:6.0f} by the clock"
            f" ({1e3 * own:.0f} ms, {1e3 * database:.0f} ms PostgreSQL, {1e3 * wall:.0f} ms)"
        )


def spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    # One process of PostgreSQL throughout, or what it has spent could not be told.
    connection.settings_dict["CONN_MAX_AGE"] = None
    world = furnish()
    make_twin()
    create(world)
    bulk(world)


if __name__ == "__main__":
    main()
