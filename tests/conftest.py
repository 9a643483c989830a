"""The database under test, and the cast: Lena owns Northwind, Omar sells there, Eve owns Southwind.

`bin/test` brings a fresh PostgreSQL, migrated by the migrator; tests meet it as the web role, like everything else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase

from accounts.models import Membership, Tenant
from accounts.models.organisation import Role
from accounts.tenancy.scope import tenant_scope
from tests.databases import as_owner, as_superuser, current_name, has_superuser
from tests.make import make_member, make_organisation
from tests.teams import Cast, in_teams

pytest_plugins = ["tests.post", "tests.worlds", "tests.furnished"]


@pytest.fixture(scope="session")
def django_db_setup(worker_id: str, django_db_blocker: Any) -> Iterator[None]:
    """Each test process gets a copy of the migrated database; the web role could not make one."""
    name = settings.DATABASES["default"]["NAME"]
    copy = f"{name}_{worker_id}_{os.getpid()}"
    with as_owner("postgres") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
    connections["default"].settings_dict["NAME"] = copy
    with django_db_blocker.unblock():
        yield
        connections.close_all()
    with as_owner("postgres") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')


def _empty_every_table(case: TransactionTestCase) -> None:
    """Instead of Django's flush, which needs rights that the web role has not.

    Few tables have rows after a test, and deleting those is ten times as fast as a TRUNCATE of all tables, which makes
    every file of every index anew. It takes a superuser, who passes the references between them.
    """
    with as_owner() as owner:
        tables = owner.execute(
            "SELECT array_agg(oid::regclass::text) FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND relname NOT IN ('django_migrations',"
            " 'django_content_type', 'auth_permission')"
        ).fetchone()
        assert tables is not None
        for attempt in reversed(range(10)):
            try:
                if has_superuser():
                    _delete_from(tables[0])
                else:
                    owner.execute(f"TRUNCATE {', '.join(tables[0])} RESTART IDENTITY CASCADE")
                return
            except psycopg.errors.DeadlockDetected:  # a page that a browser still loads writes that it was seen
                if not attempt:
                    raise


def _delete_from(tables: list[str]) -> None:
    with as_superuser(current_name()) as everything, everything.transaction():
        everything.execute("SET LOCAL session_replication_role = replica")
        begun = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
        for (table,) in everything.execute(begun).fetchall():
            everything.execute(f"DELETE FROM {table}")


TransactionTestCase._fixture_teardown = _empty_every_table  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of this test process; xdist gives its own."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


def _there(request: pytest.FixtureRequest, name: str) -> Membership | None:
    """Somebody who is there already, where a test asks for `furnished`."""
    return request.getfixturevalue("furnished").member(name) if "furnished" in request.fixturenames else None


def _colleague(request: pytest.FixtureRequest, name: str, tenant: Tenant, role: str) -> Membership:
    there = _there(request, name)
    if there is None:
        return make_member(name, tenant=tenant, role=role)
    there.tenant = tenant
    return there


@pytest.fixture
def lena(request: pytest.FixtureRequest, db: None) -> Membership:
    """Owns Northwind and leads it."""
    return _there(request, "lena") or make_organisation("Northwind", owner="lena")


@pytest.fixture
def northwind(lena: Membership) -> Tenant:
    return lena.tenant  # type: ignore[no-any-return]


@pytest.fixture
def omar(request: pytest.FixtureRequest, northwind: Tenant) -> Membership:
    """Sells at Northwind."""
    return _colleague(request, "omar", northwind, Role.REP)


@pytest.fixture
def mara(request: pytest.FixtureRequest, northwind: Tenant) -> Membership:
    """Manages sellers at Northwind."""
    return _colleague(request, "mara", northwind, Role.MANAGER)


@pytest.fixture
def leo(request: pytest.FixtureRequest, northwind: Tenant) -> Membership:
    """Leads the sales of Northwind, and does not own it."""
    return _colleague(request, "leo", northwind, Role.LEADER)


@pytest.fixture
def vera(request: pytest.FixtureRequest, northwind: Tenant) -> Membership:
    """May look at Northwind and touch nothing."""
    return _colleague(request, "vera", northwind, Role.VIEWER)


@pytest.fixture
def cast(lena: Membership, omar: Membership, vera: Membership) -> Cast:
    """Northwind in its teams."""
    return in_teams(lena, omar, vera)


@pytest.fixture
def eve(request: pytest.FixtureRequest, db: None) -> Membership:
    """Owns another organisation: nothing of Northwind's may ever reach her."""
    return _there(request, "eve") or make_organisation("Southwind", owner="eve")


@pytest.fixture
def southwind(eve: Membership) -> Tenant:
    return eve.tenant  # type: ignore[no-any-return]


@pytest.fixture
def inside_northwind(northwind: Tenant) -> Iterator[Tenant]:
    """The rest of the test happens inside Northwind."""
    with tenant_scope(northwind.pk):
        yield northwind


@pytest.fixture
def uploads_aside(settings: Any, tmp_path: Any) -> None:
    """Uploaded files of this test lie in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
