"""E007 finds what somebody planted in the database past the models, and nothing where nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.tenancy import catalogue, checks
from tests.databases import Connection, as_maintenance, as_owner, as_superuser, as_web

pytestmark = pytest.mark.usefixtures("database_of_its_own")

TABLE = "CREATE TABLE planted (id uuid PRIMARY KEY, tenant_id bigint NOT NULL, name text)"
KEY = "ALTER TABLE planted ADD UNIQUE (tenant_id, id)"
WALL = (
    "ALTER TABLE planted ENABLE ROW LEVEL SECURITY;"
    " CREATE POLICY tenant_wall ON planted AS RESTRICTIVE TO tl_web"
    " USING (tenant_id = current_setting('app.tenant_id')::bigint)"
    " WITH CHECK (tenant_id = current_setting('app.tenant_id')::bigint)"
)
WALLED = f"{TABLE}; {KEY}; {WALL}"
NO_WALL = ("planted", "has no wall")
DEFINER = "CREATE FUNCTION {} RETURNS bigint LANGUAGE sql SECURITY DEFINER {} AS 'SELECT 1::bigint'"

# As the owner: what a migration could do.
FAULTS: list[tuple[str, set[tuple[str, str]]]] = [
    # the wall
    (f"{TABLE}; {KEY}", {NO_WALL}),
    (f"{WALLED}; ALTER TABLE planted DISABLE ROW LEVEL SECURITY", {NO_WALL}),
    (f"{WALLED}; DROP POLICY tenant_wall ON planted", {NO_WALL}),
    (f"{WALLED}; ALTER POLICY tenant_wall ON planted USING (true)", {NO_WALL}),
    (f"{WALLED}; ALTER POLICY tenant_wall ON planted WITH CHECK (true)", {NO_WALL}),
    (f"{WALLED}; ALTER POLICY tenant_wall ON planted TO tl_maint", {NO_WALL}),
    (
        f"{TABLE}; {KEY}; {WALL.replace('bigint)', 'bigint OR name IS NULL)')}",
        {NO_WALL},
    ),
    (f"{TABLE}; {KEY}; {WALL.replace('AS RESTRICTIVE ', '')}", {NO_WALL}),
    (f"{TABLE}; {KEY}; {WALL.replace('TO tl_web', 'FOR UPDATE TO tl_web')}", {NO_WALL}),
    (
        f"{TABLE}; {KEY}; {WALL}".replace("current_setting('app.tenant_id')", "current_setting('app.tenant_id', true)"),
        {NO_WALL},
    ),
    ("ALTER TABLE strategy_deal DISABLE ROW LEVEL SECURITY", {("strategy_deal", "has no wall")}),
    # partitions do not inherit their parent's policies
    (
        "CREATE TABLE planted (id uuid, tenant_id bigint NOT NULL, PRIMARY KEY (tenant_id, id))"
        f" PARTITION BY HASH (tenant_id); {WALL};"
        " CREATE TABLE planted_0 PARTITION OF planted FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        {("planted_0", "has no wall")},
    ),
    # rows
    (f"{WALLED}; ALTER TABLE planted ALTER tenant_id DROP NOT NULL", {("planted", "lets rows of no tenant in")}),
    (
        "CREATE TABLE planted AS SELECT * FROM strategy_company",
        {NO_WALL, ("planted", "no tenant in"), ("planted", "index led")},
    ),
    ("CREATE TABLE planted AS SELECT name FROM strategy_company", {("planted", "rows without a tenant")}),
    # keys and references
    (f"{TABLE}; {WALL}", {("planted", "has no index led by tenant_id")}),
    (f"{TABLE}; {WALL}; CREATE INDEX ON planted (id, tenant_id)", {("planted", "has no index led by tenant_id")}),
    (
        f"{TABLE}; {WALL}; CREATE INDEX ON planted (tenant_id) WHERE name = 'x'",
        {("planted", "has no index led by tenant_id")},
    ),
    (
        f"{WALLED}; ALTER TABLE planted ADD deal_id uuid REFERENCES strategy_deal (id)",
        {("planted.planted_deal_id_fkey", "without the tenant in the key")},
    ),
    (
        "ALTER TABLE strategy_deal DROP CONSTRAINT strategy_deal_company_ref, ADD CONSTRAINT plain"
        " FOREIGN KEY (company_id) REFERENCES strategy_company (id)",
        {("strategy_deal.plain", "without the tenant in the key")},
    ),
    (
        "ALTER TABLE accounts_user ADD deal_id uuid REFERENCES strategy_deal (id)",
        {("accounts_user.accounts_user_deal_id_fkey", "without the tenant in the key")},
    ),
    # what shows its owner's rows
    ("CREATE VIEW planted AS SELECT * FROM strategy_deal", {("planted", "is a view")}),
    (
        "CREATE VIEW planted WITH (security_invoker = false) AS SELECT * FROM strategy_deal",
        {("planted", "is a view")},
    ),
    ("CREATE MATERIALIZED VIEW planted AS SELECT * FROM strategy_deal", {("planted", "is a materialised view")}),
    (
        "CREATE RULE planted AS ON DELETE TO strategy_stage DO ALSO DELETE FROM strategy_company",
        {("strategy_stage.planted", "has a rule")},
    ),
    (DEFINER.format("planted()", ""), {("public.planted", "owner's rights")}),
    (DEFINER.format("gate.planted()", "SET search_path = pg_catalog, pg_temp"), {("gate.planted", "owner's rights")}),
    # a name that is declared, with other parameters and another owner
    (
        DEFINER.format("gate.token(text)", "SET search_path = pg_catalog, pg_temp"),
        {("gate.token", "owner's rights")},
    ),
    ("ALTER FUNCTION gate.token(text, bytea) RESET search_path", {("gate.token", "owner's rights")}),
    ("GRANT EXECUTE ON FUNCTION gate.token(text, bytea) TO PUBLIC", {("gate.token", "owner's rights")}),
    # rights
    ("GRANT TRUNCATE ON strategy_deal TO tl_web", {("strategy_deal", "emptied or re-shaped")}),
    ("GRANT TRIGGER ON strategy_deal TO PUBLIC", {("strategy_deal", "emptied or re-shaped")}),
    ("GRANT REFERENCES (id) ON strategy_deal TO tl_web", {("strategy_deal", "emptied or re-shaped")}),
    ("GRANT UPDATE ON strategy_dealevent TO tl_web", {("strategy_dealevent", "only ever added to")}),
    ("GRANT UPDATE (data) ON accounts_auditevent TO tl_web", {("accounts_auditevent", "only ever added to")}),
    ("GRANT DELETE ON outcomes_milestoneevent TO tl_web", {("outcomes_milestoneevent", "only ever added to")}),
    ("GRANT CREATE ON SCHEMA public TO tl_web", {("tl_web", "more rights")}),
    ("GRANT CREATE ON SCHEMA gate TO tl_maint", {("tl_maint", "more rights")}),
]

# As the superuser: what an operator could do.
FAULTS_OF_ROLES: list[tuple[str, set[tuple[str, str]]]] = [
    ("ALTER ROLE tl_web BYPASSRLS", {("tl_web", "more rights")}),
    ("ALTER ROLE tl_web CREATEROLE", {("tl_web", "more rights")}),
    ("ALTER ROLE tl_web REPLICATION", {("tl_web", "more rights")}),
    ("ALTER ROLE tl_maint SUPERUSER", {("tl_maint", "more rights")}),
    ("ALTER ROLE tl_lookup BYPASSRLS", {("tl_lookup", "more rights")}),
    (
        "GRANT tl_maint TO tl_web",
        {
            ("tl_web", "more rights"),
            ("accounts_auditevent", "only ever added to"),
            ("strategy_dealevent", "only ever added to"),
            ("strategy_strategyversion", "only ever added to"),
            ("outcomes_milestoneevent", "only ever added to"),
            ("outcomes_milestoneactivity", "only ever added to"),
            ("outcomes_evidencefile", "only ever added to"),
            ("outcomes_confirmationanswer", "only ever added to"),
        },
    ),
    ("GRANT pg_read_all_data TO tl_web", {("tl_web", "more rights")}),
    ("GRANT pg_monitor TO tl_lookup", {("tl_lookup", "more rights")}),
    (
        "ALTER TABLE strategy_stage OWNER TO tl_web",
        {("tl_web", "more rights"), ("strategy_stage", "emptied or re-shaped")},
    ),
    ("ALTER FUNCTION gate.token(text, bytea) OWNER TO postgres", {("gate.token", "owner's rights")}),
    (
        f"CREATE SCHEMA elsewhere; {TABLE.replace('planted', 'elsewhere.planted')}",
        {("elsewhere.planted", "has no wall"), ("elsewhere.planted", "index led")},
    ),
]

FINE = [
    WALLED,
    "CREATE VIEW planted WITH (security_invoker = true) AS SELECT * FROM strategy_deal",
    "CREATE FUNCTION planted() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TEMP TABLE planted AS SELECT * FROM strategy_company",
    "CREATE POLICY own_deals ON strategy_deal TO tl_web USING (owner_id IS NOT NULL)",
    f"{WALLED}; ALTER TABLE planted ADD deal_id uuid, ADD FOREIGN KEY (tenant_id, deal_id)"
    " REFERENCES strategy_deal (tenant_id, id)",
]


@pytest.fixture
def owner() -> Iterator[Connection]:
    """The owner of all tables, everything done by it undone."""
    with as_owner() as session:
        session.autocommit = False
        yield session
        session.rollback()


def found(session: Connection) -> set[tuple[str, str]]:
    return {(finding.where, finding.what) for finding in catalogue.audit(session.cursor(), checks.expected())}


def assert_found(session: Connection, expected: set[tuple[str, str]]) -> None:
    told = found(session)
    for where, words in expected:
        assert any(place == where and words in what for place, what in told), (where, words, told)
    assert len(told) == len(expected), told


@pytest.mark.parametrize(("fault", "expected"), FAULTS, ids=[fault[-70:] for fault, _ in FAULTS])
def test_finds_what_a_migration_planted(owner: Connection, fault: str, expected: set[tuple[str, str]]) -> None:
    owner.execute(fault)
    assert_found(owner, expected)


@pytest.mark.parametrize(("fault", "expected"), FAULTS_OF_ROLES, ids=[fault[:70] for fault, _ in FAULTS_OF_ROLES])
def test_finds_what_an_operator_planted(database_of_its_own: str, fault: str, expected: set[tuple[str, str]]) -> None:
    with as_superuser(database_of_its_own) as admin:
        admin.autocommit = False
        admin.execute(fault)
        assert_found(admin, expected)
        admin.rollback()


@pytest.mark.parametrize("harmless", FINE, ids=[text[-60:] for text in FINE])
def test_says_nothing_of_what_is_well(owner: Connection, harmless: str) -> None:
    owner.execute(harmless)
    assert found(owner) == set()


@pytest.mark.parametrize("role", [as_web, as_owner, as_maintenance])
def test_finds_nothing_in_the_schema_as_it_is_whoever_asks(role: type[Connection]) -> None:
    with role() as session:
        assert found(session) == set()


def test_is_a_check_with_a_number_and_a_hint() -> None:
    with as_owner() as other:
        other.execute(TABLE)
    try:
        told = checks.check_catalogue(databases=["default"])
        assert {problem.id for problem in told} == {"tenancy.E007"}
        assert any("planted: has no wall" in str(problem.msg) and problem.hint for problem in told)
    finally:
        with as_owner() as other:
            other.execute("DROP TABLE planted")


def test_is_not_asked_without_a_database_nor_by_the_migrator_who_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert checks.check_catalogue() == []
        monkeypatch.setitem(connections["default"].settings_dict, "WALLED", False)
        assert checks.check_catalogue(databases=["default"]) == []
    assert len(asked) == 0
