"""A program writes a strategy, activates it, changes it and ends it; what it said stays readable."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import PlanPart, Strategy, StrategyVersion
from tests.api import Program, make_secret
from tests.make import make_deals, make_strategy
from tests.strategy.plans import complete


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def etag(program: Program, row: dict[str, Any]) -> str:
    return program.get(f"strategies/{row['id']}").headers["ETag"]


def begun(program: Program, **body: Any) -> dict[str, Any]:
    answer = program.post("strategies", {"name": "2026 to 2027", **body})
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def pointers(answer: Any) -> set[str]:
    return {error["pointer"] for error in answer.json()["errors"]}


def test_from_a_template_over_its_gaps_to_the_second_version_and_the_end(program: Program) -> None:
    draft = begun(program, template="mid_market_direct")
    address = f"strategies/{draft['id']}"
    assert (draft["state"], draft["newest_version"], draft["published"]) == ("draft", None, None)
    assert {gap["pointer"] for gap in draft["missing"]} == {"#/text/goal/amount", "#/text/goal/by"}
    refused = program.post(f"{address}/activation", {})
    assert (refused.status_code, refused.json()["code"]) == (422, "strategy_incomplete")
    assert pointers(refused) == {"#/text/goal/amount", "#/text/goal/by"}

    goal = {**draft["text"]["goal"], "amount": 600_000_000, "currency": "EUR", "by": "2027-12-31"}
    text = {**draft["text"], "goal": goal}
    written = program.patch(address, {"text": text, "name": "To 2027"}, If_Match=etag(program, draft))
    assert (written.status_code, written.json()["name"], written.json()["missing"]) == (200, "To 2027", [])
    again = {"Idempotency_Key": "one"}
    active = [program.post(f"{address}/activation", {"note": "We begin"}, **again).json() for _ in range(2)]
    assert active[0] == active[1]
    assert (active[0]["state"], active[0]["newest_version"], active[0]["is_being_written"]) == ("active", 1, False)
    assert active[0]["published"] == active[0]["text"] == text

    text = {**text, "title": "Become the leakage partner"}
    changed = program.patch(address, {"text": text}, If_Match="*").json()
    assert (changed["is_being_written"], changed["published"]["title"] != text["title"]) == (True, True)
    program.post(f"{address}/activation", {"note": "Shorter"})
    assert program.post(f"{address}/activation", {}).json()["code"] == "nothing_to_publish"
    told = [(one["number"], one["note"], one["text"]["title"]) for one in program.all(f"{address}/versions")]
    assert told == [(2, "Shorter", text["title"]), (1, "We begin", draft["text"]["title"])]

    assert program.get(f"{address}/versions/1").json()["note"] == "We begin"
    for number in ("0", "3", "01", "x", "9" * 40):
        assert program.get(f"{address}/versions/{number}").status_code == 404

    assert program.delete(address).json()["code"] == "strategy_was_active"
    assert pointers(program.post(f"{address}/retirement", {"because": " "})) == {"#/because"}
    over = program.post(f"{address}/retirement", {"because": "Nobody sponsored a workshop"}).json()
    assert (over["state"], over["retired_because"]) == ("retired", "Nobody sponsored a workshop")
    assert program.patch(address, {"name": "Once more"}, If_Match="*").json()["code"] == "strategy_is_over"
    assert [row["name"] for row in program.all("strategies?state=retired")] == ["To 2027"]


def test_the_second_of_two_programs_is_told_and_nothing_is_lost(program: Program) -> None:
    draft = begun(program)
    address, read_by_both = f"strategies/{draft['id']}", etag(program, draft)
    assert program.patch(address, {"text": {"title": "Hers"}}, If_Match=read_by_both).status_code == 200
    assert program.patch(address, {"text": {"title": "His"}}, If_Match=read_by_both).status_code == 412
    assert program.patch(address, {"text": {"title": "His"}}).status_code == 428
    assert program.get(address).json()["text"]["title"] == "Hers"


def test_a_copy_stands_beside_as_an_alternative_and_a_draft_is_thrown_away(program: Program) -> None:
    first = begun(program, template="account_led")
    copy = begun(program, name="Through partners", copy_of=first["id"])
    assert copy["alternative_to"] == {"id": first["id"], "name": "2026 to 2027"}
    assert copy["text"]["title"] == first["text"]["title"]
    assert copy["text"]["plays"][0]["id"] != first["text"]["plays"][0]["id"]
    assert program.delete(f"strategies/{copy['id']}").status_code == 204
    assert [row["id"] for row in program.all("strategies")] == [first["id"]]
    assert len(program.all("strategies/templates")) == 3


KEY = "01981f5e-0000-7000-8000-000000000001"
PLAY = {"id": KEY[:-1] + "2", "name": "Workshop", "segment": KEY}
SEGMENT = {"id": KEY, "name": "Utilities"}
WRONG: list[tuple[dict[str, Any], set[str]]] = [
    ({"titel": "x"}, {"#/text/titel"}),
    ({"title": "x" * 201}, {"#/text/title"}),
    ({"goal": {"amount": -1}}, {"#/text/goal/amount"}),
    (
        {"goal": {"amount": 10**16, "by": "soon", "currency": "euro"}},
        {"#/text/goal/amount", "#/text/goal/by", "#/text/goal/currency"},
    ),
    ({"starts_on": "2027-01-01", "ends_on": "2026-01-01"}, {"#/text/ends_on"}),
    ({"plays": [PLAY]}, {"#/text/plays/0/segment"}),
    (
        {"segments": [SEGMENT, SEGMENT]},
        {"#/text/segments/0/id", "#/text/segments/1/id", "#/text/segments/0/name", "#/text/segments/1/name"},
    ),
    (
        {"segments": [{**SEGMENT, "rules": [{"fact": "employees", "test": "one_of", "words": ["x"]}]}]},
        {"#/text/segments/0/rules/0"},
    ),
    (
        {"segments": [{**SEGMENT, "rules": [{"fact": "taste", "test": "one_of", "words": ["x"]}]}]},
        {"#/text/segments/0/rules/0/fact"},
    ),
    (
        {"segments": [SEGMENT], "plays": [{**PLAY, "milestones": ["deal_1", 7]}]},
        {"#/text/plays/0/milestones/0", "#/text/plays/0/milestones/1"},
    ),
    (
        {"segments": [SEGMENT], "plays": [{**PLAY, "outputs": ["oty_00000000000000000000000000"]}]},
        {"#/text/plays/0/outputs/0"},
    ),
    (
        {
            "segments": [SEGMENT],
            "plays": [{**PLAY, "activities": [{"type": "aty_00000000000000000000000000", "number": 0}]}],
        },
        {"#/text/plays/0/activities/0/number"},
    ),
    (
        {"segments": [SEGMENT], "plays": [{**PLAY, "id": KEY}]},
        {"#/text/segments/0/id", "#/text/plays/0/id"},
    ),
    ({"plays": "none"}, {"#/text/plays"}),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_a_text_that_cannot_be_used_is_told_place_by_place_and_not_kept(
    program: Program, text: dict[str, Any], expected: set[str], lena: Membership
) -> None:
    answer = program.post("strategies", {"name": "2026 to 2027", "text": text})
    assert (answer.status_code, pointers(answer)) == (422, expected)
    with tenant_scope(lena.tenant_id):
        assert not Strategy.objects.exists()


def test_odd_bodies_get_a_clear_answer(program: Program) -> None:
    for body in (
        {"name": "A", "text": {"title": "x"}, "template": "account_led"},
        {"name": "A", "text": []},
        {"name": "x" * 121},
        {"name": "A", "copy_of": "str_00000000000000000000000000"},
        {"name": "A", "template": "astrology"},
    ):
        assert program.post("strategies", body).status_code == 422
    begun(program, name="مرحبا 🌊", text={"title": "שלום 🌊"})
    assert pointers(program.post("strategies", {"name": "مرحبا 🌊"})) == {"#/name"}


def test_parts_are_read_with_what_was_said_of_them_last(program: Program, lena: Membership, eve: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        strategy = make_strategy(actor=lena)
        content = StrategyVersion.objects.get().content
        play_key = PlanPart.objects.get(kind="play").key
    (play,) = program.all("plays?expand=segment,strategy")
    assert play["key"] == str(play_key)
    assert play["segment"]["text"]["rules"][0]["high"] == 1500
    assert play["persona"]["name"] == "Owner of the problem"
    assert play["text"]["factors"] == content["plays"][0]["factors"]
    assert {one["type"][:4] for one in play["text"]["activities"]} == {"aty_"}
    assert play["strategy"]["state"] == "active"
    address = f"plays/{play['id']}"
    assert program.get(address).json()["is_current"] is True
    assert program.get(address.replace("ply_", "seg_").replace("plays", "segments")).status_code == 404
    program.post(f"strategies/{play['strategy']['id']}/retirement", {"because": "Over"})
    assert program.all("plays?is_current=true") == []
    assert len(program.all(f"plays?strategy={play['strategy']['id']}")) == 1
    assert Program(make_secret(eve)).all("segments") == []
    assert strategy.name == play["strategy"]["name"]


def test_a_text_is_read_back_as_it_was_written(program: Program) -> None:
    (kind, *_), (outcome, *_) = program.all("activity_types"), program.all("milestone_types")
    text = complete()
    text["plays"][0] |= {"activities": [{"type": kind["id"], "number": 4}], "milestones": [outcome["id"]]}
    made = begun(program, text=text)
    (play,) = made["text"]["plays"]
    assert (play["activities"][0]["type"], play["milestones"]) == (kind["id"], [outcome["id"]])
    assert made["missing"] == []


def test_what_waits_to_be_published_is_shown_to_those_who_may_change_it(program: Program, omar: Membership) -> None:
    with tenant_scope(omar.tenant_id):
        strategy = make_strategy(actor=Membership.objects.get(name="Lena"))
    row = program.all("strategies")[0]
    address = f"strategies/{row['id']}"
    published = program.get(address).json()["text"]
    program.patch(address, {"text": {**published, "title": "Not yet decided"}}, If_Match="*")
    assert program.get(address).json()["text"]["title"] == "Not yet decided"
    read = Program(make_secret(omar)).get(address)
    assert (read.json()["text"], b"Not yet decided" in read.content) == (published, False)
    assert strategy.name == row["name"]


def test_verdicts_say_what_they_rest_on_and_nothing_of_drafts(program: Program, lena: Membership) -> None:
    draft = begun(program, template="account_led")
    assert program.get(f"strategies/{draft['id']}/verdicts").json()["data"] == []
    with tenant_scope(lena.tenant_id):
        strategy = make_strategy(actor=lena, name="Active")
        plan = {part.kind: part for part in PlanPart.objects.filter(strategy=strategy, kind__in=("segment", "play"))}
        make_deals(21, actor=lena, age=100, ended=20, cause="won", strategy=strategy, **plan)
    row = next(one for one in program.all("strategies") if one["name"] == "Active")
    (told,) = program.get(f"strategies/{row['id']}/verdicts").json()["data"]
    assert (told["verdict"], told["qualified"], told["closed"], told["won"]) == ("unknown", 21, 21, 21)
    assert (told["share"], round(told["low"], 2), told["high"], told["expected"]) == (1.0, 0.85, 1.0, None)
    assert program.get("strategies/nonsense/verdicts").status_code == 404


def test_a_type_stands_once_in_a_play(program: Program) -> None:
    draft = begun(program, template="mid_market_direct")
    text = draft["text"]
    text["plays"][0]["activities"] *= 2
    refused = program.patch(f"strategies/{draft['id']}", {"text": text}, If_Match="*")
    assert refused.status_code == 422
    assert all(one.startswith("#/text/plays/0/activities/") for one in pointers(refused))
