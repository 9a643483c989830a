"""Deals as programs change them: facts, steps with what they ask for, many at once, their own ids, and past days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal, ExchangeRate, Stage
from tests.api import Program, Things, furnish, make_secret
from tests.make import make_strategy


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def days_ago(days: int) -> str:
    return (timezone.now().date() - timedelta(days=days)).isoformat()


def opened(program: Program, name: str = "Pump watch", **facts: Any) -> dict[str, Any]:
    body = {"name": name, "opened_on": days_ago(60), "qualified_on": days_ago(50), "amount": 100_000, **facts}
    answer = program.post("deals", body)
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def kinds(program: Program, deal: str) -> list[str]:
    return [event["kind"] for event in program.all(f"deals/{deal}/events")]


def asks(member: Membership, name: str, *keys: str) -> None:
    with tenant_scope(member.tenant_id):
        Stage.objects.filter(name=name).update(requires=list(keys))


def test_changes_facts_each_with_its_event_all_or_none(program: Program, things: Things) -> None:
    deal = opened(program)
    path = f"deals/{deal['id']}"
    read = program.get(path).headers["ETag"]
    assert program.patch(path, {"name": "Other"}).status_code == 428
    facts = {"name": "Pump watch 2", "amount": 90_000, "company": things.com, "expected_close_on": days_ago(-9)}
    changed = program.patch(path, facts, if_match=read)
    body = changed.json()
    assert (body["name"], body["amount"], body["amount_at_qualification"]) == ("Pump watch 2", 90_000, 100_000)
    assert (body["company"]["id"], body["version"]) == (things.com, deal["version"] + 1)
    assert kinds(program, deal["id"])[2:] == ["repriced", "rescheduled", "corrected"]
    stale = program.patch(path, {"name": "Third"}, if_match=read)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    wrong = program.patch(path, {"name": "Third", "expected_close_on": days_ago(70)}, if_match="*")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/expected_close_on")
    assert {**program.get(path).json(), "suggested_segments": []} == body


def test_says_what_a_stage_asks_for_and_takes_it_in_the_same_step(
    program: Program, things: Things, lena: Membership, omar: Membership
) -> None:
    deal = opened(program, amount=None)
    asks(lena, "Workshop", "amount", "company", "champion")
    path = f"deals/{deal['id']}/transitions"
    refused = program.post(path, {"stage": things.stg})
    told = refused.json()
    assert (refused.status_code, told["code"]) == (422, "requirements_missing")
    assert [one["key"] for one in told["data"]["missing"]] == ["amount", "company", "champion"]
    assert [one["pointer"] for one in told["errors"]] == ["#/supply/amount", "#/supply/company", "#/supply/champion"]
    supply = {"amount": 5_000, "company": things.com, "champion": things.con}
    half = program.post(path, {"stage": things.stg, "supply": {**supply, "champion": None}})
    assert half.status_code == 422
    assert program.get(f"deals/{deal['id']}").json()["amount"] is None
    body = {"stage": things.stg, "supply": supply}
    moved = program.post(path, body, idempotency_key="step-1")
    assert (moved.json()["stage"]["id"], moved.json()["amount"]) == (things.stg, 5_000)
    again = program.post(path, body, idempotency_key="step-1")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (moved.json(), "true")
    assert kinds(program, deal["id"]).count("moved") == 1
    other = opened(program, name="Other")
    path, body = f"deals/{other['id']}/transitions", {"stage": things.stg, "override_because": "The fair is tomorrow"}
    assert Program(make_secret(omar)).post(path, body).status_code == 403
    narrow = Program(make_secret(lena, "deals:read", "deals:write"))
    for asked, said in ((path, body), ("deals", {"name": "New", **body})):
        refused = narrow.post(asked, said)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert program.post(path, body).json()["stage"]["id"] == things.stg
    data = program.all(f"deals/{other['id']}/events")[-1]["data"]
    assert data["overridden"] == {"missing": ["company", "champion"], "because": "The fair is tomorrow"}


def test_last_month_shows_last_month_also_after_a_backdated_change(
    program: Program, things: Things, omar: Membership
) -> None:
    deal = opened(program, expected_close_on=days_ago(5))
    path = f"deals/{deal['id']}"
    members = {member["name"]: member["id"] for member in program.all("members")}
    program.patch(path, {"amount": 70_000, "on": days_ago(30)}, if_match="*")
    program.patch(path, {"owner": members["Omar"], "expected_close_on": days_ago(-20)}, if_match="*")
    program.post(f"{path}/transitions", {"stage": things.stg, "on": days_ago(20)})
    program.post(f"{path}/transitions", {"stage": things.end, "on": days_ago(10), "amount": 0})
    program.post(f"{path}/transitions", {"stage": things.stg})

    def on(days: int) -> tuple[Any, ...]:
        was = program.get(f"{path}?as_of={days_ago(days)}").json()
        assert [one for one in program.all(f"deals?as_of={days_ago(days)}") if one["id"] == deal["id"]] == [was]
        return was["stage"]["name"], was["amount"], was["end_cause"], was["owner"]["name"], was["qualified_on"]

    assert on(55) == ("Qualified", 100_000, None, "Lena", None)
    assert on(31) == ("Qualified", 100_000, None, "Lena", days_ago(50))
    assert on(30) == ("Qualified", 70_000, None, "Lena", days_ago(50))
    assert on(20) == ("Workshop", 70_000, None, "Lena", days_ago(50))
    assert on(10) == ("Lost", 0, "lost", "Lena", days_ago(50))
    assert on(0) == ("Workshop", 0, None, "Omar", days_ago(50))
    assert program.get(f"{path}?as_of={days_ago(1)}").json()["expected_close_on"] == days_ago(5)
    assert program.get(f"{path}?as_of={days_ago(61)}").status_code == 404
    lost = [one["id"] for one in program.all(f"deals?as_of={days_ago(9)}&end_cause=lost&limit=1")]
    assert deal["id"] in lost
    assert deal["id"] not in [one["id"] for one in program.all(f"deals?as_of={days_ago(9)}&is_open=true")]
    assert deal["id"] in [one["id"] for one in program.all(f"deals?as_of={days_ago(9)}&owner={members['Lena']}")]
    answer = program.get(f"deals?as_of={days_ago(-1)}&stage={things.stg}")
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 2)


def test_a_closed_period_stays_as_it_was_reported(program: Program, things: Things) -> None:
    deal = opened(program)
    assert program.patch("organisation", {"closed_until": days_ago(0)}, if_match="*").status_code == 422
    closed = program.patch("organisation", {"closed_until": days_ago(30)}, if_match="*")
    assert closed.json()["closed_until"] == days_ago(30)
    late = program.post(f"deals/{deal['id']}/transitions", {"stage": things.stg, "on": days_ago(30)})
    assert (late.status_code, late.json()["code"]) == (422, "period_closed")
    assert program.post("deals", {"name": "Late", "opened_on": days_ago(40)}).json()["code"] == "period_closed"
    assert program.post(f"deals/{deal['id']}/transitions", {"stage": things.stg, "on": days_ago(29)}).status_code == 200


def test_many_deals_are_changed_at_once_and_back_where_nothing_has_changed_since(
    program: Program, things: Things
) -> None:
    ids = [opened(program, name=f"Deal {number}")["id"] for number in range(3)]
    over = opened(program, name="Over")["id"]
    program.post(f"deals/{over}/transitions", {"stage": things.end})
    gone = "deal_" + "0" * 26
    change = {"expected_close_on": days_ago(-30), "stage": things.stg, "is_test": True}
    body = {"deals": [*ids, over, gone], "change": change}
    told = program.post("deals:bulk", body, idempotency_key="bulk-1").json()
    assert (told["updated"], told["unchanged"], told["error"]) == (3, 0, 2)
    assert [row["code"] for row in told["results"]] == [None, None, None, "deal_is_over", "no_such_deal"]
    assert program.post("deals:bulk", body, idempotency_key="bulk-1").json() == told
    assert {program.get(f"deals/{one}").json()["stage"]["id"] for one in ids} == {things.stg}
    program.patch(f"deals/{ids[0]}", {"name": "Mine now"}, if_match="*")
    undone = program.post(f"bulk_edits/{told['id']}/undo", {}).json()
    assert [row["code"] for row in undone["results"]] == ["deal_moved_meanwhile", None, None]
    back = program.get(f"deals/{ids[1]}").json()
    assert (back["stage"]["name"], back["expected_close_on"], back["is_test"]) == ("Qualified", None, False)
    assert program.get(f"deals/{ids[0]}").json()["is_test"] is True
    assert program.post(f"bulk_edits/{told['id']}/undo", {}).json()["code"] == "bulk_edit_undone"
    for wrong in ({"deals": [], "change": change}, {"deals": ids, "change": {}}, {"deals": ids, "change": {"no": 1}}):
        assert program.post("deals:bulk", wrong).status_code == 422


def test_deals_of_another_system_are_put_by_its_ids_and_judged_one_by_one(program: Program, things: Things) -> None:
    put = {"name": "From the CRM", "opened_on": days_ago(60), "qualified_on": days_ago(50), "amount": 1_000}
    made = program.put("deals/by-external-id/crm/a%2F1", put)
    assert (made.status_code, made.json()["external_id"]) == (201, "a/1")
    again = program.put("deals/by-external-id/crm/a%2F1", put)
    assert (again.status_code, again.json()["version"]) == (200, made.json()["version"])
    won = next(stage["id"] for stage in program.all("stages?kind=won"))
    items: list[Any] = [
        {"source": "crm", "external_id": "a/1", "amount": 2_000, "stage": things.stg},
        {"source": "crm", "external_id": "b", "name": "Won before", "stage": won, "on": days_ago(3), **put},
        {"source": "crm", "external_id": "c"},
        {"source": "crm", "external_id": "d", "name": "Bad", "amount": -5},
        {"source": "crm", "external_id": "e", "name": "Bad", "qualified_on": days_ago(-5)},
        {"source": "crm", "external_id": "b", "name": "Twice"},
        7,
    ]
    told = program.post("deals:upsert", {"items": items}, idempotency_key="sync-1").json()
    assert [row["outcome"] for row in told["results"]] == ["updated", "created", *["error"] * 5]
    assert [row["code"] for row in told["results"]][2:] == ["invalid", "invalid", "invalid", "given_twice", "invalid"]
    assert told["results"][4]["errors"][0]["pointer"] == "#/items/4/qualified_on"
    assert program.post("deals:upsert", {"items": items}, idempotency_key="sync-1").json() == told
    found = program.all("deals?source=crm&external_id=b")[0]
    assert (found["end_cause"], found["closed_on"], found["stage"]["id"]) == ("won", days_ago(3), won)
    assert kinds(program, found["id"]) == ["opened", "qualified", "closed"]
    assert [row["external_id"] for row in program.all("deals?source=crm")] == ["b", "a/1"]
    once_more = program.post("deals:upsert", {"items": items[:2]}).json()
    assert [row["outcome"] for row in once_more["results"]] == ["unchanged", "unchanged"]


def test_equal_ids_of_two_organisations_are_two_deals(program: Program, eve: Membership) -> None:
    hers = Program(make_secret(eve))
    for one, name in ((program, "Ours"), (hers, "Hers")):
        assert one.put("deals/by-external-id/crm/1", {"name": name}).status_code == 201
    assert program.put("deals/by-external-id/crm/1", {"name": "Ours 2"}).status_code == 200
    assert [deal["name"] for deal in hers.all("deals?source=crm")] == ["Hers"]
    theirs = program.all("deals?source=crm")[0]["id"]
    told = hers.post("deals:bulk", {"deals": [theirs], "change": {"is_test": True}}).json()
    assert (told["updated"], told["results"][0]["code"]) == (0, "no_such_deal")


def test_five_hundred_deals_cost_as_many_statements_as_a_few(
    program: Program, django_assert_max_num_queries: Any
) -> None:
    def items(number: int, amount: int) -> dict[str, Any]:
        facts = {"source": "crm", "amount": amount, "qualified_on": days_ago(0)}
        return {"items": [{**facts, "external_id": str(one), "name": f"Deal {one}"} for one in range(number)]}

    with django_assert_max_num_queries(40):
        assert program.post("deals:upsert", items(200, 1)).json()["created"] == 200
    with django_assert_max_num_queries(40):
        assert program.post("deals:upsert", items(200, 2)).json()["updated"] == 200


def test_many_deals_are_given_away_and_replanned_with_as_many_statements_as_two(
    program: Program, lena: Membership, omar: Membership
) -> None:
    with tenant_scope(lena.tenant_id):
        make_strategy(actor=lena)
    items = [{"source": "crm", "external_id": str(one), "name": f"Deal {one}"} for one in range(42)]
    ids = [row["id"] for row in program.post("deals:upsert", {"items": items}).json()["results"]]
    owner = next(one["id"] for one in program.all("members") if one["name"] == "Omar")
    change = {"owner": owner, "segment": program.all("segments")[0]["id"]}
    asked = []
    for some in (ids[:2], ids[2:]):
        with CaptureQueriesContext(connection) as queries:
            assert program.post("deals:bulk", {"deals": some, "change": change}).json()["updated"] == len(some)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_a_step_into_the_stage_where_a_deal_stands_takes_nothing_of_an_end(program: Program, things: Things) -> None:
    deal = opened(program)
    step = {"stage": deal["stage"]["id"], "reason": things.rsn, "competitor": things.cmp}
    refused = program.post(f"deals/{deal['id']}/transitions", step)
    assert (refused.status_code, {one["pointer"] for one in refused.json()["errors"]}) == (
        422,
        {"#/reason", "#/competitor"},
    )


def test_what_a_deal_learnt_from_another_one_it_knows_from_that_day_on(program: Program) -> None:
    keep = opened(program, amount=None)["id"]
    gone = opened(program, name="Gone", amount=5_000, expected_close_on=days_ago(-9))["id"]

    def known(days: int) -> tuple[Any, ...]:
        was = program.get(f"deals/{keep}?as_of={days_ago(days)}").json()
        return was["amount"], was["expected_close_on"]

    assert program.post(f"deals/{keep}/merges", {"gone": gone}).status_code == 200
    assert (known(1), known(0)) == ((None, None), (5_000, days_ago(-9)))
    early = program.patch(f"deals/{keep}", {"amount": 7, "on": days_ago(3)}, if_match="*")
    assert [one["pointer"] for one in early.json()["errors"]] == ["#/on"]
    assert program.post(f"deals/{keep}/merges/undo", {}).status_code == 200
    program.patch(f"deals/{keep}", {"amount": 7}, if_match="*")
    assert (known(1), known(0)) == ((None, None), (7, None))


def test_two_deals_that_are_one_are_merged_and_taken_apart_again(
    program: Program, things: Things, omar: Membership
) -> None:
    keep = opened(program, company=None)["id"]
    path = f"deals/{keep}/merges"
    assert Program(make_secret(omar)).post(path, {"gone": things.deal}).status_code == 403
    assert program.post(path, {"gone": keep}).status_code == 422
    company = program.get(f"deals/{things.deal}").json()["company"]
    merged = program.post(path, {"gone": things.deal}, idempotency_key="merge-1")
    assert merged.json()["gone_id"] == things.deal
    assert program.post(path, {"gone": things.deal}, idempotency_key="merge-1").json() == merged.json()
    assert program.get(f"deals/{keep}").json()["company"] == company
    assert program.get(f"deals/{things.deal}").json()["merged_into_id"] == keep
    assert (kinds(program, keep)[-1], kinds(program, things.deal)[-1]) == ("merged", "merged")
    assert {row["deal"]["id"] for row in program.all("activities") if row["deal"]} == {keep}
    assert [row["contact"]["id"] for row in program.all(f"deals/{keep}/contacts")] == [things.con]
    assert [row["deal"]["id"] for row in program.all("milestones")].count(keep) == 1
    step = program.post(f"deals/{things.deal}/transitions", {"stage": things.stg})
    assert (step.status_code, step.json()["code"]) == (409, "was_merged")
    assert program.post(f"{path}/undo", {}).json()["undone_at"] is not None
    assert program.get(f"deals/{things.deal}").json()["merged_into_id"] is None
    assert program.get(f"deals/{keep}").json()["company"] is None
    assert {row["deal"]["id"] for row in program.all("activities") if row["deal"]} == {things.deal}
    assert {row["deal"]["id"] for row in program.all("milestones")} == {things.deal}
    assert program.post(f"{path}/undo", {}).status_code == 404


def test_finds_deals_by_what_they_are_and_since_when_they_changed(
    program: Program, things: Things, lena: Membership
) -> None:
    sources = program.post("deal_sources", {"name": "Fair"}).json()
    first = opened(program, came_from=sources["id"], expected_close_on=days_ago(-5))
    later = opened(program, name="Later", qualified_on=days_ago(2))

    def found(query: str) -> set[str]:
        return {deal["id"] for deal in program.all(f"deals?{query}")}

    assert found(f"came_from={sources['id']}") == {first["id"]}
    assert first["id"] in found(f"expected_close_until={days_ago(-5)}")
    assert first["id"] not in found(f"expected_close_until={days_ago(1)}")
    assert later["id"] in found(f"qualified_from={days_ago(3)}")
    assert first["id"] not in found(f"qualified_from={days_ago(3)}")
    since = program.get(f"deals/{later['id']}").json()["updated_at"]
    program.patch(f"deals/{first['id']}", {"amount": 1}, if_match="*")
    changed = [deal["id"] for deal in program.all(f"deals?updated_since={since}&limit=1")]
    assert changed == [later["id"], first["id"]], "the oldest change first"
    expanded = program.get(f"deals/{first['id']}?expand=came_from").json()
    assert expanded["came_from"]["position"] == sources["position"]


def test_a_currency_without_a_rate_says_so_and_takes_it(program: Program, lena: Membership) -> None:
    body = {"name": "Abroad", "currency": "CHF", "amount": 100, "qualified_on": days_ago(0)}
    refused = program.post("deals", body)
    assert (refused.json()["code"], refused.json()["errors"][0]["pointer"]) == ("requirements_missing", "#/rate")
    assert program.post("deals", {**body, "rate": "1.0700"}).json()["rate"] == "1.07"
    with tenant_scope(lena.tenant_id):
        ExchangeRate.objects.create(currency="CHF", from_on=days_ago(3), rate="1.05")
        assert Deal.objects.filter(name="Abroad").count() == 1
    assert program.post("deals", body).json()["rate"] == "1.05"
    assert program.post("deals", {**body, "currency": "QQQ"}).json()["errors"][0]["pointer"] == "#/currency"
