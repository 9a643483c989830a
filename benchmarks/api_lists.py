"""How many pages of a list one process serves: python -m config.devstack exec --temp -- python benchmarks/api_lists.py

Prints requests a second of processor time, which other programs on the machine disturb least, and what each costs.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")

import django
import psycopg

django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.integrations.tokens import SCOPES, make_token  # noqa: E402
from accounts.models import Membership, User  # noqa: E402
from accounts.services import open_organisation  # noqa: E402
from accounts.tenancy.scope import tenant_scope  # noqa: E402
from activities.models import Activity, ActivityType  # noqa: E402
from strategy.models import Company, Deal, Stage  # noqa: E402

DEALS, SECONDS = 20_000, 4.0
PATHS = ["me", "deals?limit=50", "deals?limit=50&is_open=true", "activities?limit=50", "stages"]


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


def measure(path: str, secret: str) -> None:
    """Serve one address for some seconds and print what it cost."""
    application = WSGIHandler()
    address, _, query = path.partition("?")

    def ask() -> int:
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
        size = sum(len(part) for part in response)
        response.close()
        if not told[0].startswith("200"):
            raise SystemExit(told[0])
        return size

    for _ in range(20):
        size = ask()
    began, spent, served = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < SECONDS:
        ask()
        served += 1
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    sys.stdout.write(
        f"{path:32} {size:7} bytes  {served / wall:7.0f} requests/s  {1e3 * wall / served:6.2f} ms,"
        f" of these {1e3 * cpu / served:5.2f} ms in this process\n"
    )


if __name__ == "__main__":
    key = furnish()
    for wanted in PATHS:
        measure(wanted, key)
