"""Milestones and statistics, as programs read and record them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from outcomes.models import StatisticResult
from outcomes.statistics import engine
from outcomes.statistics.metrics import METRICS
from strategy.models import Deal
from strategy.services import move_deal
from tests.api import Program, Things, furnish, make_secret
from tests.make import NOON, make_deal, stage


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def compute(member: Membership) -> None:
    with tenant_scope(member.tenant_id):
        engine.refresh(tenant=member.tenant, now=NOON)


@pytest.fixture
def many_deals(lena: Membership) -> Membership:
    """Sixty deals of Northwind's: half won, half lost, some still open; and the figures that follow."""
    with tenant_scope(lena.tenant_id):
        won, lost = stage("Won"), stage("Lost")
        for number in range(60):
            deal = make_deal(actor=lena, name=f"Deal {number}", days_ago=120 + number)
            if number % 5:
                on = NOON.date() - timedelta(days=number)
                move_deal(deal=deal, to=won if number % 2 else lost, actor=lena, at=NOON, on=on)
    compute(lena)
    return lena


def test_records_what_the_customer_did(program: Program, things: Things) -> None:
    kinds = [kind["id"] for kind in program.all("milestone_types")]
    made = program.post(
        "milestones",
        {
            "deal": things.deal,
            "type": kinds[1],
            "on": "2026-11-01",
            "words": "We want this before the audit.",
            "agreed_by": "Ines Alder",
            "evidence": "https://example.com/minutes.pdf",
        },
    )
    milestone = made.json()
    assert (made.status_code, milestone["state"], milestone["grade"]) == (201, "reached", 1)
    assert (milestone["reached_on"], milestone["type"]["name"]) == ("2026-11-01", "Workshop sponsored")
    assert program.get(made.headers["Location"]).json() == milestone
    assert program.all(f"milestones?deal={things.deal}&type={kinds[1]}") == [milestone]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"on": "2999-01-01"}, "#/on"),
        ({"on": (timezone.now().date() + timedelta(days=2)).isoformat()}, "#/on"),
        ({"on": "1999-01-01"}, "#/on"),
        ({"evidence": "javascript:alert(1)"}, "#/evidence"),
        ({"evidence": "https://"}, "#/evidence"),
        ({"evidence": "https://x" + "y" * 500}, "#/evidence"),
        ({"agreed_by": "x" * 121}, "#/agreed_by"),
        ({"grade": 4}, "#/grade"),
    ],
)
def test_wrong_values_are_told_at_their_place(
    program: Program, things: Things, wrong: dict[str, object], pointer: str
) -> None:
    answer = program.post("milestones", {"deal": things.deal, "type": things.mty, **wrong})
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


def test_a_deal_that_is_over_takes_no_milestone(program: Program, things: Things) -> None:
    program.post(f"deals/{things.deal}/transitions", {"stage": things.end})
    answer = program.post("milestones", {"deal": things.deal, "type": things.mty})
    assert (answer.status_code, answer.json()["code"]) == (409, "deal_is_over")


def test_before_the_first_figures_everything_is_missing(program: Program) -> None:
    found = program.all("statistics")
    assert [statistic["id"] for statistic in found] == list(METRICS)
    for statistic in found:
        assert statistic["value"] is statistic["low"] is statistic["high"] is statistic["as_of"] is None
        assert statistic["not_enough_data"] == {"missing": [], "days": None}
        assert program.all(statistic["links"]["rows"]) == []


def test_too_few_deals_are_said_to_be_too_few(program: Program, things: Things, lena: Membership) -> None:
    compute(lena)
    chance = program.get("statistics/chance_to_win").json()
    assert (chance["value"], chance["grade"]) == (None, None)
    for part in chance["not_enough_data"]["missing"]:
        assert part["have"] < part["need"]
    assert program.get("statistics/deals_qualified").json()["value"] == 1


def test_each_statistic_says_what_was_computed_with_its_doubt(many_deals: Membership) -> None:
    program = Program(make_secret(many_deals))
    with tenant_scope(many_deals.tenant_id):
        stored = {row.metric: row for row in StatisticResult.objects.filter(generation__is_current=True)}
    for told in program.all("statistics"):
        row = stored[told["id"]]
        assert [told[name] for name in ("value", "low", "high", "n", "events")] == [
            row.value,
            row.low,
            row.high,
            row.n,
            row.events,
        ]
        assert f"{told['definition']['name']} {told['definition']['version']}" == row.method
        assert (told["not_enough_data"] is None) == (row.not_enough is None)
        assert (told["as_of"], told["updating"]) == (NOON.date().isoformat(), False)
        if told["unit"] == "share" and told["value"] is not None:
            assert 0 <= told["low"] <= told["value"] <= told["high"] <= 1
            assert told["grade"] in "ABCD"


def test_the_rows_behind_a_figure_are_those_it_counted(many_deals: Membership) -> None:
    with tenant_scope(many_deals.tenant_id):
        for number in range(2):
            deal = make_deal(actor=many_deals, name=f"Unlike the others {number}", amount=None)
            move_deal(deal=deal, to=stage("Lost"), actor=many_deals, at=NOON)
        # Ended before its source recorded ends: no curve can count it.
        Deal.objects.filter(pk=deal.pk).update(observed_from=NOON.date() + timedelta(days=1))
    compute(many_deals)
    program = Program(make_secret(many_deals))
    for told in program.all("statistics"):
        if told["not_enough_data"] is not None:
            continue
        rows = program.all(f"{told['links']['rows']}?limit=7")
        assert len({row["id"] for row in rows}) == len(rows) == told["n"], told["id"]
        days = [row["qualified_on"] for row in rows]
        assert days == sorted(days, reverse=True)


def test_the_detail_names_stages_by_their_ids(many_deals: Membership) -> None:
    program = Program(make_secret(many_deals))
    stages = {stage["id"]: stage["name"] for stage in program.all("stages")}
    cells = program.get("statistics/waste_deals").json()["detail"]["cells"]
    assert sum(cell["deals"] for cell in cells) == 60
    assert {cell["stage"]["id"] for cell in cells} <= set(stages)
    assert all(stages[cell["stage"]["id"]] == cell["stage"]["name"] for cell in cells)
    assert program.get("statistics/chance_to_win").json()["detail"]["horizon"] is not None


def test_a_change_is_said_to_be_waiting(many_deals: Membership) -> None:
    program = Program(make_secret(many_deals))
    program.post("deals", {"name": "One more", "qualified_on": timezone.now().date().isoformat()})
    assert program.get("statistics/deals_qualified").json()["updating"] is True


def test_there_is_no_other_statistic(program: Program) -> None:
    for name in ("happiness", "chance_to_win%00", "CHANCE_TO_WIN", "__class__"):
        assert program.get(f"statistics/{name}").status_code == 404
        assert program.get(f"statistics/{name}/rows").status_code == 404
