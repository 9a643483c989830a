"""What a page of a list reads of a large organisation whose rows are unevenly spread: hardly more than it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Team
from accounts.tenancy.scope import tenant_scope
from accounts.visibility import seen_by
from activities.listings import ACTIVITIES, OUTPUTS
from outcomes.confirmation_listings import CONFIRMATIONS
from outcomes.listings import MILESTONE_EVENTS, MILESTONES, MILESTONES_PAST
from outcomes.plan_listings import CONVERSATIONS, MUTUAL_STEPS, PLANS, TARGETS
from strategy import customer_queries, past
from strategy.customer_listings import COMPANIES, COMPANIES_CHANGED, CONTACTS, CONTACTS_CHANGED
from strategy.customer_queries import CompanyFilter
from strategy.listings import DEAL_EVENTS, DEALS, DEALS_CHANGED, DEALS_PAST
from strategy.models import Contact, DealSource, Pipeline, PlanPart, Strategy
from strategy.plan_listings import PLAYS, STRATEGIES, VERSIONS
from strategy.queries import ALL, ORDERS, DealFilter, narrowed, page_of
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
    "changed deals": DEALS_CHANGED,
    "past deals": DEALS_PAST,
    "activities": ACTIVITIES,
    "outputs": OUTPUTS,
    "milestones": MILESTONES,
    "past milestones": MILESTONES_PAST,
    "milestone events": MILESTONE_EVENTS,
    "confirmations": CONFIRMATIONS,
    "companies": COMPANIES,
    "changed companies": COMPANIES_CHANGED,
    "contacts": CONTACTS,
    "changed contacts": CONTACTS_CHANGED,
    "strategies": STRATEGIES,
    "versions": VERSIONS,
    "plays": PLAYS,
    "events": DEAL_EVENTS,
    "steps": MUTUAL_STEPS,
    "plans": PLANS,
    "targets": TARGETS,
    "conversations": CONVERSATIONS,
}
#: What a list is never asked without.
ALWAYS: dict[str, tuple[str, ...]] = {
    "deals": ("standing",),
    "changed deals": ("updated_since",),
    "past deals": ("as_of", "standing"),
    "milestones": ("standing",),
    "past milestones": ("as_of", "standing"),
    "milestone events": ("deals", "type"),
    "companies": ("standing",),
    "changed companies": ("standing", "updated_since"),
    "contacts": ("standing",),
    "changed contacts": ("standing", "updated_since"),
    "versions": ("strategy",),
    "plays": ("kind",),
    "events": ("deal",),
}
#: How a list is asked where not by itself.
ASKED: dict[str, Any] = {
    **dict.fromkeys(("companies", "changed companies"), customer_queries.companies_page),
    "past deals": lambda listing, *, as_of, **wanted: past.page(as_of, **wanted),
    # The rare state of a plan is another one than that of a strategy.
    "plans": lambda listing, *, state=None, **wanted: listing.page(state=state and "dropped", **wanted),
}
#: Lists of what belongs to others: what they are asked for in this test is not rare in all of them.
OF_OTHERS = ("activities", "confirmations", "milestones", "past milestones", "milestone events", "outputs")
DEAL = "md5('deal' || n)::uuid"
ACTIVITY = "md5('activity' || n)::uuid"
#: Keys that grow, as those of the product do.
KEY = "lpad(to_hex(n), 32, '0')::uuid"
#: One in ten thousand, and those the oldest: what is ordered by time finds them last.
IS_RARE = "n <= 10"
IS_EARLY = "n BETWEEN 11 AND 20"
#: The rare ones were changed last, and the oldest change comes first.
CHANGED = "timestamptz '2024-01-01Z' - n * interval '10 minutes'"
RARE, COMMON = UUID(int=1), UUID(int=11)


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
    keys: dict[str, Any] = {"tenant": seller.pk, "bob": people["bob"].pk, "rosa": people["rosa"].pk}
    keys |= {"rare": RARE, "common": COMMON, "company": seller.company.pk, "deal": seller.deal.pk}
    with tenant_scope(seller.pk):
        team = Team.objects.create(name="Few", manager=people["max"])
        keys["team"] = team.pk
        Membership.objects.filter(pk=people["rosa"].pk).update(team=team)
        keys["pipeline"] = Pipeline.objects.create(name="Rare", position=9).pk
        keys |= {name: DealSource.objects.create(name=name).pk for name in ("fair", "rare_fair")}
        strategy = Strategy.objects.create(
            name="Like", owner=people["bob"], created_at=SOME_DAY, state="active", activated_at=SOME_DAY
        )
        part = PlanPart.objects.create(strategy=strategy, key=COMMON, kind="play", name="Like", position=1)
        keys |= {"strategy": strategy.pk, "part": part.pk, "contact": Contact.objects.create(name="Like").pk}
    let_see(seller.tenant, "own")
    with as_owner() as owner:
        stages = dict(owner.execute("SELECT name, id FROM strategy_stage WHERE tenant_id = %s", [seller.pk]).fetchall())
        types = owner.execute(
            "SELECT id FROM activities_activitytype WHERE tenant_id = %s ORDER BY position", [seller.pk]
        ).fetchall()
        kinds = owner.execute(
            "SELECT id FROM activities_outputtype WHERE tenant_id = %s ORDER BY position", [seller.pk]
        ).fetchall()
        milestone_types = owner.execute(
            "SELECT id FROM outcomes_milestonetype WHERE tenant_id = %s ORDER BY position", [seller.pk]
        ).fetchall()
        keys |= {"rare_type": types[1][0], "output_type": kinds[0][0], "rare_output_type": kinds[1][0]}
        keys |= {"stage": stages["Qualified"], "rare_stage": stages["Proposal"], "type": types[0][0]}
        keys |= {"reached": milestone_types[0][0], "rare_reached": milestone_types[1][0]}
        columns = dict(
            owner.execute(
                "SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
                " WHERE table_schema = 'public' AND is_generated = 'NEVER' GROUP BY table_name"
            ).fetchall()
        )
        one = owner.execute("SELECT md5('deal1')::uuid, md5('activity1')::uuid").fetchone() or (None, None)
    with coming_in([*FILLED, *MORE_FILLED]) as database:
        for statement in (*fill(columns), *fill_plans()):
            database.execute(statement, keys)
    return Large(seller.pk, rare(keys, *one), *(_fresh(people[name]) for name in ("rosa", "max")))


def rare(keys: dict[str, Any], deal: UUID | None, first: UUID | None) -> dict[str, Any]:
    """What each filter is asked for, of which there are ten."""
    return {
        "is_open": False,
        "end_cause": "won",
        "stage": keys["rare_stage"],
        "owner": keys["rosa"],
        "source": "rare",
        "external_id": "rare 1",
        **dict.fromkeys(("deal", "key"), deal),
        "member": keys["rosa"],
        "milestones type": keys["rare_reached"],
        "past milestones type": keys["rare_reached"],
        "milestone events type": keys["rare_reached"],
        "activities type": keys["rare_type"],
        "outputs type": keys["rare_output_type"],
        "types": [keys["rare_type"]],
        "aligned": True,
        "contact": RARE,
        "activity": first,
        "deals": [deal],
        "grade": 3,
        **dict.fromkeys(("since", "until"), SOME_DAY),
        "standing": True,
        "industry": "Rare",
        "country": "Rare",
        "domain": "rare.example",
        "name": "rarefirm1",
        "tag": "rare",
        "keys": [RARE, deal],
        "email": "rare@example.com",
        **dict.fromkeys(("company", "parent", "strategy", "segment", "play", "persona"), RARE),
        "pipeline": keys["pipeline"],
        "came_from": keys["rare_fair"],
        "state": "retired",
        "number": 1,
        "is_current": False,
        "team": keys["team"],
        "theme": "rare",
        "first_from": date(2026, 12, 20),
        "first_until": date(2020, 1, 1),
        "kind": "play",
        "as_of": date(2026, 11, 5),
        "updated_since": datetime(2000, 1, 1, tzinfo=UTC),
        "qualified_from": date(2026, 10, 2),
        **dict.fromkeys(("qualified_until", "expected_close_until"), date(2020, 1, 1)),
    }


def _fresh(member: Membership) -> Membership:
    with tenant_scope(member.tenant_id):
        return Membership.objects.select_related("tenant").get(pk=member.pk)


def either(rare: str, common: str) -> str:
    """SQL for a value of the rare rows, and for that of all others."""
    return f"CASE WHEN {IS_RARE} THEN {rare} ELSE {common} END"


OUTSIDE = {
    "source": either("'rare'", "'crm'"),
    "external_id": either("'rare ' || n", "'e' || n"),
}
DAY_OF_END, WON, NOTHING = "date '2026-11-01'", "'won'", "''"
#: The tables that are filled from one row of theirs, how many rows they get, and what differs in each row.
FILLED: dict[str, tuple[int, dict[str, str]]] = {
    "strategy_company": (
        20_000,
        {
            "id": KEY,
            "name": either("'Rare firm ' || n", "'Company ' || n"),
            "name_key": either("'rarefirm' || n", "'company' || n"),
            "industry": either("'Rare'", "'Water'"),
            "country": either("'Rare'", "'Iceland'"),
            "domain": either("'rare.example'", "''"),
            "tags": either("jsonb_build_array('rare')", "jsonb_build_array('customer')"),
            "owner_id": either("%(rosa)s", "%(bob)s"),
            "parent_id": f"CASE WHEN n > 1 AND {IS_RARE} THEN %(rare)s::uuid END",
            "updated_at": CHANGED,
            **OUTSIDE,
        },
    ),
    "strategy_strategy": (
        2_000,
        {
            "id": KEY,
            "name": "'Strategy ' || n",
            "owner_id": either("%(rosa)s", "%(bob)s"),
            "state": either("'retired'", "'active'"),
            "retired_at": either("timestamptz '2026-10-01Z'", "NULL"),
        },
    ),
    "strategy_planpart": (
        5_000,
        {
            "id": KEY,
            "key": KEY,
            "strategy_id": either("%(rare)s", "%(common)s"),
            "is_current": f"NOT {IS_RARE}",
        },
    ),
    "strategy_contact": (
        20_000,
        {
            "id": KEY,
            "name": either("'Rare person ' || n", "'Person ' || n"),
            "name_key": either("'rareperson' || n", "'person' || n"),
            "email": either("'rare@example.com'", "'p' || n || '@example.com'"),
            "company_id": either("%(rare)s", "%(common)s"),
            "persona_id": either("%(rare)s", "NULL"),
            "updated_at": CHANGED,
            **OUTSIDE,
        },
    ),
    "strategy_deal": (
        100_000,
        {
            "id": DEAL,
            "name": "'Deal ' || n",
            "created_at": "timestamptz '2020-01-01Z' + n * interval '10 minutes'",
            "updated_at": CHANGED,
            "owner_id": either("%(rosa)s", "%(bob)s"),
            "stage_id": either("%(rare_stage)s", "%(stage)s"),
            "company_id": either("%(rare)s", "%(common)s"),
            "end_cause": either("'won'", "''"),
            "closed_on": either("date '2026-11-01'", "NULL"),
            "opened_on": f"CASE WHEN {IS_EARLY} THEN date '2019-01-01' ELSE date '2026-09-01' END",
            "qualified_on": (
                f"CASE WHEN {IS_RARE} THEN date '2026-10-20' WHEN {IS_EARLY} THEN date '2019-01-01'"
                " ELSE date '2026-10-01' END"
            ),
            "expected_close_on": f"CASE WHEN {IS_EARLY} THEN date '2019-06-01' END",
            "amount": "n",
            "came_from_id": either("%(rare_fair)s", "%(fair)s"),
            "strategy_id": either("%(rare)s", "%(common)s"),
            "segment_id": either("%(rare)s", "%(common)s"),
            "play_id": either("%(rare)s", "%(common)s"),
            **OUTSIDE,
        },
    ),
}

MORE_FILLED = (
    *("activities_activitycontact", "activities_output"),
    *("strategy_strategyversion", "strategy_ownerspan", "strategy_stagespan", "strategy_dealevent"),
    *("activities_activity", "outcomes_confirmation", "outcomes_milestone"),
    *("outcomes_mutualstep", "outcomes_plannedactivity", "outcomes_activitytarget"),
    *("outcomes_conversation", "outcomes_theme", "outcomes_conversationtheme"),
)


def fill(columns: dict[str, str]) -> Iterator[str]:
    """The statements that make it, from one row each of what is there; `columns` are those that a table is given."""
    for table, (many, facts) in FILLED.items():
        told = ", ".join(f"'{name}', {value}" for name, value in facts.items())
        yield (
            f"INSERT INTO {table} ({columns[table]}) SELECT {columns[table]}"
            f" FROM (SELECT made.* FROM {table} AS one, generate_series(1, {many}) AS n,"
            f" LATERAL jsonb_populate_record(one, jsonb_build_object({told}))"
            f" AS made WHERE one.id = %({table.removeprefix('strategy_').removeprefix('plan')})s) AS rows"
        )
    yield "UPDATE strategy_deal SET pipeline_id = %(pipeline)s WHERE owner_id = %(rosa)s"
    yield (
        "INSERT INTO strategy_strategyversion (id, tenant_id, strategy_id, number, content, note, published_at,"
        f" published_by_id) SELECT {KEY}, %(tenant)s, CASE WHEN {IS_RARE} THEN %(rare)s::uuid ELSE %(common)s END,"
        " n, '{}', '', now(), %(bob)s FROM generate_series(1, 2000) AS n"
    )
    yield (
        "INSERT INTO strategy_ownerspan (id, tenant_id, deal_id, owner_id, from_on)"
        f" SELECT {KEY}, %(tenant)s, {DEAL}, {either('%(rosa)s::uuid', '%(bob)s')}, date '2026-09-01'"
        " FROM generate_series(1, 20000) AS n"
    )
    yield (
        "INSERT INTO strategy_stagespan (id, tenant_id, deal_id, stage_id, entered_on, left_on, exit_kind, episode)"
        f" SELECT {KEY}, %(tenant)s, {DEAL}, %(stage)s, date '2026-09-01',"
        f" {either(DAY_OF_END, 'NULL')}, {either(WON, NOTHING)}, 1 FROM generate_series(1, 20000) AS n"
    )
    yield (
        "INSERT INTO activities_activity (id, tenant_id, type_id, member_id, deal_id, company_id, at, day, minutes,"
        " horizon, purpose, note, next_step, source, external_id, created_at, play_id)"
        f" SELECT {ACTIVITY}, %(tenant)s, {either('%(rare_type)s', '%(type)s')}::uuid,"
        f" {either('%(rosa)s', '%(bob)s')},"
        f" CASE WHEN n %% 20 <> 0 THEN {DEAL} END, CASE WHEN {IS_RARE} THEN %(rare)s ELSE %(common)s END::uuid,"
        " timestamptz '2020-01-01Z' + n * interval '10 minutes', date '2020-01-01', 10, '', '', '', '',"
        f" CASE WHEN {IS_RARE} THEN 'rare' ELSE 'crm' END, CASE WHEN {IS_RARE} THEN 'rare ' || n ELSE 'e' || n END,"
        f" now(), {either('%(rare)s::uuid', 'NULL')} FROM generate_series(1, 100000) AS n"
    )
    yield (
        "INSERT INTO activities_activitycontact (id, tenant_id, activity_id, contact_id)"
        f" SELECT {KEY}, %(tenant)s, {ACTIVITY}, {either('%(rare)s', '%(common)s')}::uuid"
        " FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO activities_output (id, tenant_id, activity_id, type_id, note, created_at)"
        f" SELECT {KEY}, %(tenant)s, {ACTIVITY}, {either('%(rare_output_type)s', '%(output_type)s')}::uuid, '', now()"
        " FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO outcomes_milestone (id, tenant_id, deal_id, type_id, state, grade, reached_on, recorded_at,"
        " words, agreed_by, evidence)"
        f" SELECT md5('milestone' || n)::uuid, %(tenant)s, {DEAL},"
        f" CASE WHEN {IS_RARE} THEN %(rare_reached)s ELSE %(reached)s END, 'reached', 0, date '2026-11-01', now(),"
        " '', '', '' FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO outcomes_confirmation (id, tenant_id, purpose, deal_id, contact_id, to_name, to_email, language,"
        " channel, statement, message, asked_by_id, asked_at, expires_at, digest)"
        f" SELECT {KEY}, %(tenant)s, 'end_reason', {DEAL}, {either('%(rare)s', '%(common)s')}::uuid, '', '', 'en',"
        " 'link', '', '', %(bob)s, now(), now(), '' FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO strategy_dealevent (id, tenant_id, deal_id, kind, recorded_at, data)"
        f" SELECT md5('event' || n)::uuid, %(tenant)s, {DEAL}, 'opened', now(), '{{}}'"
        " FROM generate_series(1, 50000) AS n"
    )


def fill_plans() -> Iterator[str]:
    """The same for what is to come."""
    yield (
        "INSERT INTO outcomes_mutualstep (id, tenant_id, deal_id, position, name, due_on, their_name, created_at)"
        f" SELECT {KEY}, %(tenant)s, {DEAL}, 1, 'Pilot', date '2026-12-01', '', now()"
        " FROM generate_series(1, 50000) AS n"
    )
    day = (
        f"CASE WHEN {IS_RARE} THEN date '2026-12-24' WHEN {IS_EARLY} THEN date '2019-06-01' ELSE date '2026-11-01' END"
    )
    state = either("'dropped'", "'planned'")
    yield (
        "INSERT INTO outcomes_plannedactivity (id, tenant_id, member_id, type_id, deal_id, span, first_on, last_on,"
        " purpose, state, note, planned_at)"
        f" SELECT {KEY}, %(tenant)s, {either('%(rosa)s::uuid', '%(bob)s')}, %(type)s,"
        f" CASE WHEN n %% 20 <> 0 THEN {DEAL} END, 'day', {day}, {day}, '', {state}, '',"
        " now() FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO outcomes_activitytarget (id, tenant_id, member_id, team_id, type_id, number, per, milestone_id,"
        " why, from_on, set_by_id, set_at)"
        f" SELECT {KEY}, %(tenant)s, CASE WHEN {IS_RARE} THEN %(rosa)s::uuid END,"
        f" CASE WHEN {IS_EARLY} THEN %(team)s::uuid END, %(type)s, 5, 'week', %(reached)s, 'Why', date '2026-11-01',"
        " %(bob)s, now() FROM generate_series(1, 5000) AS n"
    )
    yield (
        "INSERT INTO outcomes_conversation (id, tenant_id, company_id, prompt, question, horizon, member_id, heard,"
        f" created_at) SELECT {KEY}, %(tenant)s, {either('%(rare)s::uuid', '%(common)s')}, 'whom', 'Who?', 'H3',"
        f" {either('%(rosa)s::uuid', '%(bob)s')}, '', now() FROM generate_series(1, 20000) AS n"
    )
    yield (
        "INSERT INTO outcomes_theme (id, tenant_id, name, key) VALUES (%(rare)s, %(tenant)s, 'Rare', 'rare'),"
        " (%(common)s, %(tenant)s, 'Water', 'water')"
    )
    yield (
        "INSERT INTO outcomes_conversationtheme (id, tenant_id, conversation_id, theme_id)"
        f" SELECT {KEY}, %(tenant)s, {KEY}, {either('%(rare)s::uuid', '%(common)s')}"
        " FROM generate_series(1, 20000) AS n"
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


def read(name: str, /, **wanted: Any) -> tuple[int, dict[str, Any]]:
    """How many rows a page shows, and how it was found."""
    listing = LISTS[name]
    with CaptureQueriesContext(connection) as asked:
        rows = ASKED[name](listing, limit=LIMIT, **wanted) if name in ASKED else listing.page(limit=LIMIT, **wanted)
    shown = f"SELECT {', '.join(listing.columns)} FROM"
    (page,) = (query["sql"] for query in asked.captured_queries if query["sql"].startswith(shown))
    return len(rows), explain(page)


@pytest.mark.parametrize("name", LISTS)
def test_a_page_reads_hardly_more_than_it_shows(large: Large, name: str) -> None:
    """By each filter for what is rare, and by none."""
    listing, over = LISTS[name], []
    rare = large.rare | {
        narrow: large.rare.get(f"{name} {narrow}", large.rare.get(narrow)) for narrow in listing.narrow
    }
    always = {narrow: rare[narrow] for narrow in ALWAYS.get(name, ())}
    with tenant_scope(large.tenant_id):
        for narrow in (None, *listing.narrow):
            shown, plan = read(name, **always, **({narrow: rare[narrow]} if narrow not in (None, *always) else {}))
            assert shown or name in OF_OTHERS, (name, narrow)
            if rows_read(plan, listing.table) > MOST * max(shown, 1):
                over.append(f"{name} by {narrow}: {shown} shown\n{told(plan)}")
    assert not over, "\n".join(over)


@pytest.mark.parametrize("who", ["rep", "manager"])
@pytest.mark.parametrize("name", ["deals", "activities", "milestones", "outputs", "plans"])
def test_somebody_with_ten_deals_among_a_hundred_thousand_reads_those(large: Large, name: str, who: str) -> None:
    with tenant_scope(large.tenant_id), seen_by(getattr(large, who)):
        shown, plan = read(name)
    assert shown == 10
    assert rows_read(plan, LISTS[name].table) <= MOST * shown, told(plan)
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= BLOCKS


def cost_of_page(wanted: DealFilter, order: str) -> tuple[int, int, str]:
    """How many deals a page of the table shows, how many rows of deals it reads, and how they were found."""
    with CaptureQueriesContext(connection) as asked:
        shown = len(page_of(narrowed(wanted), after=None, size=50, order=order).deals)
    plans = [explain(query["sql"]) for query in asked.captured_queries if '"strategy_deal"' in query["sql"]]
    return shown, sum(rows_read(plan, "strategy_deal") for plan in plans), "\n\n".join(told(plan) for plan in plans)


@pytest.mark.parametrize("order", ORDERS)
def test_the_table_of_deals_is_as_cheap_in_each_order(large: Large, order: str) -> None:
    narrows = ["stage", "owner", "pipeline", "company", "segment", "play", "came_from", "qualified_from"]
    filters = [DealFilter(), DealFilter(standing=ALL), DealFilter(standing="won")]
    filters += [DealFilter(standing=ALL, **{name: large.rare[name]}) for name in (*narrows, "qualified_until")]
    filters += [DealFilter(standing=ALL, words=words) for words in ("deal99999", "rare firm")]
    with tenant_scope(large.tenant_id):
        costs = {wanted: cost_of_page(wanted, order) for wanted in filters}
        for member in (large.rep, large.manager):
            with seen_by(member):
                costs[member.name] = cost_of_page(DealFilter(standing=ALL), order)
    over = [f"{asked}: {how}" for asked, (shown, read, how) in costs.items() if read > 2 * MOST * max(shown, 1)]
    assert not over, "\n".join(over)


def test_the_tables_of_companies_and_contacts_are_as_cheap(large: Large) -> None:
    rare, over = large.rare, {}
    companies = [{}, *({name: rare[name]} for name in ("owner", "industry", "country")), {"words": "rare firm"}]
    contacts = [{}, {"company": rare["company"]}, {"words": "rare person"}]
    with tenant_scope(large.tenant_id):
        asked = [("strategy_company", customer_queries.companies(CompanyFilter(**wanted))) for wanted in companies]
        asked += [("strategy_contact", customer_queries.contacts(**wanted)) for wanted in contacts]
        for table, rows in asked:
            with CaptureQueriesContext(connection) as queries:
                keys, _more = customer_queries.newest(rows, after=None, size=50)
            plan = explain(queries.captured_queries[-1]["sql"])
            if not keys or rows_read(plan, table) > MOST * len(keys):
                over[queries.captured_queries[-1]["sql"]] = told(plan)
    assert not over
