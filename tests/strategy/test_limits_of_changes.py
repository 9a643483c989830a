"""What stands against changes whoever asks: sight, closed periods, archived stages, and two who do the same at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Tenant
from accounts.refusals import ExternalIdTaken
from accounts.tenancy.scope import tenant_scope
from accounts.visibility import seen_by
from outcomes.models import MilestoneType
from outcomes.services import record_milestone
from strategy.models import Deal, Stage
from strategy.services import merge_deals
from strategy.services.deals.drafts import Run, store_new
from strategy.services.deals.opening import plan_opening
from tests.api import Program, furnish, make_secret
from tests.make import NOON, make_deal
from tests.teams import Cast, let_see


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def days_ago(days: int) -> str:
    return (timezone.now().date() - timedelta(days=days)).isoformat()


def test_a_change_of_many_is_undone_by_others_only_where_they_see_all_of_it(cast: Cast) -> None:
    sells, leads, manages = (Program(make_secret(one)) for one in (cast.omar, cast.lena, cast.nina))
    with tenant_scope(cast.lena.tenant_id):
        for name in ("Stays", "Goes to Sara"):
            make_deal(actor=cast.omar, name=name)
    let_see(cast.lena.tenant, "own")
    ids = {deal["name"]: deal["id"] for deal in sells.all("deals")}
    made = sells.post("deals:bulk", {"deals": [*ids.values()], "change": {"is_test": True}}).json()
    leads.patch(f"deals/{ids['Goes to Sara']}", {"owner": ids_of_members(leads)["Sara"]}, if_match="*")
    half = manages.post(f"bulk_edits/{made['id']}/undo", {})
    assert (half.status_code, half.json()["code"]) == (404, "no_such_deal")
    assert leads.post(f"bulk_edits/{made['id']}/undo", {}).json()["updated"] == 1, "the other one has changed since"


def ids_of_members(program: Program) -> dict[str, str]:
    return {one["name"]: one["id"] for one in program.all("members")}


def test_no_fact_changes_on_a_closed_day_or_one_to_come(program: Program) -> None:
    deal = program.post("deals", {"name": "Pump watch", "opened_on": days_ago(60)}).json()
    program.patch("organisation", {"closed_until": days_ago(30)}, if_match="*")
    for fact in ({"name": "Other"}, {"is_test": True}, {"currency": "CHF"}):
        late = program.patch(f"deals/{deal['id']}", {**fact, "on": days_ago(40)}, if_match="*")
        assert (late.status_code, late.json()["code"]) == (422, "period_closed")
        soon = program.patch(f"deals/{deal['id']}", {**fact, "on": days_ago(-9)}, if_match="*")
        assert [one["pointer"] for one in soon.json()["errors"]] == ["#/on"]
    assert program.get(f"deals/{deal['id']}").json()["version"] == deal["version"]


def test_no_deal_begins_in_a_stage_or_a_pipeline_that_is_archived(program: Program, lena: Membership) -> None:
    stages = {one["name"]: one for one in program.all("stages")}
    with tenant_scope(lena.tenant_id):
        Stage.objects.filter(name="Workshop").update(is_archived=True)
    refused = program.post("deals", {"name": "Pump watch", "stage": stages["Workshop"]["id"]})
    assert [one["pointer"] for one in refused.json()["errors"]] == ["#/stage"]
    program.post("pipelines", {"name": "Renewals"})
    old = stages["Workshop"]["pipeline"]["id"]
    assert program.patch(f"pipelines/{old}", {"is_archived": True}, if_match="*").status_code == 200
    refused = program.post("deals", {"name": "Pump watch", "pipeline": old})
    assert [one["pointer"] for one in refused.json()["errors"]] == ["#/pipeline"]


def test_nothing_more_is_written_on_a_deal_that_is_another_one_now(program: Program, lena: Membership) -> None:
    things = furnish(lena)
    kept = program.post("deals", {"name": "Kept"}).json()["id"]
    assert program.post(f"deals/{kept}/merges", {"gone": things.deal}).status_code == 200
    activity = {"type": things.aty, "at": timezone.now().isoformat(), "deal": things.deal}
    for refused in (
        program.post("activities", activity),
        program.post("milestones", {"deal": things.deal, "type": things.mty}),
        program.put(f"deals/{things.deal}/contacts/{things.con}", {"role": "coach"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "was_merged")
        assert "Kept" in refused.json()["detail"]


def test_a_deal_out_of_sight_is_not_named_by_the_one_that_is_part_of_it(cast: Cast) -> None:
    with tenant_scope(cast.lena.tenant_id):
        hers, his = make_deal(actor=cast.sara, name="Hers"), make_deal(actor=cast.omar, name="His")
    leads, sells = Program(make_secret(cast.lena)), Program(make_secret(cast.omar))
    gone = next(deal["id"] for deal in leads.all("deals") if deal["name"] == "His")
    with tenant_scope(cast.lena.tenant_id):
        merge_deals(keep=hers, gone=his, actor=cast.lena, at=NOON)
    let_see(cast.lena.tenant, "own")
    refused = sells.patch(f"deals/{gone}", {"name": "Mine"}, if_match="*")
    assert refused.json()["code"] == "was_merged"
    assert "Hers" not in refused.content.decode()


def test_outcomes_follow_a_deal_through_one_merge_after_the_other(program: Program, lena: Membership) -> None:
    things = furnish(lena)
    second, third = (program.post("deals", {"name": name}).json()["id"] for name in ("Second", "Third"))
    assert program.post(f"deals/{second}/merges", {"gone": things.deal}).status_code == 200
    assert program.post(f"deals/{third}/merges", {"gone": second}).status_code == 200
    assert third in {row["deal"]["id"] for row in program.all("milestones")}
    assert program.post(f"deals/{third}/merges/undo", {}).status_code == 200
    assert third not in {row["deal"]["id"] for row in program.all("milestones")}


def test_an_outcome_is_the_same_whoever_writes_the_next_event(cast: Cast) -> None:
    with tenant_scope(cast.lena.tenant_id):
        hers, his = make_deal(actor=cast.sara, name="Hers"), make_deal(actor=cast.omar, name="His")
        kind = MilestoneType.objects.order_by("position")[0]
        record_milestone(actor=cast.omar, deal=his, type=kind, at=NOON, evidence="https://example.com/minutes")
        merge_deals(keep=hers, gone=his, actor=cast.lena, at=NOON)
    let_see(cast.lena.tenant, "own")
    with tenant_scope(cast.lena.tenant_id):
        sara = Membership.objects.select_related("tenant").get(pk=cast.sara.pk)
        with seen_by(sara):
            hers.refresh_from_db()
            assert record_milestone(actor=sara, deal=hers, type=kind, at=NOON).grade == 1


def test_a_parent_that_a_merge_put_aside_makes_no_circle_when_it_comes_back(program: Program) -> None:
    above, other = (program.post("companies", {"name": name}).json()["id"] for name in ("Above", "Other"))
    keep = program.post("companies", {"name": "Keep", "parent": above}).json()["id"]
    gone = program.post("companies", {"name": "Gone", "parent": other}).json()["id"]
    program.post(f"companies/{keep}/merges", {"gone": gone, "wins": ["parent"]})
    assert program.patch(f"companies/{above}", {"parent": keep}, if_match="*").status_code == 200
    program.post(f"companies/{keep}/merges/undo", {})
    parents = {row["name"]: row["parent"] and row["parent"]["name"] for row in program.all("companies")}
    assert parents == {"Above": "Keep", "Keep": None, "Other": None, "Gone": "Other"}


def test_the_second_of_two_who_make_the_same_id_at_once_is_told(inside_northwind: Tenant, omar: Membership) -> None:
    drafts = [
        plan_opening(Run(omar, NOON), {"name": "Alder", "source": "crm", "external_id": one}) for one in ("6", "7")
    ]
    make_deal(actor=omar, source="crm", external_id="7")
    with pytest.raises(ExternalIdTaken) as refusal:
        store_new(drafts)
    assert refusal.value.data == {"source": "crm", "external_id": "7"}
    assert not Deal.objects.filter(external_id="6").exists()


def test_a_change_keeps_of_own_attributes_those_that_it_changed(program: Program) -> None:
    for key in ("budget", "fleet", "site"):
        assert program.post("attributes", {"of": "deal", "name": key.title(), "key": key}).status_code == 201
    deal = program.post("deals", {"name": "Pump watch", "attributes": {"budget": "yes", "fleet": "9"}}).json()
    change = {"attributes": {"budget": None, "site": "Oslo"}}
    made = program.post("deals:bulk", {"deals": [deal["id"]], "change": change}).json()
    event = program.all(f"deals/{deal['id']}/events")[-1]
    assert event["data"] == {"attributes": [{"budget": "yes"}, {"site": "Oslo"}]}
    assert program.get(f"deals/{deal['id']}").json()["attributes"] == {"fleet": "9", "site": "Oslo"}
    assert program.post(f"bulk_edits/{made['id']}/undo", {}).json()["updated"] == 1
    assert program.get(f"deals/{deal['id']}").json()["attributes"] == {"budget": "yes", "fleet": "9"}
