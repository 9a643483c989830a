"""Deals, as programs read and change them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal
from tests.api import Program, Things, furnish, make_secret


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def days_ago(days: int) -> str:
    return (timezone.now().date() - timedelta(days=days)).isoformat()


def test_opens_a_deal_and_says_where_it_is(program: Program, things: Things) -> None:
    made = program.post(
        "deals",
        {
            "name": "Leak analytics for plant 3",
            "company": things.com,
            "stage": things.stg,
            "amount": 1_250_000_00,
            "currency": "CHF",
            "rate": "1.07",
            "opened_on": days_ago(20),
            "qualified_on": days_ago(10),
            "expected_close_on": days_ago(-60),
            "source": "erp",
            "external_id": "4711",
        },
    )
    deal = made.json()
    assert (made.status_code, made.headers["Location"]) == (201, f"/api/v1/deals/{deal['id']}")
    assert program.get(made.headers["Location"]).json() | {"suggested_segments": []} == deal
    assert deal["company"] == {"id": things.com, "name": "Alder Foods"}
    assert deal["stage"] == {"id": things.stg, "name": "Workshop", "kind": "open"}
    assert (deal["amount"], deal["amount_at_qualification"], deal["currency"]) == (125_000_000, 125_000_000, "CHF")
    assert (deal["owner"]["name"], deal["end_cause"], deal["version"]) == ("Lena", None, 1)
    assert [found["id"] for found in program.all("deals?source=erp&external_id=4711")] == [deal["id"]]


def test_a_rep_opens_a_deal_for_a_colleague(program: Program, omar: Membership, lena: Membership) -> None:
    members = {member["name"]: member["id"] for member in program.all("members")}
    deal = Program(make_secret(omar)).post("deals", {"name": "Pump watch", "owner": members["Lena"]}).json()
    assert deal["owner"]["name"] == "Lena"


def test_the_same_external_id_again_is_refused(program: Program) -> None:
    body = {"name": "Leak analytics", "source": "erp", "external_id": "4711"}
    program.post("deals", body)
    answer = program.post("deals", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "external_id_taken")
    assert answer.json()["data"] == {"source": "erp", "external_id": "4711"}
    assert len(program.all("deals")) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"opened_on": days_ago(-2)}, "opened_on"),
        ({"opened_on": days_ago(5), "qualified_on": days_ago(9)}, "qualified_on"),
        ({"qualified_on": days_ago(-2)}, "qualified_on"),
    ],
)
def test_a_day_that_cannot_be_is_told_at_its_field(program: Program, wrong: dict[str, str], field: str) -> None:
    answer = program.post("deals", {"name": "Leak analytics", **wrong})
    assert answer.status_code == 422
    assert f"#/{field}" in [error["pointer"] for error in answer.json()["errors"]]


def test_a_deal_does_not_begin_at_its_end(program: Program, things: Things) -> None:
    answer = program.post("deals", {"name": "Leak analytics", "stage": things.end})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/stage")


def test_moves_closes_and_opens_a_deal_again(program: Program, things: Things) -> None:
    path = f"deals/{things.deal}/transitions"
    moved = program.post(path, {"stage": things.stg}).json()
    assert (moved["stage"]["name"], moved["end_cause"]) == ("Workshop", None)
    lost = program.post(path, {"stage": things.end, "reason": things.rsn, "amount": 0}).json()
    assert (lost["end_cause"], lost["end_reason"]["name"], lost["amount"]) == ("lost", "Chose a competitor", 0)
    assert lost["closed_on"] is not None
    opened = program.post(path, {"stage": things.stg}).json()
    assert (opened["end_cause"], opened["closed_on"], opened["episode"]) == (None, None, 2)
    kinds = [event["kind"] for event in program.all(f"deals/{things.deal}/events?limit=2")]
    assert kinds == ["opened", "qualified", "merged", "moved", "closed", "reopened"]


def test_an_event_says_what_changed(program: Program, things: Things) -> None:
    program.post(f"deals/{things.deal}/transitions", {"stage": things.stg})
    event = program.all(f"deals/{things.deal}/events")[-1]
    assert (event["kind"], event["data"], event["actor"]["name"]) == (
        "moved",
        {"stage": ["Qualified", "Workshop"]},
        "Lena",
    )


def test_what_is_over_stays_over_until_it_is_opened(program: Program, things: Things) -> None:
    path = f"deals/{things.deal}/transitions"
    program.post(path, {"stage": things.end})
    won = next(stage["id"] for stage in program.all("stages?kind=won"))
    answer = program.post(path, {"stage": won})
    assert (answer.status_code, answer.json()["code"]) == (409, "deal_is_over")
    answer = program.post(path, {"stage": things.stg, "reason": things.rsn})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/reason")


def test_a_reason_of_another_kind_is_refused(program: Program, things: Things) -> None:
    won = next(stage["id"] for stage in program.all("stages?kind=won"))
    answer = program.post(f"deals/{things.deal}/transitions", {"stage": won, "reason": things.rsn})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/reason")
    assert program.get(f"deals/{things.deal}").json()["end_cause"] is None


def test_a_deal_is_qualified_once(program: Program, things: Things) -> None:
    path = f"deals/{things.fresh}/qualification"
    qualified = program.post(path, {"on": days_ago(0), "note": "They asked us, and named a budget."})
    assert qualified.json()["qualified_on"] == days_ago(0)
    answer = program.post(path, {})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_qualified")


def test_the_second_of_two_who_decided_upon_the_same_deal_is_told(program: Program, things: Things) -> None:
    path, read = f"deals/{things.deal}/transitions", program.get(f"deals/{things.deal}").headers["ETag"]
    assert program.post(path, {"stage": things.stg}, if_match=read).status_code == 200
    answer = program.post(path, {"stage": things.end}, if_match=read)
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert program.get(f"deals/{things.deal}").json()["end_cause"] is None


def test_nothing_is_left_of_a_refused_deed(program: Program, things: Things, lena: Membership) -> None:
    before = program.all(f"deals/{things.deal}/events")
    program.post(f"deals/{things.deal}/transitions", {"stage": things.end, "on": days_ago(900)})
    assert program.all(f"deals/{things.deal}/events") == before
    with tenant_scope(lena.tenant_id):
        assert Deal.objects.filter(end_cause="lost").count() == 0


def test_stages_say_their_kind_order_and_pipeline(program: Program) -> None:
    stages = program.all("stages?limit=3")
    assert [stage["position"] for stage in stages] == list(range(1, 9))
    assert {stage["kind"] for stage in stages} == {"open", "won", "lost", "no_decision", "disqualified"}
    assert {stage["pipeline"]["name"] for stage in stages} == {"Sales"}
