"""Correcting what was written down, taking it back, and with whom and for which play it was done."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.api import ids
from accounts.models import AuditEvent, Membership, Team, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityContact
from activities.services import take_back_entry
from strategy.models import Contact, Deal, PlanPart, Strategy, StrategyVersion
from strategy.services import merge_contacts, undo_merge
from tests.api import Program, Things
from tests.furnished import Furnished
from tests.make import NOON

YESTERDAY = (timezone.now() - timedelta(days=1)).isoformat()


@pytest.fixture
def things(furnished: Furnished) -> Things:
    return furnished.northwind


@pytest.fixture
def lena(furnished: Furnished, db: None) -> Membership:
    return furnished.member("lena")


@pytest.fixture
def program(furnished: Furnished, db: None) -> Program:
    return Program(furnished.secrets["lena"])


def key(of: str) -> Any:
    return ids.decode(of.partition("_")[0], of)


def log(program: Program, things: Things, **facts: Any) -> dict[str, Any]:
    answer = program.post("activities", {"type": things.aty, "at": YESTERDAY, **facts})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def change(program: Program, of: str, **facts: Any) -> Any:
    return program.patch(f"activities/{of}", facts, if_match="*")


def audited(lena: Membership, verb: str) -> list[dict[str, Any]]:
    with tenant_scope(lena.tenant_id):
        return list(AuditEvent.objects.filter(verb=verb).order_by("-at", "-pk").values_list("data", flat=True))


# --- With whom ---


def test_a_call_names_who_was_called(program: Program, things: Things) -> None:
    made = log(program, things, deal=things.deal, contacts=[things.con])
    assert made["contacts"] == [{"id": things.con, "name": "Nina Berg"}]
    assert [one["id"] for one in program.all(f"activities?contact={things.con}")] == [made["id"]]


def test_without_deal_and_company_it_was_with_the_company_of_who_took_part(program: Program, things: Things) -> None:
    assert log(program, things, contacts=[things.con])["company"]["id"] == things.com


@pytest.mark.parametrize("where", ["deal", "company"])
def test_nobody_of_another_company_took_part(program: Program, things: Things, where: str) -> None:
    stranger = program.post("contacts", {"name": "Olga", "company": things.other}).json()["id"]
    body = {"type": things.aty, "at": YESTERDAY, where: things.deal if where == "deal" else things.com}
    answer = program.post("activities", body | {"contacts": [things.con, stranger]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/contacts")
    stays = log(program, things, company=things.other, contacts=[stranger])
    assert change(program, stays["id"], company=things.com).json()["errors"][0]["pointer"] == "#/contacts"


def test_whoever_is_another_contact_now_took_part_as_that_one(
    program: Program, things: Things, lena: Membership
) -> None:
    both = log(program, things, contacts=[things.con, things.like])
    alone = log(program, things, contacts=[things.like])
    with tenant_scope(lena.tenant_id):
        keep, gone = Contact.objects.get(pk=key(things.con)), Contact.objects.get(pk=key(things.like))
        merge = merge_contacts(keep=keep, gone=gone, actor=lena, at=NOON)
    named = [program.get(f"activities/{one['id']}").json()["contacts"] for one in (both, alone)]
    assert named == [[{"id": things.con, "name": "Nina Berg"}]] * 2
    assert log(program, things, contacts=[things.like])["contacts"] == named[0]
    with tenant_scope(lena.tenant_id):
        undo_merge(merge=merge, actor=lena, at=NOON)
    back = [{one["id"] for one in program.get(f"activities/{done['id']}").json()["contacts"]} for done in (both, alone)]
    assert back == [{things.con, things.like}, {things.like}]
    assert program.get(f"activities/{both['id']}").json()["version"] > both["version"]


# --- For which play ---


def serving(lena: Membership, things: Things, *types: str, plays: int = 1, play: bool = False) -> None:
    """Let the deal serve a segment, for which as many plays name these types of activity."""
    with tenant_scope(lena.tenant_id):
        strategy = Strategy.objects.get(pk=key(things.str))
        parts = {part.kind: part for part in PlanPart.objects.filter(strategy=strategy)}
        version = StrategyVersion.objects.filter(strategy=strategy).order_by("-number")[0]
        (said,) = version.content["plays"][:1]
        efforts = [{"type": str(key(one)), "number": 2, "per": "deal"} for one in types]
        told = []
        for number in range(plays):
            part = parts["play"] if number == 0 else _another(parts["play"], number)
            told.append({**said, "id": str(part.key), "name": part.name, "activities": efforts})
        StrategyVersion.objects.create(
            strategy=strategy,
            number=version.number + 1,
            content={**version.content, "plays": told},
            published_at=NOON,
            published_by=lena,
        )
        Deal.objects.filter(pk=key(things.deal)).update(
            strategy=strategy, segment=parts["segment"], play=parts["play"] if play else None
        )


def _another(like: PlanPart, number: int) -> PlanPart:
    key = like.key.__class__(int=like.key.int ^ number)
    return PlanPart.objects.create(strategy=like.strategy, key=key, kind="play", name=f"Play {number}", position=9)


def test_the_play_of_the_deal_is_suggested(program: Program, things: Things, lena: Membership) -> None:
    serving(lena, things, play=True)
    assert log(program, things, deal=things.deal)["play"]["id"] == things.ply
    assert log(program, things, deal=things.deal, play=None)["play"] is None
    assert log(program, things)["play"] is None


def test_the_only_play_for_the_segment_that_names_the_type_is_suggested(
    program: Program, things: Things, lena: Membership
) -> None:
    serving(lena, things, things.aty)
    assert log(program, things, deal=things.deal)["play"]["id"] == things.ply
    other = program.post("activity_types", {"name": "Site visit"}).json()["id"]
    assert log(program, things, deal=things.deal, type=other)["play"] is None
    aligned = [program.all(f"activities?deal={things.deal}&aligned={given}") for given in ("true", "false")]
    assert [len(rows) for rows in aligned] == [1, 2]
    assert program.all(f"activities?play={things.ply}") == aligned[0]
    assert [one["id"] for one in program.all(f"activities?type={other}")] == [aligned[1][0]["id"]]


def test_of_two_plays_that_fit_none_is_suggested(program: Program, things: Things, lena: Membership) -> None:
    serving(lena, things, things.aty, plays=2)
    assert log(program, things, deal=things.deal)["play"] is None
    assert log(program, things, deal=things.deal, play=things.ply)["play"]["id"] == things.ply


def test_a_play_that_its_strategy_has_no_more_is_refused(program: Program, things: Things, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        PlanPart.objects.filter(pk=key(things.ply)).update(is_current=False)
    answer = program.post("activities", {"type": things.aty, "at": YESTERDAY, "play": things.ply})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/play")


@pytest.mark.parametrize(("given", "kept"), [(0, 0), (7, 7), (3600, 3600), (3601, None), (None, None)])
def test_who_was_called_away_while_logging_is_not_counted(
    program: Program, things: Things, given: int | None, kept: int | None
) -> None:
    assert log(program, things, took_seconds=given)["took_seconds"] == kept


def test_preparation_is_told_apart_from_contact(program: Program, things: Things) -> None:
    desk = program.post("activity_types", {"name": "Desk work", "counts_as": "preparation"}).json()["id"]
    made = log(program, things, type=desk)
    assert [one["id"] for one in program.all("activities?counts_as=preparation")] == [made["id"]]
    assert made["id"] not in {one["id"] for one in program.all("activities?counts_as=contact")}


def test_a_type_that_is_archived_is_not_logged_any_more(program: Program, things: Things) -> None:
    before = log(program, things)
    assert program.patch(f"activity_types/{things.aty}", {"is_archived": True}, if_match="*").status_code == 200
    answer = program.post("activities", {"type": things.aty, "at": YESTERDAY})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/type")
    assert change(program, before["id"], minutes=3, type=things.aty).json()["minutes"] == 3


# --- Correcting ---


def test_a_correction_is_told_with_what_was_there(program: Program, things: Things, lena: Membership) -> None:
    made = log(program, things, minutes=20, contacts=[things.con], outputs=[{"type": things.oty, "note": "Plan"}])
    answer = program.patch(
        f"activities/{made['id']}",
        {"minutes": 45, "contacts": [], "prepared": True, "at": "2026-10-01T23:30:00Z", "deal": things.deal},
        if_match=program.get(f"activities/{made['id']}").headers["ETag"],
    )
    now = answer.json()
    assert answer.status_code == 200
    assert (now["minutes"], now["contacts"], now["prepared"], now["version"]) == (45, [], True, 2)
    assert (now["deal"]["id"], now["company"]["id"]) == (things.deal, things.com)
    assert now["outputs"] == made["outputs"]
    (told,) = audited(lena, "activity.changed")
    assert told["changed"]["minutes"] == [20, 45]
    assert told["changed"]["contacts"] == [["Nina Berg"], []]
    assert told["changed"]["deal"] == [None, "Leak analytics"]
    assert program.patch(f"activities/{made['id']}", {"minutes": 1}, if_match='"v1"').status_code == 412
    assert program.patch(f"activities/{made['id']}", {"minutes": 1}).status_code == 428


def test_a_correction_that_corrects_nothing_leaves_no_trace(program: Program, things: Things, lena: Membership) -> None:
    made = log(program, things, contacts=[things.con], outputs=[{"type": things.oty, "note": "Plan"}], play=None)
    same = {"minutes": made["minutes"], "contacts": [things.con], "outputs": [{"type": things.oty, "note": "Plan"}]}
    assert change(program, made["id"], **same, deal=None, horizon=None).json() == made
    assert audited(lena, "activity.changed") == []


def test_outputs_that_say_the_same_stay_the_same_rows(program: Program, things: Things) -> None:
    kinds = [{"type": things.oty, "note": note} for note in ("Plan", "Plan", "Minutes")]
    made = log(program, things, outputs=kinds)
    now = change(program, made["id"], outputs=[*kinds[:1], {"type": things.oty, "note": "Price"}]).json()
    assert [one["note"] for one in now["outputs"]] == ["Plan", "Price"]
    assert now["outputs"][0]["id"] in {one["id"] for one in made["outputs"]}


def test_an_output_is_a_row_of_its_own(program: Program, things: Things, lena: Membership) -> None:
    done = log(program, things, deal=things.deal)
    made = program.post("outputs", {"activity": done["id"], "type": things.oty, "note": "They called back"})
    one = made.json()
    assert (made.status_code, one["activity_id"], one["deal"]["id"]) == (201, done["id"], things.deal)
    assert program.get(made.headers["Location"]).json() == one
    assert program.all(f"outputs?deal={things.deal}&type={things.oty}")[0] == one
    assert program.all(f"outputs?activity={done['id']}") == [one]
    tag = program.get(f"outputs/{one['id']}").headers["ETag"]
    assert program.patch(f"outputs/{one['id']}", {"note": "Plan"}, if_match=tag).json()["note"] == "Plan"
    assert program.patch(f"outputs/{one['id']}", {"note": "No"}, if_match=tag).status_code == 412
    assert program.delete(f"outputs/{one['id']}").status_code == 204
    now = program.get(f"activities/{done['id']}").json()
    assert (now["outputs"], now["version"]) == ([], 4)
    assert [len(audited(lena, f"output.{what}")) for what in ("added", "changed", "removed")] == [1, 1, 1]


# --- Taking back ---


def test_what_was_taken_back_stands_in_the_audit_alone(program: Program, things: Things, lena: Membership) -> None:
    facts = {"contacts": [things.con], "note": "Nobody there", "outputs": [{"type": things.oty, "note": "Plan"}]}
    made = log(program, things, deal=things.deal, **facts)
    assert program.delete(f"activities/{made['id']}").status_code == 204
    assert program.get(f"activities/{made['id']}").status_code == 404
    assert program.get(f"outputs/{made['outputs'][0]['id']}").status_code == 404
    (told,) = audited(lena, "activity.taken_back")
    assert (told["note"], told["deal"], told["contacts"]) == ("Nobody there", "Leak analytics", ["Nina Berg"])
    assert told["outputs"][0].endswith("Plan")
    with tenant_scope(lena.tenant_id):
        assert not ActivityContact.objects.filter(activity_id=key(made["id"])).exists()


def test_an_entry_is_taken_back_by_its_key_once(things: Things, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        done = Activity.objects.get(pk=key(things.act))
        entry = done.pk
        Activity.objects.filter(pk=done.pk).update(entry_key=entry)
        assert take_back_entry(entry_key=entry, actor=lena, at=NOON) == done
        assert take_back_entry(entry_key=entry, actor=lena, at=NOON) is None


@pytest.mark.parametrize(("who", "allowed"), [("omar", False), ("mara", False), ("leo", True)])
def test_what_somebody_else_did_is_changed_by_who_leads_them(
    furnished: Furnished, program: Program, things: Things, who: str, allowed: bool
) -> None:
    made = log(program, things)
    other = Program(furnished.secrets[who])
    answers = [change(other, made["id"], minutes=1), other.delete(f"activities/{made['id']}")]
    if allowed:
        assert [answer.status_code for answer in answers] == [200, 204]
    else:
        assert [answer.json()["code"] for answer in answers] == ["not_your_activity"] * 2


def test_a_manager_changes_what_their_teams_did(furnished: Furnished, things: Things, lena: Membership) -> None:
    omar, mara = furnished.member("omar"), furnished.member("mara")
    made = log(Program(furnished.secrets["omar"]), things)
    with tenant_scope(lena.tenant_id):
        team = Team.objects.create(name="Hers", manager=mara)
        Membership.objects.filter(pk=omar.pk).update(team=team)
    assert change(Program(furnished.secrets["mara"]), made["id"], minutes=1).status_code == 200


def test_what_counts_in_closed_figures_stays(program: Program, things: Things, lena: Membership) -> None:
    made = log(program, things, deal=things.deal, outputs=[{"type": things.oty}])
    day = date.fromisoformat(made["day"])
    Tenant.objects.filter(pk=lena.tenant_id).update(closed_until=day)
    answers = [
        change(program, made["id"], minutes=1),
        program.delete(f"activities/{made['id']}"),
        program.delete(f"outputs/{made['outputs'][0]['id']}"),
        change(program, log(program, things)["id"], deal=things.deal),
    ]
    assert [answer.json()["code"] for answer in answers] == ["period_closed"] * 4
    assert program.get(f"activities/{made['id']}").json() == made


# --- Many at once ---


def row(number: int, things: Things, **facts: Any) -> dict[str, Any]:
    return {"source": "mail", "external_id": f"<{number}>", "type": things.aty, "at": YESTERDAY, **facts}


def test_a_mailbox_is_kept_in_step(program: Program, things: Things, lena: Membership) -> None:
    rows = [row(number, things, deal=things.deal, contacts=[things.con]) for number in range(4)]
    rows += [row(9, things, minutes=9_999), row(1, things), {**row(8, things), "type": None}]
    first = program.post("activities:upsert", {"items": rows}).json()
    assert [one["outcome"] for one in first["results"]] == ["created"] * 4 + ["error"] * 3
    assert [one["code"] for one in first["results"][4:]] == ["invalid", "given_twice", "invalid"]
    rows[0] |= {"minutes": 50, "outputs": [{"type": things.oty, "note": "Plan"}]}
    rows[1]["contacts"] = []
    again = program.post("activities:upsert", {"items": rows[:4]}).json()
    assert [again[word] for word in ("created", "updated", "unchanged", "error")] == [0, 2, 2, 0]
    assert [one["id"] for one in again["results"]] == [one["id"] for one in first["results"][:4]]
    now = program.get(f"activities/{again['results'][0]['id']}").json()
    assert (now["minutes"], now["outputs"][0]["note"], now["contacts"][0]["id"]) == (50, "Plan", things.con)
    assert program.get(f"activities/{again['results'][1]['id']}").json()["contacts"] == []
    assert (len(audited(lena, "activity.changed")), program.all("activities?source=mail")[0]["version"]) == (2, 1)


def test_one_activity_is_put_by_the_id_of_another_system(program: Program, things: Things) -> None:
    address = "activities/by-external-id/mail/<1@example.com>"
    assert program.put(address, {"note": "No type"}).status_code == 422
    made = program.put(address, {"type": things.aty, "at": YESTERDAY})
    same = program.put(address, {"type": things.aty})
    assert (made.status_code, same.status_code, same.json()) == (201, 200, made.json())
    assert program.put(address, {"minutes": 3}).json()["minutes"] == 3


def test_five_hundred_cost_as_many_statements_as_five(
    program: Program, things: Things, lena: Membership, django_assert_max_num_queries: Any
) -> None:
    serving(lena, things, things.aty)
    facts = {"deal": things.deal, "contacts": [things.con], "outputs": [{"type": things.oty}]}
    for turn, most in ((0, 40), (1, 40)):
        rows = [row(number, things, minutes=turn, **facts) for number in range(500)]
        with django_assert_max_num_queries(most):
            answer = program.post("activities:upsert", {"items": rows})
        assert answer.json()[("created", "updated")[turn]] == 500
    assert len(program.all(f"activities?play={things.ply}&limit=100")) == 500


# --- The organisation's own types ---


@pytest.mark.parametrize("noun", ["activity_types", "output_types"])
def test_types_are_added_placed_and_archived(program: Program, lena: Membership, noun: str) -> None:
    made = program.post(noun, {"name": " Site visit "})
    kind = made.json()
    assert (made.status_code, kind["name"], program.get(made.headers["Location"]).json()) == (201, "Site visit", kind)
    assert program.post(noun, {"name": "site visit"}).json()["code"] == "name_taken"
    moved = program.patch(f"{noun}/{kind['id']}", {"position": 1, "is_archived": True}, if_match="*").json()
    assert (moved["position"], moved["is_archived"]) == (1, True)
    assert sorted(one["position"] for one in program.all(noun)) == [*range(1, kind["position"] + 1)]
    assert kind["id"] not in {one["id"] for one in program.all(f"{noun}?is_archived=false")}
    assert program.patch(f"{noun}/{kind['id']}", {"name": "\u200b"}, if_match="*").status_code == 422
    (told,) = audited(lena, f"{noun.removesuffix('s')}.changed")
    assert told["changed"].keys() == {"position", "is_archived"}


def test_a_type_has_an_icon_that_is_there_and_counts_as_one_of_two(program: Program) -> None:
    for wrong in ({"icon": "../phone"}, {"usual_minutes": 1441}, {"counts_as": "leisure"}):
        answer = program.post("activity_types", {"name": "Site visit", **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"#/{next(iter(wrong))}")


def test_somebody_of_no_company_may_take_part(program: Program, things: Things) -> None:
    guest = program.post("contacts", {"name": "A guest"}).json()["id"]
    assert log(program, things, deal=things.deal, contacts=[guest])["contacts"][0]["id"] == guest
