"""What was reported stays, words that are no longer used are not used anew, and the past is read as it was."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.models import AuditEvent, Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Deal, Stage
from tests.api import Program, Things, furnish, make_secret
from tests.make import make_deal, make_strategy, stage
from tests.strategy import maven
from tests.strategy.test_api_deal_changes import days_ago, kinds, opened
from tests.teams import Cast, let_see


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


def close(program: Program, until: str | None) -> None:
    assert program.patch("organisation", {"closed_until": until}, if_match="*").status_code == 200


def ended(program: Program, deal: dict[str, Any], end: str, **said: Any) -> None:
    answer = program.post(f"deals/{deal['id']}/transitions", {"stage": end, **said})
    assert answer.status_code == 200, answer.content


def refusals(answer: Any) -> tuple[int, str, list[str]]:
    return answer.status_code, answer.json()["code"], [one["pointer"] for one in answer.json()["errors"]]


def test_nothing_said_today_moves_figures_of_a_closed_period(
    program: Program, things: Things, lena: Membership
) -> None:
    lost, still = opened(program, name="Lost long ago"), opened(program, name="Still open")
    ended(program, lost, things.end, on=days_ago(40), amount=7)
    close(program, days_ago(30))
    for deal, fact in ((lost, {"amount": 5}), (lost, {"competitor": things.cmp}), (still, {"is_test": True})):
        told = program.patch(f"deals/{deal['id']}", fact, if_match="*")
        assert refusals(told) == (409, "figures_closed", [f"#/{next(iter(fact))}"])
        assert days_ago(30) not in told.json()["detail"], "a day is told as people write it"
        assert told.json()["data"]["day"] == days_ago(30)
    assert program.patch(f"deals/{still['id']}", {"amount": 5}, if_match="*").json()["amount"] == 5
    fresh = opened(program, name="Fresh", opened_on=days_ago(9), qualified_on=days_ago(2))
    told = program.post("deals:bulk", {"deals": [still["id"], fresh["id"]], "change": {"is_test": True}}).json()
    assert [row["code"] for row in told["results"]] == ["figures_closed", None]
    program.post(f"bulk_edits/{told['id']}/undo", {})
    away = program.post(f"deals/{fresh['id']}/merges", {"gone": still["id"]})
    assert refusals(away) == (409, "figures_closed", ["#/gone"])
    assert program.post(f"deals/{still['id']}/merges", {"gone": fresh["id"]}).status_code == 200
    # That the customer comes back is news of today: the end stays where it was told.
    again = program.post(f"deals/{lost['id']}/transitions", {"stage": things.stg})
    assert (again.json()["end_cause"], again.json()["episode"]) == (None, 2)
    then = program.get(f"deals/{lost['id']}?as_of={days_ago(35)}").json()
    assert (then["end_cause"], then["amount"]) == ("lost", 7)
    close(program, None)
    assert program.patch(f"deals/{still['id']}", {"is_test": True}, if_match="*").json()["is_test"]
    with tenant_scope(lena.tenant_id):
        assert AuditEvent.objects.filter(verb="organisation.edited").count() == 2, "closing and opening are told"


def test_outcomes_and_work_of_a_closed_day_are_not_written_down(program: Program, things: Things) -> None:
    deal = opened(program)
    close(program, days_ago(30))
    for kind, body, field in (
        ("milestones", {"deal": deal["id"], "type": things.mty, "on": days_ago(30)}, "#/on"),
        ("activities", {"deal": deal["id"], "type": things.aty, "at": f"{days_ago(31)}T09:00:00Z"}, "#/at"),
    ):
        assert refusals(program.post(kind, body)) == (422, "period_closed", [field])
    of_none = {"type": things.aty, "at": f"{days_ago(31)}T09:00:00Z"}
    assert program.post("activities", of_none).status_code == 201, "what was done for no deal is in no figure of deals"
    open_days = {"on": days_ago(29)}, {"at": f"{days_ago(28)}T09:00:00Z"}
    assert program.post("milestones", {"deal": deal["id"], "type": things.mty, **open_days[0]}).status_code == 201
    assert program.post("activities", {"deal": deal["id"], "type": things.aty, **open_days[1]}).status_code == 201


@pytest.mark.usefixtures("inside_northwind", "uploads_aside")
def test_an_import_changes_nothing_of_a_closed_period(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    Tenant.objects.filter(pk=lena.tenant_id).update(closed_until=date(2017, 3, 15))
    before = list(Deal.objects.order_by("external_id").values_list("qualified_on", "closed_on", "end_cause", "amount"))
    again = maven.import_all(maven.FILES, actor=lena)
    assert not again.rows.filter(code="closed_period").exists(), "what says the same changes nothing"
    said = maven.HEADER + (
        "A1,Anna Snelling,GTX Pro,Isdom,Won,2017-01-10,2017-03-02,4700\n"  # another day of a closed end
        "A2,Anna Snelling,GTXPro,Cancity,Lost,2017-03-20,2017-04-01,0\n"  # qualified on another day
        "A3,Boris Faz,MG Special,,Won,2017-02-01,2017-05-01,60\n"  # an end of an open day
        "A5,Boris Faz,MG Special,Isdom,Engaging,2017-03-15,,\n"  # a new deal of a closed day
        "A6,Boris Faz,MG Special,Isdom,Engaging,2017-03-16,,\n"
    )
    run = maven.import_all({**maven.FILES, "pipeline.csv": said}, actor=lena)
    refused = run.rows.filter(code="closed_period").order_by("line").values_list("line", "column")
    assert list(refused) == [(2, "close_date"), (3, "engage_date"), (5, "engage_date")]
    now = dict(Deal.objects.values_list("external_id", "end_cause"))
    assert (now["A3"], now.get("A5"), now["A6"]) == ("won", None, "")
    after = list(Deal.objects.order_by("external_id").values_list("qualified_on", "closed_on", "end_cause", "amount"))
    assert after[:2] == before[:2]


def test_a_merge_is_not_undone_once_its_period_is_closed(program: Program, things: Things) -> None:
    keep, gone = opened(program, name="Keep"), opened(program, name="Gone")
    assert program.post(f"deals/{keep['id']}/merges", {"gone": gone["id"]}).status_code == 200
    close(program, days_ago(30))
    assert program.post(f"deals/{keep['id']}/merges/undo", {}).json()["code"] == "figures_closed"
    close(program, None)
    assert program.post(f"deals/{keep['id']}/merges/undo", {}).status_code == 200


def test_archived_words_stay_with_what_has_them_and_are_not_used_anew(program: Program, things: Things) -> None:
    has = opened(program, name="Has them", came_from=things.src)
    ended(program, has, things.end, reason=things.rsn, competitor=things.cmp)
    other = opened(program, name="Other", came_from=things.src)
    told = program.post("deals:bulk", {"deals": [other["id"]], "change": {"came_from": None}}).json()
    for path in (f"deal_sources/{things.src}", f"competitors/{things.cmp}", f"end_reasons/{things.rsn}"):
        assert program.patch(path, {"is_archived": True}, if_match="*").status_code == 200
    late = {"name": "Late", "came_from": things.src}
    put = {"source": "crm", "external_id": "1", **late}
    step = {"stage": things.end, "reason": things.rsn, "competitor": things.cmp}
    assert refusals(program.post("deals", late)) == (422, "invalid", ["#/came_from"])
    assert refusals(program.patch(f"deals/{other['id']}", {"came_from": things.src}, if_match="*"))[0] == 422
    assert program.post("deals:upsert", {"items": [put]}).json()["results"][0]["code"] == "invalid"
    refused = refusals(program.post(f"deals/{other['id']}/transitions", step))
    assert (refused[0], {*refused[2]}) == (422, {"#/reason", "#/competitor"})
    kept = program.patch(f"deals/{has['id']}", {"name": "Has them still", "came_from": things.src}, if_match="*")
    assert (kept.status_code, kept.json()["came_from"]["id"]) == (200, things.src)
    assert program.post(f"bulk_edits/{told['id']}/undo", {}).json()["updated"] == 1, "it had it before"
    assert program.get(f"deals/{other['id']}").json()["came_from"]["id"] == things.src


def test_an_end_is_worth_what_was_said_of_its_day(program: Program, things: Things) -> None:
    deal = opened(program)
    path = f"deals/{deal['id']}"
    program.patch(path, {"amount": 90_000, "on": days_ago(3)}, if_match="*")
    early = program.post(f"{path}/transitions", {"stage": things.end, "on": days_ago(10), "amount": 5})
    assert refusals(early) == (422, "invalid", ["#/on"])
    ended(program, deal, things.end, on=days_ago(10))
    program.patch(path, {"amount": 4}, if_match="*")
    worth = {days: program.get(f"{path}?as_of={days_ago(days)}").json()["amount"] for days in (20, 5, 3, 0)}
    assert worth == {20: 100_000, 5: 100_000, 3: 90_000, 0: 4}
    other = opened(program, name="Other")
    ended(program, other, things.end, on=days_ago(10), amount=6)
    program.patch(f"deals/{other['id']}", {"amount": 8}, if_match="*")
    was = program.get(f"deals/{other['id']}?as_of={days_ago(9)}").json()
    assert (was["amount"], was["end_cause"], was["amount_at_qualification"]) == (6, "lost", 100_000)
    assert kinds(program, other["id"])[-2:] == ["closed", "corrected"]


def test_a_past_end_is_told_by_the_stage_in_which_it_ended(program: Program, lena: Membership, things: Things) -> None:
    pipeline = next(one["pipeline"]["id"] for one in program.all("stages") if one["id"] == things.end)
    second = program.post("stages", {"pipeline": pipeline, "name": "Lost on price", "kind": "lost"}).json()["id"]
    deal = opened(program)
    ended(program, deal, second, on=days_ago(20))
    program.post(f"deals/{deal['id']}/transitions", {"stage": things.stg, "on": days_ago(10)})
    program.patch(f"stages/{second}", {"name": "Too dear"}, if_match="*")
    assert program.get(f"deals/{deal['id']}?as_of={days_ago(15)}").json()["stage"] == {
        "id": second,
        "name": "Too dear",
        "kind": "lost",
    }


def test_an_answer_about_many_deals_is_not_repeated_to_who_sees_them_no_more(cast: Cast) -> None:
    with tenant_scope(cast.lena.tenant_id):
        made = make_deal(actor=cast.omar, name="Of Omar")
    leads, manages = Program(make_secret(cast.lena)), Program(make_secret(cast.nina))
    let_see(cast.lena.tenant, "own")
    (deal,) = (one["id"] for one in manages.all("deals"))
    unknown = "deal_" + "0" * 26
    body = {"deals": [deal, unknown], "change": {"is_test": True}}
    told = manages.post("deals:bulk", body, idempotency_key="b1")
    assert manages.post("deals:bulk", body, idempotency_key="b1").json() == told.json()
    undone = manages.post(f"bulk_edits/{told.json()['id']}/undo", {}, idempotency_key="u1")
    assert undone.json()["updated"] == 1
    members = {one["name"]: one["id"] for one in leads.all("members")}
    leads.patch(f"deals/{deal}", {"owner": members["Sara"]}, if_match="*")
    again = manages.post("deals:bulk", body, idempotency_key="b1")
    assert (again.status_code, again.json()["code"]) == (409, "answer_out_of_sight")
    assert manages.post(f"bulk_edits/{told.json()['id']}/undo", {}, idempotency_key="u1").status_code == 404
    with tenant_scope(cast.lena.tenant_id):
        assert not Deal.objects.get(pk=made.pk).is_test


def test_changes_of_many_deals_are_listed_for_those_who_see_the_people(cast: Cast) -> None:
    with tenant_scope(cast.lena.tenant_id):
        for member in (cast.omar, cast.sara):
            make_deal(actor=member, name=f"{member.name}'s")
    programs = {name: Program(make_secret(getattr(cast, name))) for name in ("lena", "omar", "nina", "sara")}
    let_see(cast.lena.tenant, "own")
    for name in ("omar", "sara"):
        ids = [deal["id"] for deal in programs[name].all("deals")]
        programs[name].post("deals:bulk", {"deals": ids, "change": {"is_test": True, "expected_close_on": None}})
    rows = programs["lena"].all("bulk_edits?limit=1")
    assert [(row["actor"]["name"], row["changed"], row["deals"]) for row in rows] == [
        ("Sara", ["expected_close_on", "is_test"], 1),
        ("Omar", ["expected_close_on", "is_test"], 1),
    ]
    assert [row["actor"]["name"] for row in programs["nina"].all("bulk_edits")] == ["Omar"]
    assert [row["actor"]["name"] for row in programs["omar"].all("bulk_edits")] == ["Omar"]
    assert programs["omar"].get(f"bulk_edits/{rows[0]['id']}").status_code == 404
    assert programs["omar"].post(f"bulk_edits/{rows[0]['id']}/undo", {}).status_code == 404
    programs["nina"].post(f"bulk_edits/{rows[1]['id']}/undo", {})
    assert programs["omar"].get(f"bulk_edits/{rows[1]['id']}").json()["undone_at"] is not None


def test_a_segment_is_suggested_with_its_reasons_and_never_set(program: Program, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        strategy = make_strategy(actor=lena)
        for name, employees in (("Alder", 400), ("Birch", 20)):
            Company.objects.create(name=name, employees=employees)
    companies = {one["name"]: one["id"] for one in program.all("companies")}
    made = program.post("deals", {"name": "Pump watch", "company": companies["Alder"]}).json()
    (suggested,) = made["suggested_segments"]
    assert (suggested["segment"]["name"], suggested["strategy"]["name"]) == ("Mid-size companies", strategy.name)
    assert (suggested["reasons"], made["segment"]) == (["Employees is 400."], None)
    path, segment = f"deals/{made['id']}", {"segment": suggested["segment"]["id"]}
    taken = program.patch(path, segment, if_match="*")
    assert (taken.json()["suggested_segments"], taken.json()["segment"]["name"]) == ([], "Mid-size companies")
    read = program.get(path)
    assert "suggested_segments" not in read.json()
    assert program.patch(path, {"name": "Pumps"}, if_match=taken.headers["ETag"]).status_code == 200
    other = program.patch(path, {"company": companies["Birch"], "segment": None}, if_match="*").json()
    assert (other["segment"], other["suggested_segments"]) == (None, [])
    again = {"name": "Pumps", "company": companies["Alder"]}
    assert Program(make_secret(lena, "deals:write")).post("deals", again).json()["suggested_segments"] == []


def test_a_pipeline_that_is_archived_takes_no_new_deals_and_keeps_its_own(program: Program, lena: Membership) -> None:
    deal = opened(program)
    program.post("pipelines", {"name": "Renewals"})
    assert program.patch(f"pipelines/{deal['pipeline']['id']}", {"is_archived": True}, if_match="*").status_code == 200
    with tenant_scope(lena.tenant_id):
        Stage.objects.filter(name="Proposal").update(is_archived=True)
        workshop, proposal = stage("Workshop"), stage("Proposal")
    ids = {one["name"]: one["id"] for one in program.all("stages") if one["pipeline"]["id"] == deal["pipeline"]["id"]}
    refused = program.post(f"deals/{deal['id']}/transitions", {"stage": ids[proposal.name]})
    assert refusals(refused) == (422, "invalid", ["#/stage"])
    moved = program.post(f"deals/{deal['id']}/transitions", {"stage": ids[workshop.name]})
    assert moved.json()["stage"]["name"] == "Workshop"
