"""A task works for the tenant that sent it, by a real worker and a real broker; without one it does not work at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.tenancy.scope import NoTenant, TenantSwitch, tenant_bound, tenant_scope
from accounts.tenancy.tasks import HEADER
from config.celery import app
from outcomes.models import StatisticGeneration
from outcomes.tasks import refresh_statistics
from strategy.models import Company
from tests.accounts.tenancy import probe_tasks
from tests.processes import wait_until
from tests.workers import Worker, working
from tests.worlds import World

NOTHING_LEFT = {"python": None, "database": "", "rows": "NoTenant"}


@pytest.fixture(scope="module")
def own_worker(
    made_world: World, tmp_path_factory: pytest.TempPathFactory, database_of_its_own: str
) -> Iterator[Worker]:
    log = tmp_path_factory.mktemp("worker") / "log"
    with working(database_of_its_own, log, include=probe_tasks.__name__) as started:
        yield started


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], Any]:
    """What a task wrote into `tmp_path / "out"`, as soon as it has."""

    def read() -> Any:
        out = tmp_path / "out"
        wait_until(lambda: out.exists() and out.read_text(), what="a task to write")
        found = json.loads(out.read_text())
        out.unlink()
        return found

    return read


def names(tenant_id: int) -> list[str]:
    with tenant_scope(tenant_id):
        return sorted(Company.objects.exclude(name__endswith="wind customer").values_list("name", flat=True))


@pytest.fixture(autouse=True)
def swept(world: World) -> Iterator[None]:
    yield
    for seller in world:
        with tenant_scope(seller.pk):
            Company.objects.exclude(pk=seller.company.pk).delete()


# --- By the worker --------------------------------------------------------------------------------------------------


def test_works_for_the_tenant_that_sent_it(own_worker: Worker, world: World) -> None:
    for number in range(10):
        for seller in world:
            with tenant_bound(seller.pk):
                probe_tasks.add.delay(name=f"{seller.tenant.slug} {number}")
    for seller in world:
        wanted = [f"{seller.tenant.slug} {number}" for number in range(10)]
        wait_until(lambda seller=seller, wanted=wanted: names(seller.pk) == wanted, what=f"{wanted}")


def test_leaves_nothing_behind_for_the_next(
    own_worker: Worker, world: World, tmp_path: Path, written: Callable[[], Any]
) -> None:
    out = str(tmp_path / "out")
    with tenant_bound(world.northwind.pk):
        probe_tasks.add_and_fail.delay(name="half")
        probe_tasks.look_around.delay(path=out)
    # The tenant of the sender stands in the header; a task that is not a tenant's does not enter it.
    assert written() == NOTHING_LEFT
    assert names(world.northwind.pk) == []
    with tenant_bound(world.northwind.pk):
        probe_tasks.add_each.delay(names=["one", "two", "fail", "three"])
        probe_tasks.look_around.delay(path=out)
    assert written() == NOTHING_LEFT
    assert names(world.northwind.pk) == ["one", "two"]


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({}, "NoTenant"),
        ({HEADER: None}, "NoTenant"),
        ({HEADER: ""}, "NoTenant"),
        ({HEADER: "southwind"}, "ValueError"),
        ({HEADER: -1}, "IntegrityError"),
    ],
)
def test_a_message_without_a_tenant_fails_in_the_worker(
    own_worker: Worker, world: World, tmp_path: Path, written: Callable[[], Any], headers: dict[str, Any], fault: str
) -> None:
    before = own_worker.said()
    app.send_task(probe_tasks.add.name, kwargs={"name": "nobody's"}, headers=headers)
    probe_tasks.look_around.delay(path=str(tmp_path / "out"))
    assert written() == NOTHING_LEFT
    assert [names(seller.pk) for seller in world] == [[], []]
    assert f"raised unexpected: {fault}(" in own_worker.said().removeprefix(before)


def test_knows_its_own_number_and_keeps_its_tenant_when_it_is_tried_again(
    own_worker: Worker, world: World, tmp_path: Path, written: Callable[[], Any]
) -> None:
    out = str(tmp_path / "out")
    with tenant_scope(world.southwind.pk):
        sent = probe_tasks.tell.delay(path=out)
    assert written() == {"id": sent.id, "tenant": world.southwind.pk, "names": ["Southwind customer"]}
    with tenant_scope(world.southwind.pk):
        probe_tasks.try_again.delay(path=out)
    assert written() == {"tenant": world.southwind.pk, "count": 2}


def test_waits_for_the_commit_and_keeps_the_tenant_of_the_line_that_sent_it(own_worker: Worker, world: World) -> None:
    with transaction.atomic():
        for seller in world:
            with tenant_scope(seller.pk):
                probe_tasks.add.delay_on_commit(name="after the commit")
                probe_tasks.add.apply_async_on_commit(kwargs={"name": "too"})
    with tenant_scope(world.northwind.pk):
        probe_tasks.add.delay_on_commit(name="never")
        transaction.set_rollback(True)
    for seller in world:
        wait_until(lambda seller=seller: names(seller.pk) == ["after the commit", "too"], what="both")


def test_a_task_of_the_product_computes_for_its_tenant_only(own_worker: Worker, world: World) -> None:
    def generations(tenant_id: int) -> int:
        with tenant_scope(tenant_id):
            return StatisticGeneration.objects.count()

    before = generations(world.southwind.pk)
    with tenant_bound(world.northwind.pk):
        refresh_statistics.delay(rebuild=True)
    wait_until(lambda: generations(world.northwind.pk) > 0, what="statistics of Northwind")
    assert generations(world.southwind.pk) == before


# --- By the sender --------------------------------------------------------------------------------------------------


def test_is_not_sent_from_nowhere(world: World) -> None:
    for send in (
        lambda: probe_tasks.add.delay(name="x"),
        lambda: probe_tasks.add.apply_async(kwargs={"name": "x"}),
        lambda: probe_tasks.add.delay_on_commit(name="x"),
        lambda: probe_tasks.add.apply_async_on_commit(kwargs={"name": "x"}),
        lambda: probe_tasks.add.s(name="x").apply_async(),
        lambda: probe_tasks.add(name="x"),
        lambda: probe_tasks.add.apply(kwargs={"name": "x"}, throw=True),
    ):
        with pytest.raises(NoTenant):
            send()


def test_called_like_a_function_it_works_for_the_tenant_at_hand(world: World) -> None:
    with tenant_bound(world.northwind.pk):
        probe_tasks.add(name="called")
    with tenant_scope(world.northwind.pk):
        probe_tasks.add.apply(kwargs={"name": "applied"}, throw=True)
        probe_tasks.add_each(names=["each"])
    assert [names(seller.pk) for seller in world] == [["applied", "called", "each"], []]


def test_does_not_work_for_one_tenant_inside_a_transaction_of_another(world: World) -> None:
    with tenant_scope(world.northwind.pk), pytest.raises(TenantSwitch):
        probe_tasks.add.apply(kwargs={"name": "x"}, headers={HEADER: world.southwind.pk}, throw=True)
