"""Rows as objects, made of the values of their columns.

Django asks each field for its value and each reference for its place, and tells everybody that an object is made: for
five hundred rows that takes longer than to read or to store them. What is left out of a stored row is read when it is
asked for, as with any row of which only some columns were read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=Model)


def stored(model: type[Row], values: Mapping[str, Any]) -> Row:
    """The row that has these values, by the attributes' names, as they were read."""
    row = model.__new__(model)
    row._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    row.__dict__.update(values)
    return row


def fresh(model: type[Row], values: Mapping[str, Any]) -> Row:
    """A row that is not stored yet; what is left out has its default."""
    plain, made = _defaults(model)
    row = model.__new__(model)
    row._state = ModelState()
    told = row.__dict__
    told.update(plain)
    for name, make in made:
        if name not in values:
            told[name] = make()
    told.update(values)
    return row


def know(row: Model, name: str, related: Model | None) -> None:
    """Give a row the row that it refers to, so that nobody asks for it."""
    row._state.fields_cache[name] = related


@cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """The defaults of its columns, and how those are made that are another one each time."""
    plain: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    for one in model._meta.concrete_fields:
        if one.generated:
            continue
        if one.has_default() and callable(one.default):
            made.append((one.attname, one.default))
        else:
            plain[one.attname] = one.get_default()
    return plain, made
