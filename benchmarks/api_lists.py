"""How many pages of a list one process serves: python -m config.devstack exec --temp -- python benchmarks/api_lists.py

The deals of one organisation of 50,000 beside 200 others, held against the thinnest WSGI program that answers the same
page behind the same wall: psycopg and orjson, nothing else, no token and no permissions. Prints requests a second,
what each costs, and the ratio; the two take turns, so that whatever else the machine does disturbs both alike.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")

import django
import orjson
import psycopg

django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.integrations.tokens import SCOPES, make_token  # noqa: E402
from accounts.models import Membership, Tenant, User  # noqa: E402
from accounts.reading import _text  # noqa: E402
from accounts.services import open_organisation  # noqa: E402
from accounts.tenancy.scope import tenant_scope  # noqa: E402
from activities.models import Activity, ActivityType  # noqa: E402
from strategy.api import shapes  # noqa: E402
from strategy.listings import DEALS as DEALS_LIST  # noqa: E402
from strategy.listings import DealRow  # noqa: E402
from strategy.models import Company, Deal, Stage  # noqa: E402

DEALS, OTHERS, FEW, SECONDS, TURNS = 50_000, 200, 40, 1.0, 6
LIST = "deals?limit=50"
PATHS = ["me", "deals?limit=50&is_open=true", "activities?limit=50", "stages"]


def furnish() -> str:
    """An organisation of many deals and as many activities; returns a key."""
    owner = open_organisation(
        owner=User.objects.create_user("lena@example.com", name="Lena"), name="Northwind", at=timezone.now()
    )
    with tenant_scope(owner.tenant_id):
        Company.objects.bulk_create(
            Company(name=f"Company {number}", name_key=f"company{number}") for number in range(500)
        )
        Membership.objects.bulk_create(Membership(name=f"Seller {number}") for number in range(20))
        key = make_token(actor=owner, name="a program", scopes=SCOPES, at=timezone.now()).secret
    for first in range(0, DEALS, 1000):
        with tenant_scope(owner.tenant_id):
            work(first)
    # Only the owner of a table may analyse it; without that the planner sorts what an index yields in order.
    with psycopg.connect(settings.DATABASE_MIGRATE_URL, autocommit=True) as migrator:
        migrator.execute("SET ROLE tl_owner")
        migrator.execute("ANALYZE")
    return key


def work(first: int) -> None:
    """A thousand deals with an activity each."""
    companies, members = list(Company.objects.all()), list(Membership.objects.all())
    stages, now = list(Stage.objects.filter(kind="open")), timezone.now()
    call = ActivityType.objects.order_by("position")[0]
    deals = Deal.objects.bulk_create(
        Deal(
            name=f"Deal {number}",
            company=companies[number % len(companies)],
            pipeline_id=stages[0].pipeline_id,
            stage=stages[number % len(stages)],
            owner=members[number % len(members)],
            amount=number * 1000,
            currency="EUR",
            opened_on=now.date() - timedelta(days=number % 700),
        )
        for number in range(first, first + 1000)
    )
    Activity.objects.bulk_create(
        Activity(type=call, member=deal.owner, deal=deal, company=deal.company, at=now, day=now.date(), minutes=15)
        for deal in deals
    )


def beside() -> None:
    """Other organisations, each with a few deals: plans that are made for the average would show."""
    for number in range(OTHERS):
        owner = open_organisation(
            owner=User.objects.create_user(f"o{number}@example.com", name="O"),
            name=f"Other {number}",
            at=timezone.now(),
        )
        with tenant_scope(owner.tenant_id):
            first, now = Stage.objects.filter(kind="open")[0], timezone.now()
            Deal.objects.bulk_create(
                Deal(
                    name=f"D {one}",
                    pipeline_id=first.pipeline_id,
                    stage=first,
                    owner=owner,
                    currency="EUR",
                    opened_on=now.date(),
                )
                for one in range(FEW)
            )


def thinnest(tenant: int) -> Callable[..., Any]:
    """A WSGI program that answers the first page of deals, as little code as does it."""
    wall = psycopg.connect(settings.DATABASE_URL, autocommit=True, prepare_threshold=None)
    text, given = _text(DEALS_LIST, frozenset(), False, False), {"tenant": tenant, "limit": 51}

    def application(environment: dict[str, Any], start_response: Any) -> list[bytes]:
        with wall.pipeline(), wall.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
            rows = cursor.execute(text, given).fetchall()
            cursor.execute("COMMIT")
        page = [shapes.deal(DealRow._make(row)) for row in rows[:50]]
        body = orjson.dumps({"data": page})
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return application


def asker(application: Callable[..., Any], path: str, secret: str) -> Callable[[], bytes]:
    """Asks a WSGI program for an address."""
    address, _, query = path.partition("?")

    def ask() -> bytes:
        environment = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/api/v1/{address}",
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_AUTHORIZATION": f"Bearer {secret}",
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
        }
        told: list[str] = []
        response = application(environment, lambda status, headers: told.append(status))
        body = b"".join(response)
        if close := getattr(response, "close", None):
            close()
        if not told[0].startswith("200"):
            raise SystemExit(f"{told[0]} {body[:300]!r}")
        return body

    return ask


def measure(name: str, ask: Callable[[], bytes]) -> float:
    """Ask for a while; prints what it cost and returns the requests a second."""
    for _ in range(10):
        size = len(ask())
    began, spent, served = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < SECONDS:
        ask()
        served += 1
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    sys.stdout.write(
        f"{name:32} {size:7} bytes  {served / wall:7.0f} requests/s  {1e3 * wall / served:6.2f} ms,"
        f" of these {1e3 * cpu / served:5.2f} ms in this process\n"
    )
    return served / wall


def deepest(application: Callable[..., Any], secret: str, pages: int = 500) -> str:
    """The address of a page far down."""
    path = LIST
    for _ in range(pages - 1):
        path = orjson.loads(asker(application, path, secret)())["next"].partition("/api/v1/")[2]
    return path


def compare(name: str, one: Callable[[], bytes], other: Callable[[], bytes]) -> None:
    """The median of the ratios of turns, which is what to rely on."""
    ratios = [measure(name, one) / measure("  against", other) for _ in range(TURNS)]
    sys.stdout.write(f"{name}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})\n")


if __name__ == "__main__":
    key = furnish()
    beside()
    ours = WSGIHandler()
    tenant = Tenant.objects.get(slug="northwind").pk
    first = asker(ours, LIST, key)
    compare("deals, against the thinnest", first, asker(thinnest(tenant), LIST, key))
    compare("page 500, against page 1", asker(ours, deepest(ours, key), key), first)
    for wanted in PATHS:
        measure(wanted, asker(ours, wanted, key))
