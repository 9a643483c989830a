"""What a page of a list reads of a large organisation whose rows are unevenly spread: hardly more than it shows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Team
from accounts.reading import Listing
from accounts.tenancy.scope import tenant_scope
from accounts.visibility import seen_by
from activities.listings import ACTIVITIES
from outcomes.listings import MILESTONES
from strategy.customer_listings import COMPANIES
from strategy.listings import DEAL_EVENTS, DEALS
from strategy.queries import ALL, DealFilter, narrowed, page_of
from tests.databases import as_owner, coming_in
from tests.make import make_member
from tests.teams import let_see
from tests.worlds import World

LIMIT = 51
#: Rows that a page may read of its own table for each row that it shows.
MOST = 4
#: Blocks of 8 kB that a page of one's few deals may touch, joins included.
BLOCKS = 400
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
LISTS = {
    "deals": DEALS,
    "activities": ACTIVITIES,
    "milestones": MILESTONES,
    "companies": COMPANIES,
    "events": DEAL_EVENTS,
}
DEAL = "md5('deal' || n)::uuid"
ACTIVITY = "md5('activity' || n)::uuid"
#: One in ten thousand, and those the oldest: what is ordered by time finds them last.
IS_RARE = "n <= 10"


class Large(NamedTuple):
    """Keys of what is rare in it."""

    tenant_id: int
    rare: dict[str, Any]
    rep: Membership
    manager: Membership


@pytest.fixture(scope="module")
def large(made_world: World) -> Large:
    """Northwind with 100,000 deals of which ten are Rosa's, won, at a rare stage, of a rare company and source."""
    seller = made_world.northwind
    people = {name: make_member(name, tenant=seller.tenant) for name in ("rosa", "bob", "max")}
    with tenant_scope(seller.pk):
        team = Team.objects.create(name="Few", manager=people["max"])
        Membership.objects.filter(pk=people["rosa"].pk).update(team=team)
    let_see(seller.tenant, "own")
    keys = {
        "tenant": seller.pk,
        "bob": people["bob"].pk,
        "rosa": people["rosa"].pk,
        "much": seller.company.pk,
        "rare": uuid.uuid4(),
        "like": seller.deal.pk,
    }
    with as_owner() as owner:
        stages = dict(owner.execute("SELECT name, id FROM strategy_stage WHERE tenant_id = %s", [seller.pk]).fetchall())
        types = owner.execute(
            "SELECT id FROM activities_activitytype WHERE tenant_id = %s ORDER BY position", [seller.pk]
        ).fetchall()
        milestone_types = owner.execute(
            "SELECT id FROM outcomes_milestonetype WHERE tenant_id = %s ORDER BY position", [seller.pk]
        ).fetchall()
        keys |= {"stage": stages["Qualified"], "rare_stage": stages["Proposal"], "type": types[0][0]}
        keys |= {"reached": milestone_types[0][0], "rare_reached": milestone_types[1][0]}
        columns = dict(
            owner.execute(
                "SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
                " WHERE table_schema = 'public' AND is_generated = 'NEVER' GROUP BY table_name"
            ).fetchall()
        )
        one = owner.execute("SELECT md5('deal1')::uuid").fetchone()
    with coming_in([listing.table for listing in LISTS.values()]) as database:
        for statement in fill(columns):
            database.execute(statement, keys)
    rare = {
        "is_open": False,
        "end_cause": "won",
        "stage": keys["rare_stage"],
        "owner": keys["rosa"],
        "company": keys["rare"],
        "source": "rare",
        "external_id": "rare 1",
        "deal": one[0] if one else None,
        "member": keys["rosa"],
        "type": keys["rare_reached"],
        "since": SOME_DAY,
        "until": SOME_DAY,
        "standing": True,
        "parent": keys["rare"],
        "industry": "Rare",
        "country": "Rare",
        "domain": "rare.example",
        "name": "company1",
        **dict.fromkeys(("pipeline", "strategy", "segment", "play", "came_from"), keys["rare"]),
        "qualified_from": date(2026, 10, 2),
        "qualified_until": date(2020, 1, 1),
        "expected_close_until": date(2020, 1, 1),
    }
    return Large(seller.pk, rare, *(_fresh(people[name]) for name in ("rosa", "max")))


def _fresh(member: Membership) -> Membership:
    with tenant_scope(member.tenant_id):
        return Membership.objects.select_related("tenant").get(pk=member.pk)


def fill(columns: dict[str, str]) -> Iterator[str]:
    """The statements that make it, from one row each of what is there; `columns` are those that a table is given."""
    company = (
        "'id', CASE WHEN n = 1 THEN %(rare)s ELSE md5('company' || n)::uuid END, 'name', 'Company ' || n,"
        f" 'name_key', 'company' || n, 'source', CASE WHEN {IS_RARE} THEN 'rare' ELSE 'crm' END,"
        f" 'external_id', CASE WHEN {IS_RARE} THEN 'rare ' || n ELSE 'e' || n END,"
        f" 'industry', CASE WHEN {IS_RARE} THEN 'Rare' ELSE 'Water' END,"
        f" 'country', CASE WHEN {IS_RARE} THEN 'Rare' ELSE 'Iceland' END,"
        f" 'domain', CASE WHEN {IS_RARE} THEN 'rare.example' ELSE '' END"
    )
    deal = (
        f"'id', {DEAL}, 'name', 'Deal ' || n, 'created_at', timestamptz '2020-01-01Z' + n * interval '10 minutes',"
        f" 'owner_id', CASE WHEN {IS_RARE} THEN %(rosa)s ELSE %(bob)s END,"
        f" 'stage_id', CASE WHEN {IS_RARE} THEN %(rare_stage)s ELSE %(stage)s END,"
        f" 'company_id', CASE WHEN {IS_RARE} THEN %(rare)s ELSE %(much)s END,"
        f" 'end_cause', CASE WHEN {IS_RARE} THEN 'won' ELSE '' END, 'qualified_on', date '2026-10-01',"
        f" 'closed_on', CASE WHEN {IS_RARE} THEN date '2026-11-01' END,"
        f" 'source', CASE WHEN {IS_RARE} THEN 'rare' ELSE 'crm' END,"
        f" 'external_id', CASE WHEN {IS_RARE} THEN 'rare ' || n ELSE 'e' || n END"
    )
    for table, facts, like, many in (
        ("strategy_company", company, "much", 20_000),
        ("strategy_deal", deal, "like", 100_000),
    ):
        yield (
            f"INSERT INTO {table} ({columns[table]}) SELECT {columns[table]}"
            f" FROM (SELECT made.* FROM {table} AS one, generate_series(1, {many}) AS n,"
            f" LATERAL jsonb_populate_record(one, jsonb_build_object({facts}))"
            f" AS made WHERE one.id = %({like})s) AS rows"
        )
    yield (
        "INSERT INTO activities_activity (id, tenant_id, type_id, member_id, deal_id, company_id, at, day, minutes,"
        " horizon, purpose, note, next_step, source, external_id, created_at)"
        f" SELECT {ACTIVITY}, %(tenant)s, %(type)s, CASE WHEN {IS_RARE} THEN %(rosa)s ELSE %(bob)s END,"
        f" CASE WHEN n %% 20 <> 0 THEN {DEAL} END, CASE WHEN {IS_RARE} THEN %(rare)s ELSE %(much)s END,"
        " timestamptz '2020-01-01Z' + n * interval '10 minutes', date '2020-01-01', 10, '', '', '', '',"
        f" CASE WHEN {IS_RARE} THEN 'rare' ELSE 'crm' END, CASE WHEN {IS_RARE} THEN 'rare ' || n ELSE 'e' || n END,"
        " now() FROM generate_series(1, 100000) AS n"
    )
    yield (
        "INSERT INTO outcomes_milestone (id, tenant_id, deal_id, type_id, state, grade, reached_on, recorded_at,"
        " words, agreed_by, evidence)"
        f" SELECT md5('milestone' || n)::uuid, %(tenant)s, {DEAL},"
        f" CASE WHEN {IS_RARE} THEN %(rare_reached)s ELSE %(reached)s END, 'reached', 0, date '2026-11-01', now(),"
        " '', '', '' FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO strategy_dealevent (id, tenant_id, deal_id, kind, recorded_at, data)"
        f" SELECT md5('event' || n)::uuid, %(tenant)s, {DEAL}, 'opened', now(), '{{}}'"
        " FROM generate_series(1, 50000) AS n"
    )


def explain(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
        (found,) = cursor.fetchone()
    plan = json.loads(found) if isinstance(found, str) else found
    return plan[0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def rows_read(plan: dict[str, Any], table: str) -> int:
    """How many rows of a table were looked at, whether they were kept or not."""
    looked = 0
    for node in nodes(plan):
        if node.get("Relation Name") == table:
            left = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            looked += round((node["Actual Rows"] + left) * node["Actual Loops"])
    return looked


def told(plan: dict[str, Any]) -> str:
    """How it was found, in short."""
    parts = ("Node Type", "Index Name", "Relation Name", "Actual Rows", "Actual Loops", "Rows Removed by Filter")
    return "\n".join(str([node.get(part) for part in parts]) for node in nodes(plan))


def read(listing: Listing[Any], **wanted: Any) -> tuple[int, dict[str, Any]]:
    """How many rows a page shows, and how it was found."""
    with CaptureQueriesContext(connection) as asked:
        rows = listing.page(limit=LIMIT, **wanted)
    return len(rows), explain(asked.captured_queries[-1]["sql"])


# What happened is only ever asked of one deal.
EVERY_FILTER = [
    (name, narrow)
    for name, listing in LISTS.items()
    for narrow in [*([None] if name != "events" else []), *listing.narrow]
    # The operators of arrays use no index behind the wall: a page of a tag may read all companies.
    if narrow != "tag"
]


@pytest.mark.parametrize(("name", "narrow"), EVERY_FILTER)
def test_a_page_reads_hardly_more_than_it_shows(large: Large, name: str, narrow: str | None) -> None:
    listing = LISTS[name]
    with tenant_scope(large.tenant_id):
        shown, plan = read(listing, **({narrow: large.rare[narrow]} if narrow else {}))
    assert rows_read(plan, listing.table) <= MOST * max(shown, 1), told(plan)


@pytest.mark.parametrize("who", ["rep", "manager"])
@pytest.mark.parametrize("name", ["deals", "activities", "milestones"])
def test_somebody_with_ten_deals_among_a_hundred_thousand_reads_those(large: Large, name: str, who: str) -> None:
    listing = LISTS[name]
    with tenant_scope(large.tenant_id), seen_by(getattr(large, who)):
        shown, plan = read(listing)
    assert shown == 10
    assert rows_read(plan, listing.table) <= MOST * shown, told(plan)
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= BLOCKS


def test_the_page_of_their_deals_is_as_cheap(large: Large) -> None:
    for member in (large.rep, large.manager):
        with tenant_scope(large.tenant_id), seen_by(member), CaptureQueriesContext(connection) as asked:
            assert len(page_of(narrowed(DealFilter(standing=ALL)), after=None, size=50).deals) == 10
            plans = [explain(query["sql"]) for query in asked.captured_queries if "strategy_deal" in query["sql"]]
            assert sum(rows_read(plan, "strategy_deal") for plan in plans) <= 2 * MOST * 10
