"""Refreshing the statistics: true to the base rows, safe to repeat, and silent when nothing changed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, OutputType
from activities.services import Gave, change_activity, log_activity, take_back_activity
from outcomes.models import DealFact, MilestoneType, StatisticGeneration, StatisticMark, StatisticResult
from outcomes.queries.statistics import current
from outcomes.services import record_milestone
from outcomes.statistics import engine
from strategy.models import Deal
from strategy.services import move_deal, reopen_deal
from tests.make import NOON, make_deal, stage

TODAY = NOON.date()


def refresh(tenant: Tenant, **options: Any) -> StatisticGeneration:
    made = engine.refresh(tenant=tenant, now=NOON, **options)
    assert made is not None
    return made


def play(actor: Membership, deals: int, *, seed: int) -> list[Deal]:
    """A pipeline's year by a seeded dice: deals that move, give outputs, reach milestones, end, and begin anew."""
    dice, made = random.Random(seed), []
    call, reply = ActivityType.objects.get(name="Call"), OutputType.objects.get(name="Reply")
    kinds = list(MilestoneType.objects.all())
    for number in range(deals):
        age = dice.randrange(20, 300)
        deal = make_deal(actor=actor, name=f"Deal {number}", days_ago=age, amount=dice.randrange(0, 9_000_000))
        for _ in range(dice.randrange(5)):
            at = NOON - timedelta(days=dice.randrange(age))
            gave = [Gave(reply)] if dice.random() < 0.4 else []
            log_activity(actor=actor, type=call, deal=deal, at=at, recorded_at=NOON, outputs=gave)
        for kind in kinds[: dice.randrange(5)]:
            proof = "https://example.com" if dice.random() < 0.7 else ""
            on = TODAY - timedelta(days=dice.randrange(age))
            record_milestone(actor=actor, deal=deal, type=kind, at=NOON, on=on, evidence=proof)
        steps = dice.sample(["Workshop", "Proposal", "Decision"], dice.randrange(4))
        ends = dice.choice(["", "Won", "Lost", "No decision", "Disqualified"])
        on = TODAY - timedelta(days=age)
        for name in [*steps, *([ends] if ends else [])]:
            on += timedelta(days=dice.randrange(1 + (TODAY - on).days))
            move_deal(deal=deal, to=stage(name), actor=actor, at=NOON, on=on)
        if ends and dice.random() < 0.2:
            reopen_deal(deal=deal, to=stage("Proposal"), actor=actor, at=NOON)
        made.append(deal)
    return made


def stored() -> list[tuple[Any, ...]]:
    return sorted(DealFact.objects.values_list(*(field.attname for field in DealFact._meta.local_fields)))


@pytest.mark.parametrize("seed", [1, 2])
def test_facts_from_marks_equal_a_rebuild_row_for_row(inside_northwind: Tenant, omar: Membership, seed: int) -> None:
    deals = play(omar, 14, seed=seed)
    refresh(inside_northwind)
    dice = random.Random(seed)
    for deal in dice.sample(deals, 5):
        deal.refresh_from_db()
        if deal.is_open:
            move_deal(deal=deal, to=stage("Won"), actor=omar, at=NOON)
        else:
            Deal.objects.filter(pk=deal.pk).update(is_test=True)
    assert StatisticMark.objects.count() > 0
    refresh(inside_northwind)
    after_marks = stored()
    with connection.cursor() as cursor:
        assert engine.refresh_facts(cursor, inside_northwind, rebuild=True) == 0
    assert stored() == after_marks
    DealFact.objects.all().delete()
    refresh(inside_northwind, rebuild=True)
    assert stored() == after_marks


def test_a_second_run_changes_no_row(inside_northwind: Tenant, omar: Membership) -> None:
    play(omar, 12, seed=4)
    first = refresh(inside_northwind)
    results = list(StatisticResult.objects.order_by("metric").values())
    assert refresh(inside_northwind).pk == first.pk
    assert refresh(inside_northwind, rebuild=True).pk == first.pk
    assert list(StatisticResult.objects.order_by("metric").values()) == results


def test_counts_only_milestones_from_the_grade_that_counts(inside_northwind: Tenant, omar: Membership) -> None:
    deal = make_deal(actor=omar)
    goal, workshop = MilestoneType.objects.all()[:2]
    record_milestone(actor=omar, deal=deal, type=goal, at=NOON, evidence="https://example.com")
    record_milestone(actor=omar, deal=deal, type=workshop, at=NOON)
    refresh(inside_northwind)
    fact = DealFact.objects.get()
    assert (fact.milestones, fact.milestone_type_id) == (1, goal.pk)


def test_knows_the_minutes_after_the_last_progress(inside_northwind: Tenant, omar: Membership) -> None:
    deal = make_deal(actor=omar, days_ago=30)
    call = ActivityType.objects.get(name="Call")
    for days, minutes in ((25, 10), (20, 20), (5, 40)):
        at = NOON - timedelta(days=days)
        log_activity(actor=omar, type=call, deal=deal, at=at, recorded_at=NOON, minutes=minutes)
    move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON, on=TODAY - timedelta(20))
    move_deal(deal=deal, to=stage("Lost"), actor=omar, at=NOON)
    refresh(inside_northwind)
    fact = DealFact.objects.get()
    assert (fact.minutes, fact.minutes_after_progress) == (70, 40)
    assert fact.stage_id == stage("Workshop").pk


def test_effort_follows_what_is_corrected_moved_and_taken_back(inside_northwind: Tenant, omar: Membership) -> None:
    deals = [make_deal(actor=omar, name=name, days_ago=30) for name in ("First", "Second")]
    call, reply = ActivityType.objects.get(name="Call"), OutputType.objects.get(name="Reply")
    done = log_activity(actor=omar, type=call, deal=deals[0], at=NOON, recorded_at=NOON, minutes=30)

    def counted() -> list[tuple[int, int, int]]:
        refresh(inside_northwind)
        after_marks = stored()
        with connection.cursor() as cursor:
            assert engine.refresh_facts(cursor, inside_northwind, rebuild=True) == 0
        assert stored() == after_marks
        facts = {one.deal_id: (one.minutes, one.activities, one.outputs) for one in DealFact.objects.all()}
        return [facts[deal.pk] for deal in deals]

    none = (0, 0, 0)
    assert counted() == [(30, 1, 0), none]
    change_activity(activity=done, actor=omar, recorded_at=NOON, minutes=45, outputs=[Gave(reply)])
    assert counted() == [(45, 1, 1), none]
    change_activity(activity=done, actor=omar, recorded_at=NOON, deal=deals[1])
    assert counted() == [none, (45, 1, 1)]
    take_back_activity(activity=done, actor=omar, at=NOON)
    assert counted() == [none, none]


def test_says_what_is_missing_instead_of_a_number(inside_northwind: Tenant, omar: Membership) -> None:
    play(omar, 3, seed=5)
    refresh(inside_northwind)
    chance = current().results["chance_to_win"]
    assert (chance.value, chance.n) == (None, 3)
    assert chance.not_enough["missing"]


def test_a_deal_from_before_all_calendars_is_counted_apart_and_stops_nothing(
    inside_northwind: Tenant, omar: Membership
) -> None:
    make_deal(actor=omar, days_ago=200_000)
    make_deal(actor=omar, days_ago=46_000)
    refresh(inside_northwind)
    assert current().results["chance_to_win"].detail["excluded"] == 1
    assert current().results["chance_to_win"].n == 1


def test_the_waste_and_its_parts_and_the_wins_add_up_to_one(inside_northwind: Tenant, omar: Membership) -> None:
    play(omar, 60, seed=6)
    refresh(inside_northwind)
    results = current().results
    parts = results["opportunity_waste"].detail["parts"]
    won = parts and 1 - sum(part["value"] for part in parts.values())
    assert abs(won - results["chance_to_win"].value) < 1e-12
    cells = results["waste_deals"].detail["cells"]
    assert sum(cell["deals"] for cell in cells) == results["deals_qualified"].n == 60


def test_one_organisation_is_refreshed_without_reading_another(lena: Membership, eve: Membership) -> None:
    with tenant_scope(eve.tenant_id):
        make_deal(actor=eve)
    with tenant_scope(lena.tenant_id):
        refresh(lena.tenant, rebuild=True)
        assert current().results["deals_qualified"].n == 0
    with tenant_scope(eve.tenant_id):
        refresh(eve.tenant)
        assert current().results["deals_qualified"].n == 1
