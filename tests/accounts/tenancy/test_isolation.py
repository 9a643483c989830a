"""Whatever three tenants do beside each other, none meets another; and each thing that keeps them apart is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import models
from hypothesis.stateful import run_state_machine_as_test

from accounts.tenancy import checks
from accounts.tenancy.backend.base import DatabaseWrapper
from accounts.tenancy.models import TenantManager
from tests.accounts.tenancy.isolation import HUNT, PROFILE, Isolation, IsolationByManager, Leak
from tests.accounts.tenancy.test_catalogue import found
from tests.databases import as_owner, copied, pointed_at

WALLED_TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity AND relkind = 'r'"


@pytest.fixture
def scratch(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A copy of the database that a test may break."""
    with django_db_blocker.unblock(), copied() as name, pointed_at(name):
        yield name


def break_database(sql: str) -> None:
    with as_owner() as owner:
        owner.execute(sql)


def drop_every_wall() -> None:
    with as_owner() as owner:
        for (table,) in owner.execute(WALLED_TABLES).fetchall():
            owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


def assert_caught(machine: type[Isolation]) -> str:
    with pytest.raises(Leak) as leak:
        run_state_machine_as_test(machine, settings=HUNT)
    return str(leak.value)


def test_three_tenants_at_random_never_meet(scratch: str) -> None:
    run_state_machine_as_test(Isolation, settings=PROFILE)


def test_the_manager_alone_keeps_them_apart_where_no_wall_stands(scratch: str) -> None:
    drop_every_wall()
    run_state_machine_as_test(IsolationByManager, settings=PROFILE)


# --- Each part taken away is noticed --------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["strategy_company", "strategy_deal"])
def test_a_wall_that_was_taken_down_is_noticed(scratch: str, table: str) -> None:
    break_database(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    assert_caught(Isolation)
    with as_owner() as owner:
        assert {where for where, _ in found(owner)} == {table}


def test_a_wall_that_lets_writes_through_is_noticed(scratch: str) -> None:
    # What happens to a company is told to the outbox, whose own wall would refuse it.
    for table in ("strategy_company", "accounts_outboxevent"):
        break_database(f"ALTER POLICY tenant_wall ON {table} WITH CHECK (true)")
    assert "should be refused" in assert_caught(Isolation)


@pytest.mark.parametrize(
    ("table", "column", "to"),
    [
        ("strategy_deal", "company", "strategy_company"),
        ("strategy_company", "parent", "strategy_company"),
    ],
)
def test_a_reference_by_one_column_is_noticed(scratch: str, table: str, column: str, to: str) -> None:
    break_database(
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_ref, ADD CONSTRAINT plain"
        f" FOREIGN KEY ({column}_id) REFERENCES {to} (id) DEFERRABLE INITIALLY DEFERRED"
    )
    assert "should be refused" in assert_caught(Isolation)
    with as_owner() as owner:
        assert {where for where, _ in found(owner)} == {f"{table}.plain"}


def test_a_setting_of_the_session_is_noticed(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def for_the_session(self: DatabaseWrapper, tenant_id: int | None) -> None:
        self.connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id or "")])

    monkeypatch.setattr(DatabaseWrapper, "apply_tenant", for_the_session)
    assert "should be refused" in assert_caught(Isolation)


def test_a_transaction_that_is_not_told_its_tenant_is_noticed(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DatabaseWrapper, "apply_tenant", lambda self, tenant_id: None)
    assert "app.tenant_id" in assert_caught(Isolation)


def test_a_manager_that_lost_its_filter_is_noticed(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_every_wall()
    monkeypatch.setattr(TenantManager, "get_queryset", models.Manager.get_queryset)
    assert_caught(IsolationByManager)
    assert {problem.id for problem in checks.check_models()} == {"tenancy.E006"}
