"""Celery tasks of a tenant: it travels in the message header, and a task without one fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from celery.signals import before_task_publish
from django.db import transaction

from accounts.tenancy.scope import NoTenant, active, current_tenant_id, tenant_bound, tenant_scope

HEADER = "tenant_id"


@before_task_publish.connect
def stamp_tenant(headers: dict[str, Any] | None = None, **_: object) -> None:
    """Write the tenant of the running code into the message."""
    if headers is not None and active.get() is not None:
        headers.setdefault(HEADER, active.get())


class TenantTask(DjangoTask):  # type: ignore[type-arg]
    """Runs inside the tenant of its message.

    `one_transaction = False` only names the tenant: the task commits as it goes, each transaction in the tenant.
    """

    abstract = True
    one_transaction = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self._scope():
            return super().__call__(*args, **kwargs)

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send it for the tenant of the running code. Raises NoTenant here rather than in the worker."""
        if HEADER not in (options.get("headers") or {}) and active.get() is None:
            raise NoTenant(f"{self.name} is sent without a tenant. Send it from inside tenant_scope().")
        return super().apply_async(*args, **options)

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        """Send it after the commit for the tenant of this line: the commit may come when the scope has been left."""
        return self.apply_async_on_commit(args, kwargs)

    def apply_async_on_commit(self, *args: Any, **options: Any) -> Any:
        options["headers"] = {HEADER: current_tenant_id()} | (options.get("headers") or {})
        transaction.on_commit(partial(self.apply_async, *args, **options))

    def _scope(self) -> AbstractContextManager[int]:
        tenant_id = (self.request.headers or {}).get(HEADER) or getattr(self.request, HEADER, None) or active.get()
        if tenant_id is None:
            raise NoTenant(f"{self.name} came without a tenant. Send it from inside tenant_scope().")
        return tenant_scope(int(tenant_id)) if self.one_transaction else tenant_bound(int(tenant_id))


def tenant_task(*, one_transaction: bool = True, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a task of a tenant: ids by keyword, safe to run again.

    Late acknowledgement and the refusal to lose work with a killed worker are set for all tasks in the settings.
    """
    return shared_task(base=TenantTask, one_transaction=one_transaction, **options)
