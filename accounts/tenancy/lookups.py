"""Functions that find a tenant before one is known, or search where row security blinds the index.

Each is SECURITY DEFINER, owned by a role that may read the named columns and nothing else, and answers ids only.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

from accounts.tenancy.roles import LOOKUP, WEB

# What the catalogue audit accepts as SECURITY DEFINER, filled by the operations below when migrations are loaded.
DECLARED: set[str] = set()


class LookupFunction(Operation):
    """Create `gate.<name>(<takes>)` returning `returns`, reading only `reads` {table: columns}."""

    reversible = True

    def __init__(self, *, name: str, takes: str, returns: str, reads: dict[str, str], body: str) -> None:
        self.name, self.takes, self.returns, self.reads, self.body = name, takes, returns, reads, body
        DECLARED.add(f"gate.{name}")

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models do not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in self._create():
            # Deferred behind the tables of the same migration, whose walls must stand first.
            schema_editor.deferred_sql.append(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f"DROP FUNCTION gate.{self.name}({self.takes})")
        for table in self.reads:
            schema_editor.execute(f"DROP POLICY IF EXISTS {self._policy()} ON {table}")

    def describe(self) -> str:
        return f"Create the look-up function gate.{self.name}"

    def _policy(self) -> str:
        return f"lookup_{self.name}"

    def _create(self) -> list[str]:
        signature = f"gate.{self.name}({self.takes})"
        types = ", ".join(part.strip().split(" ", 1)[1] for part in self.takes.split(",")) if self.takes else ""
        statements = [
            f"CREATE FUNCTION {signature} RETURNS {self.returns} LANGUAGE sql STABLE SECURITY DEFINER"
            f" SET search_path = pg_catalog, pg_temp AS $gate$ {self.body} $gate$",
            f"REVOKE ALL ON FUNCTION gate.{self.name}({types}) FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION gate.{self.name}({types}) TO {WEB}",
            f"ALTER FUNCTION gate.{self.name}({types}) OWNER TO {LOOKUP}",
        ]
        for table, columns in self.reads.items():
            statements.append(f"GRANT SELECT ({columns}) ON {table} TO {LOOKUP}")
            statements.append(
                f"DO $$ BEGIN IF (SELECT relrowsecurity FROM pg_class WHERE oid = '{table}'::regclass) THEN"
                f" CREATE POLICY {self._policy()} ON {table} FOR SELECT TO {LOOKUP} USING (true); END IF; END $$"
            )
        return statements
