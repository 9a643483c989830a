"""What every table of a tenant is: a key made by us, the tenant, the wall, and references that cannot cross it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar, cast

import uuid_utils.compat
from django.db import models
from django.db.models.signals import class_prepared
from django.db.models.sql.where import AND, WhereNode
from django.dispatch import receiver

from accounts.tenancy.rls import RowSecurity, TenantReference
from accounts.tenancy.scope import current_tenant_id

Row = TypeVar("Row", bound=models.Model, covariant=True)


class CurrentTenant(models.Expression):
    """The tenant of the scope in which a query runs, not of the one in which it was written."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[int]]:
        return "%s", (current_tenant_id(),)


class TenantQuerySet(models.QuerySet[Row]):
    """Rows of the current tenant; new ones are given to it."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            if row.tenant_id is None:
                row.tenant_id = current_tenant_id()
        return super().bulk_create(rows, *args, **kwargs)


class TenantManager(models.Manager[Row]):
    """Writes the tenant into each query beside the wall.

    The wall alone makes aggregates over a large tenant eight times dearer; the predicate alone is one forgotten
    line from a leak.
    """

    _queryset_class = TenantQuerySet

    def get_queryset(self) -> TenantQuerySet[Row]:
        return cast("TenantQuerySet[Row]", super().get_queryset().filter(tenant_id=CurrentTenant()))


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference that stays inside the tenant: in the database by the pair, in joins by both columns."""

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs.update(db_constraint=False, db_index=False)
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        kwargs.pop("db_index", None)
        return name, path, list(args), kwargs

    def get_extra_restriction(self, alias: str | None, related_alias: str | None) -> WhereNode | None:
        if not (alias and related_alias):
            return None
        mine: Any = self.model._meta.get_field("tenant")
        theirs: Any = self.remote_field.model._meta.get_field("tenant")
        exact = mine.get_lookup("exact")
        return WhereNode([exact(theirs.get_col(alias), mine.get_col(related_alias))], AND)


class WalledModel(models.Model):
    """A table behind the wall whose key is its own affair (logs and results that nothing refers to)."""

    append_only: ClassVar[bool] = False
    tenant: models.ForeignKey[Any, Any] = models.ForeignKey(
        "accounts.Tenant", models.PROTECT, editable=False, db_index=False, related_name="+"
    )
    tenant_id: int | None

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        # References are followed and rows saved through the same predicate.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.tenant_id is None:
            self.tenant_id = current_tenant_id()
        super().save(*args, **kwargs)


class TenantModel(WalledModel):
    """A row of a tenant that others may refer to, by (tenant, id)."""

    # Made by the application: version 7 keeps inserts at the end of the index, and 15 to 17 have no such function.
    id = models.UUIDField(primary_key=True, default=uuid_utils.compat.uuid7, editable=False)

    class Meta:
        abstract = True


@receiver(class_prepared)
def _wall_in(sender: type[models.Model], **_: object) -> None:
    """Give each concrete tenant table its wall, its pair key, and its composite references with their indexes."""
    options = sender._meta
    if not issubclass(sender, WalledModel) or options.abstract or options.proxy:
        return
    table = options.db_table
    constraints: list[models.BaseConstraint] = [RowSecurity(name=f"{table}_wall", append_only=sender.append_only)]
    if issubclass(sender, TenantModel):
        constraints.append(models.UniqueConstraint(fields=["tenant", "id"], name=f"{table}_pair"))
    indexes = []
    for field in options.local_fields:
        if isinstance(field, TenantForeignKey):
            to = _table_of(field, sender)
            constraints.append(TenantReference(name=f"{table}_{field.name}_ref", field=field.column, to=to))
            indexes.append(models.Index(fields=["tenant", field.name]))
    for index in indexes:
        index.set_name_with_model(sender)
    named = {
        index.fields[1]
        for index in options.indexes
        if index.fields[:1] == ["tenant"] and len(index.fields) > 1 and index.condition is None
    }
    options.constraints = [*options.constraints, *constraints]
    options.indexes = [*options.indexes, *(index for index in indexes if index.fields[1] not in named)]
    # Migrations copy only options that the class spelled out.
    options.original_attrs.update(constraints=options.constraints, indexes=options.indexes)


def _table_of(field: TenantForeignKey, owner: type[models.Model]) -> str:
    """The table a reference points at, also while its model is still a name."""
    to: Any = field.remote_field.model
    if to == "self":
        return owner._meta.db_table
    if isinstance(to, str):
        label = to.lower() if "." in to else f"{owner._meta.app_label}.{to.lower()}"
        return label.replace(".", "_")
    return str(to._meta.db_table)
