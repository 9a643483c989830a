"""System checks that make forgetting the tenant impossible: E001 to E006 read the models, E007 the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, models

from accounts.tenancy import catalogue
from accounts.tenancy.models import TenantForeignKey, TenantManager, WalledModel

# Tables that belong to no tenant. Each stands here on purpose.
GLOBAL = {
    "accounts.Tenant",
    "accounts.User",
    "account.EmailAddress",
    "account.EmailConfirmation",
    "auth.Group",
    "auth.Permission",
    "contenttypes.ContentType",
    "sessions.Session",
    # Django's own link tables of the models above.
    "accounts.User_groups",
    "accounts.User_user_permissions",
    "auth.Group_permissions",
}


def _walled() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if issubclass(model, WalledModel):
            yield model


@register(Tags.models)
def check_models(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """Every rule about models, over all apps."""
    return [
        *_unknown_tables(apps.get_models(include_auto_created=True)),
        *(problem for model in _walled() for problem in problems_of(model)),
    ]


def _unknown_tables(found: Iterable[type[models.Model]]) -> Iterator[Error]:
    for model in found:
        if issubclass(model, WalledModel) or model._meta.label in GLOBAL or model._meta.proxy:
            continue
        yield Error(
            f"{model._meta.label} belongs neither to a tenant nor to the list of global tables.",
            hint="Let it inherit TenantModel, or add it to GLOBAL with a reason.",
            obj=model,
            id="tenancy.E001",
        )


def problems_of(model: type[models.Model]) -> Iterator[Error]:
    """What is wrong with one tenant table: references, link tables, keys, generic keys, manager."""
    options = model._meta
    for field in options.local_fields:
        remote = field.remote_field.model if field.is_relation and field.remote_field else None
        if isinstance(remote, type) and issubclass(remote, WalledModel) and not isinstance(field, TenantForeignKey):
            yield _error("E002", field, "refers to a tenant's table past the wall", "Use TenantForeignKey.")
        if field.unique and not field.primary_key and f"{options.label}.{field.name}" not in GLOBALLY_UNIQUE:
            yield _error("E004", field, "is unique over all tenants", "Use UniqueConstraint with tenant first.")
    for link in options.local_many_to_many:
        if cast(Any, link.remote_field.through)._meta.auto_created:
            yield _error("E003", link, "has a link table without a wall", "Name a through model that is a TenantModel.")
    for constraint in options.constraints:
        if isinstance(constraint, models.UniqueConstraint) and "tenant" not in constraint.fields:
            yield _error("E004", model, f"{constraint.name} is unique over all tenants", "Put tenant into its fields.")
    for pair in options.unique_together:
        if "tenant" not in pair:
            yield _error("E004", model, f"{pair} is unique over all tenants", "Use UniqueConstraint with tenant.")
    for private in options.private_fields:
        if type(private).__name__ == "GenericForeignKey":
            yield _error("E005", model, "has a GenericForeignKey, which knows no tenant", "Use TenantForeignKey.")
    if not isinstance(model._default_manager, TenantManager):
        yield _error("E006", model, "has a default manager that forgets the tenant", "Derive it from TenantManager.")


# A token's prefix names it before its tenant is known; it is random and tells nothing.
GLOBALLY_UNIQUE = {"accounts.ApiToken.prefix"}


def _error(number: str, where: Any, what: str, hint: str) -> Error:
    return Error(f"{where} {what}.", hint=hint, obj=where, id=f"tenancy.{number}")


@register(Tags.database)
def check_catalogue(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The audit of what PostgreSQL really holds, whoever put it there."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        return [
            Error(f"{finding.where}: {finding.what}", hint=finding.hint, id="tenancy.E007")
            for finding in catalogue.audit(cursor)
        ]
