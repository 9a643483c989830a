"""Django's PostgreSQL backend that carries the tenant into every transaction and serves only behind the wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, ProgrammingError
from django.db.backends.postgresql import base
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

from accounts.tenancy.scope import NoTenant, active

# What PostgreSQL says where a policy reads app.tenant_id: never set in this session, or empty again.
NEVER_SET, EMPTY = "42704", "22P02"

# What this login is or may become by SET ROLE: something that passes every wall, or a table whose wall it passes.
WEAKNESS = """
    WITH possible AS (SELECT * FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER'))
    SELECT EXISTS (SELECT FROM possible WHERE rolsuper OR rolbypassrls),
           coalesce((
               SELECT min(c.oid::regclass::text) FROM pg_class AS c CROSS JOIN possible AS me
               WHERE c.relrowsecurity AND c.relkind IN ('r', 'p') AND (
                   NOT row_security_active(c.oid) OR c.relowner = me.oid OR NOT EXISTS (
                       SELECT FROM pg_policy AS wall CROSS JOIN unnest(wall.polroles) AS meant(role)
                       WHERE wall.polrelid = c.oid AND NOT wall.polpermissive
                       AND (meant.role = 0 OR pg_has_role(me.oid, meant.role, 'USAGE'))))), '')
"""


class UnwalledRole(ImproperlyConfigured):
    """The database role could read every tenant's rows, so nothing is served through it."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Tells PostgreSQL the tenant at every BEGIN; refuses roles that no policy holds back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begins_as = ""
        self.execute_wrappers.append(_say_no_tenant)

    def apply_tenant(self, tenant_id: int | None) -> None:
        """Set the tenant of the open transaction, or of the one that begins with it; it is forgotten at its end."""
        connection = self.connection
        naming = f"SELECT set_config('app.tenant_id', '{int(tenant_id) if tenant_id else ''}', true)"
        if connection.autocommit or connection.info.transaction_status != TransactionStatus.IDLE:
            connection.execute(naming)
            return
        # In one message, which psycopg's own BEGIN is not: every request and every task begins like this.
        begins_as, self.begins_as = self.begins_as, ""
        told = connection.pgconn.exec_(f"BEGIN {begins_as}; {naming}".encode())
        if told.status != ExecStatus.TUPLES_OK:
            raise error_from_result(told)

    def give_back_tenant(self, tenant_id: int | None) -> None:
        """Set the tenant of the enclosing transaction again, unless nothing but a rollback can follow."""
        if self.connection is not None and self.connection.info.transaction_status == TransactionStatus.INTRANS:
            self.apply_tenant(tenant_id)

    @contextmanager
    def beginning(self, *, read_only: bool, repeatable: bool) -> Iterator[None]:
        """Let the transaction that begins inside read only, or see the rows of its first statement throughout.

        Said with BEGIN itself: naming the tenant is a query already, after which it would be too late.
        """
        wishes = ("ISOLATION LEVEL REPEATABLE READ" if repeatable else "", "READ ONLY" if read_only else "")
        self.begins_as = " ".join(wishes)
        try:
            yield
        finally:
            self.begins_as = ""

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        if not autocommit and active.get() is not None:
            try:
                with self.wrap_database_errors:
                    self.apply_tenant(active.get())
            except BaseException:
                # Django takes the BEGIN for failed, psycopg for done: later writes would never be committed.
                self.close()
                raise

    def init_connection_state(self) -> bool:  # type: ignore[override]
        changed = super().init_connection_state()
        if self.settings_dict.get("WALLED", True):
            self._refuse_unless_walled()
        return bool(changed)

    def _refuse_unless_walled(self) -> None:
        found = self.connection.execute(WEAKNESS).fetchone()
        bypasses, open_table = found or (True, "")
        if bypasses or open_table:
            why = "it bypasses row security" if bypasses else f"the wall of {open_table} does not hold it back"
            self.connection.close()
            self.close()
            raise UnwalledRole(
                f"The database role {self.settings_dict['USER']!r} meets no wall between tenants: {why}. "
                "Connect as the web role, which owns nothing and bypasses nothing (docs/operating.md)."
            )


def _say_no_tenant(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    try:
        return execute(sql, params, many, context)
    except (DataError, ProgrammingError) as error:
        if getattr(error.__cause__, "sqlstate", "") not in (NEVER_SET, EMPTY):
            raise
        if active.get() is None:
            raise NoTenant("A tenant's table was asked for outside tenant_scope().") from error
        if not context["connection"].in_atomic_block:
            raise NoTenant(
                "A tenant's table was asked for outside a transaction. Open transaction.atomic()."
            ) from error
        raise
