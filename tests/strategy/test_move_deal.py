"""Moving a deal: one service for every door."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import AuditEvent, Membership, Tenant
from accounts.permissions import NotAllowed
from accounts.refusals import ExternalIdTaken, Invalid
from strategy.models import Deal, DealEvent, EndReason, Pipeline, Stage, StageSpan
from strategy.services import move_deal, open_deal, qualify_deal, reopen_deal
from strategy.services.refusals import (
    AlreadyQualified,
    DealIsOpen,
    DealIsOver,
    DealMovedMeanwhile,
    StageOfAnotherPipeline,
)
from tests.make import NOON, make_deal, stage

TODAY = NOON.date()


@pytest.fixture
def deal(inside_northwind: Tenant, omar: Membership) -> Deal:
    return make_deal(actor=omar)


def spans(deal: Deal) -> list[tuple[str, str, int]]:
    found = StageSpan.objects.filter(deal=deal).select_related("stage").order_by("entered_on", "pk")
    return [
        (span.stage.name, span.exit_kind, (span.left_on - span.entered_on).days if span.left_on else -1)
        for span in found
    ]


def test_leaves_a_span_an_event_and_an_audit_entry(deal: Deal, omar: Membership) -> None:
    move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON)
    assert spans(deal) == [("Qualified", "advance", 30), ("Workshop", "", -1)]
    event = DealEvent.objects.get(kind="moved")
    assert (event.effective_on, event.actor_id, event.data) == (TODAY, omar.pk, {"stage": ["Qualified", "Workshop"]})
    assert AuditEvent.objects.filter(verb="deal.moved", subject_id=deal.pk).count() == 1


def test_knows_a_skip_and_a_step_back(deal: Deal, omar: Membership) -> None:
    move_deal(deal=deal, to=stage("Decision"), actor=omar, at=NOON, on=TODAY - timedelta(10))
    move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON)
    assert [kind for _, kind, _ in spans(deal)] == ["skip", "back", ""]


def test_closes_a_deal_with_the_cause_of_the_stage(deal: Deal, omar: Membership) -> None:
    silence = EndReason.objects.create(kind="no_decision", name="Went quiet")
    move_deal(deal=deal, to=stage("No decision"), actor=omar, at=NOON, reason=silence, amount=0)
    deal.refresh_from_db()
    assert (deal.end_cause, deal.closed_on, deal.end_reason, deal.amount) == ("no_decision", TODAY, silence, 0)
    assert deal.amount_at_qualification == 1_000_000
    assert deal.closed_recorded_at == NOON


def test_tells_programs_when_the_deal_last_changed(deal: Deal, omar: Membership) -> None:
    later = NOON + timedelta(hours=1)
    move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=later)
    assert Deal.objects.get(pk=deal.pk).updated_at == later


def test_tells_the_second_of_two_people_who_move_the_same_deal(deal: Deal, omar: Membership, lena: Membership) -> None:
    seen_by_lena = Deal.objects.get(pk=deal.pk)
    move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON)
    with pytest.raises(DealMovedMeanwhile):
        move_deal(deal=seen_by_lena, to=stage("Proposal"), actor=lena, at=NOON)


def test_refuses_to_move_what_is_over(deal: Deal, omar: Membership) -> None:
    move_deal(deal=deal, to=stage("Won"), actor=omar, at=NOON)
    with pytest.raises(DealIsOver):
        move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON)


def test_refuses_a_stage_of_another_pipeline(deal: Deal, omar: Membership) -> None:
    other = Pipeline.objects.create(name="Renewals", position=2)
    theirs = Stage.objects.create(pipeline=other, name="Talk", position=1)
    with pytest.raises(StageOfAnotherPipeline):
        move_deal(deal=deal, to=theirs, actor=omar, at=NOON)


@pytest.mark.parametrize("days", [1, -31])
def test_refuses_a_day_to_come_or_before_the_deal(deal: Deal, omar: Membership, days: int) -> None:
    with pytest.raises(Invalid) as refusal:
        move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON, on=TODAY + timedelta(days))
    assert "on" in refusal.value.fields


def test_refuses_a_reason_of_another_kind_of_end(deal: Deal, omar: Membership) -> None:
    cheaper = EndReason.objects.create(kind="lost", name="Cheaper offer")
    with pytest.raises(Invalid):
        move_deal(deal=deal, to=stage("No decision"), actor=omar, at=NOON, reason=cheaper)


def test_does_not_let_a_viewer_move_anything(deal: Deal, vera: Membership) -> None:
    with pytest.raises(NotAllowed):
        move_deal(deal=deal, to=stage("Workshop"), actor=vera, at=NOON)


def test_opens_an_ended_deal_again_as_another_episode(deal: Deal, omar: Membership) -> None:
    qualified = deal.qualified_on
    with pytest.raises(DealIsOpen):
        reopen_deal(deal=deal, to=stage("Proposal"), actor=omar, at=NOON)
    move_deal(deal=deal, to=stage("Lost"), actor=omar, at=NOON)
    reopen_deal(deal=deal, to=stage("Proposal"), actor=omar, at=NOON)
    deal.refresh_from_db()
    assert (deal.episode, deal.end_cause, deal.closed_on, deal.qualified_on) == (2, "", None, qualified)


def test_never_moves_the_day_of_qualification(deal: Deal, omar: Membership) -> None:
    with pytest.raises(AlreadyQualified):
        qualify_deal(deal=deal, actor=omar, at=NOON)


def test_begins_to_watch_an_imported_deal_that_is_worked_here(deal: Deal, omar: Membership) -> None:
    Deal.objects.filter(pk=deal.pk).update(observed_until=TODAY)
    deal.refresh_from_db()
    move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON)
    assert Deal.objects.get(pk=deal.pk).observed_until is None


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**16}, "amount"),
        ({"qualified_on": TODAY + timedelta(1)}, "qualified_on"),
    ],
)
def test_refuses_a_new_deal_that_makes_no_sense(
    inside_northwind: Tenant, omar: Membership, facts: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        open_deal(**{"actor": omar, "name": "Ok", "at": NOON, **facts})  # type: ignore[arg-type]
    assert field in refusal.value.fields
    assert not Deal.objects.exists()


def test_refuses_an_external_id_that_another_deal_has(inside_northwind: Tenant, omar: Membership) -> None:
    make_deal(actor=omar, source="crm", external_id="7")
    with pytest.raises(ExternalIdTaken):
        make_deal(actor=omar, source="crm", external_id="7")
    assert Deal.objects.count() == 1
