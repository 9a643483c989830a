"""The delayed calls: a sweep finds who waits, a refresh goes on until nothing does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy.scope import NoTenant, tenant_bound, tenant_scope
from outcomes import tasks
from outcomes.models import StatisticGeneration, StatisticMark
from outcomes.queries.statistics import current
from tests.make import make_deal


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tenants for which a refresh was sent."""
    found: list[int] = []
    monkeypatch.setattr(tasks, "_send", found.append)
    return found


def test_a_sweep_sends_each_organisation_that_waits_once(lena: Membership, eve: Membership, sent: list[int]) -> None:
    with tenant_scope(lena.tenant_id):
        make_deal(actor=lena)
        make_deal(actor=lena)
        assert StatisticMark.objects.count() > 1
    assert tasks.sweep() == 1
    assert sent == [lena.tenant_id]


@pytest.mark.django_db(transaction=True)
def test_a_refresh_leaves_no_mark_and_new_results(lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        make_deal(actor=lena)
    with tenant_bound(lena.tenant_id):
        tasks.refresh_statistics()
    with tenant_scope(lena.tenant_id):
        found = current()
        assert found.updating is False
        assert found.results["deals_qualified"].n == 1


def test_a_refresh_without_a_tenant_fails() -> None:
    with pytest.raises(NoTenant):
        tasks.refresh_statistics()


@pytest.mark.django_db(transaction=True)
def test_a_refresh_leaves_the_work_to_another_worker_that_is_at_it(lena: Membership, monkeypatch: Any) -> None:
    with tenant_scope(lena.tenant_id):
        make_deal(actor=lena)
    monkeypatch.setattr(tasks.engine, "refresh", lambda **_: None)
    with tenant_bound(lena.tenant_id):
        tasks.refresh_statistics()
    with tenant_scope(lena.tenant_id):
        assert StatisticMark.objects.exists()


@pytest.mark.django_db
def test_a_new_day_is_begun_where_it_has_come_and_nowhere_else(
    lena: Membership, eve: Membership, sent: list[int]
) -> None:
    today = timezone.now().date()
    for member, day in ((lena, today - timedelta(days=1)), (eve, today + timedelta(days=1))):
        with tenant_scope(member.tenant_id):
            StatisticGeneration.objects.create(number=1, as_of=day, computed_at=timezone.now(), is_current=True)
    assert tasks.begin_day() == 1
    assert sent == [lena.tenant_id]
