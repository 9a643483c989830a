"""What a page of a list reads of a large organisation whose rows are unevenly spread: hardly more than it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.integrations import events
from accounts.listings import DELIVERIES, WEBHOOKS
from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from accounts.upserts import Line, Outcome
from accounts.visibility import seen_by
from activities.listings import ACTIVITIES, OUTPUTS
from activities.services import upsert_activities
from outcomes.confirmation_listings import CONFIRMATIONS
from outcomes.listings import EVIDENCE_FILES, MILESTONE_EVENTS, MILESTONES, MILESTONES_PAST
from outcomes.models import MilestoneType
from outcomes.plan_listings import CONVERSATIONS, MUTUAL_STEPS, PLANS, TARGETS
from outcomes.queries.confirmations import figures_by_owner
from outcomes.services.confirmations import ask
from outcomes.services.refusals import AskedOften
from strategy import customer_queries, past
from strategy.customer_listings import COMPANIES, COMPANIES_CHANGED, CONTACTS, CONTACTS_CHANGED
from strategy.customer_queries import CompanyFilter
from strategy.listings import DEAL_EVENTS, DEALS, DEALS_CHANGED, DEALS_PAST
from strategy.models import Deal
from strategy.plan_listings import PLAYS, STRATEGIES, VERSIONS
from strategy.queries import ALL, ORDERS, DealFilter, narrowed, page_of
from tests.accounts.large import Large, make_large
from tests.worlds import World

LIMIT = 51
#: Rows that a page may read of its own table for each row that it shows.
MOST = 4
#: Blocks of 8 kB that a page of one's few deals may touch, joins included.
BLOCKS = 400
LISTS = {
    "deals": DEALS,
    "changed deals": DEALS_CHANGED,
    "past deals": DEALS_PAST,
    "activities": ACTIVITIES,
    "outputs": OUTPUTS,
    "milestones": MILESTONES,
    "past milestones": MILESTONES_PAST,
    "milestone events": MILESTONE_EVENTS,
    "evidence files": EVIDENCE_FILES,
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
    "webhooks": WEBHOOKS,
    "deliveries": DELIVERIES,
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
    "deliveries": ("webhook",),
}
#: How a list is asked where not by itself.
ASKED: dict[str, Any] = {
    **dict.fromkeys(("companies", "changed companies"), customer_queries.companies_page),
    "past deals": lambda listing, *, as_of, **wanted: past.page(as_of, **wanted),
}
#: Lists of what belongs to others: what they are asked for in this test is not rare in all of them.
OF_OTHERS = (
    *("activities", "confirmations", "milestones", "past milestones", "milestone events", "outputs"),
    "evidence files",
)


@pytest.fixture(scope="module")
def large(made_world: World) -> Large:
    """Made once for all that is read of it here."""
    return make_large(made_world)


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


def cost_of_feed(**asked: Any) -> tuple[int, int]:
    """How many events a page of the feed shows, and how many rows of events it reads."""
    with CaptureQueriesContext(connection) as queries:
        shown = len(events.page(limit=LIMIT, **asked).events)
    plans = [explain(query["sql"]) for query in queries.captured_queries if '"accounts_event"' in query["sql"]]
    return shown, sum(rows_read(plan, "accounts_event") for plan in plans)


def test_a_page_of_the_feed_looks_at_few_events_whoever_asks_for_which(large: Large) -> None:
    with tenant_scope(large.tenant_id):
        assert events.first_kept() == 0
        assert cost_of_feed(after=49_000) == (LIMIT, LIMIT + 1)
        for after in (0, 25_000, 49_000):
            shown, read = cost_of_feed(after=after, types=["deal.merged"])
            assert (shown, read <= events.LOOKED_AT + 1) == (10 if after == 0 else 0, True)
            for member in (large.rep, large.manager):
                with seen_by(member):
                    shown, read = cost_of_feed(after=after)
                assert (shown, read <= events.LOOKED_AT + 1) == (10 if after == 0 else 0, True)


def over_ten(asked: CaptureQueriesContext, *tables: str) -> list[str]:
    """How rows of the tables were found where more were looked at than of ten a few times."""
    texts = [query["sql"] for query in asked.captured_queries if query["sql"].startswith("SELECT")]
    plans = [(table, explain(text)) for text in texts for table in tables if f'FROM "{table}"' in text]
    assert len(plans) > 1
    return [told(plan) for table, plan in plans if rows_read(plan, table) > MOST * 10]


def test_figures_of_a_while_read_what_was_asked_and_recorded_in_it(large: Large) -> None:
    since = timezone.now() - timedelta(days=30)
    with tenant_scope(large.tenant_id):
        with CaptureQueriesContext(connection) as asked:
            figures_by_owner(since=since)
        assert not over_ten(asked, "outcomes_confirmation", "outcomes_milestone")


def test_whether_somebody_was_asked_often_reads_what_they_were_asked_of_late(large: Large) -> None:
    with tenant_scope(large.tenant_id):
        bob = Membership.objects.select_related("tenant").get(name="Bob")
        deal = Deal.objects.filter(end_cause="", owner=bob).order_by("created_at")[0]
        about = {"type": MilestoneType.objects.order_by("position")[0], "statement": "You want it", "name": "Rare"}
        with CaptureQueriesContext(connection) as asked, pytest.raises(AskedOften):
            ask(actor=bob, deal=deal, at=timezone.now(), email="rare@example.com", **about)
        with CaptureQueriesContext(connection) as more:
            ask(actor=bob, deal=deal, at=timezone.now(), email="fresh@example.com", **about)
        assert not [*over_ten(asked, "outcomes_confirmation"), *over_ten(more, "outcomes_confirmation")]
        transaction.set_rollback(True)


def test_activities_are_found_by_hundreds_of_ids_of_another_system(large: Large) -> None:
    with tenant_scope(large.tenant_id):
        bob = Membership.objects.select_related("tenant").get(name="Bob")
        names = [f"e{number}" for number in range(20_000, 20_500)]
        lines = [Line(place, source="crm", external_id=name) for place, name in enumerate(names)]
        with CaptureQueriesContext(connection) as asked:
            upsert_activities(lines=lines, actor=bob, at=timezone.now())
        assert {line.outcome for line in lines} == {Outcome.UNCHANGED}
        texts = [query["sql"] for query in asked.captured_queries if "FROM activities_activity AS one" in query["sql"]]
        plans = [explain(text) for text in texts]
        assert len(plans) == 2
        assert all(rows_read(plan, "activities_activity") <= 2 * len(names) for plan in plans), list(map(told, plans))
