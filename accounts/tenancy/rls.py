"""The wall and the composite references, as constraints that `makemigrations` writes and removes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.tenancy.roles import MAINT, WEB

# Counted up when the text of the policies changes, so that the change becomes a migration.
POLICY_VERSION = 1

# The bare comparison: inside a sub-select the planner loses sight of the tenant and of its size.
CURRENT = "current_setting('app.tenant_id')::bigint"
WALL = f"tenant_id = {CURRENT}"


class SqlConstraint(models.BaseConstraint):
    """A constraint that is plain SQL, run after every table of its migration stands.

    Deferred because a composite reference may name a table whose unique key is made later in the same migration.
    """

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        raise NotImplementedError

    def undo(self, model: type[models.Model], quote: Any) -> str:
        raise NotImplementedError

    def constraint_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return str(self.create_sql(model, schema_editor))

    def create_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        if schema_editor is not None:
            for statement in self.statements(model, schema_editor.quote_name):
                schema_editor.deferred_sql.append(statement)
        return ""

    def remove_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        return self.undo(model, schema_editor.quote_name) if schema_editor is not None else ""

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to say before the database does."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


class RowSecurity(SqlConstraint):
    """The wall of one table: the web role meets only rows of the tenant its transaction names.

    `append_only` takes UPDATE and DELETE from the web role: what is written there stays as it was.
    """

    def __init__(self, *, name: str, append_only: bool = False, version: int = POLICY_VERSION) -> None:
        super().__init__(name=name)
        self.append_only, self.version = append_only, version

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "append_only": self.append_only, "version": self.version}

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        table = quote(model._meta.db_table)
        granted = [f"REVOKE UPDATE, DELETE ON {table} FROM {WEB}"] if self.append_only else []
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant_base ON {table} TO {WEB}, {MAINT} USING (true) WITH CHECK (true)",
            # RESTRICTIVE: a policy added later can narrow what a member sees, never widen it.
            f"CREATE POLICY tenant_wall ON {table} AS RESTRICTIVE TO {WEB} USING ({WALL}) WITH CHECK ({WALL})",
            *granted,
        ]

    def undo(self, model: type[models.Model], quote: Any) -> str:
        table = quote(model._meta.db_table)
        return (
            f"DROP POLICY tenant_wall ON {table}; DROP POLICY tenant_base ON {table};"
            f" ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; GRANT UPDATE, DELETE ON {table} TO {WEB}"
        )


class TenantReference(SqlConstraint):
    """The reference (tenant_id, x_id) → (tenant_id, id).

    A plain reference is checked past row security and would accept another tenant's row; the planner also needs
    the declared pair to size joins.
    """

    def __init__(self, *, name: str, field: str, to: str) -> None:
        super().__init__(name=name)
        self.field, self.to = field, to

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field, "to": self.to}

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        table, column, target = quote(model._meta.db_table), quote(self.field), quote(self.to)
        return [
            f"ALTER TABLE {table} ADD CONSTRAINT {quote(self.name)} FOREIGN KEY (tenant_id, {column})"
            f" REFERENCES {target} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
        ]

    def undo(self, model: type[models.Model], quote: Any) -> str:
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"
