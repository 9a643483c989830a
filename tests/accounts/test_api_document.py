"""The OpenAPI document: true, complete, and the one that is committed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from accounts.api.problems import every_refusal
from accounts.api.schema import document
from accounts.api.tags import Match
from accounts.integrations.tokens import SCOPES
from accounts.models import Membership
from accounts.permissions import CAPABILITIES
from config.api import router, urlpatterns
from tests.api import DOCUMENT, make_secret, operations

COMMITTED: dict[str, Any] = json.loads(DOCUMENT.read_text())
OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, method, operation in operations(COMMITTED)
]


def test_is_made_without_a_warning_and_is_the_committed_one() -> None:
    with GENERATOR_STATS.silence():
        made = document.__wrapped__()
        warnings = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert warnings == []
    assert json.loads(json.dumps(made)) == COMMITTED, (
        "run: python manage.py spectacular --format openapi-json > docs/api/openapi.json"
    )


def test_is_openapi_31() -> None:
    assert COMMITTED["openapi"] == "3.1.0"
    validate(COMMITTED, cls=OpenAPIV31SpecValidator)


def test_everybody_may_read_it(client: Client, db: None) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()) == (200, COMMITTED)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_each_operation_says_what_it_does_who_may_and_how_it_refuses(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    (security,) = operation["security"]
    assert security["token"]
    assert set(security["token"]) <= SCOPES.keys()
    refusals = {"400", "401", "403", "500"} | ({"404"} if "{" in path else set())
    if method != "get":
        refusals |= {"409", "411", "413", "415", "422"}
    if method == "post":
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
    assert refusals <= set(operation["responses"])


@pytest.mark.parametrize("pattern", router.urls, ids=lambda pattern: str(pattern.name))
def test_each_action_states_its_capability_and_writes_are_idempotent(pattern: Any) -> None:
    view = pattern.callback
    for method, name in view.actions.items():
        assert view.access[name] in CAPABILITIES
        assert method != "post" or getattr(view.cls, name).is_idempotent
        # What replaces a row could undo what somebody else has just changed in it. What another system keeps is as it
        # says, and a buying role is one word.
        if method == "patch" or (method == "put" and name not in ("put_by_external_id", "update")):
            assert view.cls.guarded[name] is Match.NEEDED


def test_each_refusal_has_a_code_of_its_own_and_is_explained() -> None:
    refusals = list(every_refusal())
    codes = [refusal.code for refusal in refusals]
    assert len(codes) == len(set(codes))
    for refusal in refusals:
        assert refusal.__doc__, refusal
        assert 400 <= refusal.status < 600


def test_no_field_is_called_two_things() -> None:
    """The same word means the same thing in what is sent and what is answered."""
    schemas = COMMITTED["components"]["schemas"]
    sent = set(schemas["LogActivityRequest"]["properties"]) | set(schemas["OpenDealRequest"]["properties"])
    answered = set(schemas["Activity"]["properties"]) | set(schemas["Deal"]["properties"])
    assert sent - answered <= {"qualification_note", "override_because"}


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: str(pattern.pattern) or "reference")
def test_each_view_says_who_may_open_it(pattern: Any) -> None:
    for view in [pattern] if not hasattr(pattern, "url_patterns") else pattern.url_patterns:
        assert view.callback.access


def test_a_head_is_a_get_without_a_body(lena: Membership) -> None:
    client = Client(headers={"Authorization": f"Bearer {make_secret(lena)}"})
    assert (client.head("/api/v1/deals").status_code, client.head("/api/v1/deals").content) == (200, b"")
