"""The product serves only through a role that no policy lets pass."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator

import pytest
from django.db import connections
from psycopg import sql

from accounts.tenancy.backend.base import DatabaseWrapper, UnwalledRole
from config import env
from tests.databases import as_owner, as_superuser, current_name, superuser_password

pytestmark = pytest.mark.usefixtures("database_of_its_own")


@pytest.fixture
def role() -> Iterator[str]:
    """A login of this test, without rights."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    with as_superuser() as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
        admin.execute(f'GRANT CONNECT ON DATABASE "{current_name()}" TO {name}')
        yield name
        admin.execute(f'REVOKE ALL ON DATABASE "{current_name()}" FROM {name}')
        admin.execute(f"DROP ROLE {name}")


def connect(user: str, password: str, **options: str) -> DatabaseWrapper:
    """A connection of the product as somebody else."""
    settings = copy.deepcopy(connections["default"].settings_dict)
    settings |= {"USER": user, "PASSWORD": password}
    settings["OPTIONS"] |= options
    return DatabaseWrapper(settings, "default")


def refusal(wrapper: DatabaseWrapper) -> str:
    """What is said at the first query; nothing stays connected, and a second try is told the same."""
    said = []
    for _ in range(2):
        with pytest.raises(UnwalledRole) as error, wrapper.cursor():
            pytest.fail("connected")
        said.append(str(error.value))
        assert wrapper.connection is None
    assert said[0] == said[1]
    return said[0]


def test_serves_as_the_web_role() -> None:
    login = env.address(env.url("DATABASE_URL", schemes=["postgresql"]))
    wrapper = connect(login.user, login.password)
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user")
        assert cursor.fetchone() == ("tl_web", "tl_web")
    wrapper.close()


def test_refuses_the_superuser_and_says_as_whom_to_connect() -> None:
    said = refusal(connect("postgres", superuser_password()))
    assert "'postgres'" in said
    assert "bypasses row security" in said
    assert "Connect as the web role" in said


def test_refuses_a_superuser_in_the_web_roles_clothes() -> None:
    """`SET ROLE` may be undone by `RESET ROLE`."""
    assert "bypasses" in refusal(connect("postgres", superuser_password(), options="-c role=tl_web"))


def test_refuses_a_role_that_bypasses_row_security(role: str) -> None:
    with as_superuser() as admin:
        admin.execute(f"ALTER ROLE {role} BYPASSRLS")
    assert "bypasses row security" in refusal(connect(role, "secret"))


def test_refuses_the_owner() -> None:
    migrator = env.address(env.url("DATABASE_MIGRATE_URL", schemes=["postgresql"], default=""))
    wrapper = connect(migrator.user, migrator.password, assume_role="tl_owner")
    assert "the wall of accounts_apitoken does not hold it back" in refusal(wrapper)


@pytest.mark.parametrize("clothes", ["none", "tl_web", "tl_maint"])
def test_refuses_the_migrator_who_may_become_the_owner(clothes: str) -> None:
    migrator = env.address(env.url("DATABASE_MIGRATE_URL", schemes=["postgresql"], default=""))
    assert "the wall of" in refusal(connect(migrator.user, migrator.password, options=f"-c role={clothes}"))


@pytest.mark.parametrize("powerful", ["tl_owner", "tl_maint", "tl_migrate", "pg_read_all_data"])
def test_refuses_a_login_that_may_become_somebody_powerful(role: str, powerful: str) -> None:
    with as_superuser() as admin:
        admin.execute(f"GRANT {powerful} TO {role}")
    assert "the wall of" in refusal(connect(role, "secret"))


def test_serves_as_another_login_that_has_the_web_roles_rights_and_no_more(role: str) -> None:
    with as_superuser() as admin:
        admin.execute(f"GRANT tl_web TO {role}")
    wrapper = connect(role, "secret")
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT session_user")
        assert cursor.fetchone() == (role,)
    wrapper.close()


def test_refuses_the_web_role_when_it_owns_a_tenants_table() -> None:
    with as_superuser(current_name()) as admin:
        admin.execute(sql.SQL("ALTER TABLE strategy_stage OWNER TO tl_web"))
        try:
            login = env.address(env.url("DATABASE_URL", schemes=["postgresql"]))
            assert "the wall of strategy_stage" in refusal(connect(login.user, login.password))
        finally:
            admin.execute("ALTER TABLE strategy_stage OWNER TO tl_owner")


def test_refuses_a_wall_that_was_made_permissive() -> None:
    """A policy that only adds to others holds nobody back."""
    with as_owner() as owner:
        owner.execute("DROP POLICY tenant_wall ON strategy_stage")
        try:
            login = env.address(env.url("DATABASE_URL", schemes=["postgresql"]))
            assert "the wall of strategy_stage" in refusal(connect(login.user, login.password))
        finally:
            owner.execute(
                "CREATE POLICY tenant_wall ON strategy_stage AS RESTRICTIVE TO tl_web"
                " USING (tenant_id = current_setting('app.tenant_id')::bigint)"
            )
