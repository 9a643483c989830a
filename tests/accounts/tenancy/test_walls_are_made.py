"""Whoever makes a model gets its wall with the migration, and loses it only with the table."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connections, models
from django.db.migrations import AddConstraint, RemoveConstraint
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ModelState, ProjectState
from django.test.utils import isolate_apps

from accounts.models import Tenant
from accounts.tenancy import catalogue, checks
from accounts.tenancy.backend.base import DatabaseWrapper
from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.tenancy.rls import POLICY_VERSION, RowSecurity
from accounts.tenancy.scope import tenant_scope
from config import env
from strategy.models import Deal
from tests.databases import as_owner, copied, pointed_at
from tests.worlds import World


@contextmanager
def as_migrator() -> Iterator[DatabaseWrapper]:
    """`manage.py migrate` and its schema editors, on the database under test."""
    web = connections["default"]
    login = env.address(env.url("DATABASE_MIGRATE_URL", schemes=["postgresql"], default=""))
    settings = copy.deepcopy(web.settings_dict) | {"USER": login.user, "PASSWORD": login.password, "WALLED": False}
    settings["OPTIONS"] = {**settings["OPTIONS"], "assume_role": "tl_owner"}
    migrator = DatabaseWrapper(settings, "default")
    connections["default"] = migrator
    try:
        yield migrator
    finally:
        migrator.close()
        connections["default"] = web


def findings() -> list[catalogue.Finding]:
    with as_owner() as owner:
        return catalogue.audit(owner.cursor(), checks.expected())


def walls() -> int:
    with as_owner() as owner:
        return owner.execute("SELECT count(*) FROM pg_policy").fetchone()[0]


@pytest.mark.usefixtures("django_db_setup")
def test_migrations_take_their_walls_and_functions_with_them_and_put_them_up_again(
    django_db_blocker: pytest.FixtureRequest,
) -> None:
    with django_db_blocker.unblock(), copied() as name, pointed_at(name):
        before = walls()
        with as_migrator():
            call_command("migrate", "outcomes", "zero", verbosity=0, skip_checks=True)
        assert walls() < before
        with as_migrator():
            call_command("migrate", verbosity=0, skip_checks=True)
        assert (findings(), walls()) == ([], before)


def test_a_changed_policy_becomes_a_migration_that_puts_the_new_wall_up(world: World) -> None:
    before, after = ProjectState(), ProjectState()
    now = ModelState.from_model(Deal)
    then = now.clone()
    wall = RowSecurity(name="strategy_deal_wall", version=POLICY_VERSION - 1)
    then.options["constraints"] = [c for c in now.options["constraints"] if c.name != wall.name] + [wall]
    before.add_model(then)
    after.add_model(now)
    operations = MigrationAutodetector(before, after)._detect_changes()["strategy"][0].operations
    assert [(type(op), getattr(op, "name", "") or op.constraint.name) for op in operations] == [
        (RemoveConstraint, wall.name),
        (AddConstraint, wall.name),
    ]
    with as_migrator() as migrator, migrator.schema_editor() as editor:
        editor.remove_constraint(Deal, wall)
        editor.add_constraint(Deal, operations[1].constraint)
    assert findings() == []


def test_a_table_that_only_grew_can_be_opened_for_changes_and_closed_again(world: World) -> None:
    table = Deal._meta.db_table
    open_wall, closed = RowSecurity(name="w"), RowSecurity(name="w", append_only=True)
    with as_migrator() as migrator:
        for wall, next_wall, may_change in ((open_wall, closed, False), (closed, open_wall, True)):
            with migrator.schema_editor() as editor:
                editor.remove_constraint(Deal, wall)
                editor.add_constraint(Deal, next_wall)
            with migrator.cursor() as cursor:
                cursor.execute("SELECT has_table_privilege('tl_web', %s, 'UPDATE')", [table])
                assert cursor.fetchone() == (may_change,)
    assert findings() == []


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """Models of a test are known to nobody else; they know of tenants and deals."""
    with isolate_apps("accounts", "strategy") as isolated:
        isolated.all_models["accounts"]["tenant"] = Tenant
        isolated.all_models["strategy"]["deal"] = Deal
        yield


@pytest.mark.usefixtures("elsewhere")
def test_two_tables_with_a_link_between_them_stand_behind_walls_and_are_linked_inside(world: World) -> None:
    class Play(TenantModel):
        deals = models.ManyToManyField(Deal, through="Used", related_name="+")

        class Meta:
            app_label = "accounts"

    class Used(TenantModel):
        play = TenantForeignKey(Play, models.CASCADE, related_name="uses")
        deal = TenantForeignKey(Deal, models.CASCADE, related_name="+")

        class Meta:
            app_label = "accounts"
            constraints = [models.UniqueConstraint(fields=["tenant", "play", "deal"], name="used_once")]

    with as_migrator() as migrator, migrator.schema_editor() as editor:
        editor.create_model(Used)  # before the table it refers to
        editor.create_model(Play)
    try:
        assert findings() == []
        with tenant_scope(world.northwind.pk):
            play = Play.objects.create()
            play.deals.add(world.northwind.deal)
            play.deals.add(world.northwind.deal)
            assert [(use.deal_id, use.tenant_id) for use in play.uses.all()] == [
                (world.northwind.deal.pk, world.northwind.pk)
            ]
            assert list(play.deals.select_related("company")) == [world.northwind.deal]
        with tenant_scope(world.southwind.pk):
            assert not Play.objects.exists()
        with pytest.raises(IntegrityError, match="accounts_used_deal_ref"), tenant_scope(world.northwind.pk):
            play.deals.add(world.southwind.deal)
    finally:
        with as_migrator() as migrator, migrator.schema_editor() as editor:
            editor.delete_model(Used)
            editor.delete_model(Play)
