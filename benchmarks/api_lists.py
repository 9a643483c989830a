"""How many pages of a list one process serves: python -m config.devstack exec --temp -- python benchmarks/api_lists.py

The lists of one organisation of 50,000 deals, as many contacts and 20,000 companies, beside 200 others. The product
answers whole requests: key, limits, wall, sight, permissions, tag and cursor. The deals, companies and contacts are
held against the thinnest WSGI program that answers the same rows with the same fields behind the same wall: psycopg and
orjson, one round trip, nothing else. The two take turns, so that whatever else the machine does disturbs both alike.
Prints requests a second, what each costs, and the ratios: of requests a second, and of the processor time of the
program and its PostgreSQL process together, which other programs disturb least.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
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
from django.utils import timezone  # noqa: E402

from accounts.integrations.tokens import SCOPES, make_token  # noqa: E402
from accounts.models import Membership, Tenant, User  # noqa: E402
from accounts.reading import Listing, _text  # noqa: E402
from accounts.services import open_organisation  # noqa: E402
from accounts.tenancy.scope import tenant_scope  # noqa: E402
from activities.models import Activity, ActivityType  # noqa: E402
from strategy.api import customer_shapes, shapes  # noqa: E402
from strategy.customer_listings import COMPANIES, CONTACTS  # noqa: E402
from strategy.listings import DEALS as DEALS_LIST  # noqa: E402
from strategy.models import (  # noqa: E402
    Company,
    Competitor,
    Contact,
    Deal,
    DealSource,
    EndReason,
    PlanPart,
    Stage,
    Strategy,
)

DEALS, COMPANIES_MADE, CONTACTS_MADE = 50_000, 20_000, 50_000
OTHERS, FEW = 200, 40
SECONDS, TURNS = 1.0, int(os.environ.get("TURNS", "8"))
PART, PAGES = 2_000, 500
#: One in so many deals is over.
ENDED = 4
TICKS = os.sysconf("SC_CLK_TCK")


def furnish() -> None:
    """The large organisation, with everything in it that a list names."""
    owner = open_organisation(
        owner=User.objects.create_user("lena@example.com", name="Lena"), name="Northwind", at=timezone.now()
    )
    with tenant_scope(owner.tenant_id):
        Membership.objects.bulk_create(Membership(name=f"Seller {number}") for number in range(20))
        DealSource.objects.bulk_create(DealSource(name=f"Fair {number}", position=number + 50) for number in range(5))
        Competitor.objects.bulk_create(Competitor(name=f"Rival {number}", position=number + 50) for number in range(5))
        now = timezone.now()
        plan = Strategy.objects.create(name="Grow", state="active", owner=owner, created_at=now, activated_at=now)
        PlanPart.objects.bulk_create(
            PlanPart(strategy=plan, key=uuid.uuid4(), kind=kind, name=f"{kind} {number}", position=number)
            for kind in ("segment", "play")
            for number in range(3)
        )
    for first in range(0, COMPANIES_MADE, PART):
        with tenant_scope(owner.tenant_id):
            make_companies(first)
    for first in range(0, DEALS, PART):
        with tenant_scope(owner.tenant_id):
            make_deals(first)


def make_companies(first: int) -> None:
    """Some companies, and the people there."""
    members = list(Membership.objects.all())
    companies = Company.objects.bulk_create(
        Company(
            name=f"Company {number}",
            name_key=f"company{number}",
            domain=f"company{number}.example",
            industry=f"Industry {number % 12}",
            country=f"Country {number % 20}",
            tags=[f"tag {number % 50}", "customer"],
            owner=members[number % len(members)],
            source="crm",
            external_id=f"c{number}",
        )
        for number in range(first, first + PART)
    )
    each = CONTACTS_MADE * PART // COMPANIES_MADE
    Contact.objects.bulk_create(
        Contact(
            name=f"Person {first} {number}",
            name_key=f"person{first}{number}",
            title="Head of Operations",
            email=f"p{first}-{number}@example.com",
            company=companies[number % len(companies)],
        )
        for number in range(each)
    )


def make_deals(first: int) -> None:
    """Some deals with an activity each."""
    companies, members = list(Company.objects.order_by("pk")[:2000]), list(Membership.objects.all())
    stages, now = {stage.kind: stage for stage in Stage.objects.all()}, timezone.now()
    still, reasons = list(Stage.objects.filter(kind="open")), list(EndReason.objects.filter(kind="lost"))
    sources, rivals = list(DealSource.objects.all()), list(Competitor.objects.all())
    segments, plays = list(PlanPart.objects.filter(kind="segment")), list(PlanPart.objects.filter(kind="play"))
    call = ActivityType.objects.order_by("position")[0]

    def one(number: int) -> Deal:
        opened, is_over = now.date() - timedelta(days=30 + number % 700), number % ENDED == 0
        over = {
            "stage": stages["lost"],
            "end_cause": "lost",
            "closed_on": now.date() - timedelta(days=number % 20),
            "end_reason": reasons[number % len(reasons)] if reasons else None,
            "competitor": rivals[number % len(rivals)],
        }
        return Deal(
            name=f"Deal {number}",
            company=companies[number % len(companies)],
            pipeline_id=still[0].pipeline_id,
            owner=members[number % len(members)],
            amount=number * 1000,
            amount_at_qualification=number * 900,
            currency="EUR",
            opened_on=opened,
            qualified_on=opened,
            rate_date=opened,
            entered_stage_on=opened,
            expected_close_on=now.date() + timedelta(days=number % 90),
            came_from=sources[number % len(sources)],
            strategy_id=segments[0].strategy_id,
            segment=segments[number % len(segments)],
            play=plays[number % len(plays)],
            source="crm",
            external_id=f"d{number}",
            **(over if is_over else {"stage": still[number % len(still)]}),
        )

    deals = Deal.objects.bulk_create(one(number) for number in range(first, first + PART))
    Activity.objects.bulk_create(
        Activity(type=call, member=deal.owner, deal=deal, company=deal.company, at=now, day=now.date(), minutes=15)
        for deal in deals
    )


#: Where each deal stood, whose it was and what it served; and two changes of its value.
HISTORY = (
    "INSERT INTO strategy_stagespan (id, tenant_id, deal_id, stage_id, entered_on, left_on, exit_kind, episode)"
    " SELECT gen_random_uuid(), tenant_id, id, stage_id, opened_on, closed_on, end_cause, 1 FROM strategy_deal"
    " WHERE opened_on IS NOT NULL",
    "INSERT INTO strategy_ownerspan (id, tenant_id, deal_id, owner_id, from_on)"
    " SELECT gen_random_uuid(), tenant_id, id, owner_id, opened_on FROM strategy_deal WHERE opened_on IS NOT NULL",
    "INSERT INTO strategy_planspan (id, tenant_id, deal_id, strategy_id, segment_id, play_id, from_on)"
    " SELECT gen_random_uuid(), tenant_id, id, strategy_id, segment_id, play_id, opened_on FROM strategy_deal"
    " WHERE strategy_id IS NOT NULL",
    "INSERT INTO strategy_dealevent (id, tenant_id, deal_id, kind, effective_on, recorded_at, data)"
    " SELECT gen_random_uuid(), tenant_id, id, 'repriced', current_date - back, now(),"
    " jsonb_build_object('amount', jsonb_build_array(amount - back, amount))"
    " FROM strategy_deal CROSS JOIN (VALUES (5), (60)) AS days (back) WHERE amount IS NOT NULL",
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
            buyer = Company.objects.create(name="Buyer", owner=owner)
            shared = {"pipeline_id": first.pipeline_id, "stage": first, "owner": owner, "company": buyer}
            Deal.objects.bulk_create(
                Deal(name=f"D {one}", currency="EUR", opened_on=now.date(), **shared) for one in range(FEW)
            )


def settle() -> None:
    """Write the history, and let PostgreSQL know what it has: only the owner of a table may analyse it."""
    with psycopg.connect(settings.DATABASE_MIGRATE_URL, autocommit=True) as migrator:
        migrator.execute("SET ROLE tl_owner")
        for statement in HISTORY:
            migrator.execute(statement)
        migrator.execute("VACUUM ANALYZE")


class Program(NamedTuple):
    """Something that answers, and the process of PostgreSQL that works for it."""

    ask: Callable[[str], bytes]
    backend: Callable[[], int]


def thinnest(tenant: int, listing: Listing[Any], show: Callable[[Any], Any]) -> Program:
    """A WSGI program that answers the first page of a list, as little code as does it."""
    wall = psycopg.connect(settings.DATABASE_URL, autocommit=True, prepare_threshold=None)
    narrowed = frozenset({"standing"} & listing.narrow.keys())
    text, given = _text(listing, narrowed, False, False), {"tenant": tenant, "limit": 51, "standing": True}

    def application(environment: dict[str, Any], start_response: Any) -> list[bytes]:
        with wall.pipeline(), wall.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
            rows = cursor.execute(text, given).fetchall()
            cursor.execute("COMMIT")
        page = [show(listing.row._make(row)) for row in rows[:50]]  # type: ignore[attr-defined]
        body = orjson.dumps({"data": page}, option=orjson.OPT_UTC_Z)
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return Program(asker(application, ""), lambda: wall.info.backend_pid)


def product(secret: str) -> Program:
    # One process of PostgreSQL throughout, or what it has spent could not be told.
    connection.settings_dict["CONN_MAX_AGE"] = None

    def backend() -> int:
        connection.ensure_connection()
        return int(connection.connection.info.backend_pid)

    return Program(asker(WSGIHandler(), secret), backend)


def asker(application: Callable[..., Any], secret: str) -> Callable[[str], bytes]:
    """Asks a WSGI program for an address."""

    def ask(path: str) -> bytes:
        address, _, query = path.partition("?")
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


class Cost(NamedTuple):
    """What one process serves in a second, and the seconds of processor time that an answer takes."""

    rate: float
    cpu: float


def measure(name: str, program: Program, path: str, seconds: float = SECONDS) -> Cost:
    """Ask for a while; prints what it cost."""
    for _ in range(5):
        size = len(program.ask(path))
    backend = program.backend()
    before, spent, began, served = spent_by(backend), time.process_time(), time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        program.ask(path)
        served += 1
    wall, own = time.perf_counter() - began, time.process_time() - spent
    cost = Cost(served / wall, (own + spent_by(backend) - before) / served)
    sys.stdout.write(
        f"  {name:38} {size:6} bytes {cost.rate:6.0f} requests/s  {1e3 * wall / served:6.2f} ms; processor"
        f" {1e3 * own / served:5.2f} ms here, {1e3 * (cost.cpu - own / served):5.2f} ms PostgreSQL\n"
    )
    return cost


def spent_by(process: int) -> float:
    """The seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def deepest(program: Program, path: str, pages: int = PAGES) -> str:
    """The address of a page far down."""
    first = path
    for _ in range(pages - 1):
        following = orjson.loads(program.ask(path))["next"]
        if following is None:
            raise SystemExit(f"{first} has fewer pages")
        path = following.partition("/api/v1/")[2]
    return path


def compare(name: str, one: tuple[Program, str], other: tuple[Program, str]) -> None:
    """The median of the ratios of turns, which is what to rely on."""
    pairs = [(measure(name, *one), measure("against", *other)) for _ in range(TURNS)]
    rates = [mine.rate / theirs.rate for mine, theirs in pairs]
    costs = [theirs.cpu / mine.cpu for mine, theirs in pairs]
    sys.stdout.write(
        f"{name}: {median(rates):.2f} ({min(rates):.2f} to {max(rates):.2f}) by requests a second,"
        f" {median(costs):.2f} by processor time\n"
    )
    sys.stdout.flush()


def main() -> None:
    if not Tenant.objects.filter(slug="northwind").exists():
        furnish()
        beside()
        settle()
    tenant = Tenant.objects.get(slug="northwind").pk
    with tenant_scope(tenant):
        owner = Membership.objects.select_related("tenant").get(role="owner")
        key = make_token(actor=owner, name="a program", scopes=SCOPES, at=timezone.now()).secret
    ours = product(key)
    day = timezone.now().date() - timedelta(days=10)
    for path, listing, show in (
        ("deals?limit=50", DEALS_LIST, shapes.deal),
        ("companies?limit=50", COMPANIES, customer_shapes.company),
        ("contacts?limit=50", CONTACTS, customer_shapes.contact),
    ):
        thin = thinnest(tenant, listing, show)
        if orjson.loads(ours.ask(path))["data"] != orjson.loads(thin.ask(path))["data"]:
            raise SystemExit(f"{path}: the two do not answer the same")
        compare(f"{path}, against the thinnest", (ours, path), (thin, path))
    for path, pages in (
        ("deals?limit=50", PAGES),
        ("deals?limit=50&updated_since=2020-01-01T00:00:00Z", PAGES),
        (f"deals?limit=50&as_of={day}", PAGES),
        ("companies?limit=50", COMPANIES_MADE // 50 - 10),
        ("contacts?limit=50", PAGES),
        ("companies?limit=50&tag=tag%207", 5),
    ):
        compare(f"{path}, page {pages}, against page 1", (ours, deepest(ours, path, pages)), (ours, path))
    for path in ("me", "deals?limit=50&is_open=true", "activities?limit=50", "stages"):
        measure(path, ours, path)


if __name__ == "__main__":
    main()
