"""A program that was written against the released document goes on working."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.api import DOCUMENT
from tests.changes import breaking

NOW: dict[str, Any] = json.loads(DOCUMENT.read_text())
RELEASED: dict[str, Any] = json.loads(Path(settings.ROOT, "docs", "api", "released.json").read_text())


def test_nothing_that_was_released_is_taken_back() -> None:
    assert breaking(RELEASED, NOW) == []


def test_the_same_breaks_nothing() -> None:
    assert breaking(NOW, copy.deepcopy(NOW)) == []


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def operation(document: Any, path: str, method: str) -> Any:
    return document["paths"][f"/api/v1/{path}"][method]


CHANGES: list[tuple[str, Callable[[Any], object]]] = [
    ("GET /api/v1/deals is gone", lambda new: new["paths"]["/api/v1/deals"].pop("get")),
    ("GET /api/v1/me is gone", lambda new: new["paths"].pop("/api/v1/me")),
    ("is called", lambda new: operation(new, "deals", "get").update(operationId="all_deals")),
    ("parameter stage any more", lambda new: operation(new, "deals", "get").update(parameters=[])),
    (
        "needs the new parameter colour",
        lambda new: operation(new, "deals", "get")["parameters"].append(
            {"name": "colour", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
    ),
    ("deals:read any more", lambda new: operation(new, "deals", "get").update(security=[{"token": ["deals:all"]}])),
    ("answer/data/*/name is gone", lambda new: schema(new, "Deal")["properties"].pop("name")),
    ("answer/name may be missing now", lambda new: schema(new, "Deal")["required"].remove("name")),
    (
        "answer/name may be null now",
        lambda new: schema(new, "Deal")["properties"]["name"].update(type=["string", "null"]),
    ),
    ("answer/episode may be string", lambda new: schema(new, "Deal")["properties"]["episode"].update(type="string")),
    (
        "answer/created_at has the format date",
        lambda new: schema(new, "Deal")["properties"]["created_at"].update(format="date"),
    ),
    ("end_cause does not know", lambda new: schema(new, "Deal")["properties"]["end_cause"]["enum"].remove("lost")),
    ("body/source is gone", lambda new: schema(new, "OpenDealRequest")["properties"].pop("source")),
    ("body/amount is needed now", lambda new: schema(new, "OpenDealRequest")["required"].append("amount")),
    (
        "body/name has the maxLength 20",
        lambda new: schema(new, "OpenDealRequest")["properties"]["name"].update(maxLength=20),
    ),
    (
        "body/amount may not be null",
        lambda new: schema(new, "OpenDealRequest")["properties"]["amount"].update(type="integer"),
    ),
    (
        "body/horizon does not know",
        lambda new: schema(new, "LogActivityRequest")["properties"]["horizon"]["enum"].remove("H2"),
    ),
    (
        "does not answer 201",
        lambda new: operation(new, "deals", "post")["responses"].update(
            {"202": operation(new, "deals", "post")["responses"].pop("201")}
        ),
    ),
    ("takes no body", lambda new: operation(new, "deals", "post").pop("requestBody")),
]


@pytest.mark.parametrize(("told", "change"), [pytest.param(*row, id=row[0]) for row in CHANGES])
def test_what_would_break_a_program_is_told(told: str, change: Callable[[Any], object]) -> None:
    new = copy.deepcopy(NOW)
    change(new)
    assert any(told in one for one in breaking(NOW, new)), breaking(NOW, new)


FINE: list[Callable[[Any], object]] = [
    lambda new: schema(new, "Deal")["properties"].update(colour={"type": "string"}),
    lambda new: schema(new, "Deal")["required"].append("colour"),
    lambda new: schema(new, "OpenDealRequest")["properties"].update(colour={"type": "string"}),
    lambda new: schema(new, "OpenDealRequest")["properties"]["name"].update(maxLength=500),
    lambda new: new["paths"].update({"/api/v1/colours": {"get": operation(new, "deals", "get")}}),
    lambda new: operation(new, "deals", "get").update(deprecated=True),
    lambda new: schema(new, "LogActivityRequest")["properties"]["horizon"]["enum"].append("H4"),
]


@pytest.mark.parametrize("change", FINE)
def test_what_is_added_breaks_nothing(change: Callable[[Any], object]) -> None:
    new = copy.deepcopy(NOW)
    change(new)
    assert breaking(NOW, new) == []
