"""Tasks that do one thing each, for tests of the tenant in the message. The test's worker imports them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from celery import shared_task
from django.db import connection, transaction

from accounts.tenancy.scope import NoTenant, active, current_tenant_id
from accounts.tenancy.tasks import TenantTask, tenant_task
from strategy.models import Company


@tenant_task()
def add(*, name: str, **_: Any) -> None:
    Company.objects.create(name=name)


@tenant_task()
def add_and_fail(*, name: str, **_: Any) -> None:
    Company.objects.create(name=name)
    raise KeyError(name)


@tenant_task(one_transaction=False)
def add_each(*, names: list[str], **_: Any) -> None:
    """Commits each; fails at one that is called “fail”."""
    for name in names:
        with transaction.atomic():
            Company.objects.create(name=name)
            if name == "fail":
                raise KeyError(name)


@tenant_task(bind=True)
def tell(self: TenantTask, *, path: str, **_: Any) -> None:
    """Writes down who it is and for whom it works."""
    names = list(Company.objects.values_list("name", flat=True))
    Path(path).write_text(json.dumps({"id": self.request.id, "tenant": current_tenant_id(), "names": names}))


@tenant_task(bind=True, max_retries=2)
def try_again(self: TenantTask, *, path: str, **_: Any) -> None:
    """Gives up twice, then writes down for whom it works."""
    Company.objects.create(name="given up")
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    Path(path).write_text(json.dumps({"tenant": current_tenant_id(), "count": Company.objects.count()}))


@shared_task
def look_around(*, path: str, **_: Any) -> None:
    """Not of a tenant: writes down what a task before it left in this process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.tenant_id', true), '')")
        found = {"python": active.get(), "database": cursor.fetchone()[0]}
        try:
            cursor.execute("SELECT count(*) FROM strategy_company")
            found["rows"] = cursor.fetchone()[0]
        except NoTenant as error:
            found["rows"] = type(error).__name__
    Path(path).write_text(json.dumps(found))
