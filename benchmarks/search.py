"""What a search costs behind the wall: python -m config.devstack exec --temp -- python benchmarks/search.py

An organisation of 100,000 deals, 20,000 companies, 100,000 contacts and 300 strategies beside 400 small ones. For each
thing typed the product's own statements are sent twice: as the web role, behind row security, and as the owner of the
tables, whom no row security holds, with the look-up functions replaced by what they do. The two take turns. Prints the
blocks that PostgreSQL touches, the milliseconds, and the ratio, which is to be 3 at most.
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")

import django
import psycopg

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Membership, User  # noqa: E402
from accounts.services import open_organisation  # noqa: E402
from accounts.tenancy.scope import tenant_scope  # noqa: E402
from strategy import customer_queries, lookups, queries  # noqa: E402
from strategy.models import Company, Contact, Deal, Stage, Strategy  # noqa: E402

DEALS, NEIGHBOURS, OF_EACH = 100_000, 400, 40
TYPED = ["vantage rail 4711", "vantage", "kes", "ke", "zzz", "deal", "company 77"]
FIRST = ["Vantage", "Kestrel", "Norrland", "Tamarind", "Cambrian", "Brightwater", "Halden", "Marlow", "Sorrel", "Quill"]
SECOND = ["Rail", "Foods", "Paper", "Hotels", "Dairy", "Utilities", "Controls", "Mining", "Textiles", "Energy"]
PART, TURNS, MOST = 2_000, 15, 8
GATE = re.compile(r"(\w+) FROM gate\.(\w+)\(([^)]*(?:\)s[^)]*)*)\)")
Statement = tuple[str, Any]


def furnish() -> int:
    """The organisations; returns the large one."""
    dice = random.Random(7)  # noqa: S311  (names, not secrets)
    owner = User.objects.create_user("lena@example.com", name="Lena")
    large = open_organisation(owner=owner, name="Northwind", at=timezone.now()).tenant_id
    fill(large, DEALS, dice)
    for number in range(NEIGHBOURS):
        fill(open_organisation(owner=owner, name=f"Small {number}", at=timezone.now()).tenant_id, OF_EACH, dice)
    with psycopg.connect(settings.DATABASE_MIGRATE_URL, autocommit=True) as migrator:
        migrator.execute("SET ROLE tl_owner")
        migrator.execute("VACUUM ANALYZE")
    return large


def fill(tenant: int, count: int, dice: random.Random) -> None:
    """Deals, a fifth as many companies, as many contacts, and some strategies, called by the dice."""

    def called(number: int, kind: str) -> dict[str, str]:
        name = f"{dice.choice(FIRST)} {dice.choice(SECOND)} {number} {kind}"
        return {"name": name, "name_key": name.replace(" ", "").lower()}

    with tenant_scope(tenant):
        stage = Stage.objects.select_related("pipeline").order_by("position")[0]
        member, now = Membership.objects.all()[0], timezone.now()
        Strategy.objects.bulk_create(
            Strategy(name=called(n, "strategy")["name"], owner=member, created_at=now) for n in range(count // 300 + 1)
        )
        companies = Company.objects.bulk_create(
            (Company(**called(n, "company")) for n in range(max(1, count // 5))), batch_size=PART
        )
    for first in range(0, count, PART):
        with tenant_scope(tenant):
            numbers = range(first, min(first + PART, count))
            shared = {"pipeline": stage.pipeline, "stage": stage, "currency": "EUR"}
            Deal.objects.bulk_create(
                Deal(name=called(n, "deal")["name"], company=dice.choice(companies), **shared) for n in numbers
            )
            Contact.objects.bulk_create(
                Contact(**called(n, "contact"), company=dice.choice(companies)) for n in numbers
            )


SEARCHES: dict[str, Callable[[str], list[Any]]] = {
    "deals": lambda words: queries.newest_called(lookups.called(words, lookups.DEALS), most=MOST),
    "companies": lambda words: customer_queries.companies_called(lookups.called(words, lookups.COMPANIES), most=MOST),
    "contacts": lambda words: customer_queries.contacts_called(lookups.called(words, lookups.CONTACTS), most=MOST),
    "strategies": lambda words: customer_queries.strategies_called(words, most=MOST),
}


def sent_for(search: Callable[[str], list[Any]], words: str) -> tuple[list[Statement], int]:
    """The statements of one search, and how much it finds."""
    sent: list[Statement] = []

    def watch(execute: Any, sql: str, given: Any, many: bool, context: Any) -> Any:
        sent.append((sql, given))
        return execute(sql, given, many, context)

    with connection.execute_wrapper(watch):
        found = len(search(words))
    return sent, found


def opened(cursor: Any, statement: Statement) -> Statement:
    """The statement with what a look-up function does in its place."""
    sql, given = statement

    def body(found: re.Match[str]) -> str:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [found[2]])
        (written,) = cursor.fetchone()
        arguments = found[3].split(", ")
        meant = re.sub(r"[$]([0-9])", lambda one: arguments[int(one[1]) - 1], written)
        return f"{found[1]} FROM ({meant}) AS found ({found[1]})"

    return GATE.sub(body, sql), given


def timed(cursor: Any, statements: list[Statement]) -> float:
    """The milliseconds of some statements, their rows fetched."""
    begun = time.perf_counter()
    for sql, given in statements:
        cursor.execute(sql, given)
        cursor.fetchall()
    return (time.perf_counter() - begun) * 1000


def blocks(cursor: Any, statements: list[Statement]) -> int:
    """The blocks of 8 kB that they touch."""
    touched = 0
    for sql, given in statements:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {sql}", given)
        told = next((line for (line,) in cursor.fetchall() if "Buffers: shared" in line), "")
        touched += sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", told))
    return touched


def main() -> None:
    large = furnish()
    owner = psycopg.connect(settings.DATABASE_MIGRATE_URL)
    owner.execute("SET ROLE tl_owner")
    owner.execute("SET plan_cache_mode = force_custom_plan")
    owner.execute("SET jit = off")
    owner.execute("SELECT set_config('app.tenant_id', %s, false)", [str(large)])
    worst = 0.0
    for kind, search in SEARCHES.items():
        for words in TYPED:
            with tenant_scope(large), connection.cursor() as behind, owner.cursor() as before:
                sent, found = sent_for(search, words)
                plain = [opened(before, statement) for statement in sent]
                pairs = [(timed(behind, sent), timed(before, plain)) for _ in range(TURNS)]
                walled, free = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
                touched = f"{blocks(behind, sent):6,} blocks against {blocks(before, plain):6,}"
            worst = max(worst, walled / free)
            sys.stdout.write(
                f"{kind:10} {words:18} {found} found  {touched}  {walled:7.2f} ms against {free:7.2f} ms:"
                f" {walled / free:.2f}\n"
            )
            sys.stdout.flush()
    sys.stdout.write(f"at most {worst:.2f} times the time without row security\n")


if __name__ == "__main__":
    main()
