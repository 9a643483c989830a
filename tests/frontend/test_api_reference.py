"""The pages about the API."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.api.problems import every_refusal
from accounts.models import Membership
from tests.api import Program, document, make_secret, operations


@pytest.fixture
def words(client: Client, db: None) -> str:
    return client.get("/api/").content.decode()


def test_everybody_finds_every_operation(words: str) -> None:
    for path, method, operation in operations(document()):
        assert f"{method.upper()} {path}</code>" in words
        assert f'id="{operation["operationId"]}"' in words


def test_each_example_is_a_call_that_is_understood(words: str, lena: Membership) -> None:
    """Ids are made up, so the answer may be that there is no such row; never that the call makes no sense."""
    program = Program(make_secret(lena))
    examples = re.findall(r"<pre tabindex=\"0\"><code>(.*?)</code>", words, re.DOTALL)
    assert len(examples) == len(list(operations(document())))
    for example in examples:
        path = re.search(r"http://testserver(/api/v1/\S*)", example)
        body = re.search(r"--json &#x27;(.*)&#x27;", example)
        assert path is not None
        sent = body[1].replace("&quot;", '"').encode() if body else None
        answer = program.call("POST" if body else "GET", path[1], sent)
        assert answer.status_code in (200, 201, 404, 422), example
        if answer.status_code == 422:
            assert all("There is no such" in error["detail"] for error in answer.json()["errors"]), answer.content


def test_every_error_is_explained_where_its_type_leads(client: Client, db: None) -> None:
    words = client.get("/api/errors").content.decode()
    for refusal in every_refusal():
        assert f'id="{refusal.code}"' in words


def test_a_problem_names_that_place(db: None) -> None:
    assert Program().get("deals").json()["type"] == "/api/errors#unauthenticated"
