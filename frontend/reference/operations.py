"""The operations of the API in words, resource by resource, from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from accounts.api import ids
from accounts.api.problems import every_refusal
from accounts.api.schema import document
from accounts.refusals import Refused
from frontend.reference.examples import curl, resolved

#: Said once, in these parts of the introduction.
EVERYWHERE = {
    "limit": "paging",
    "cursor": "paging",
    "fields": "fields",
    "Idempotency-Key": "idempotency",
    "If-None-Match": "etags",
    "If-Match": "etags",
}


@dataclass(frozen=True, kw_only=True)
class Value:
    """A parameter or a field: its name, what it looks like, what it means."""

    name: str
    form: str
    about: str
    required: bool


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing to call, with an example that runs."""

    name: str
    method: str
    path: str
    summary: str
    about: str
    scopes: str
    parameters: list[Value]
    usual: list[tuple[str, str]]
    fields: list[Value]
    deprecated: bool
    curl: str


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One noun: what its rows say, and what can be done."""

    name: str
    title: str
    about: str
    answers: list[Value]
    operations: list[Operation]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One way to be refused."""

    code: str
    status: int
    sentence: str
    about: str


# By the address it was asked at, which the caller may vary without end.
@lru_cache(maxsize=4)
def resources(site: str) -> dict[str, Resource]:
    """Every resource by its name, that of the caller first."""
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {"me": []}
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            found.setdefault(told["tags"][0], []).append((path, method.upper(), told))
    return {name: _resource(site, name, operations) for name, operations in found.items()}


def refusals() -> list[Refusal]:
    """Every refusal, by its status and code."""
    found = sorted(every_refusal(), key=lambda refusal: (refusal.status, refusal.code))
    return [_refusal(refusal) for refusal in found]


def title_of(name: str) -> str:
    """The name of a resource as a heading."""
    return name.replace("_", " ").capitalize()


def _resource(site: str, name: str, operations: list[tuple[str, str, dict[str, Any]]]) -> Resource:
    row = _row(operations)
    return Resource(
        name=name,
        title=title_of(name),
        about=_plain(row.get("description", "")),
        answers=list(_fields(row)),
        operations=[_operation(site, *operation) for operation in operations],
    )


def _row(operations: list[tuple[str, str, dict[str, Any]]]) -> Mapping[str, Any]:
    """What the first operation that reads answers, row by row."""
    for _path, method, told in operations:
        if method == "GET":
            answer = resolved(told["responses"]["200"]["content"]["application/json"]["schema"])
            rows = answer.get("properties", {}).get("data")
            return resolved(rows["items"]) if rows and rows.get("type") == "array" else answer
    return {}


def _refusal(refusal: type[Refused]) -> Refusal:
    about = _plain(refusal.__doc__ or "")
    return Refusal(code=refusal.code, status=refusal.status, sentence=str(refusal.sentence), about=about)


def _plain(text: str) -> str:
    """A docstring as a sentence."""
    return " ".join(text.replace("`", "").split())


def _operation(site: str, path: str, method: str, told: dict[str, Any]) -> Operation:
    about, _needs, needs = told["description"].rpartition("Needs the scope")
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    given = told.get("parameters", ())
    return Operation(
        name=told["operationId"],
        method=method,
        path=path,
        summary=told["summary"],
        about=_plain(about),
        scopes=_plain(needs).strip(" ."),
        parameters=[_parameter(one) for one in given if one["name"] not in EVERYWHERE and one["in"] == "query"],
        usual=[(one["name"], EVERYWHERE[one["name"]]) for one in given if one["name"] in EVERYWHERE],
        fields=list(_fields(resolved(body))) if body else [],
        deprecated=told.get("deprecated", False),
        curl=curl(site, path, method, told),
    )


def _parameter(given: dict[str, Any]) -> Value:
    about = _plain(given.get("description", ""))
    return Value(name=given["name"], form=_form(given["schema"]), about=about, required=given.get("required", False))


def _fields(schema: Mapping[str, Any]) -> Iterator[Value]:
    for name, told in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        about = told.get("description") or resolved(told).get("description", "")
        yield Value(name=name, form=_form(told), about=_plain(about), required=required)


def _form(schema: Mapping[str, Any]) -> str:
    """A few words for what a value looks like."""
    several = schema.get("anyOf") or schema.get("oneOf") or []
    if any(one.get("type") == "null" for one in several):
        rest = [one for one in several if one.get("type") != "null"]
        return _("{form} or null").format(form=_form({"anyOf": rest}))
    # A row that can stand whole is named, unless it was asked for.
    schema = resolved(several[-1] if several else schema)
    kinds = schema.get("type", "object")
    words = _one_form(schema, next(one for one in kinds if one != "null") if isinstance(kinds, list) else kinds)
    return _("{form} or null").format(form=words) if isinstance(kinds, list) else words


def _one_form(schema: Mapping[str, Any], kind: str) -> str:
    if kind == "array":
        return _("list of {form}").format(form=_form(schema["items"]))
    if "enum" in schema:
        return ", ".join(str(word) for word in schema["enum"] if word is not None)
    pattern = str(schema.get("pattern", ""))
    if ids.PATTERN in pattern:
        return pattern.strip("^$").replace(ids.PATTERN, "…")
    if kind == "object" and schema.get("properties"):
        return "{" + ", ".join(schema["properties"]) + "}"
    return str(schema.get("format") or kind)
