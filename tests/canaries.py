"""One row in every table of a tenant, with the tenant's own word in every text, so that a stray byte is seen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User
from accounts.tenancy.models import WalledModel
from accounts.tenancy.scope import tenant_scope
from tests.make import NOON

# Shorter texts are codes: currencies, grades.
SHORTEST = 15
NUMBER = 77
SPECIAL: dict[str, dict[str, Any]] = {
    "accounts.Event": {"type": "company.created", "subject_kind": "com"},
    "accounts.Feed": {"position": NUMBER},
    "accounts.OutboxEvent": {"type": "company.created", "subject_kind": "com"},
    "accounts.Delivery": {"type": "company.created"},
    "strategy.Deal": {"end_cause": "", "end_reason": None, "currency": "EUR"},
    "activities.ActivityType": {"icon": "phone"},
    "outcomes.ActivityTarget": {"team": None},
    "outcomes.MilestoneEvent": {"evidence": "https://example.com/"},
    "outcomes.Milestone": {"evidence": "https://example.com/"},
}


def walled_models() -> list[type[models.Model]]:
    """Every tenant table, those first that others refer to."""
    waiting = [m for m in apps.get_models() if issubclass(m, WalledModel) and not m._meta.proxy]
    ordered: list[type[models.Model]] = []
    while waiting:
        ready = [m for m in waiting if {r for _, r in _references(m) if r is not m} <= {*ordered}] or _loop(waiting)
        ordered += ready
        waiting = [m for m in waiting if m not in ready]
    return ordered


def plant(tenant_id: int, word: str) -> dict[type[models.Model], Any]:
    """One row in every table of the tenant; by model. The word should be no longer than eight letters."""
    rows: dict[type[models.Model], Any] = {}
    with tenant_scope(tenant_id):
        for model in walled_models():
            facts = {f.name: _value(f, word, rows) for f in model._meta.local_fields if f.name != "tenant"}
            facts = {name: value for name, value in facts.items() if value is not models.NOT_PROVIDED}
            rows[model] = model._default_manager.create(**facts | SPECIAL.get(model._meta.label, {}))
    return rows


def _references(model: type[models.Model]) -> Iterator[tuple[str, Any]]:
    for field in model._meta.local_fields:
        if field.is_relation and issubclass(field.remote_field.model, WalledModel):
            yield field.name, field.remote_field.model


def _loop(waiting: list[type[models.Model]]) -> list[type[models.Model]]:
    """Where two tables refer to each other, the one that can begin without the other."""
    for model in waiting:
        if all(model._meta.get_field(name).null for name, _ in _references(model)):
            return [model]
    raise AssertionError(f"{waiting} cannot be filled")


def _value(field: Any, word: str, rows: dict[Any, Any]) -> Any:
    if field.generated:
        return models.NOT_PROVIDED
    if field.is_relation and field.remote_field.model is User:
        return None if field.null else User.objects.get_or_create(email=f"{word}@example.com")[0]
    if field.is_relation:
        return rows.get(field.remote_field.model)
    if field.primary_key:
        return uuid.uuid4() if field.column == "deal_id" else models.NOT_PROVIDED
    if isinstance(field, ArrayField):
        return [word]
    if field.model._meta.label == "strategy.StrategyVersion" and field.name == "content":
        return {"title": word, "we_do": word, "differences": [{"id": str(uuid.uuid4()), "name": word}]}
    if isinstance(field, models.JSONField):
        return {"of": word} if field.default is dict or field.null else [word]
    if field.choices:
        return field.default if field.has_default() else field.choices[0][0]
    if isinstance(field, models.CharField | models.TextField):
        long_enough = field.max_length is None or field.max_length >= SHORTEST
        return f"{word}.{field.name}"[: field.max_length] if long_enough else "x" * field.max_length
    if field.null or field.has_default() or field.db_default is not models.NOT_PROVIDED:
        return models.NOT_PROVIDED
    plain: dict[type[Any], Any] = {
        models.DateTimeField: NOON,
        models.DateField: NOON.date(),
        models.UUIDField: uuid.uuid4(),
        models.BinaryField: word.encode(),
        models.FloatField: 1.0,
    }
    return next((value for kind, value in plain.items() if isinstance(field, kind)), NUMBER)
