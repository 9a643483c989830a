"""Long lists, page by page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from tests.api import Program, furnish, make_secret
from tests.make import make_deal


@pytest.fixture
def program(lena: Membership) -> Program:
    with tenant_scope(lena.tenant_id):
        for number in range(7):
            make_deal(actor=lena, name=f"Deal {number}")
    return Program(make_secret(lena))


def cursor_of(program: Program, path: str = "deals?limit=3") -> str:
    cursor: str = program.get(path).json()["next_cursor"]
    return cursor


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 100])
def test_pages_together_are_the_list(program: Program, limit: int) -> None:
    names = [deal["name"] for deal in program.all(f"deals?limit={limit}")]
    assert names == [f"Deal {number}" for number in range(6, -1, -1)]


def test_a_deal_that_comes_meanwhile_moves_no_page(program: Program, lena: Membership) -> None:
    first = program.get("deals?limit=3").json()
    with tenant_scope(lena.tenant_id):
        make_deal(actor=lena, name="Meanwhile")
    second = program.get(f"deals?limit=3&cursor={first['next_cursor']}").json()
    assert [deal["name"] for deal in second["data"]] == ["Deal 3", "Deal 2", "Deal 1"]


def test_the_way_on_stands_in_the_header_too(program: Program) -> None:
    answer = program.get("deals?limit=3&is_open=true")
    assert answer.headers["Link"] == f'<{answer.json()["next"]}>; rel="next"'
    assert "is_open=true" in answer.json()["next"]
    assert "Link" not in program.get("deals").headers


def test_the_oldest_first_where_the_list_says_so(program: Program) -> None:
    deal = program.get("deals?limit=1").json()["data"][0]["id"]
    assert [event["kind"] for event in program.all(f"deals/{deal}/events?limit=1")] == ["opened", "qualified"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "ten", "", "٣", "1e2", "00000000001"])
def test_a_limit_out_of_reach_is_refused(program: Program, limit: str) -> None:
    answer = program.get(f"deals?limit={limit}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "limit")


def test_a_cursor_that_was_changed_is_refused(program: Program) -> None:
    cursor = cursor_of(program)
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = [urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).decode() for at in range(len(raw))]
    forged += ["", "x", "é", cursor + "A", cursor[:-1], cursor + "=", "A" * 54, "A" * 5000]
    for wrong in forged:
        answer = program.get(f"deals?limit=3&cursor={wrong}")
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "cursor"), wrong


def test_a_cursor_belongs_to_one_organisation(program: Program, eve: Membership) -> None:
    answer = Program(make_secret(eve)).get(f"deals?cursor={cursor_of(program)}")
    assert answer.status_code == 400


def test_a_cursor_belongs_to_one_list(program: Program) -> None:
    assert program.get(f"companies?cursor={cursor_of(program)}").status_code == 400


def test_a_cursor_belongs_to_its_filters(program: Program) -> None:
    cursor = cursor_of(program, "deals?limit=3&is_open=true")
    assert program.get(f"deals?cursor={cursor}&is_open=true&limit=50").status_code == 200
    assert program.get(f"deals?cursor={cursor}&is_open=false").status_code == 400
    assert program.get(f"deals?cursor={cursor}").status_code == 400


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("deals?colour=red", "colour"),
        ("deals?limit=1&limit=2", "limit"),
        ("deals?is_open=yes", "is_open"),
        ("deals?is_open=", "is_open"),
        ("deals?end_cause=given_up", "end_cause"),
        ("deals?stage=1", "stage"),
        ("deals?stage=stg_00000000000000000000000000", "stage"),
        ("deals?external_id=" + "x" * 201, "external_id"),
        ("activities?since=yesterday", "since"),
        ("activities?since=2026-11-18T12:00:00", "since"),
        ("activities?until=9999-12-31T23:59:59Z", "until"),
        ("me?expand=all", "expand"),
        ("statistics?limit=1", "limit"),
    ],
)
def test_a_parameter_that_is_unknown_or_unusable_is_refused_by_name(program: Program, path: str, wrong: str) -> None:
    answer = program.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
    assert [error["parameter"] for error in answer.json()["errors"]] == [wrong]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("deals?limit=%00", 400),
        ("deals?external_id=%00", 400),
        ("deals?%00=1", 400),
        ("deals/%00", 404),
        ("de%00", 404),
    ],
)
def test_an_address_with_a_nul_leads_nowhere(program: Program, path: str, status: int) -> None:
    assert program.get(path).status_code == status


def test_a_parameter_on_a_deed_is_refused_before_it_is_done(program: Program) -> None:
    assert program.post("deals?dry_run=true", {"name": "Leak"}).status_code == 400
    assert len(program.all("deals")) == 7


def test_filters_narrow(lena: Membership) -> None:
    things, program = furnish(lena), Program(make_secret(lena))
    program.post(f"deals/{things.fresh}/transitions", {"stage": things.end})

    def names(query: str) -> list[str]:
        return [deal["name"] for deal in program.all(f"deals?{query}")]

    assert names("") == ["Pump watch", "Leak analytics"]
    assert names("is_open=true") == ["Leak analytics"]
    assert names("is_open=false") == names("end_cause=lost") == names(f"stage={things.end}") == ["Pump watch"]
    assert names("end_cause=won") == []
    assert names(f"company={things.com}") == ["Leak analytics"]
    assert names(f"owner={things.mem}&is_open=true") == ["Leak analytics"]
    assert program.all(f"activities?deal={things.deal}&since=2026-11-18T12:00:00Z&member={things.mem}") != []
    assert program.all("activities?until=2026-11-18T12:00:00Z") == []
    assert program.all("activities?until=2026-11-18T13:00:00%2B01:00") == []


def test_costs_the_same_for_one_row_as_for_many(program: Program) -> None:
    program.get("deals")  # the first call of a minute notes that the key is alive
    costs = []
    for limit in (1, 7):
        with CaptureQueriesContext(connection) as asked:
            program.get(f"deals?limit={limit}")
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 5
