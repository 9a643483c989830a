"""Which tenant the running code works for, and how PostgreSQL is told.

The database is told at every BEGIN by the backend beside this module, transaction-locally. A session-level
setting would outlive the transaction and reach whoever borrows the connection next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

from django.db import connections, transaction

if TYPE_CHECKING:
    from accounts.tenancy.backend.base import DatabaseWrapper

active: ContextVar[int | None] = ContextVar("tenant", default=None)


class NoTenant(RuntimeError):
    """A row of a tenant was asked for outside `tenant_scope()`."""


class TenantSwitch(RuntimeError):
    """A second tenant was entered inside a transaction that already belongs to one."""


def current_tenant_id() -> int:
    """The key of the tenant the running code works for.

    Raises `NoTenant` outside a scope.
    """
    tenant_id = active.get()
    if tenant_id is None:
        raise NoTenant("No tenant is known here. Enter tenant_scope(tenant_id) first.")
    return tenant_id


@contextmanager
def tenant_bound(tenant_id: int) -> Iterator[int]:
    """Name the tenant without opening a transaction, for jobs that commit many times.

    Each `transaction.atomic()` inside belongs to the tenant; a query outside of one is refused by the wall. Inside
    an open transaction, that one belongs to the tenant until the end of the block.
    Raises `TenantSwitch` inside a transaction of another tenant.
    """
    connection, before = _connection(), active.get()
    nested = connection.in_atomic_block and before != tenant_id
    if nested and before is not None:
        raise TenantSwitch(f"The transaction belongs to tenant {before}, not to {tenant_id}.")
    mark = active.set(tenant_id)
    try:
        if nested:
            connection.apply_tenant(tenant_id)
        yield tenant_id
    finally:
        active.reset(mark)
        if nested:
            connection.give_back_tenant(before)


@contextmanager
def tenant_scope(tenant_id: int, *, read_only: bool = False, repeatable: bool = False) -> Iterator[int]:
    """Work for one tenant inside one transaction: the way to reach its rows.

    `repeatable` shows every statement the same rows, as of the first one. Nested inside an open transaction it
    becomes a savepoint, and both wishes are left to the outer one.
    Raises `TenantSwitch` if the transaction already belongs to another tenant.
    """
    connection = _connection()
    begun = (
        nullcontext()
        if connection.in_atomic_block
        else connection.beginning(read_only=read_only, repeatable=repeatable)
    )
    with tenant_bound(tenant_id), begun, transaction.atomic():
        yield tenant_id


def _connection() -> DatabaseWrapper:
    return cast("DatabaseWrapper", connections["default"])
