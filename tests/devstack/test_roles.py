"""The roles of the database: what each may do, on a server of its own that a superuser has bootstrapped."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import errors

from accounts.tenancy import roles
from config.devstack.ports import LOOPBACK, free_port
from config.devstack.postgres import Postgres
from config.devstack.processes import Family, Printer

Connection = psycopg.Connection[Any]
PASSWORDS = {role: roles.new_password() for role in roles.LOGINS}


@pytest.fixture(scope="module")
def admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A new server's superuser."""
    family = Family(Printer(), announces=False)
    server = Postgres(tmp_path_factory.mktemp("server"), password=roles.new_password(), throw_away=True)
    try:
        server.make(family)
        port = free_port()
        child = family.start(server.program(port))
        family.wait_until(partial(server.answers, port, child.process.pid), seconds=60, what="PostgreSQL")
        yield server.admin_url(port)
    finally:
        family.stop()


@pytest.fixture(scope="module")
def installation(admin_url: str) -> str:
    """Bootstrapped as for production, twice: an upgrade does it again."""
    for _ in range(2):
        roles.bootstrap(admin_url, passwords=PASSWORDS)
    return admin_url


def log_in(admin_url: str, role: str) -> Connection:
    place = admin_url.rpartition("@")[2].rpartition("/")[0]
    login = f"postgresql://{role}:{quote(PASSWORDS[role], safe='')}@{place}/{roles.DATABASE}"
    return psycopg.connect(login, autocommit=True)


@pytest.fixture
def owner(installation: str) -> Iterator[Connection]:
    """A migration at work."""
    with log_in(installation, roles.MIGRATE) as connection:
        connection.execute(f"SET ROLE {roles.OWNER}")
        yield connection


@pytest.fixture
def web(installation: str) -> Iterator[Connection]:
    """A page or a task at work."""
    with log_in(installation, roles.WEB) as connection:
        yield connection


def one(connection: Connection, question: str) -> Any:
    row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("role", [roles.OWNER, roles.MIGRATE, roles.WEB, roles.MAINT, roles.LOOKUP])
def test_no_role_passes_the_wall_or_makes_roles_or_databases(role: str, installation: str) -> None:
    with psycopg.connect(installation) as admin:
        rights = one(
            admin,
            "SELECT array[rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication]"
            f" FROM pg_roles WHERE rolname = '{role}'",
        )
    assert not any(rights)


def test_the_web_role_is_member_of_nothing(installation: str) -> None:
    with psycopg.connect(installation) as admin:
        assert one(admin, f"SELECT count(*) FROM pg_auth_members WHERE member = '{roles.WEB}'::regrole") == 0


def test_the_migrator_has_no_right_until_it_becomes_the_owner(owner: Connection, installation: str) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS ledger (id int)")
    with log_in(installation, roles.MIGRATE) as migrator, pytest.raises(errors.InsufficientPrivilege):
        migrator.execute("SELECT * FROM public.ledger")


def test_the_web_role_reads_and_writes_new_tables_and_no_more(owner: Connection, web: Connection) -> None:
    owner.execute("DROP TABLE IF EXISTS deal; CREATE TABLE deal (id int GENERATED ALWAYS AS IDENTITY, name text)")
    web.execute("INSERT INTO deal (name) VALUES ('Acme')")
    web.execute("UPDATE deal SET name = 'Acme Ltd'")
    assert one(web, "SELECT name FROM deal") == "Acme Ltd"
    web.execute("DELETE FROM deal")
    for forbidden in (
        "TRUNCATE deal",
        "ALTER TABLE deal ADD COLUMN more int",
        "ALTER TABLE deal DISABLE ROW LEVEL SECURITY",
        "CREATE TRIGGER t BEFORE INSERT ON deal EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE TABLE mine (id int)",
        "CREATE TABLE gate.mine (id int)",
        "CREATE SCHEMA mine",
        "SET ROLE tl_owner",
        "SET ROLE tl_maint",
        "SET session_replication_role = replica",
        "CREATE DATABASE mine",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            web.execute(forbidden)


def test_the_web_role_may_stage_rows_in_a_temporary_table(web: Connection) -> None:
    web.execute("CREATE TEMPORARY TABLE staged (name text)")
    with web.cursor().copy("COPY staged FROM STDIN") as copy:
        copy.write_row(["Acme"])
    assert one(web, "SELECT count(*) FROM staged") == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "10s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "15s"),
        ("plan_cache_mode", "force_custom_plan"),
        ("jit", "off"),
    ],
)
def test_the_web_role_gives_up_in_time_and_plans_for_each_tenant(setting: str, value: str, web: Connection) -> None:
    assert one(web, f"SHOW {setting}") == value


def test_a_migration_hands_a_function_to_the_look_up_role_and_may_replace_it(
    owner: Connection, web: Connection
) -> None:
    make = (
        "CREATE OR REPLACE FUNCTION gate.who() RETURNS name LANGUAGE sql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT current_user'"
    )
    for _ in range(2):
        owner.execute(make)
        owner.execute(f"ALTER FUNCTION gate.who() OWNER TO {roles.LOOKUP}")
    assert one(web, "SELECT gate.who()") == roles.LOOKUP


def test_nobody_else_may_call_a_look_up_function(owner: Connection) -> None:
    owner.execute("CREATE OR REPLACE FUNCTION gate.nothing() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert one(owner, "SELECT has_function_privilege('tl_web', 'gate.nothing()', 'EXECUTE')") is True
    assert one(owner, "SELECT has_function_privilege('tl_migrate', 'gate.nothing()', 'EXECUTE')") is False


def test_the_migrator_may_become_the_maintenance_role(owner: Connection) -> None:
    owner.execute("BEGIN; SET LOCAL ROLE tl_maint")
    assert one(owner, "SELECT current_user") == roles.MAINT
    owner.execute("ROLLBACK")


def test_development_may_make_databases_and_production_takes_that_back(installation: str) -> None:
    roles.bootstrap(installation, passwords={}, for_development=True)
    with log_in(installation, roles.MIGRATE) as migrator:
        migrator.execute(f"SET ROLE {roles.OWNER}")
        migrator.execute(f"CREATE DATABASE copy TEMPLATE {roles.DATABASE}")
        migrator.execute("DROP DATABASE copy WITH (FORCE)")
        migrator.execute(f"RESET ROLE; SET ROLE {roles.WEB}")

    roles.bootstrap(installation, passwords={})
    with log_in(installation, roles.MIGRATE) as migrator:
        with pytest.raises(errors.InsufficientPrivilege):
            migrator.execute(f"SET ROLE {roles.WEB}")
        migrator.execute(f"SET ROLE {roles.OWNER}")
        with pytest.raises(errors.InsufficientPrivilege):
            migrator.execute("CREATE DATABASE copy")


def test_passwords_stay_unless_new_ones_are_given(installation: str) -> None:
    roles.bootstrap(installation, passwords={})
    log_in(installation, roles.WEB).close()
    assert roles.logins_without_password(installation) == []


def test_refuses_anybody_but_a_superuser(installation: str) -> None:
    place = installation.rpartition("@")[2].rpartition("/")[0]
    login = f"postgresql://{roles.MIGRATE}:{quote(PASSWORDS[roles.MIGRATE], safe='')}@{place}/{roles.DATABASE}"
    with pytest.raises(roles.NotSuperuser, match=roles.MIGRATE):
        roles.bootstrap(login, passwords={})
    assert LOOPBACK in login


def test_the_log_of_the_server_never_holds_a_password(
    installation: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    logs = list(tmp_path_factory.getbasetemp().glob("server*/postgres.log"))
    assert logs
    for log in logs:
        text = Path(log).read_text(encoding="utf-8")
        assert not any(password in text for password in PASSWORDS.values())
