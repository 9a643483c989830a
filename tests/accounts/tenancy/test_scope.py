"""Entering a tenant: what the code may see inside, outside, after, and when something goes wrong."""

from __future__ import annotations

import contextvars
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import DataError, InternalError, ProgrammingError, connection, connections, transaction

from accounts.tenancy.scope import NoTenant, TenantSwitch, active, current_tenant_id, tenant_bound, tenant_scope
from strategy.models import Company, Deal
from tests.databases import as_owner, current_name
from tests.worlds import World


def told() -> str:
    """The tenant that PostgreSQL was told of, on this connection, now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.tenant_id', true), '')")
        return str(cursor.fetchone()[0])


def names() -> list[str]:
    return sorted(Company.objects.values_list("name", flat=True))


def raw_names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM strategy_company ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


# --- Inside ---------------------------------------------------------------------------------------------------------


def test_lena_sees_her_rows_and_eve_hers(world: World) -> None:
    for seller in world:
        with tenant_scope(seller.pk) as tenant_id:
            assert tenant_id == current_tenant_id() == seller.pk
            assert told() == str(seller.pk)
            assert names() == raw_names() == [f"{seller.tenant.name} customer"]


def test_a_scope_of_the_same_tenant_inside_is_a_savepoint(world: World) -> None:
    def change_and_fail() -> None:
        Company.objects.update(industry="undone")
        raise KeyError

    with tenant_scope(world.northwind.pk):
        with pytest.raises(KeyError), tenant_scope(world.northwind.pk):
            change_and_fail()
        assert told() == str(world.northwind.pk)
        assert Company.objects.get().industry == ""


def test_a_scope_inside_a_transaction_of_nobody_ends_with_the_block(world: World) -> None:
    with transaction.atomic():
        for seller in world:
            with tenant_scope(seller.pk):
                assert raw_names() == [f"{seller.tenant.name} customer"]
            assert told() == ""
        with pytest.raises(NoTenant), transaction.atomic():
            raw_names()


def test_a_failed_scope_inside_a_transaction_of_nobody_leaves_nobody(world: World) -> None:
    with transaction.atomic():
        with pytest.raises(ProgrammingError), tenant_scope(world.northwind.pk):
            connection.cursor().execute("SELECT * FROM no_such_table")
        assert told() == ""
        with pytest.raises(KeyError), tenant_scope(world.northwind.pk):
            raise KeyError
        assert told() == ""


def test_a_broken_transaction_is_not_asked_for_more(world: World) -> None:
    told_of = pytest.raises(ProgrammingError, match="no_such_table")
    with told_of, transaction.atomic(), tenant_bound(world.northwind.pk):
        connection.cursor().execute("SELECT * FROM no_such_table")
    assert active.get() is None


def test_an_error_inside_a_savepoint_keeps_the_tenant(world: World) -> None:
    with tenant_scope(world.northwind.pk):
        with pytest.raises(ProgrammingError), transaction.atomic():
            connection.cursor().execute("SELECT * FROM no_such_table")
        assert names() == ["Northwind customer"]
        with transaction.atomic():
            transaction.set_rollback(True)
        assert raw_names() == ["Northwind customer"]


def test_a_savepoint_rolled_back_takes_a_setting_of_its_own_with_it(world: World) -> None:
    with tenant_scope(world.northwind.pk):
        with transaction.atomic():
            connection.cursor().execute("SET LOCAL app.tenant_id = '0'")
            transaction.set_rollback(True)
        assert told() == str(world.northwind.pk)


# --- Two tenants ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("enter", [tenant_scope, tenant_bound])
def test_a_second_tenant_in_one_transaction_is_refused(world: World, enter: object) -> None:
    with tenant_scope(world.northwind.pk):
        with pytest.raises(TenantSwitch), enter(world.southwind.pk):
            pytest.fail("entered")
        assert current_tenant_id() == world.northwind.pk
        assert raw_names() == ["Northwind customer"]


def test_one_after_the_other_is_a_transaction_each(world: World) -> None:
    with tenant_bound(world.northwind.pk):
        assert not connection.in_atomic_block
        for seller in (world.southwind, world.northwind):
            with tenant_scope(seller.pk):
                assert raw_names() == [f"{seller.tenant.name} customer"]
        with transaction.atomic():
            assert raw_names() == ["Northwind customer"]


def test_a_bound_job_commits_as_it_goes_and_each_transaction_is_its_tenants(world: World) -> None:
    with tenant_bound(world.northwind.pk):
        for _ in range(3):
            with transaction.atomic():
                assert told() == str(world.northwind.pk)
                assert names() == ["Northwind customer"]
        with pytest.raises(NoTenant, match="atomic"):
            names()


def test_a_job_bound_inside_a_transaction_of_nobody_has_it_until_the_end_of_the_block(world: World) -> None:
    with transaction.atomic():
        with tenant_bound(world.northwind.pk):
            assert raw_names() == ["Northwind customer"]
        assert told() == ""


# --- Outside --------------------------------------------------------------------------------------------------------


def test_outside_python_shouts_before_anything_is_sent(world: World) -> None:
    with pytest.raises(NoTenant, match=r"tenant_scope\(tenant_id\) first"):
        names()
    with pytest.raises(NoTenant):
        Company(name="Nobody's").save()
    with pytest.raises(NoTenant):
        Company.objects.bulk_create([Company(name="Nobody's")])
    with pytest.raises(NoTenant):
        current_tenant_id()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM strategy_company",
        "SELECT count(*) FROM strategy_deal d JOIN strategy_company c ON c.id = d.company_id",
        "UPDATE strategy_company SET name = 'x'",
        "DELETE FROM outcomes_statisticmark",
        "INSERT INTO strategy_pipeline (tenant_id, id, name, position, source, external_id)"
        " SELECT min(id), gen_random_uuid(), 'x', 1, '', '' FROM accounts_tenant",
    ],
)
def test_outside_the_wall_refuses_raw_sql_in_any_mood_of_the_connection(world: World, sql: str) -> None:
    connection.close()
    for _ in range(2):  # a fresh session, in which the tenant was never set; then one in which it is empty again
        with pytest.raises(NoTenant), connection.cursor() as cursor:
            cursor.execute(sql)
        with pytest.raises(NoTenant), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        with tenant_scope(world.northwind.pk):
            names()


def test_other_mistakes_outside_keep_their_own_names(world: World) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"):
        connection.cursor().execute("SELECT * FROM no_such_table")
    with tenant_scope(world.northwind.pk), pytest.raises(DataError), transaction.atomic():
        connection.cursor().execute("SELECT ''::bigint")


def test_after_the_commit_nothing_is_left_on_the_connection(world: World) -> None:
    with tenant_scope(world.northwind.pk):
        backend = connection.connection.info.backend_pid
        assert raw_names()
    assert connection.connection.info.backend_pid == backend
    assert told() == ""
    assert active.get() is None
    with transaction.atomic():
        assert told() == ""


def test_after_a_rollback_nothing_is_left_either(world: World) -> None:
    with pytest.raises(KeyError), tenant_scope(world.northwind.pk):
        raise KeyError
    assert told() == ""


# --- Reading only ---------------------------------------------------------------------------------------------------


def test_a_reading_scope_cannot_write(world: World) -> None:
    with pytest.raises(InternalError, match="read-only"), tenant_scope(world.northwind.pk, read_only=True):
        Company.objects.update(industry="x")
    with pytest.raises(InternalError), tenant_scope(world.northwind.pk, read_only=True):
        connection.cursor().execute("SET TRANSACTION READ WRITE")
    with tenant_scope(world.northwind.pk):
        assert Company.objects.update(industry="") == 1


def test_a_repeatable_scope_shows_one_moment(world: World) -> None:
    with tenant_scope(world.northwind.pk, repeatable=True, read_only=True):
        before = Company.objects.get().industry
        with as_owner() as other:
            other.execute("UPDATE strategy_company SET industry = 'changed meanwhile'")
        assert Company.objects.get().industry == before
    with tenant_scope(world.northwind.pk):
        assert Company.objects.get().industry == "changed meanwhile"
        Company.objects.update(industry="")


# --- Later ----------------------------------------------------------------------------------------------------------


def test_what_waits_for_the_commit_runs_in_the_tenant_when_it_opens_a_transaction(world: World) -> None:
    seen: list[object] = []

    def look() -> None:
        with transaction.atomic():
            seen.append(raw_names())
        try:
            names()
        except NoTenant as error:
            seen.append(type(error))

    with tenant_scope(world.northwind.pk):
        transaction.on_commit(look)
    assert seen == [["Northwind customer"], NoTenant]


def test_what_waits_for_a_wider_commit_has_no_tenant(world: World) -> None:
    seen: list[int | None] = []
    with transaction.atomic():
        with tenant_scope(world.northwind.pk):
            transaction.on_commit(lambda: seen.append(active.get()))
        assert seen == []
    assert seen == [None]


def test_a_query_that_was_written_inside_and_runs_outside_is_refused(world: World) -> None:
    with tenant_scope(world.northwind.pk):
        lazy = Company.objects.all()
        rows = Company.objects.iterator()
    with pytest.raises(NoTenant):
        list(lazy)
    with pytest.raises(NoTenant):
        list(rows)


def test_a_query_that_was_written_anywhere_asks_for_the_tenant_it_runs_in(world: World) -> None:
    lazy = Company.objects.order_by("name")
    with tenant_scope(world.northwind.pk):
        narrowed = pickle.loads(pickle.dumps(lazy.filter(deals__isnull=False).query))
    for seller in world:
        with tenant_scope(seller.pk):
            again = Company.objects.all()
            again.query = narrowed
            assert [c.name for c in lazy.all()] == [c.name for c in again] == [f"{seller.tenant.name} customer"]


def test_rows_already_fetched_for_one_tenant_lead_to_nothing_in_another(world: World) -> None:
    with tenant_scope(world.northwind.pk):
        deal = Deal.objects.get()
    with tenant_scope(world.southwind.pk):
        with pytest.raises(Company.DoesNotExist):
            _ = deal.company
        with pytest.raises(Deal.DoesNotExist):
            deal.refresh_from_db()
        assert list(world.northwind.company.deals.all()) == []
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            deal.save()
        assert Deal.objects.filter(pk=deal.pk).delete()[0] == 0


def test_a_generator_begun_inside_gets_nothing_more_outside(world: World) -> None:
    def lines() -> Iterator[str]:
        yield "name"
        yield from names()

    with tenant_scope(world.northwind.pk):
        body = lines()
        next(body)
    with pytest.raises(NoTenant):
        next(body)


# --- Threads --------------------------------------------------------------------------------------------------------


def test_a_thread_begun_inside_knows_no_tenant(world: World) -> None:
    found: list[object] = []

    def look() -> None:
        try:
            found.append(names())
        except NoTenant as error:
            found.append(type(error))
        finally:
            connections.close_all()

    with tenant_scope(world.northwind.pk):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert found == [NoTenant]


def test_a_thread_given_the_context_needs_a_transaction_of_its_own(world: World) -> None:
    def look() -> tuple[object, list[str]]:
        try:
            names()
        except NoTenant as error:
            with transaction.atomic():
                return type(error), raw_names()
        finally:
            connections.close_all()
        raise AssertionError("answered outside a transaction")

    with tenant_scope(world.northwind.pk), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(partial(contextvars.copy_context().run, look)).result()
    assert answer == (NoTenant, ["Northwind customer"])


def test_many_threads_of_two_tenants_never_meet(world: World) -> None:
    def look(number: int) -> bool:
        seller = world[number % 2]
        try:
            with tenant_scope(seller.pk):
                return raw_names() == names() == [f"{seller.tenant.name} customer"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, range(80)))


# --- When BEGIN itself fails ----------------------------------------------------------------------------------------


def test_a_transaction_that_could_not_be_told_its_tenant_does_not_linger(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the next writes would go into a transaction that nobody ever commits."""
    tell = connection.apply_tenant
    monkeypatch.setattr(connection, "apply_tenant", lambda tenant_id: tell("9" * 300) or 1 / 0)
    with pytest.raises(ZeroDivisionError), tenant_scope(world.northwind.pk):
        pytest.fail("entered")
    monkeypatch.undo()
    assert active.get() is None
    world.northwind.tenant.name = "Northwind"
    world.northwind.tenant.save()
    assert connection.connection.info.transaction_status.name == "IDLE"
    with tenant_scope(world.northwind.pk):
        assert names() == ["Northwind customer"]


def test_a_connection_that_was_cut_is_replaced_at_the_next_request(world: World) -> None:
    with tenant_scope(world.northwind.pk):
        backend = connection.connection.info.backend_pid
    with as_owner(current_name()) as owner:
        owner.execute("SELECT pg_terminate_backend(%s)", [backend])
    connections["default"].close_if_unusable_or_obsolete()  # what Django does at the start of each request
    with tenant_scope(world.northwind.pk):
        assert raw_names() == ["Northwind customer"]
