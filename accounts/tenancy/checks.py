"""System checks that make forgetting the tenant impossible: E001 to E006 read the models, E007 the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, models
from django.db.migrations.recorder import MigrationRecorder

from accounts.tenancy import catalogue
from accounts.tenancy.models import CurrentTenant, TenantForeignKey, TenantManager, WalledModel

# Tables that belong to no tenant. Each stands here on purpose.
GLOBAL = {
    "accounts.Tenant",
    "accounts.User",
    # An address is looked up before its organisation is known.
    "accounts.PastAddress",
    # Sealed, and about sign-ins as much as about organisations.
    "accounts.Letter",
    "account.EmailAddress",
    "account.EmailConfirmation",
    # Of a person, in whatever organisation.
    "mfa.Authenticator",
    "usersessions.UserSession",
    "auth.Group",
    "auth.Permission",
    "contenttypes.ContentType",
    "sessions.Session",
    # Django's own link tables of the models above.
    "accounts.User_groups",
    "accounts.User_user_permissions",
    "auth.Group_permissions",
}

# A token's prefix names it before its tenant is known; it is random and tells nothing.
GLOBALLY_UNIQUE = {"accounts.ApiToken.prefix"}


@register(Tags.models)
def check_models(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """Every rule about models, over all apps."""
    found = apps.get_models(include_auto_created=True)
    return [*unknown_tables(found), *(problem for model in found for problem in problems_of(model))]


def unknown_tables(found: Iterable[type[models.Model]]) -> Iterator[Error]:
    """Models of which nobody has said whether their rows belong to a tenant."""
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
    """What is wrong with one model: references, and with a tenant's table link tables, keys and managers too."""
    yield from _references(model)
    if issubclass(model, WalledModel):
        yield from _link_tables(model)
        yield from _keys(model)
        yield from _managers(model)


def _references(model: type[models.Model]) -> Iterator[Error]:
    for field in model._meta.local_fields:
        remote = field.remote_field.model if field.is_relation and field.remote_field else None
        if isinstance(remote, type) and issubclass(remote, WalledModel) and not isinstance(field, TenantForeignKey):
            yield _error("E002", field, "refers to a tenant's table past the wall", "Use TenantForeignKey.")


def _link_tables(model: type[models.Model]) -> Iterator[Error]:
    for link in model._meta.local_many_to_many:
        through = link.remote_field.through
        if through is not None and through._meta.auto_created:
            yield _error("E003", link, "has a link table without a wall", "Name a through model that is a TenantModel.")
    for private in model._meta.private_fields:
        if type(private).__name__ == "GenericForeignKey":
            yield _error("E005", model, "has a GenericForeignKey, which knows no tenant", "Use TenantForeignKey.")


def _keys(model: type[models.Model]) -> Iterator[Error]:
    options = model._meta
    for field in options.local_fields:
        if field.unique and not field.primary_key and f"{options.label}.{field.name}" not in GLOBALLY_UNIQUE:
            yield _error("E004", field, "is unique over all tenants", "Use UniqueConstraint with tenant first.")
    for constraint in options.constraints:
        if "tenant" not in _names_in(constraint):
            yield _error("E004", model, f"{constraint.name} is unique over all tenants", "Put tenant into its fields.")
    for pair in options.unique_together:
        if "tenant" not in pair:
            yield _error("E004", model, f"{pair} is unique over all tenants", "Use UniqueConstraint with tenant.")


def _names_in(constraint: models.BaseConstraint) -> set[str]:
    """The fields a constraint compares between rows; the tenant for one that compares none."""
    if isinstance(constraint, models.UniqueConstraint):
        compared: list[Any] = [*map(models.F, constraint.fields), *constraint.expressions]
    elif isinstance(constraint, ExclusionConstraint):
        compared = [part for part, operator in constraint.expressions if operator == "="]
        compared = [models.F(part) if isinstance(part, str) else part for part in compared]
    else:
        return {"tenant"}
    return {str(getattr(part, "name", "")) for expression in compared for part in _flat(expression)}


def _flat(expression: Any) -> Iterator[Any]:
    yield expression
    for part in getattr(expression, "get_source_expressions", list)():
        if part is not None:
            yield from _flat(part)


def _managers(model: type[models.Model]) -> Iterator[Error]:
    for manager in {*model._meta.managers, model._meta.base_manager}:
        where = manager.get_queryset().query.where
        says_tenant = any(isinstance(getattr(part, "rhs", None), CurrentTenant) for part in where.children)
        if not isinstance(manager, TenantManager) or not says_tenant:
            what = f"has a manager, {manager.name}, that forgets the tenant"
            yield _error("E006", model, what, "Derive it from TenantManager and narrow what that gives.")


def _error(number: str, where: Any, what: str, hint: str) -> Error:
    return Error(f"{where} {what}.", hint=hint, obj=where, id=f"tenancy.{number}")


@register(Tags.database)
def check_catalogue(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The audit of what PostgreSQL really holds, whoever put it there. The migrator may repair what it finds."""
    if not databases or "default" not in databases or not connections["default"].settings_dict.get("WALLED", True):
        return []
    with connections["default"].cursor() as cursor:
        return [
            Error(f"{finding.where}: {finding.what}", hint=finding.hint, id="tenancy.E007")
            for finding in catalogue.audit(cursor, expected())
        ]


def expected() -> catalogue.Expected:
    """What the models say that the catalogue should hold."""
    found = apps.get_models(include_auto_created=True)
    walled = [model for model in found if issubclass(model, WalledModel) and not model._meta.proxy]
    return catalogue.Expected(
        without_tenant=[
            MigrationRecorder.Migration._meta.db_table,
            *(model._meta.db_table for model in found if model._meta.label in GLOBAL),
        ],
        append_only=[model._meta.db_table for model in walled if model.append_only],
    )
