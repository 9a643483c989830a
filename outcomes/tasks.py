"""Delayed calls: the work is in `outcomes/statistics/engine.py`."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from celery import shared_task
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import Tenant
from accounts.tenancy.scope import current_tenant_id, tenant_bound, tenant_scope
from accounts.tenancy.tasks import tenant_task
from outcomes.models import StatisticMark
from outcomes.services.milestones import files
from outcomes.statistics import engine

log = structlog.get_logger(__name__)

# One task does not keep a worker for longer; what is left is found by the next sweep.
LONGEST = timedelta(minutes=5)
# So long a file may be on its way into its entry; a request takes a minute at the most.
STRAY = timedelta(days=1)
SERIALIZATION_FAILURE = "40001"


@tenant_task(one_transaction=False)
def refresh_statistics(*, rebuild: bool = False, **_: object) -> None:
    """Refresh the tenant's statistics until no mark waits."""
    tenant_id, until = current_tenant_id(), time.monotonic() + LONGEST.total_seconds()
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            with tenant_scope(tenant_id, repeatable=True):
                made = engine.refresh(tenant=Tenant.objects.get(pk=tenant_id), now=timezone.now(), rebuild=rebuild)
        except OperationalError as error:
            # Somebody refreshed between our snapshot and our lock; what we saw is old, so look again.
            if getattr(error.__cause__, "sqlstate", "") != SERIALIZATION_FAILURE:
                raise
            continue
        if made is None:
            return  # the worker that is at it looks for new marks when it is done
        log.info("statistics refreshed", generation=made.number, milliseconds=round(1e3 * (time.monotonic() - began)))
        rebuild = False
        with tenant_scope(tenant_id, read_only=True):
            if not StatisticMark.objects.exists():
                return


@shared_task(expires=5)
def sweep(**_: object) -> int:
    """Send a refresh to each tenant that has marks. PostgreSQL remembers them; the broker only rings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id FROM gate.tenants_with_marks()")
        waiting = [tenant_id for (tenant_id,) in cursor.fetchall()]
    for tenant_id in waiting:
        _send(tenant_id)
    return len(waiting)


@shared_task(expires=60)
def begin_day(*, at_most: int = 200, **_: object) -> int:
    """Send a refresh to tenants whose results are of an earlier day than theirs: open deals are older now.

    A few at a time, so that a midnight shared by thousands is spread over the hour; who was missed is found again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id FROM gate.tenants_a_day_behind(%s)", [at_most])
        behind = [tenant_id for (tenant_id,) in cursor.fetchall()]
    for tenant_id in behind:
        _send(tenant_id)
    return len(behind)


@shared_task
def sweep_evidence(**_: object) -> int:
    """Have each tenant's evidence cleared of files that nothing tells of."""
    tenants = list(Tenant.objects.values_list("pk", flat=True))
    for tenant_id in tenants:
        with tenant_bound(tenant_id):
            clear_evidence.apply_async()
    return len(tenants)


@tenant_task()
def clear_evidence(**_: object) -> None:
    """Remove what was sent as evidence a day ago and is in no entry of the ledger."""
    if removed := files.clear(before=timezone.now() - STRAY):
        log.warning("evidence without an entry removed", files=removed)


def _send(tenant_id: int) -> None:
    with tenant_bound(tenant_id):
        refresh_statistics.apply_async(expires=60)
