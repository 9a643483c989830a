"""Whether a play works is judged against what deals of the same ages give."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Membership, Tenant
from accounts.models.organisation import Role
from accounts.tenancy.scope import tenant_scope
from accounts.visibility import seen_by
from outcomes.queries.plays import Judging, judging
from outcomes.statistics import engine
from outcomes.statistics.plays import Judged, Tally, Verdict, judged
from strategy.models import PlanPart, PlanSpan, Strategy
from tests.make import NOON, make_deals, make_member, make_strategy


@pytest.mark.parametrize(
    ("tally", "verdict"),
    [
        (Tally(41, 38, 17, 0.2), Verdict.WORKING),
        (Tally(38, 30, 9, 0.2), Verdict.NO_DIFFERENCE),
        (Tally(52, 50, 4, 0.2), Verdict.NOT_WORKING),
        (Tally(60, 19, 0, 0.2), Verdict.TOO_FEW),
        (Tally(40, 40, 20, None), Verdict.UNKNOWN),
    ],
)
def test_a_play_is_judged_by_its_whole_interval_and_not_before_twenty_have_ended(
    tally: Tally, verdict: Verdict
) -> None:
    assert judged(tally).verdict is verdict


def test_the_interval_is_that_of_the_share_won_so_far() -> None:
    share = judged(Tally(41, 38, 17, 0.2)).share
    assert share is not None
    assert (round(share.low, 2), round(share.high, 2), share.events, share.n) == (0.28, 0.57, 17, 41)
    assert judged(Tally(60, 15, 5, 0.2)).more == 5


@pytest.fixture
def strategy(lena: Membership) -> Strategy:
    with tenant_scope(lena.tenant_id):
        return make_strategy(actor=lena)


def judging_now(tenant: Tenant, strategy: Strategy) -> Judging:
    with tenant_scope(tenant.pk, repeatable=True):
        engine.refresh(tenant=tenant, now=NOON)
    with tenant_scope(tenant.pk):
        return judging(strategy, today=tenant.day_of(NOON))


def of_play(found: Judging) -> Judged:
    (one,) = found.plays.values()
    return one


def served(strategy: Strategy) -> dict[str, Any]:
    parts = {part.kind: part for part in PlanPart.objects.filter(strategy=strategy)}
    return {"strategy": strategy, "segment": parts["segment"], "play": parts["play"]}


def test_a_play_that_wins_more_than_deals_of_its_ages_works(
    lena: Membership, northwind: Tenant, strategy: Strategy
) -> None:
    with tenant_scope(northwind.pk):
        plan = served(strategy)
        make_deals(18, actor=lena, age=100, ended=20, cause="won", **plan)
        make_deals(6, actor=lena, age=100, ended=20, cause="lost", **plan)
        make_deals(10, actor=lena, age=100, ended=20, cause="won")
        make_deals(66, actor=lena, age=100, ended=30, cause="lost")
    found = judging_now(northwind, strategy)
    one = of_play(found)
    assert (one.verdict, one.tally.qualified, one.tally.won, found.deals) == (Verdict.WORKING, 24, 18, 100)
    assert one.tally.expected == pytest.approx(0.28)


def test_a_young_play_is_not_called_bad_for_what_cannot_be_won_yet(
    lena: Membership, northwind: Tenant, strategy: Strategy
) -> None:
    """Others win 40 % at the age of 50 days. Nobody wins by the age of 20, and no play is blamed for that."""
    with tenant_scope(northwind.pk):
        plan = served(strategy)
        make_deals(20, actor=lena, age=20, ended=5, cause="lost", **plan)
        make_deals(40, actor=lena, age=20, **plan)
        make_deals(40, actor=lena, age=100, ended=50, cause="won")
        make_deals(60, actor=lena, age=100, ended=60, cause="lost")
    one = of_play(judging_now(northwind, strategy))
    assert (one.verdict, one.tally.won, one.tally.expected) == (Verdict.NO_DIFFERENCE, 0, 0.0)


def test_what_came_to_a_play_late_is_compared_with_what_was_still_open_then(
    lena: Membership, northwind: Tenant, strategy: Strategy
) -> None:
    """Of 100 deals 50 are lost by the age of 10; of the 50 others half are won. A play named at 40 wins half, too."""
    with tenant_scope(northwind.pk):
        plan = served(strategy)
        make_deals(50, actor=lena, age=100, ended=10, cause="lost")
        late = make_deals(13, actor=lena, age=100, ended=50, cause="won", **plan)
        late += make_deals(12, actor=lena, age=100, ended=60, cause="lost", **plan)
        make_deals(12, actor=lena, age=100, ended=50, cause="won")
        make_deals(13, actor=lena, age=100, ended=60, cause="lost")
        begun = northwind.day_of(NOON) - timedelta(days=60)
        PlanSpan.objects.bulk_create(PlanSpan(deal=one, from_on=begun, **plan) for one in late)
        after = make_deals(30, actor=lena, age=100, ended=10, cause="won", **plan)
        PlanSpan.objects.bulk_create(PlanSpan(deal=one, from_on=begun, **plan) for one in after)
    one = of_play(judging_now(northwind, strategy))
    assert one.tally.qualified == 25, "those that had ended when the play was named count for it never"
    assert one.verdict is Verdict.NO_DIFFERENCE
    assert one.tally.expected == pytest.approx(0.5)


def test_a_member_reads_verdicts_on_the_deals_that_figures_count_for_them(
    lena: Membership, omar: Membership, northwind: Tenant, strategy: Strategy
) -> None:
    with tenant_scope(northwind.pk):
        plan = served(strategy)
        make_deals(24, actor=lena, age=100, ended=20, cause="won", **plan)
        make_deals(3, actor=omar, age=100, ended=20, cause="lost", **plan)
        nina = make_member("nina", tenant=northwind, role=Role.REP)
        Tenant.objects.filter(pk=northwind.pk).update(visibility="own")
    assert of_play(judging_now(northwind, strategy)).tally.qualified == 27
    for member, seen in ((omar, 3), (nina, None)):
        with tenant_scope(northwind.pk), seen_by(Membership.objects.get(pk=member.pk)):
            plays = judging(strategy, today=northwind.day_of(NOON)).plays
            assert [one.tally.qualified for one in plays.values()] == ([seen] if seen else [])


@pytest.mark.parametrize("many", [1, 60])
def test_a_verdict_costs_as_many_questions_for_many_deals_as_for_one(
    lena: Membership, northwind: Tenant, strategy: Strategy, many: int, django_assert_num_queries: Any
) -> None:
    with tenant_scope(northwind.pk):
        make_deals(many, actor=lena, age=100, ended=20, cause="won", **served(strategy))
    judging_now(northwind, strategy)
    with tenant_scope(northwind.pk), django_assert_num_queries(3):
        judging(strategy, today=northwind.day_of(NOON))
