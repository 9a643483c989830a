"""What a search for deals reads: python -m config.devstack exec --temp -- python benchmarks/search.py

An organisation of 100,000 deals beside 400 small ones. Prints, for each thing typed, the blocks that PostgreSQL touches
and the milliseconds, for the page first and then for the same question without the look-up function.
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")

import django
import psycopg

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Q  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from accounts.services import open_organisation  # noqa: E402
from accounts.tenancy.scope import tenant_scope  # noqa: E402
from strategy import queries  # noqa: E402
from strategy.models import Company, Deal, Stage  # noqa: E402

DEALS, NEIGHBOURS, OF_EACH = 100_000, 400, 40
TYPED = ["vantage rail 4711", "vantage", "kes", "ke", "zzz", "deal", "company 77"]
FIRST = ["Vantage", "Kestrel", "Norrland", "Tamarind", "Cambrian", "Brightwater", "Halden", "Marlow", "Sorrel", "Quill"]
SECOND = ["Rail", "Foods", "Paper", "Hotels", "Dairy", "Utilities", "Controls", "Mining", "Textiles", "Energy"]


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
    with tenant_scope(tenant):
        stage = Stage.objects.select_related("pipeline").order_by("position")[0]
        companies = [Company(name=f"Company {n}", name_key=f"company{n}") for n in range(max(1, count // 50))]
        Company.objects.bulk_create(companies)
    for first in range(0, count, 2_000):
        with tenant_scope(tenant):
            Deal.objects.bulk_create(
                Deal(
                    name=f"{dice.choice(FIRST)} {dice.choice(SECOND)} {number} deal",
                    company=dice.choice(companies),
                    pipeline=stage.pipeline,
                    stage=stage,
                    currency="EUR",
                )
                for number in range(first, min(first + 2_000, count))
            )


def without(words: str) -> Q:
    """The same question asked of the tables, which row security keeps from the index."""
    companies = Company.objects.filter(name_key__contains=words.replace(" ", "")).values("pk")
    return Q(name__icontains=words) | Q(company_id__in=companies)


def cost(words: str, *, plain: bool) -> tuple[int, float, int]:
    """The blocks, the milliseconds and the deals of one search."""
    asked: list[tuple[str, object]] = []

    def watch(execute: object, sql: str, given: object, many: bool, context: object) -> object:
        asked.append((sql, given))
        return execute(sql, given, many, context)  # type: ignore[operator]

    begun = time.perf_counter()
    with connection.execute_wrapper(watch):
        deals = Deal.objects.real()
        found = queries.page_of(
            deals.filter(without(words) if plain else queries.named_like(words)), after=None, size=8
        )
    took = (time.perf_counter() - begun) * 1000
    blocks = 0
    with connection.cursor() as cursor:
        for sql, given in asked:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {sql}", given)
            told = next(line for (line,) in cursor.fetchall() if "Buffers: shared" in line)
            blocks += sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", told))
    return blocks, took, len(found.deals)


def main() -> None:
    large = furnish()
    for words in TYPED:
        with tenant_scope(large):
            cost(words, plain=False)
            blocks, took, found = cost(words, plain=False)
            plain_blocks, plain_took, _ = cost(words, plain=True)
        sys.stdout.write(
            f"{words:18} {found} deals {blocks:6,} blocks {took:6.1f} ms, without the function {plain_blocks:6,}"
            f" blocks {plain_took:6.1f} ms\n"
        )


if __name__ == "__main__":
    main()
