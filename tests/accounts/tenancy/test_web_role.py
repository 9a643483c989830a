"""What the web role may not do, whatever SQL is slipped to it. (It may name another tenant: no wall against that.)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from psycopg import errors, sql

from accounts.tenancy.models import WalledModel
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Pipeline
from tests.databases import Connection, as_maintenance, as_owner, as_web, current_name
from tests.worlds import World

WALLED = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, WalledModel))
APPEND_ONLY = sorted(
    model._meta.db_table for model in apps.get_models() if issubclass(model, WalledModel) and model.append_only
)
# Rows that are thrown away when they are old, and never written again.
NEVER_CHANGED = {"accounts_event"}


@pytest.fixture
def web(world: World, planted: dict[str, Any]) -> Iterator[Connection]:
    """A session of the web role inside Northwind, all of it undone."""
    with as_web() as connection:
        connection.autocommit = False
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.northwind.pk)])
        yield connection
        connection.rollback()


REFUSED = [
    # tables and their walls
    ("TRUNCATE strategy_company", errors.InsufficientPrivilege),
    ("TRUNCATE strategy_company CASCADE", errors.InsufficientPrivilege),
    ("ALTER TABLE strategy_company DISABLE ROW LEVEL SECURITY", errors.InsufficientPrivilege),
    ("ALTER TABLE strategy_company NO FORCE ROW LEVEL SECURITY", errors.InsufficientPrivilege),
    ("ALTER TABLE strategy_company OWNER TO tl_web", errors.InsufficientPrivilege),
    ("ALTER TABLE strategy_company DISABLE TRIGGER ALL", errors.InsufficientPrivilege),
    ("DROP POLICY tenant_wall ON strategy_company", errors.InsufficientPrivilege),
    ("ALTER POLICY tenant_wall ON strategy_company USING (true)", errors.InsufficientPrivilege),
    ("CREATE POLICY mine ON strategy_company USING (true)", errors.InsufficientPrivilege),
    ("DROP TABLE strategy_company", errors.InsufficientPrivilege),
    ("GRANT ALL ON strategy_company TO PUBLIC", None),
    ("COMMENT ON TABLE strategy_company IS 'mine'", errors.InsufficientPrivilege),
    ("REVOKE ALL ON strategy_company FROM tl_maint", None),
    # things of its own
    ("CREATE TABLE mine (id int)", errors.InsufficientPrivilege),
    ("CREATE TABLE gate.mine (id int)", errors.InsufficientPrivilege),
    ("CREATE VIEW mine AS SELECT * FROM strategy_company", errors.InsufficientPrivilege),
    ("CREATE MATERIALIZED VIEW mine AS SELECT 1", errors.InsufficientPrivilege),
    ("CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", errors.InsufficientPrivilege),
    ("CREATE SCHEMA mine", errors.InsufficientPrivilege),
    ("CREATE EXTENSION dblink", errors.InsufficientPrivilege),
    ("CREATE RULE mine AS ON SELECT TO strategy_company DO INSTEAD NOTHING", errors.InsufficientPrivilege),
    (
        "CREATE TRIGGER mine AFTER INSERT ON strategy_company FOR EACH STATEMENT"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        errors.InsufficientPrivilege,
    ),
    ("CREATE TEMP TABLE mine (c uuid REFERENCES strategy_company (id))", errors.InvalidTableDefinition),
    # other roles
    ("SET ROLE tl_owner", errors.InsufficientPrivilege),
    ("SET ROLE tl_maint", errors.InsufficientPrivilege),
    ("SET ROLE tl_lookup", errors.InsufficientPrivilege),
    ("SET SESSION AUTHORIZATION tl_owner", errors.InsufficientPrivilege),
    ("SET session_replication_role = replica", errors.InsufficientPrivilege),
    ("ALTER ROLE tl_web BYPASSRLS", errors.InsufficientPrivilege),
    ("CREATE ROLE mine", errors.InsufficientPrivilege),
    ("GRANT tl_owner TO tl_web", errors.InsufficientPrivilege),
    ("DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tl_migrate'; END $$", None),
    # the machine below
    ("COPY strategy_company FROM PROGRAM 'true'", errors.InsufficientPrivilege),
    ("COPY strategy_company TO '/tmp/stolen'", errors.InsufficientPrivilege),
    ("SELECT pg_read_file('PG_VERSION')", errors.InsufficientPrivilege),
    ("SELECT pg_ls_dir('.')", errors.InsufficientPrivilege),
    ("SELECT rolpassword FROM pg_authid", errors.InsufficientPrivilege),
    ("SELECT passwd FROM pg_shadow", errors.InsufficientPrivilege),
    ("SELECT * FROM pg_statistic", errors.InsufficientPrivilege),
    # the wall's own words
    ("SET LOCAL row_security = off; SELECT * FROM strategy_company", errors.InsufficientPrivilege),
    ("SET LOCAL app.tenant_id = ''; SELECT * FROM strategy_company", errors.InvalidTextRepresentation),
    ("SET LOCAL app.tenant_id = '1 OR true'; SELECT * FROM strategy_company", errors.InvalidTextRepresentation),
    ("RESET ALL; SELECT * FROM strategy_company", (errors.UndefinedObject, errors.InvalidTextRepresentation)),
]


@pytest.mark.parametrize(
    ("statement", "refusal"), [case for case in REFUSED if case[1]], ids=lambda part: str(part)[:60]
)
def test_is_refused(web: Connection, statement: str, refusal: type[psycopg.Error]) -> None:
    with pytest.raises(refusal):
        web.execute(statement)


@pytest.mark.parametrize("statement", [case[0] for case in REFUSED if not case[1]], ids=lambda part: part[:60])
def test_has_no_effect(web: Connection, statement: str, world: World) -> None:
    rights = "SELECT relacl FROM pg_class WHERE relname = 'strategy_company'"
    with as_maintenance() as other:
        before = other.execute(rights).fetchone()
        try:
            web.execute(statement)
        except errors.InsufficientPrivilege:
            web.rollback()
        else:
            web.commit()
        assert other.execute("SELECT count(DISTINCT tenant_id) FROM strategy_company").fetchone() == (2,)
        assert other.execute(rights).fetchone() == before


@pytest.mark.parametrize(
    "statement", ["ALTER SYSTEM SET row_security = off", "VACUUM FULL strategy_company", "CHECKPOINT"]
)
def test_outside_a_transaction_is_refused_as_well(world: World, statement: str) -> None:
    told: list[str] = []
    with as_web() as web:
        web.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        try:
            web.execute(statement)
        except errors.InsufficientPrivilege:
            return
    assert any("permission denied" in line for line in told)


# --- Rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", WALLED)
def test_no_row_of_another_tenant_is_read_changed_or_removed(web: Connection, world: World, table: str) -> None:
    where, foreign = sql.Identifier(table), world.southwind.pk
    rows = web.execute(sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(where)).fetchall()
    assert rows in ([], [(world.northwind.pk,)])
    for statement in (
        "SELECT FROM {} WHERE tenant_id = {}",
        "SELECT FROM {} WHERE tenant_id = {} OR true LIMIT 0",
        "UPDATE {} SET tenant_id = tenant_id WHERE tenant_id = {}",
        "DELETE FROM {} WHERE tenant_id = {}",
    ):
        if table in APPEND_ONLY and not statement.startswith("SELECT"):
            continue
        if table in NEVER_CHANGED and statement.startswith("UPDATE"):
            continue
        assert web.execute(sql.SQL(statement).format(where, foreign)).rowcount == 0


@pytest.mark.parametrize("table", sorted(set(WALLED) - set(APPEND_ONLY)))
def test_no_row_is_handed_to_another_tenant(web: Connection, world: World, table: str) -> None:
    move = sql.SQL("UPDATE {} SET tenant_id = {}").format(sql.Identifier(table), world.southwind.pk)
    if table in NEVER_CHANGED:
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
            web.execute(move)
        return
    count = web.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    if count == (0,):
        assert web.execute(move).rowcount == 0
        return
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        web.execute(move)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET tenant_id = tenant_id",
        "DELETE FROM {}",
        "MERGE INTO {} AS t USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
        "SELECT FROM {} FOR UPDATE",
    ],
)
def test_what_is_only_added_to_stays_as_it_was_written(web: Connection, table: str, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
        web.execute(sql.SQL(statement).format(sql.Identifier(table)))


def test_some_tables_are_only_added_to() -> None:
    assert APPEND_ONLY == [
        "accounts_auditevent",
        "outcomes_confirmationanswer",
        "outcomes_evidencefile",
        "outcomes_milestoneactivity",
        "outcomes_milestoneevent",
        "strategy_dealevent",
        "strategy_strategyversion",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO strategy_pipeline (tenant_id, id, name, position, source, external_id)"
        " VALUES (%(foreign)s, gen_random_uuid(), 'planted', 9, '', '')",
        "INSERT INTO strategy_pipeline (tenant_id, id, name, position, source, external_id)"
        " VALUES (%(foreign)s, %(their_id)s, 'planted', 9, '', '') ON CONFLICT (id) DO UPDATE SET name = 'taken'",
        "INSERT INTO strategy_pipeline (tenant_id, id, name, position, source, external_id)"
        " VALUES (%(own)s, %(their_id)s, 'planted', 9, '', '') ON CONFLICT (id) DO UPDATE SET name = 'taken'",
        "MERGE INTO strategy_pipeline AS t USING (SELECT 1) AS s ON false WHEN NOT MATCHED THEN INSERT"
        " (tenant_id, id, name, position, source, external_id)"
        " VALUES (%(foreign)s, gen_random_uuid(), 'planted', 9, '', '')",
    ],
)
def test_no_row_is_planted_in_another_tenant(web: Connection, world: World, statement: str) -> None:
    with tenant_scope(world.southwind.pk):
        their_id = Pipeline.objects.order_by("position")[0].pk
    values = {"foreign": world.southwind.pk, "own": world.northwind.pk, "their_id": their_id}
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        web.execute(statement, values)


def test_nothing_is_copied_in_at_all(web: Connection) -> None:
    with (
        pytest.raises(errors.FeatureNotSupported),
        web.cursor() as cursor,
        cursor.copy("COPY strategy_company FROM STDIN"),
    ):
        pytest.fail("began")


def test_a_copy_out_holds_own_rows_only(web: Connection) -> None:
    with web.cursor() as cursor, cursor.copy("COPY strategy_company TO STDOUT") as copy:
        text = b"".join(bytes(part) for part in copy)
    assert b"Northwind customer" in text
    assert b"Southwind" not in text


def test_a_condition_that_tells_on_rows_is_only_shown_own_ones(web: Connection) -> None:
    """A function of one's own in the query runs behind the wall, however cheap it says it is."""
    told: list[str] = []
    web.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    web.execute(
        "CREATE FUNCTION pg_temp.tell(name text) RETURNS bool LANGUAGE plpgsql COST 0.0000001"
        " AS $$ BEGIN RAISE NOTICE '%', name; RETURN true; END $$"
    )
    web.execute("SELECT count(*) FROM strategy_company WHERE pg_temp.tell(name)")
    web.execute("SELECT count(*) FROM strategy_company c JOIN strategy_deal d ON pg_temp.tell(d.name || c.name)")
    assert told
    assert not [name for name in told if "Southwind" in name]


@pytest.mark.parametrize("function", ["CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'"])
def test_cannot_call_its_own_functions_leakproof(web: Connection, function: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        web.execute(function)


def test_statistics_of_the_planner_tell_nothing_of_tenants_tables(web: Connection) -> None:
    with as_owner() as owner:
        owner.execute("ANALYZE strategy_company")
    shown = web.execute("SELECT count(*) FROM pg_stats WHERE tablename = ANY (%s)", [WALLED]).fetchone()
    assert shown == (0,)


def test_no_text_of_another_tenant_is_in_any_table(web: Connection, planted: dict[str, Any]) -> None:
    for table in WALLED:
        rows = web.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(table))).fetchall()
        text = " ".join(row for (row,) in rows)
        assert "swcanary" not in text
        assert rows, table
    assert len(planted["nwcanary"]) == len(WALLED)


# --- References -----------------------------------------------------------------------------------------------------

TO_TENANTS = [
    (model._meta.db_table, field.column)
    for model in apps.get_models()
    if issubclass(model, WalledModel)
    for field in model._meta.local_fields
    if field.is_relation and issubclass(field.remote_field.model, WalledModel)
]


def _forget_checks(owner: Connection, table: str) -> None:
    """Until the transaction is undone: what a row may be in itself is not what is tried here."""
    found = owner.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", [table]
    ).fetchall()
    for (name,) in found:
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
        owner.execute(drop)


@pytest.mark.parametrize(("table", "column"), TO_TENANTS, ids=lambda part: part)
@pytest.mark.usefixtures("planted")
def test_the_database_itself_keeps_each_reference_inside(world: World, table: str, column: str) -> None:
    """As the owner, who passes every wall: it is the pair of columns that refuses, not a policy."""
    with as_owner() as owner:
        ((target, width, valid),) = owner.execute(
            "SELECT confrelid::regclass::text, array_length(conkey, 1), convalidated FROM pg_constraint AS c"
            " JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname = %s"
            " WHERE contype = 'f' AND conrelid = %s::regclass",
            [column, table],
        ).fetchall()
        assert (width, valid) == (2, True)
        point = sql.SQL(
            "UPDATE {table} SET {column} = (SELECT id FROM {target} WHERE tenant_id = %s ORDER BY id DESC LIMIT 1)"
            " WHERE ctid = (SELECT ctid FROM {table} WHERE tenant_id = %s ORDER BY id DESC LIMIT 1)"
        ).format(table=sql.Identifier(table), column=sql.Identifier(column), target=sql.Identifier(target))
        owner.autocommit = False
        _forget_checks(owner, table)
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert owner.execute(point, [world.northwind.pk, world.northwind.pk]).rowcount == 1
        with pytest.raises(errors.ForeignKeyViolation):
            owner.execute(point, [world.southwind.pk, world.northwind.pk])
        owner.rollback()


def test_sees_the_limits_that_its_role_was_given(web: Connection) -> None:
    shown = {
        name: web.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone()[0]
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "plan_cache_mode")
    }
    assert shown == {
        "statement_timeout": "10s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "15s",
        "plan_cache_mode": "force_custom_plan",
    }


def test_look_up_functions_answer_keys_only_and_nothing_else_passes(web: Connection, world: World) -> None:
    (place,) = web.execute("SELECT * FROM gate.places_of(%s)", [world.southwind.owner.user_id]).fetchall()
    assert place == (world.southwind.pk, world.southwind.owner.pk)
    with pytest.raises(errors.InsufficientPrivilege):
        web.execute("CREATE OR REPLACE FUNCTION gate.token(text, bytea) RETURNS int LANGUAGE sql AS 'SELECT 1'")


def test_names_of_another_tenant_are_free_here(world: World) -> None:
    """No key tells by a collision that somebody else has the same."""
    with tenant_scope(world.southwind.pk):
        Company.objects.create(name="Acme", source="crm", external_id="17")
        Pipeline.objects.create(name="Renewals")
    with tenant_scope(world.northwind.pk):
        Company.objects.create(name="Acme", source="crm", external_id="17").delete()
        Pipeline.objects.create(name="Renewals").delete()
    with tenant_scope(world.southwind.pk):
        Company.objects.get(name="Acme").delete()
        Pipeline.objects.get(name="Renewals").delete()


def test_is_the_role_that_the_tests_themselves_use() -> None:
    with as_web(current_name()) as web:
        assert web.execute("SELECT session_user, current_user").fetchone() == ("tl_web", "tl_web")
