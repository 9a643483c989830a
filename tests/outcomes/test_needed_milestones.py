"""A stage that asks for a milestone lets nobody in without it, whichever door they take."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.api import ids
from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes.models import Milestone, MilestoneEvent, MilestoneType
from outcomes.services import record_milestone
from outcomes.services.milestones.types import key_of
from strategy.models import Deal, Stage
from strategy.services.pipelines import change_stage
from tests.api import Program, make_secret
from tests.make import NOON, make_deal, stage

MINUTES = "https://example.com/minutes"


@pytest.fixture
def goal(inside_northwind: Tenant, lena: Membership) -> MilestoneType:
    goal = MilestoneType.objects.get(position=1)
    change_stage(stage=stage("Workshop"), actor=lena, at=NOON, requires=["amount", key_of(goal)])
    return goal


@pytest.fixture
def deal(goal: MilestoneType, omar: Membership) -> Deal:
    return make_deal(actor=omar)


def at_stage(deal: Deal) -> str:
    return str(Deal.objects.select_related("stage").get(pk=deal.pk).stage.name)


def test_a_program_supplies_it_with_the_move_or_is_refused_whole(
    deal: Deal, goal: MilestoneType, omar: Membership
) -> None:
    program, address = Program(make_secret(omar)), f"deals/{ids.encode(ids.DEAL, deal.pk)}/transitions"
    to = {"stage": ids.encode(ids.STAGE, stage("Workshop").pk)}
    refused = program.post(address, to).json()
    assert refused["code"] == "requirements_missing"
    assert [(one["key"], one["supply"]) for one in refused["data"]["missing"]] == [(key_of(goal), ["milestones"])]
    assert "E1" in refused["data"]["missing"][0]["words"]

    claim = {"type": key_of(goal), "words": "Leakage from 18% to 12%"}
    without_proof = program.post(address, {**to, "supply": {"milestones": [claim]}})
    assert without_proof.status_code == 422
    assert not MilestoneEvent.objects.exists(), "A refused step leaves nothing behind."

    tomorrow = program.post(
        address, {**to, "supply": {"milestones": [{**claim, "evidence": MINUTES, "on": "2199-01-01"}]}}
    )
    assert tomorrow.json()["errors"][0]["pointer"] == "#/supply/milestones/0/on"

    moved = program.post(address, {**to, "supply": {"milestones": [{**claim, "evidence": MINUTES}]}})
    assert moved.json()["stage"]["name"] == "Workshop"
    reached = Milestone.objects.get(deal=deal)
    assert (reached.grade, reached.words) == (1, "Leakage from 18% to 12%")


def test_a_key_that_may_only_move_deals_records_nothing(deal: Deal, goal: MilestoneType, omar: Membership) -> None:
    program = Program(make_secret(omar, "deals:read", "deals:write"))
    supply = {"milestones": [{"type": key_of(goal), "evidence": MINUTES}]}
    body = {"stage": ids.encode(ids.STAGE, stage("Workshop").pk), "supply": supply}
    answer = program.post(f"deals/{ids.encode(ids.DEAL, deal.pk)}/transitions", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_many_deals_at_once_and_those_of_another_system_are_refused_one_by_one(
    deal: Deal, goal: MilestoneType, omar: Membership
) -> None:
    ready = make_deal(actor=omar, name="Pump watch")
    record_milestone(actor=omar, deal=ready, type=goal, at=NOON, evidence=MINUTES)
    program = Program(make_secret(omar))
    workshop = ids.encode(ids.STAGE, stage("Workshop").pk)
    keys = [ids.encode(ids.DEAL, one.pk) for one in (deal, ready)]
    rows = program.post("deals:bulk", {"deals": keys, "change": {"stage": workshop}}).json()["results"]
    assert [(row["outcome"], row["code"]) for row in rows] == [("error", "requirements_missing"), ("updated", None)]
    there = program.put("deals/by-external-id/crm/7", {"name": "Meter retrofit", "stage": workshop, "amount": 5})
    assert (there.status_code, there.json()["code"]) == (422, "requirements_missing")


@pytest.mark.parametrize(("counts_from", "said"), [(0, "Record that"), (2, "second member"), (3, "confirm")])
def test_it_holds_at_the_grade_that_the_organisation_counts(
    deal: Deal, goal: MilestoneType, omar: Membership, counts_from: int, said: str
) -> None:
    Tenant.objects.filter(pk=omar.tenant_id).update(counts_from_grade=counts_from)
    program, address = Program(make_secret(omar)), f"deals/{ids.encode(ids.DEAL, deal.pk)}/transitions"
    to = {"stage": ids.encode(ids.STAGE, stage("Workshop").pk)}
    missing = program.post(address, to).json()["data"]["missing"][0]
    assert said in missing["words"]
    assert missing["supply"] == (["milestones"] if counts_from == 0 else [])
    with tenant_scope(omar.tenant_id):
        record_milestone(actor=omar, deal=deal, type=goal, at=NOON)
    assert program.post(address, to).status_code == (200 if counts_from == 0 else 422)


class TestOnThePage:
    @pytest.fixture
    def address(self, deal: Deal, omar: Membership, client: Client) -> str:
        client.force_login(omar.user)
        return reverse("deal-move", args=[omar.tenant.slug, deal.pk])

    def test_the_form_of_the_move_takes_it_in_place(
        self, deal: Deal, goal: MilestoneType, client: Client, address: str
    ) -> None:
        workshop, key = stage("Workshop"), key_of(goal)
        given: dict[str, Any] = {"stage": str(workshop.pk)}
        shown = client.post(address, given)
        assert shown.status_code == 422
        assert f'name="{key}-evidence"' in shown.content.decode()
        wrong = client.post(address, given | {f"{key}-evidence": MINUTES, f"{key}-on": "2199-01-01"})
        assert "Give a day that is not to come." in wrong.content.decode()
        assert at_stage(deal) == "Qualified"
        assert not MilestoneEvent.objects.exists()
        moved = client.post(address, given | {f"{key}-evidence": MINUTES, f"{key}-agreed_by": "Ingrid Falk"})
        assert moved.status_code == 303
        assert at_stage(deal) == "Workshop"
        assert Milestone.objects.get(deal=deal).agreed_by == "Ingrid Falk"

    def test_a_manager_passes_with_a_reason(
        self, deal: Deal, goal: MilestoneType, mara: Membership, client: Client
    ) -> None:
        client.force_login(mara.user)
        address = reverse("deal-move", args=[mara.tenant.slug, deal.pk])
        moved = client.post(address, {"stage": str(stage("Workshop").pk), "because": "Agreed on the phone"})
        assert moved.status_code == 303
        assert at_stage(deal) == "Workshop"

    def test_the_settings_of_a_stage_offer_it(self, goal: MilestoneType, lena: Membership, client: Client) -> None:
        client.force_login(lena.user)
        workshop = stage("Workshop")
        shown = client.get(reverse("stage", args=[lena.tenant.slug, workshop.pk])).content.decode()
        assert key_of(goal) in shown
        assert "Goal agreed" in shown
        assert Stage.objects.get(pk=workshop.pk).requires == ["amount", key_of(goal)]
