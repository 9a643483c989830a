"""A large organisation whose rows are unevenly spread: of most kinds there are ten that differ from all others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from accounts.models import Membership, Team
from accounts.tenancy.scope import tenant_scope
from strategy.models import Contact, DealSource, Pipeline, PlanPart, Strategy
from tests.databases import as_owner, coming_in
from tests.make import make_member
from tests.teams import let_see
from tests.worlds import World

SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
DEAL = "md5('deal' || n)::uuid"
ACTIVITY = "md5('activity' || n)::uuid"
#: Keys that grow, as those of the product do.
KEY = "lpad(to_hex(n), 32, '0')::uuid"
#: One in ten thousand, and those the oldest: what is ordered by time finds them last.
IS_RARE = "n <= 10"
IS_EARLY = "n BETWEEN 11 AND 20"
#: The rare ones were changed last, and the oldest change comes first.
# Ten today, all others a year ago.
LATELY = f"CASE WHEN {IS_RARE} THEN now() ELSE timestamptz '2025-01-01Z' + n * interval '1 minute' END"
ADDRESS, LETTER, COPIED = "'rare@example.com'", "'mail'", "'link'"
CHANGED = "timestamptz '2024-01-01Z' - n * interval '10 minutes'"
RARE, COMMON = UUID(int=1), UUID(int=11)


class Large(NamedTuple):
    """Keys of what is rare in it."""

    tenant_id: int
    rare: dict[str, Any]
    rep: Membership
    manager: Membership


def make_large(made_world: World) -> Large:
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
        for statement in (*fill(columns), *fill_plans(), *fill_feed()):
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
        "plans state": "dropped",
        "deliveries state": "failed",
        "number": 1,
        "is_current": False,
        "team": keys["team"],
        "theme": "rare",
        "webhook": RARE,
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
    *("outcomes_milestoneevent", "outcomes_evidencefile"),
    *("outcomes_mutualstep", "outcomes_plannedactivity", "outcomes_activitytarget"),
    *("outcomes_conversation", "outcomes_theme", "outcomes_conversationtheme"),
    *("accounts_event", "accounts_feed", "accounts_webhook", "accounts_delivery"),
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
        f" CASE WHEN {IS_RARE} THEN %(rare_reached)s ELSE %(reached)s END, 'reached', 0, date '2026-11-01', {LATELY},"
        " '', '', '' FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO outcomes_milestoneevent (id, tenant_id, deal_id, type_id, kind, grade, effective_on, recorded_at,"
        f" words, agreed_by, evidence) SELECT {KEY}, %(tenant)s, {DEAL}, %(reached)s, 'evidenced', 1,"
        " date '2026-11-01', now(), '', '', '' FROM generate_series(1, 20000) AS n"
    )
    yield (
        "INSERT INTO outcomes_evidencefile (id, tenant_id, deal_id, event_id, name, kind, size, digest, stored,"
        f" added_at) SELECT {KEY}, %(tenant)s, {DEAL}, {KEY}, 'minutes.txt', 'text/plain', 1, '', {KEY}, now()"
        " FROM generate_series(1, 20000) AS n"
    )
    yield (
        "INSERT INTO outcomes_confirmation (id, tenant_id, purpose, deal_id, contact_id, to_name, to_email, language,"
        " channel, statement, message, asked_by_id, asked_at, expires_at, digest)"
        f" SELECT {KEY}, %(tenant)s, 'end_reason', {DEAL}, {either('%(rare)s', '%(common)s')}::uuid, '',"
        f" {either(ADDRESS, NOTHING)}, 'en', {either(LETTER, COPIED)}, '', '', %(bob)s, {LATELY}, now(), ''"
        " FROM generate_series(1, 50000) AS n"
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


def fill_feed() -> Iterator[str]:
    """What programs are told, and what was sent to them."""
    kind, state = either("'deal.merged'", "'deal.moved'"), either("'failed'", "'delivered'")
    yield "INSERT INTO accounts_feed (tenant_id, position, key) VALUES (%(tenant)s, 50000, %(common)s)"
    yield (
        "INSERT INTO accounts_event (tenant_id, position, type, subject_kind, subject_id, deal_id, member_id, data)"
        f" SELECT %(tenant)s, n, {kind}, 'deal', {DEAL}, {DEAL}, %(bob)s, '{{}}'"
        " FROM generate_series(1, 50000) AS n"
    )
    yield (
        "INSERT INTO accounts_webhook (id, tenant_id, url, types, secret, old_secret, kept_by_id, created_at,"
        " is_active, ended, position) SELECT key, %(tenant)s, 'https://8.8.8.8/', '{}', '', '', %(bob)s, now(), true,"
        " '', 0 FROM unnest(ARRAY[%(rare)s, %(common)s]::uuid[]) AS key"
    )
    yield (
        "INSERT INTO accounts_delivery (id, tenant_id, webhook_id, position, type, state, attempts, first_at, last_at,"
        f" milliseconds) SELECT {KEY}, %(tenant)s, {either('%(rare)s::uuid', '%(common)s')}, n, 'deal.moved',"
        f" {state}, 1, now(), now(), 1 FROM generate_series(1, 50000) AS n"
    )
