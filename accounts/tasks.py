"""Delayed calls of this app."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts import delivery
from accounts.imports.running import Standing, Worker, next_run
from accounts.integrations import events, txt, webhooks
from accounts.models import Delivery, EmailDomain, ImportRun, Letter, Tenant
from accounts.services.domains import note_texts
from accounts.tenancy.scope import current_tenant_id, tenant_bound, tenant_scope
from accounts.tenancy.tasks import tenant_task

# After so many seconds of one organisation's imports it is the others' turn.
TURN = 120
# A run that moved this many seconds ago has a worker; one more would only read what that one reads.
ALIVE = 10
# One that has not moved for so many seconds has lost worker and message.
LOST = 60
# Seconds of sending letters, with the longest a post office takes for one below the time limit of a task.
LETTERS_TURN = 15
# Long enough to see what an address answered, and to send it again.
DELIVERIES_KEPT = timedelta(days=30)
# Seconds of giving events their places; the next sweep goes on.
EVENTS_TURN = 5
# Seconds of sending to webhooks; with the longest answer after it below what a worker waits when it is to end.
WEBHOOKS_TURN = 8
# Long enough to answer whether somebody was written to.
LETTERS_KEPT = timedelta(days=30)


@tenant_task(one_transaction=False)
def run_imports(*, goes_on: str = "", **_: Any) -> None:
    """Work off the organisation's imports, oldest first, for one turn; then get in line again."""
    ends = time.monotonic() + TURN
    mine = UUID(goes_on) if goes_on else None
    while run := _next():
        if run.pk != mine and _has_a_worker(run):
            run_imports.apply_async(countdown=ALIVE)
            return
        mine = run.pk
        with Worker(run.pk, clock=timezone.now) as worker:
            standing = worker.work(until=lambda: time.monotonic() >= ends)
        if standing is Standing.WAITING:
            run_imports.apply_async(countdown=ALIVE)
            return
        if time.monotonic() >= ends:
            run_imports.delay(goes_on=str(mine))
            return


@shared_task
def wake_imports(**_: Any) -> None:
    """Ring for imports whose bell was not heard, or whose worker died with its message."""
    with connection.cursor() as cursor:
        lost = timezone.now() - timedelta(seconds=LOST)
        cursor.execute("SELECT tenant_id FROM gate.tenants_with_imports(%s)", [lost])
        waiting = [tenant_id for (tenant_id,) in cursor.fetchall()]
    for tenant_id in waiting:
        with tenant_bound(tenant_id):
            run_imports.delay()


@shared_task
def deliver_letters(**_: Any) -> None:
    """Send the letters that are due, for one turn; the clock or the next letter goes on."""
    ends = time.monotonic() + LETTERS_TURN
    delivery.deliver(clock=timezone.now, until=lambda: time.monotonic() >= ends)


@shared_task
def check_domains(**_: Any) -> None:
    """Look every day whether organisations' domains are still their own, each organisation by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id FROM gate.tenants_with_domains()")
        owning = [tenant_id for (tenant_id,) in cursor.fetchall()]
    for tenant_id in owning:
        with tenant_bound(tenant_id):
            check_own_domains.delay()


@shared_task
def sweep_events(**_: Any) -> int:
    """Send a relay to each tenant of whom something happened. PostgreSQL remembers it; the broker only rings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id FROM gate.tenants_with_events()")
        waiting = [tenant_id for (tenant_id,) in cursor.fetchall()]
    for tenant_id in waiting:
        with tenant_bound(tenant_id):
            relay_events.apply_async(expires=5)
    return len(waiting)


@tenant_task(one_transaction=False)
def relay_events(**_: Any) -> None:
    """Give what happened its place in the tenant's feed, until nothing waits; who is at it already does it for us."""
    ends = time.monotonic() + EVENTS_TURN
    while events.relay() and time.monotonic() < ends:
        pass


@shared_task
def deliver_webhooks(**_: Any) -> int:
    """Send to webhooks what is due, for one turn; the next sweep goes on."""
    ends = time.monotonic() + WEBHOOKS_TURN
    return webhooks.deliver(clock=timezone.now, until=lambda: time.monotonic() >= ends)


@shared_task
def clear_events(**_: Any) -> None:
    """Throw away events that are older than readers may be, each organisation's by itself."""
    for tenant_id in Tenant.objects.order_by("pk").values_list("pk", flat=True):
        with tenant_bound(tenant_id):
            clear_own_events.apply_async(expires=3600)


@tenant_task(one_transaction=False)
def clear_own_events(**_: Any) -> None:
    """Throw away the organisation's old events, a few thousand at a time."""
    before = timezone.now() - events.KEPT
    while events.sweep(before=before):
        pass
    with tenant_scope(current_tenant_id()):
        Delivery.objects.filter(last_at__lt=timezone.now() - DELIVERIES_KEPT, next_try_at=None).delete()


@tenant_task(one_transaction=False)
def check_own_domains(**_: Any) -> None:
    """Look for the records of the organisation's proven domains. No answer is no news."""
    tenant_id = current_tenant_id()
    with tenant_scope(tenant_id, read_only=True):
        proven = list(EmailDomain.objects.filter(verified_at__isnull=False))
    for domain in proven:
        try:
            texts = txt.texts_of(txt.record_name(domain.domain))
        except txt.NoAnswer:
            continue
        with tenant_scope(tenant_id):
            again = EmailDomain.objects.select_for_update(of=("self",)).filter(pk=domain.pk).first()
            if again is not None:
                note_texts(domain=again, texts=texts, actor=None, at=timezone.now())


@shared_task
def sweep_doors(**_: Any) -> None:
    """Throw away what nobody needs any more: letters that were settled long ago, and sessions that have ended."""
    now = timezone.now()
    settled = Q(sent_at__lt=now - LETTERS_KEPT) | Q(gave_up_at__lt=now - LETTERS_KEPT)
    Letter.objects.filter(settled).delete()
    call_command("clearsessions")


def _next() -> ImportRun | None:
    with tenant_scope(current_tenant_id(), read_only=True):
        return next_run()


def _has_a_worker(run: ImportRun) -> bool:
    moved = run.touched_at
    return run.state == run.State.RUNNING and moved is not None and timezone.now() - moved < timedelta(seconds=ALIVE)
