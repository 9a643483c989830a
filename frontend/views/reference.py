"""What the API can do and how it refuses, for the people who write programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.api import ids
from accounts.api.problems import every_refusal
from accounts.api.schema import document
from accounts.refusals import Refused
from frontend.access import public

# Made up for the examples; ids of the reader's own organisation come from the lists.
EXAMPLES: dict[str, Any] = {
    "name": "Leak analytics",
    "amount": 1_250_000,
    "currency": "EUR",
    "at": "2026-11-18T09:30:00Z",
    "minutes": 25,
    "words": "We want this before the audit.",
    "evidence": "https://example.com/minutes.pdf",
    "note": "They asked us.",
}
NO_ROW = "01h2xcejqtf2nbrexx3vqjhp41"


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
    fields: list[Value]
    curl: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One way to be refused."""

    code: str
    status: int
    sentence: str
    about: str


@require_safe
@public(because="people read it before they have a key")
def reference(request: HttpRequest) -> HttpResponse:
    """Every operation, with what it takes and an example."""
    context = {
        "title": gettext("API"),
        "resources": resources(request.build_absolute_uri("/").rstrip("/")),
        "errors_url": "/api/errors",
        "document_url": "/api/v1/openapi.json",
    }
    return render(request, "api/reference.html", context)


@require_safe
@public(because="the type of each problem leads here")
def errors(request: HttpRequest) -> HttpResponse:
    """Every type of problem, with what to do."""
    return render(request, "api/errors.html", {"title": gettext("Errors of the API"), "refusals": refusals()})


# By the address it was asked at, which the caller may vary without end.
@lru_cache(maxsize=4)
def resources(site: str) -> dict[str, list[Operation]]:
    """The operations by resource, from the OpenAPI document."""
    found: dict[str, list[Operation]] = {"me": []}  # the first thing to try
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            found.setdefault(told["tags"][0], []).append(_operation(site, path, method.upper(), told))
    return found


def refusals() -> list[Refusal]:
    """Every refusal, by its status and code."""
    found = sorted(every_refusal(), key=lambda refusal: (refusal.status, refusal.code))
    return [_refusal(refusal) for refusal in found]


def _refusal(refusal: type[Refused]) -> Refusal:
    about = _plain(refusal.__doc__ or "")
    return Refusal(code=refusal.code, status=refusal.status, sentence=str(refusal.sentence), about=about)


def _plain(text: str) -> str:
    """A docstring as a sentence."""
    return " ".join(text.replace("`", "").split())


def _operation(site: str, path: str, method: str, told: dict[str, Any]) -> Operation:
    about, _, needs = told["description"].rpartition("Needs the scope")
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return Operation(
        name=told["operationId"],
        method=method,
        path=path,
        summary=told["summary"],
        about=_plain(about),
        scopes=_plain(needs).strip(" ."),
        parameters=[
            Value(
                name=given["name"],
                form=_form(given["schema"]),
                about=_plain(given.get("description", "")),
                required=given.get("required", False),
            )
            for given in told["parameters"]
        ]
        if "parameters" in told
        else [],
        fields=list(_fields(_resolved(body))) if body else [],
        curl=_curl(site, path, method, told, body),
    )


def _fields(schema: dict[str, Any]) -> Iterator[Value]:
    for name, told in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        yield Value(name=name, form=_form(told), about=_plain(told.get("description", "")), required=required)


def _curl(site: str, path: str, method: str, told: dict[str, Any], body: dict[str, Any] | None) -> str:
    for given in told.get("parameters", ()):
        if given["in"] == "path":
            path = path.replace("{id}", str(_example("id", given["schema"])))
    lines = [f"curl {site}{path}", '  -H "Authorization: Bearer $TOKEN"']
    if body is not None:
        schema = _resolved(body)
        wanted = [*schema.get("required", ()), *(name for name in EXAMPLES if name in schema["properties"])]
        example = {name: _example(name, schema["properties"][name]) for name in dict.fromkeys(wanted)}
        lines += ['  -H "Idempotency-Key: $(uuidgen)"', f"  --json '{json.dumps(example)}'"]
    return " \\\n".join(lines)


def _example(name: str, schema: dict[str, Any]) -> Any:
    if name in EXAMPLES:
        return EXAMPLES[name]
    pattern = str(schema.get("pattern", ""))
    if ids.PATTERN in pattern:
        return pattern.strip("^$").replace(ids.PATTERN, NO_ROW)
    return "chance_to_win"


def _form(schema: dict[str, Any]) -> str:
    """A few words for what a value looks like."""
    schema = _resolved(schema)
    if "enum" in schema:
        return ", ".join(str(word) for word in schema["enum"] if word is not None)
    pattern = str(schema.get("pattern", ""))
    if ids.PATTERN in pattern:
        return pattern.strip("^$").replace(ids.PATTERN, "…")
    kinds = schema.get("type", "object")
    kind: str = next(word for word in kinds if word != "null") if isinstance(kinds, list) else kinds
    if kind == "array":
        inner = ", ".join(_resolved(schema["items"]).get("properties", {}))
        return f"[{{{inner}}}]"
    return str(schema.get("format") or kind)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
