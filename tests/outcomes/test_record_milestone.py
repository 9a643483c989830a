"""The outcome ledger: nothing is rewritten, the state follows from the events."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from accounts.models import Membership, Tenant
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from outcomes.models import Milestone, MilestoneEvent, MilestoneType, StatisticMark
from outcomes.rules import derive
from outcomes.services import record_milestone
from strategy.models import Deal
from strategy.services import move_deal
from strategy.services.refusals import DealIsOver
from tests.make import NOON, make_deal, stage

TODAY = NOON.date()


@pytest.fixture
def deal(inside_northwind: Tenant, omar: Membership) -> Deal:
    return make_deal(actor=omar)


@pytest.fixture
def goal(inside_northwind: Tenant) -> MilestoneType:
    return MilestoneType.objects.get(position=1)


def test_is_a_claim_until_an_artefact_is_linked(deal: Deal, goal: MilestoneType, omar: Membership) -> None:
    claimed = record_milestone(actor=omar, deal=deal, type=goal, at=NOON, words="Leakage from 18% to 12%")
    assert (claimed.state, claimed.grade) == ("reached", 0)
    proved = record_milestone(
        actor=omar, deal=deal, type=goal, at=NOON + timedelta(hours=1), evidence="https://example.com/notes"
    )
    assert (proved.pk, proved.grade, proved.words) == (claimed.pk, 1, "Leakage from 18% to 12%")
    assert list(MilestoneEvent.objects.order_by("recorded_at").values_list("kind", flat=True)) == [
        "claimed",
        "evidenced",
    ]


def test_marks_the_deal_for_the_statistics(deal: Deal, goal: MilestoneType, omar: Membership) -> None:
    StatisticMark.objects.all().delete()
    record_milestone(actor=omar, deal=deal, type=goal, at=NOON)
    assert set(StatisticMark.objects.values_list("key", flat=True)) == {deal.pk}


def test_stores_an_entry_once_however_often_it_is_sent(deal: Deal, goal: MilestoneType, omar: Membership) -> None:
    key = uuid.uuid4()
    for _ in range(3):
        record_milestone(actor=omar, deal=deal, type=goal, at=NOON, entry_key=key)
    assert MilestoneEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"on": TODAY + timedelta(1)}, "on"),
        ({"on": TODAY - timedelta(31)}, "on"),
        ({"evidence": "javascript:alert(1)"}, "evidence"),
        ({"agreed_by": "x" * 121}, "agreed_by"),
    ],
)
def test_refuses_what_cannot_be(
    deal: Deal, goal: MilestoneType, omar: Membership, given: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        record_milestone(actor=omar, deal=deal, type=goal, at=NOON, **given)  # type: ignore[arg-type]
    assert field in refusal.value.fields
    assert not MilestoneEvent.objects.exists()


def test_refuses_a_deal_that_is_over(deal: Deal, goal: MilestoneType, omar: Membership) -> None:
    move_deal(deal=deal, to=stage("Lost"), actor=omar, at=NOON)
    with pytest.raises(DealIsOver):
        record_milestone(actor=omar, deal=deal, type=goal, at=NOON)


def test_does_not_let_a_viewer_record(deal: Deal, goal: MilestoneType, vera: Membership) -> None:
    with pytest.raises(NotAllowed):
        record_milestone(actor=vera, deal=deal, type=goal, at=NOON)


def event(kind: str, grade: int, day: int) -> MilestoneEvent:
    at = NOON + timedelta(days=day)
    return MilestoneEvent(kind=kind, grade=grade, effective_on=at.date(), recorded_at=at, words=f"day {day}")


def test_a_contradiction_ends_it_and_a_new_claim_begins_it_anew() -> None:
    events = [event("claimed", 0, 0), event("confirmed", 3, 2), event("contradicted", 3, 5)]
    after = derive(events)
    assert (after["state"], after["grade"]) == (Milestone.State.CONTRADICTED, 0)
    again = derive([*events, event("claimed", 0, 9)])
    assert (again["state"], again["grade"], again["reached_on"]) == ("reached", 0, event("claimed", 0, 9).effective_on)


def test_keeps_the_earliest_day_and_the_best_grade() -> None:
    after = derive([event("evidenced", 1, 5), event("claimed", 0, 3), event("confirmed", 3, 8)])
    assert (after["grade"], after["reached_on"]) == (3, event("claimed", 0, 3).effective_on)
