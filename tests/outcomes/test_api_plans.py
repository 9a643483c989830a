"""Mutual steps, planned activities, targets and conversations, as programs write and read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.api import ids
from accounts.models import AuditEvent, Membership
from accounts.tenancy.scope import tenant_scope
from outcomes.models import PlannedActivity
from outcomes.queries.plans import kept, to_take_along
from tests.api import Program, Things, furnish, make_secret
from tests.make import NOON
from tests.strategy.test_api_deal_changes import opened
from tests.teams import Cast, let_see

STEP = {"name": "Security review", "due_on": "2026-12-04"}


def key_of(member: Membership) -> str:
    """One that is good for long: the database has a clock of its own."""
    return make_secret(member, lasts=timedelta(days=9000))


@pytest.fixture(autouse=True)
def on_wednesday() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=True) as clock:
        yield clock


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(key_of(lena))


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


def names(program: Program, deal: str) -> list[str]:
    rows = program.all(f"mutual_steps?deal={deal}")
    return [row["name"] for row in sorted(rows, key=lambda row: row["position"])]


def test_steps_stand_by_their_days_until_somebody_orders_them(program: Program) -> None:
    deal = opened(program)["id"]
    for name, due_on in (("Sign", "2026-12-18"), ("Security review", "2026-12-04"), ("Pilot", "2026-12-04")):
        assert program.post("mutual_steps", {"deal": deal, "name": name, "due_on": due_on}).status_code == 201
    assert names(program, deal) == ["Security review", "Pilot", "Sign"]
    first = program.all(f"mutual_steps?deal={deal}")[0]
    moved = program.patch(f"mutual_steps/{first['id']}", {"position": 1}, if_match="*").json()
    assert (moved["position"], moved["version"], names(program, deal)[0]) == (1, 2, "Sign")
    done = program.patch(f"mutual_steps/{first['id']}", {"done_on": "2026-11-17"}, if_match="*").json()
    assert done["done_on"] == "2026-11-17"
    assert program.delete(f"mutual_steps/{first['id']}").status_code == 204
    assert names(program, deal) == ["Security review", "Pilot"]


def test_the_second_of_two_who_change_a_step_is_told(program: Program, things: Things) -> None:
    tag = program.get(f"mutual_steps/{things.stp}").headers["ETag"]
    assert program.patch(f"mutual_steps/{things.stp}", {"name": "Pilot"}, if_match=tag).status_code == 200
    assert program.patch(f"mutual_steps/{things.stp}", {"name": "Sign"}, if_match=tag).status_code == 412
    assert program.patch(f"mutual_steps/{things.stp}", {"name": "Sign"}).status_code == 428


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "   "),
        ("name", "x" * 201),
        ("due_on", "1901-01-01"),
        ("due_on", "soon"),
        ("their_name", "x" * 121),
        ("position", 0),
        ("their_owner", "{like}"),
    ],
)
def test_a_step_that_cannot_be_is_refused_at_its_field(
    program: Program, things: Things, field: str, value: Any
) -> None:
    if field == "their_owner":
        program.patch(f"contacts/{things.like}", {"company": things.other}, if_match="*")
        value = things.like
    answer = program.post("mutual_steps", {"deal": things.deal, **STEP, field: value})
    assert (answer.status_code, pointers(answer)) == (422, [f"#/{field}"])
    assert len(program.all(f"mutual_steps?deal={things.deal}")) == 1


def test_a_plan_of_sixty_steps_takes_no_other(program: Program) -> None:
    deal = opened(program)["id"]
    for _number in range(60):
        program.post("mutual_steps", {"deal": deal, **STEP})
    answer = program.post("mutual_steps", {"deal": deal, **STEP})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_steps")


def test_one_person_at_the_customer_sees_to_a_step(program: Program, things: Things) -> None:
    both = {"deal": things.deal, **STEP, "their_owner": things.con, "their_name": "Ingrid Falk"}
    answer = program.post("mutual_steps", both)
    assert (answer.status_code, pointers(answer)) == (422, ["#/their_name"])
    step = program.post("mutual_steps", {**both, "their_name": ""}).json()
    now = program.patch(f"mutual_steps/{step['id']}", {"their_name": "Ingrid Falk"}, if_match="*").json()
    assert (now["their_owner"], now["their_name"]) == (None, "Ingrid Falk")


def planned(program: Program, things: Things, **wanted: Any) -> dict[str, Any]:
    body = {"type": things.aty, "span": "day", "on": "2026-11-18", "deal": things.fresh, **wanted}
    answer = program.post("plans", body)
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def logged(program: Program, things: Things, at: str, **wanted: Any) -> dict[str, Any]:
    answer = program.post("activities", {"type": things.aty, "at": at, "deal": things.fresh, **wanted})
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def test_a_week_begins_as_the_organisation_says(program: Program, things: Things) -> None:
    spans = [planned(program, things, span=span) for span in ("day", "week", "month")]
    assert [(one["first_on"], one["last_on"]) for one in spans] == [
        ("2026-11-18", "2026-11-18"),
        ("2026-11-16", "2026-11-22"),
        ("2026-11-01", "2026-11-30"),
    ]
    program.patch("organisation", {"week_starts": 7}, if_match="*")
    assert planned(program, things, span="week", on="2026-11-22")["first_on"] == "2026-11-22"


@pytest.mark.parametrize("on", ["2026-11-17", "2028-11-18", "1900-01-01"])
def test_nothing_is_planned_for_the_past_or_for_years_ahead(program: Program, things: Things, on: str) -> None:
    answer = program.post("plans", {"type": things.aty, "span": "day", "on": on})
    assert (answer.status_code, pointers(answer)) == (422, ["#/on"])


def test_logging_does_what_was_planned_for_its_span(
    program: Program, things: Things, on_wednesday: Any, lena: Membership
) -> None:
    day, week = planned(program, things), planned(program, things, span="week")
    on_wednesday.shift(timedelta(hours=1))
    # What happened before it was planned did not keep a plan, nor did another deal's.
    logged(program, things, "2026-11-18T08:00:00Z")
    logged(program, things, "2026-11-18T12:30:00Z", deal=things.deal)
    assert {row["state"] for row in program.all(f"plans?deal={things.fresh}")} == {"planned"}
    call = logged(program, things, "2026-11-18T12:30:00Z")
    done = program.get(f"plans/{day['id']}").json()
    assert (done["state"], done["activity_id"]) == ("done", call["id"])
    assert program.get(f"plans/{week['id']}").json()["state"] == "planned"
    program.delete(f"activities/{call['id']}", if_match="*")
    assert states(program, day, week) == ["planned", "planned"]
    assert opened_again(lena, day) == 1


def states(program: Program, *plans: dict[str, Any]) -> list[str]:
    return [program.get(f"plans/{one['id']}").json()["state"] for one in plans]


def opened_again(lena: Membership, plan: dict[str, Any]) -> int:
    with tenant_scope(lena.tenant_id):
        told = AuditEvent.objects.filter(verb="planned_activity.opened_again", actor=lena)
        return told.filter(subject_id=ids.decode(ids.PLANNED_ACTIVITY, plan["id"])).count()


@pytest.mark.parametrize(
    "wrong", [{"at": "2026-11-18T08:00:00Z"}, {"deal": "{deal}"}, {"type": "{other}"}, {"member": "{omar}"}]
)
def test_what_turns_out_to_be_something_else_opens_the_plan_again(
    program: Program, things: Things, on_wednesday: Any, lena: Membership, omar: Membership, wrong: dict[str, str]
) -> None:
    plan = planned(program, things)
    on_wednesday.shift(timedelta(hours=1))
    call = logged(program, things, "2026-11-18T12:30:00Z")
    other = program.post("activity_types", {"name": "Site visit"}).json()["id"]
    named = {"{deal}": things.deal, "{other}": other, "{omar}": ids.encode(ids.MEMBER, omar.pk)}
    path, right = f"activities/{call['id']}", {"type": things.aty, "at": call["at"], "deal": things.fresh}
    assert program.patch(path, {"purpose": "Still the same call"}, if_match="*").status_code == 200
    assert states(program, plan) == ["done"]
    said = {name: named.get(value, value) for name, value in wrong.items()}
    assert program.patch(path, said, if_match="*").status_code == 200
    assert states(program, plan) == ["planned"]
    back = program.patch(path, {**right, "member": ids.encode(ids.MEMBER, lena.pk)}, if_match="*")
    assert back.status_code == 200, back.content
    assert program.get(f"plans/{plan['id']}").json()["activity_id"] == call["id"]
    assert opened_again(lena, plan) == 1


def test_what_else_was_done_takes_the_place_of_what_is_taken_back(
    program: Program, things: Things, on_wednesday: Any, lena: Membership
) -> None:
    plan = planned(program, things)
    on_wednesday.shift(timedelta(hours=3))
    first, second = (logged(program, things, f"2026-11-18T1{hour}:30:00Z") for hour in (2, 3))
    assert program.get(f"plans/{plan['id']}").json()["activity_id"] == first["id"]
    program.delete(f"activities/{first['id']}", if_match="*")
    assert program.get(f"plans/{plan['id']}").json()["activity_id"] == second["id"]
    program.patch(f"activities/{second['id']}", {"deal": None}, if_match="*")
    assert states(program, plan) == ["planned"]


def test_where_nothing_like_it_is_planned_an_activity_costs_one_question_more(program: Program, things: Things) -> None:
    planned(program, things, deal=things.deal)
    logged(program, things, "2026-11-18T09:00:00Z")
    with CaptureQueriesContext(connection) as asked:
        logged(program, things, "2026-11-18T10:00:00Z")
    about = [one["sql"] for one in asked if "outcomes_plannedactivity" in one["sql"]]
    assert len(about) == 1
    assert "FOR NO KEY UPDATE" not in about[0]
    assert sum(one["sql"].startswith("SAVEPOINT") for one in asked) == 1


def test_a_plan_that_moves_stays_as_it_was(program: Program, things: Things) -> None:
    plan = planned(program, things, purpose="Agree on the goal")
    path = f"plans/{plan['id']}"
    new = program.post(f"{path}/move", {"on": "2026-11-19", "note": "They are ill"}).json()
    old = program.get(path).json()
    assert (old["state"], old["moved_to_id"], old["note"]) == ("moved", new["id"], "They are ill")
    assert (new["state"], new["first_on"], new["purpose"]) == ("planned", "2026-11-19", "Agree on the goal")
    for verb, body in (("move", {"on": "2026-11-20"}), ("drop", {"note": "No"})):
        answer = program.post(f"{path}/{verb}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "plan_is_settled")
    same = program.post(f"plans/{new['id']}/move", {"on": "2026-11-19"})
    assert (same.status_code, pointers(same)) == (422, ["#/on"])
    assert program.post(f"plans/{new['id']}/drop", {"note": " "}).status_code == 422
    assert program.post(f"plans/{new['id']}/drop", {"note": "They wait for spring"}).json()["state"] == "dropped"


def test_what_is_done_late_is_done_and_not_kept(
    program: Program, things: Things, on_wednesday: Any, lena: Membership
) -> None:
    plans = [planned(program, things), planned(program, things, deal=things.deal)]
    on_wednesday.shift(timedelta(days=3))
    logged(program, things, "2026-11-20T09:00:00Z")
    on_wednesday.shift(timedelta(days=30))
    logged(program, things, "2026-12-20T09:00:00Z", deal=things.deal)
    assert [program.get(f"plans/{one['id']}").json()["state"] for one in plans] == ["done", "planned"]
    with tenant_scope(lena.tenant_id):
        assert kept(lena, today=lena.tenant.day_of(NOON) + timedelta(days=3))[:2] == (0, 2)


def test_what_was_kept_cannot_be_beautified(
    program: Program, things: Things, on_wednesday: Any, lena: Membership
) -> None:
    """Moved, dropped, forgotten and late plans are all counted; what is not over is not."""
    plans = [planned(program, things) for _number in range(5)]
    planned(program, things, span="month")
    program.post(f"plans/{plans[0]['id']}/move", {"on": "2026-12-30"})
    program.post(f"plans/{plans[1]['id']}/drop", {"note": "No"})
    on_wednesday.shift(timedelta(hours=1))
    logged(program, things, "2026-11-18T12:30:00Z")
    on_wednesday.shift(timedelta(days=1))
    logged(program, things, "2026-11-19T12:30:00Z")
    with tenant_scope(lena.tenant_id):
        found = kept(lena, today=lena.tenant.day_of(NOON) + timedelta(days=1))
        assert (found.kept, found.planned, found.rate, found.more) == (1, 5, None, 15)
        first = NOON.date() - timedelta(days=3)
        row = PlannedActivity.objects.filter(state="planned", span="day", first_on=NOON.date())[0]
        for _number in range(15):
            row.pk = None
            row._state.adding = True
            row.id, row.first_on, row.last_on = row._meta.pk.get_default(), first, first
            row.save()
        rate = kept(lena, today=lena.tenant.day_of(NOON) + timedelta(days=1)).rate
    assert rate is not None
    assert (rate.events, rate.n, round(rate.low, 3), round(rate.high, 3)) == (1, 20, 0.009, 0.236)


def test_each_plans_for_themselves(things: Things, omar: Membership) -> None:
    answer = Program(key_of(omar)).patch(f"plans/{things.pln}", {"purpose": "Mine"}, if_match="*")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_plan")


AIM = {"number": 5, "per": "week", "why": "Each third call names what they want", "from_on": "2026-11-16"}


def test_targets_are_set_for_oneself_ones_people_and_ones_teams(cast: Cast, things: Things) -> None:
    aim = {**AIM, "type": things.aty, "milestone": things.mty}
    of = {name: ids.encode(ids.MEMBER, getattr(cast, name).pk) for name in ("omar", "nina", "sara")}
    teams = {name: ids.encode(ids.TEAM, getattr(cast, name).pk) for name in ("north", "south")}
    mine, nothing = {"member": of["omar"]}, dict[str, str]()
    expected = [
        (cast.omar, mine, 201),
        (cast.omar, {"member": of["nina"]}, 403),
        (cast.omar, {"team": teams["north"]}, 403),
        (cast.nina, mine, 201),
        (cast.nina, {"team": teams["north"]}, 201),
        (cast.nina, {"member": of["sara"]}, 403),
        (cast.nina, {"team": teams["south"]}, 403),
        (cast.nina, nothing, 403),
        (cast.lena, nothing, 201),
        (cast.lena, mine | {"team": teams["north"]}, 422),
    ]
    programs = {one: Program(key_of(cast.person(one))) for one in ("omar", "nina", "lena")}
    for member, whom, status in expected:
        answer = programs[member.name.lower()].post("targets", aim | whom)
        assert answer.status_code == status, (member.name, whom, answer.content)


@pytest.mark.parametrize(
    ("field", "value"),
    [("why", ""), ("why", "x" * 301), ("number", 0), ("number", 1001), ("per", "day"), ("until_on", "2026-11-15")],
)
def test_a_target_says_how_many_and_why(program: Program, things: Things, field: str, value: Any) -> None:
    answer = program.post("targets", {**AIM, "type": things.aty, "milestone": things.mty, field: value})
    assert (answer.status_code, pointers(answer)) == (422, [f"#/{field}"])
    bare = program.post("targets", {**AIM, "type": things.aty})
    assert (bare.status_code, pointers(bare)) == (422, ["#/milestone"])


def test_questions_are_found_by_their_themes_and_taken_along(
    program: Program, things: Things, lena: Membership
) -> None:
    body = {"company": things.com, "prompt": "markets", "question": "What do regulators ask in 2029?"}
    talk = program.post("conversations", {**body, "themes": ["Leakage rules", "  leakage  RULES ", "Water"]}).json()
    assert (talk["themes"], talk["horizon"], talk["asked_on"]) == (["Leakage rules", "Water"], "H3", None)
    assert [row["id"] for row in program.all("conversations?theme=LEAKAGE rules")] == [talk["id"]]
    assert program.all("conversations?theme=nothing") == []
    with tenant_scope(lena.tenant_id):
        keys = [ids.decode(ids.CONVERSATION, key) for key in (things.cnv, talk["id"])]
        asked = [to_take_along(lena.pk, but=but).first() for but in ((), keys[:1], keys)]
        assert [one and one.pk for one in asked] == [*keys, keys[0]]
    heard = {"asked_on": "2026-11-18", "heard": "Proof of loss from 2029", "deal": things.deal, "themes": ["Water"]}
    after = program.patch(f"conversations/{talk['id']}", heard, if_match="*").json()
    assert (after["deal"]["id"], after["themes"], after["version"]) == (things.deal, ["Water"], 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", " "),
        ("question", "x" * 301),
        ("asked_on", "2026-11-19"),
        ("asked_on", "1901-01-01"),
        ("heard", "x" * 5001),
        ("themes", ["\u202e"]),
        ("themes", ["x" * 61]),
        ("themes", [str(number) for number in range(9)]),
        ("deal", "{fresh}"),
        ("horizon", "H1"),
    ],
)
def test_a_conversation_that_cannot_be_is_refused_at_its_field(
    program: Program, things: Things, field: str, value: Any
) -> None:
    if field == "deal":  # of another company
        value = opened(program, name="Another", company=things.other)["id"]
    body = {"company": things.com, "prompt": "markets", "question": "What changes?", field: value}
    answer = program.post("conversations", body)
    assert (answer.status_code, pointers(answer)[0].split("/")[1]) == (422, field)


def test_the_deal_that_a_conversation_became_is_named_to_those_who_see_it(cast: Cast, things: Things) -> None:
    let_see(cast.lena.tenant, "own")
    leads, sells = Program(key_of(cast.person("lena"))), Program(key_of(cast.person("omar")))
    path = f"conversations/{things.cnv}"
    leads.patch(path, {"deal": things.deal}, if_match="*")
    assert leads.get(path).json()["deal"]["id"] == things.deal
    assert sells.get(path).json()["deal"] is None
    assert [row["deal"] for row in sells.all("conversations")] == [None]
    assert sells.all("mutual_steps") == sells.all("plans") == []


def test_what_is_planned_goes_with_deals_companies_and_contacts_that_are_merged_and_comes_back(
    program: Program, things: Things
) -> None:
    gone = opened(program, name="Gone", company=things.other)["id"]
    who = program.post("contacts", {"name": "Ingrid Falk", "company": things.other}).json()["id"]
    step = program.post("mutual_steps", {"deal": gone, **STEP, "their_owner": who}).json()["id"]
    plan = planned(program, things, deal=gone, contact=who)["id"]
    talk = {"company": things.other, "prompt": "whom", "question": "Who decides?", "contact": who, "deal": gone}
    talk = program.post("conversations", talk).json()["id"]

    def where() -> list[str]:
        rows = [program.get(f"{kind}/{key}").json() for kind, key in places]
        deals = {row["deal"]["id"] for row in rows}
        contacts = {row.get("their_owner", row.get("contact"))["id"] for row in rows}
        companies = {row["company"]["id"] for row in rows if "company" in row}
        return sorted({*deals, *contacts, *companies})

    places = (("mutual_steps", step), ("plans", plan), ("conversations", talk))
    before = where()
    assert before == sorted([gone, who, things.other])
    merges = (("companies", things.com, things.other), ("contacts", things.con, who), ("deals", things.fresh, gone))
    for kind, keep, other in merges:
        assert program.post(f"{kind}/{keep}/merges", {"gone": other}, if_match="*").status_code == 200
    assert where() == sorted([things.com, things.con, things.fresh])
    for kind, keep, _other in reversed(merges):
        assert program.post(f"{kind}/{keep}/merges/undo", None, if_match="*").status_code == 200
    assert where() == before
