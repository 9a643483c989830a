"""Keeping a tenant's statistics true: marks in, facts recomputed from base rows, results of one generation out.

Every step can be repeated and killed anywhere: facts are recomputed, never added to, and marks, facts and results
change in one commit.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import Tenant
from outcomes.models import StatisticGeneration, StatisticMark, StatisticResult
from outcomes.statistics.bins import OLDEST_AGE, Bins
from outcomes.statistics.grades import Records
from outcomes.statistics.metrics import METRICS
from outcomes.statistics.results import Inputs, Result, compute
from outcomes.statistics.waste import Cell, Tally

SQL = Path(__file__).parent / "sql"
# Above this share of marked deals, reading everything once is cheaper than one by one.
REBUILD_FROM = 1 / 3
# The first half of an advisory lock's key; the second is the tenant.
LOCK = 7_310
# What the statements read instead of all facts: those of the deals that some people own now, found once for all three.
FACTS = "outcomes_dealfact AS fact"
SEEN = """WITH seen AS MATERIALIZED (
    SELECT fact.* FROM strategy_deal AS deal
    JOIN outcomes_dealfact AS fact ON fact.tenant_id = deal.tenant_id AND fact.deal_id = deal.id
    WHERE deal.tenant_id = %(tenant)s AND deal.owner_id = ANY (%(people)s::uuid[])
)"""
OWNED = "AND deal.owner_id = ANY (%(people)s::uuid[])"


def refresh(*, tenant: Tenant, now: datetime, rebuild: bool = False) -> StatisticGeneration | None:
    """Bring facts and results up to date inside an open, repeatable-read scope of the tenant.

    Returns the current generation, new only if a number or the day changed; None when another worker is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, tenant.pk % 2**31])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute("SET LOCAL statement_timeout = '10min'; SET LOCAL work_mem = '64MB'")
        refresh_facts(cursor, tenant, rebuild=rebuild)
        inputs = read_inputs(cursor, tenant.pk, tenant.day_of(now))
    return publish(inputs, now)


def refresh_facts(cursor: Any, tenant: Tenant, *, rebuild: bool) -> int:
    """Recompute the facts of marked deals, or of all; returns how many rows were written or dropped."""
    marked, all_marked = take_marks(cursor, tenant)
    everything = rebuild or all_marked or len(marked) > REBUILD_FROM * _facts_known(cursor, tenant)
    if not marked and not everything:
        return 0
    known = {
        "tenant": tenant.pk,
        "grade": tenant.counts_from_grade,
        "everything": everything,
        "keys": [] if everything else marked,
    }
    changed = 0
    # Right after an import the planner still believes the tables empty, and would loop over each pair of deals:
    # 46 s instead of 0.2 for 8,800. Every source is narrowed to the marked deals by index, so hashing suits both.
    cursor.execute("SET LOCAL enable_nestloop = off")
    for name in ("forget", "facts"):
        cursor.execute(text(name), known)
        changed += cursor.rowcount
    cursor.execute("SET LOCAL enable_nestloop = on")
    return changed


def take_marks(cursor: Any, tenant: Tenant) -> tuple[list[UUID], bool]:
    """Take the marks this snapshot sees; one committed later stays for the next run.

    Returns the keys of the deals, and whether all of them are marked.
    """
    cursor.execute(
        "WITH taken AS (DELETE FROM outcomes_statisticmark WHERE tenant_id = %s RETURNING kind, key)"
        " SELECT DISTINCT kind, key FROM taken ORDER BY kind, key",
        [tenant.pk],
    )
    taken = cursor.fetchall()
    return [key for kind, key in taken if kind == StatisticMark.DEAL], any(k == StatisticMark.ALL for k, _ in taken)


def slice_of(*, tenant_id: int, as_of: date, people: Collection[UUID]) -> list[Result]:
    """What the statistics say of the deals that some people own now, from the facts as they stand."""
    with connection.cursor() as cursor:
        return compute(read_inputs(cursor, tenant_id, as_of, people))


def sellers_among(*, tenant_id: int, as_of: date, people: Collection[UUID]) -> frozenset[UUID]:
    """Those of some people whose deals the statistics count."""
    with connection.cursor() as cursor:
        cursor.execute(text("sellers"), {"tenant": tenant_id, "as_of": as_of, "people": list(people)})
        return frozenset(key for (key,) in cursor.fetchall())


def read_inputs(cursor: Any, tenant_id: int, as_of: date, people: Collection[UUID] | None = None) -> Inputs:
    """The whole numbers of the organisation as of a day, or of the deals that some people own now.

    One statement, so that they are of one moment while a refresh commits beside it.
    """
    known = {"tenant": tenant_id, "as_of": as_of, "oldest": OLDEST_AGE, "people": list(people or ())}
    cursor.execute(_of_one_moment(people is not None), known)
    bins_rows, cube_rows, (found,), types = (json.loads(part) for part in cursor.fetchone())
    rows = [tuple(row.values()) for row in bins_rows]
    excluded = sum(deals for age, _, deals in rows if age < 0)
    bins = Bins.from_rows((row for row in rows if row[0] >= 0), excluded=excluded)
    rank = {one["id"]: position for position, one in enumerate(types, 1)}
    cells = sorted(_cells(cube_rows, rank), key=lambda c: (c.milestone, str(c.stage), c.cause, str(c.reason)))
    for name in ("observed_from", "observed_until"):
        found[name] = date.fromisoformat(found[name]) if found[name] else None
    records = Records(
        ends=found.pop("ends"),
        ends_without_cause=found.pop("ends_without_cause"),
        window_unknown=found.pop("window_unknown"),
    )
    return Inputs(as_of=as_of, bins=bins, cells=cells, milestones=len(rank), records=records, **found)


def publish(inputs: Inputs, now: datetime) -> StatisticGeneration:
    """Store the results as the current generation, unless the current one was made from the same numbers."""
    digest = inputs.digest()
    current = StatisticGeneration.objects.filter(is_current=True).first()
    if current is not None and current.inputs_hash == digest:
        return current
    StatisticGeneration.objects.filter(is_current=True).update(is_current=False)
    made = StatisticGeneration.objects.create(
        number=current.number + 1 if current else 1,
        as_of=inputs.as_of,
        computed_at=now,
        is_current=True,
        inputs_hash=digest,
    )
    StatisticResult.objects.bulk_create(
        StatisticResult(
            generation=made,
            metric=result.metric,
            as_of=inputs.as_of,
            value=result.value,
            low=result.low,
            high=result.high,
            n=result.n,
            events=result.events,
            grade=result.grade,
            method=METRICS[result.metric].method,
            inputs_hash=digest,
            detail=result.detail,
            not_enough=result.not_enough,
        )
        for result in compute(inputs)
    )
    StatisticGeneration.objects.filter(is_current=False).delete()
    return made


def _cells(rows: list[dict[str, Any]], rank: dict[str, int]) -> Iterator[Cell]:
    for milestone, stage, cause, reason, *sums in (row.values() for row in rows):
        yield Cell(rank.get(milestone, 0), stage, cause, reason, Tally(*map(int, sums)))


def _facts_known(cursor: Any, tenant: Tenant) -> int:
    cursor.execute("SELECT count(*) FROM outcomes_dealfact WHERE tenant_id = %s", [tenant.pk])
    return int(cursor.fetchone()[0])


@cache
def _of_one_moment(narrowed: bool) -> str:
    """The four statements as one; each part is a JSON list of its rows. As text: sums of squares are longer than
    what other readers of JSON take for a whole number."""
    parts = []
    for name in ("bins", "cube", "records", "order"):
        said = text(name)
        if narrowed:
            said = said.replace(FACTS, "seen AS fact").replace("/* owned */", OWNED)
        # Constants of this program: what narrows them travels beside the text.
        parts.append(f"(SELECT coalesce(json_agg(row), '[]')::text FROM ({said}) AS row)")  # noqa: S608
    return f"{SEEN if narrowed else ''} SELECT {', '.join(parts)}"


@cache
def text(name: str) -> str:
    """The statement of a file beside this module."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
