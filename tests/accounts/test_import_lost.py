"""Imports outlive their workers: killed at any moment, they are gone on with, and nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from accounts import tasks
from accounts.models import ImportRun, Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal, DealEvent, StageSpan
from tests.processes import wait_until
from tests.strategy import maven

ROOT = Path(__file__).parents[2]
ROWS = 6000
SLOWLY = """
import sys, time
import django
django.setup()
from uuid import UUID
from django.utils import timezone
from accounts.imports import running
from accounts.tenancy.scope import tenant_bound
running.CHUNK = 300
with tenant_bound(int(sys.argv[1])), running.Worker(UUID(sys.argv[2]), clock=timezone.now) as worker:
    worker.work()
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_whole_chunks_and_the_next_one_finishes(lena: Membership, uploads_aside: None) -> None:
    rows = "".join(f"A{n},Anna Snelling,GTX Pro,Isdom,Won,2017-01-10,2017-03-01,4700\n" for n in range(ROWS))
    with tenant_scope(lena.tenant_id):
        run = maven.start(maven.receive({"p.csv": maven.HEADER + rows}, actor=lena), actor=lena)
    worker = _worker(run)
    try:
        kept = _wait_for_rows(run)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert 0 < kept < ROWS
    with tenant_scope(lena.tenant_id):
        run.refresh_from_db()
        assert Deal.objects.count() == run.rows_done
        assert run.rows_done % 300 == 0
        ImportRun.objects.update(touched_at=timezone.now() - timedelta(seconds=tasks.LOST + 1))
    _work_off(lena)
    with tenant_scope(lena.tenant_id):
        run.refresh_from_db()
        assert (run.state, run.rows_done, run.files.get().counts["created"]) == ("done", ROWS, ROWS)
        assert Deal.objects.count() == StageSpan.objects.count() == ROWS
        assert DealEvent.objects.count() == 3 * ROWS


def _worker(run: ImportRun) -> subprocess.Popen[bytes]:
    database = django_settings.DATABASES["default"]
    login = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    name = connections["default"].settings_dict["NAME"]
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{login}/{name}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "MEDIA_ROOT": str(django_settings.MEDIA_ROOT),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen([sys.executable, "-c", SLOWLY, str(run.tenant_id), str(run.pk)], env=environment, cwd=ROOT)


def _wait_for_rows(run: ImportRun) -> int:
    def kept() -> int:
        with tenant_scope(run.tenant_id):
            run.refresh_from_db()
        return run.rows_done

    wait_until(kept, what="the worker to keep something")
    return run.rows_done


def _work_off(member: Membership) -> None:
    """As a worker does when the clock rang."""
    with tenant_scope(member.tenant_id):
        pass
    tasks.run_imports.apply(headers={"tenant_id": member.tenant_id}, throw=True)


@pytest.mark.django_db(transaction=True)
def test_the_clock_finds_runs_that_nobody_works_on(
    lena: Membership, eve: Membership, uploads_aside: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for member, still_for in ((lena, tasks.LOST + 1), (eve, 1)):
        with tenant_scope(member.tenant_id):
            run = maven.start(maven.receive({"p.csv": maven.DEALS}, actor=member), actor=member)
            ImportRun.objects.filter(pk=run.pk).update(touched_at=timezone.now() - timedelta(seconds=still_for))
    rung: list[Any] = []
    monkeypatch.setattr(tasks.run_imports, "delay", lambda **_: rung.append(tasks.current_tenant_id()))
    tasks.wake_imports()
    assert rung == [lena.tenant_id]
