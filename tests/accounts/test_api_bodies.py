"""Bodies that nobody should send: a clear answer, and nothing stored."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from accounts.api.parsing import MalformedJSON, loads
from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal
from tests.api import Program, make_secret

DEEP = b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def deals_of(member: Membership) -> int:
    with tenant_scope(member.tenant_id):
        return Deal.objects.count()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"name=Leak",
        b'{"name": "a\\u0000b"}',
        b'{"name": "a\0b"}',
        b'{"a\\u0000b": 1}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\udc00\\ud800"}',
        b'{"name": "\xff\xfe"}',
        '{"name": "Leak"}'.encode("utf-16"),
        b'{"name": "Leak", "name": "Pump"}',
        b'{"name": "Leak", "amount": NaN}',
        b'{"name": "Leak", "amount": -Infinity}',
        b'{"name": "Leak", "amount": ' + b"9" * 5000 + b"}",
        b'{"name": "Leak"} trailing',
        DEEP,
        b'{"name": ' * 40 + b"1" + b"}" * 40,
    ],
)
def test_what_is_no_json_of_one_meaning_is_refused(program: Program, lena: Membership, body: bytes) -> None:
    answer = program.post("deals", body)
    assert answer.status_code in (400, 422) if not body else answer.status_code == 400
    assert answer.json()["code"] == ("invalid" if not body else "malformed_json")
    assert deals_of(lena) == 0


@pytest.mark.parametrize(
    "body",
    [
        [],
        "Leak",
        7,
        None,
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"name": 7},
        {"name": True},
        {"name": ["Leak"]},
        {"name": {"$ne": ""}},
        {"name": "Leak", "amount": "100"},
        {"name": "Leak", "amount": 1.5},
        {"name": "Leak", "amount": True},
        {"name": "Leak", "amount": -1},
        {"name": "Leak", "amount": 2**63},
        {"name": "Leak", "amount": 1e308},
        {"name": "Leak", "currency": "eur"},
        {"name": "Leak", "currency": "EURO"},
        {"name": "Leak", "opened_on": "18.11.2026"},
        {"name": "Leak", "opened_on": "2026-02-30"},
        {"name": "Leak", "opened_on": "0000-00-00"},
        {"name": "Leak", "opened_on": "9999-12-31"},
        {"name": "Leak", "opened_on": 20261118},
        {"name": "Leak", "stage": "stg_" + "0" * 26},
        {"name": "Leak", "stage": 5},
        {"name": "Leak", "company": {"id": 1}},
        {"name": "Leak", "tenant_id": 1},
        {"name": "Leak", "id": "deal_" + "0" * 26},
        {"name": "Leak", "external_id": "é" * 201},
    ],
)
def test_wrong_values_are_told_at_their_place(program: Program, lena: Membership, body: Any) -> None:
    answer = program.post("deals", b"null" if body is None else body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    wrong = next((name for name in body if name != "name"), "name") if isinstance(body, dict) else None
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{wrong}" if wrong else "#"]
    assert deals_of(lena) == 0


def test_every_fault_is_told_at_once(program: Program) -> None:
    answer = program.post("deals", {"amount": -1, "colour": "red", "a/b~c": 1}).json()
    assert {error["pointer"] for error in answer["errors"]} == {"#/name", "#/amount", "#/colour", "#/a~1b~0c"}


def test_a_million_faults_are_told_in_part(program: Program) -> None:
    answer = program.post("deals", {f"field {number}": number for number in range(20_000)})
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 50)


def test_ten_megabytes_are_refused_unread(program: Program, lena: Membership) -> None:
    answer = program.post("deals", b'{"name": "' + b"x" * 10_000_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert deals_of(lena) == 0


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "x" * 999,
    ],
)
def test_another_content_type_is_refused(program: Program, content_type: str) -> None:
    answer = program.call("POST", "deals", b'{"name": "Leak"}', content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_of_unknown_length_is_refused(program: Program) -> None:
    answer = program.call("POST", "deals", b"", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_a_name_in_any_script_is_kept(program: Program) -> None:
    for name in ("北風とポンプ", "Zoë’s 🚀 deal", "a\u0301", "مضخة"):
        made = program.post("deals", {"name": name})
        assert (made.status_code, made.json()["name"]) == (201, name)


json_values = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(
            some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_json_of_one_meaning_is_read_as_any_reader_reads_it(value: Any) -> None:
    assert loads(json.dumps(value).encode()) == value


@given(some.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(MalformedJSON):
        loads(body)
