"""Facts of a deal change through one service: each with its span, its event and its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEvent, Membership, Tenant
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from strategy.models import (
    Company,
    Competitor,
    Contact,
    Deal,
    DealEvent,
    EndReason,
    ExchangeRate,
    OwnerSpan,
    PlanPart,
    PlanSpan,
    Stage,
    Strategy,
)
from strategy.requirements import RequirementsMissing
from strategy.services import (
    change_deal,
    define_attribute,
    move_deal,
    open_deal,
    qualify_deal,
    reopen_deal,
)
from strategy.services.deals import PeriodClosed
from strategy.services.refusals import DealIsOver, DealMovedMeanwhile
from tests.make import NOON, make_deal, stage

TODAY = NOON.date()


@pytest.fixture
def deal(inside_northwind: Tenant, omar: Membership) -> Deal:
    return make_deal(actor=omar, expected_close_on=TODAY + timedelta(30))


def days(number: int) -> Any:
    return TODAY + timedelta(number)


def last_event(deal: Deal) -> tuple[str, dict[str, Any], int]:
    event = DealEvent.objects.filter(deal=deal).order_by("recorded_at", "pk").last()
    assert event is not None
    assert event.effective_on is not None
    return event.kind, event.data, (event.effective_on - TODAY).days


def asks(name: str, *keys: str) -> Stage:
    Stage.objects.filter(name=name).update(requires=list(keys))
    return stage(name)


def test_keeps_what_it_was_worth_at_qualification(deal: Deal, omar: Membership) -> None:
    change_deal(deal=deal, amount=700_000, actor=omar, at=NOON)
    deal.refresh_from_db()
    assert (deal.amount, deal.amount_at_qualification, deal.version) == (700_000, 1_000_000, 2)
    assert last_event(deal) == ("repriced", {"amount": [1_000_000, 700_000]}, 0)
    assert AuditEvent.objects.filter(verb="deal.repriced", subject_id=deal.pk).count() == 1
    change_deal(deal=deal, amount=700_000, actor=omar, at=NOON)
    assert deal.version == 2, "what is as it was is no change"


def test_counts_a_later_expected_close_as_a_slip_of_its_days(deal: Deal, omar: Membership) -> None:
    change_deal(deal=deal, actor=omar, at=NOON, expected_close_on=days(44))
    kind, data, _ = last_event(deal)
    assert (kind, data["slipped_days"]) == ("rescheduled", 14)
    change_deal(deal=deal, actor=omar, at=NOON, expected_close_on=days(40))
    assert "slipped_days" not in last_event(deal)[1]


def test_an_owner_has_a_deal_from_a_day_on(deal: Deal, omar: Membership, lena: Membership) -> None:
    change_deal(deal=deal, owner=lena, actor=omar, at=NOON, on=days(-3))
    spans = OwnerSpan.objects.filter(deal=deal).order_by("from_on")
    assert [(span.owner_id, span.from_on, span.until_on) for span in spans] == [
        (omar.pk, days(-30), days(-3)),
        (lena.pk, days(-3), None),
    ]
    deal.refresh_from_db()
    assert (deal.owner_id, deal.owner_at_qualification_id) == (lena.pk, omar.pk)
    assert AuditEvent.objects.get(verb="deal.reassigned").data["on"] == days(-3).isoformat()


def test_what_a_deal_serves_is_kept_as_spans(deal: Deal, omar: Membership, lena: Membership) -> None:
    ours = Strategy.objects.create(name="Mid-market", owner=lena, state="active", created_at=NOON, activated_at=NOON)
    draft = Strategy.objects.create(name="Later", owner=lena, created_at=NOON)
    food = PlanPart.objects.create(strategy=ours, key=ours.pk, kind="segment", name="Food", position=1)
    change_deal(deal=deal, actor=omar, at=NOON, on=days(-2), segment=food)
    deal.refresh_from_db()
    assert (deal.strategy_id, deal.segment_id) == (ours.pk, food.pk), "a segment says which strategy"
    assert last_event(deal)[:2] == ("replanned", {"strategy": [None, "Mid-market"], "segment": [None, "Food"]})
    with pytest.raises(Invalid) as refusal:
        change_deal(deal=deal, actor=omar, at=NOON, strategy=draft)
    assert "strategy" in refusal.value.fields
    with pytest.raises(Invalid) as refusal:
        change_deal(deal=deal, actor=omar, at=NOON, play=food)
    assert "play" in refusal.value.fields
    change_deal(deal=deal, actor=omar, at=NOON, strategy=None)
    deal.refresh_from_db()
    assert (deal.strategy_id, deal.segment_id) == (None, None)
    span = PlanSpan.objects.get(deal=deal)
    assert (span.segment_id, span.from_on, span.until_on) == (food.pk, days(-2), TODAY)


def test_plain_facts_say_in_an_event_what_they_were(deal: Deal, omar: Membership, lena: Membership) -> None:
    alder = Company.objects.create(name="Alder 🌲 شركة")
    define_attribute(actor=lena, at=NOON, of="deal", name="Plant", kind="number")
    with pytest.raises(Invalid):
        change_deal(deal=deal, actor=omar, at=NOON, attributes={"plant": "3"})
    change_deal(deal=deal, actor=omar, at=NOON, name=" Pump watch ", company=alder, attributes={"plant": 3})
    kind, data, _ = last_event(deal)
    assert kind == "corrected"
    assert (data["name"], data["company"]) == (["Leak analytics", "Pump watch"], [None, "Alder 🌲 شركة"])
    change_deal(deal=deal, actor=omar, at=NOON, attributes={"plant": None})
    assert Deal.objects.get(pk=deal.pk).attributes == {}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "name"),
    ({"amount": -1}, "amount"),
    ({"amount": 10**16}, "amount"),
    ({"currency": "QQQ"}, "currency"),
    ({"currency": "CHF"}, "currency"),
    ({"expected_close_on": days(-31)}, "expected_close_on"),
    ({"expected_close_on": days(60 * 366)}, "expected_close_on"),
    ({"owner": None}, "owner"),
    ({"amount": 5, "on": days(1)}, "on"),
    ({"amount": 5, "on": days(-31)}, "on"),
    ({"stage": None}, "stage"),
]


def test_refuses_what_nobody_can_mean_at_its_field_and_stores_nothing(
    deal: Deal, omar: Membership, vera: Membership
) -> None:
    for wrong, field in [*WRONG, ({"owner": vera}, "owner")]:
        with pytest.raises(Invalid) as refusal:
            change_deal(deal=deal, actor=omar, at=NOON, **{"is_test": True, **wrong})
        assert [*refusal.value.fields] == [field]
    assert not deal.is_test, "in memory it is what is stored"
    deal.refresh_from_db()
    assert (deal.version, deal.is_test, DealEvent.objects.filter(deal=deal).count()) == (1, False, 2)
    with pytest.raises(NotAllowed):
        change_deal(deal=deal, actor=vera, at=NOON, name="Mine")


def test_the_second_who_changes_the_same_deal_is_told(deal: Deal, omar: Membership, lena: Membership) -> None:
    seen_by_lena = Deal.objects.get(pk=deal.pk)
    change_deal(deal=deal, amount=5, actor=omar, at=NOON)
    with pytest.raises(DealMovedMeanwhile):
        change_deal(deal=seen_by_lena, actor=lena, at=NOON, name="Other")
    with pytest.raises(DealMovedMeanwhile):
        move_deal(deal=Deal.objects.get(pk=deal.pk), to=stage("Workshop"), actor=lena, at=NOON, version=1)


def test_a_value_is_not_changed_before_it_was_last_changed(deal: Deal, omar: Membership) -> None:
    change_deal(deal=deal, amount=5, actor=omar, at=NOON, on=days(-5))
    with pytest.raises(Invalid):
        change_deal(deal=deal, amount=6, actor=omar, at=NOON, on=days(-6))
    change_deal(deal=deal, amount=6, actor=omar, at=NOON, on=days(-5))
    assert last_event(deal) == ("repriced", {"amount": [5, 6]}, -5)


def test_nothing_takes_effect_in_a_closed_period(deal: Deal, omar: Membership) -> None:
    omar.tenant.closed_until = days(-7)
    doors: list[Callable[..., Any]] = [
        lambda on: move_deal(deal=deal, to=stage("Workshop"), actor=omar, at=NOON, on=on),
        lambda on: change_deal(deal=deal, amount=5, actor=omar, at=NOON, on=on),
        lambda on: open_deal(actor=omar, name="Late", at=NOON, opened_on=on, qualified_on=days(-1)),
    ]
    for door in doors:
        with pytest.raises(PeriodClosed) as refusal:
            door(days(-7))
        assert (refusal.value.code, refusal.value.data) == ("period_closed", {"day": days(-7)})
    for door in doors:
        door(days(-6))


def test_a_foreign_currency_is_worth_what_it_was_on_the_day_of_qualification(
    inside_northwind: Tenant, omar: Membership
) -> None:
    with pytest.raises(RequirementsMissing) as refusal:
        make_deal(actor=omar, currency="CHF")
    assert [one["key"] for one in refusal.value.data["missing"]] == ["rate"]
    for day, rate in ((-40, "1.05"), (-30, "1.06"), (-29, "1.09")):
        ExchangeRate.objects.create(currency="CHF", from_on=days(day), rate=rate)
    deal = make_deal(actor=omar, currency="CHF")
    assert (deal.rate, deal.rate_date) == (Decimal("1.06"), days(-30))
    fresh = make_deal(actor=omar, currency="USD", qualified_on=None)
    with pytest.raises(RequirementsMissing):
        qualify_deal(deal=fresh, actor=omar, at=NOON)
    with pytest.raises(Invalid):
        qualify_deal(deal=fresh, actor=omar, at=NOON, rate=Decimal(-1))
    qualify_deal(deal=fresh, actor=omar, at=NOON, rate=Decimal("0.91"))
    assert Deal.objects.get(pk=fresh.pk).rate == Decimal("0.91")


def test_a_deal_qualified_late_is_worth_what_it_was_on_that_day(
    inside_northwind: Tenant, omar: Membership, lena: Membership
) -> None:
    deal = make_deal(actor=omar, qualified_on=None)
    change_deal(deal=deal, actor=omar, at=NOON, on=days(-10), amount=2_000, owner=lena)
    qualify_deal(deal=deal, actor=omar, at=NOON, on=days(-20))
    deal.refresh_from_db()
    assert (deal.amount_at_qualification, deal.owner_at_qualification_id) == (1_000_000, omar.pk)


def test_a_stage_says_what_it_asks_for_and_takes_it_in_the_same_step(
    inside_northwind: Tenant, omar: Membership, lena: Membership
) -> None:
    deal = make_deal(actor=omar, qualified_on=None, amount=None)
    proposal = asks("Proposal", "amount", "company", "qualified", "economic_buyer", "reason", "unknown")
    with pytest.raises(RequirementsMissing) as refusal:
        move_deal(deal=deal, to=proposal, actor=omar, at=NOON)
    assert [one["key"] for one in refusal.value.data["missing"]] == ["amount", "company", "qualified", "economic_buyer"]
    assert [*refusal.value.fields] == ["amount", "company", "qualified_on", "economic_buyer"]
    alder = Company.objects.create(name="Alder")
    buyer = Contact.objects.create(name="Ines", company=alder)
    supply = {"amount": 900, "company": alder, "qualified_on": days(-2), "economic_buyer": buyer}
    with pytest.raises(RequirementsMissing):
        move_deal(deal=deal, to=proposal, actor=omar, at=NOON, supply={**supply, "amount": None})
    assert not deal.buying_roles.exists()
    move_deal(deal=deal, to=proposal, actor=omar, at=NOON, supply=supply)
    deal.refresh_from_db()
    assert (deal.stage, deal.amount, deal.amount_at_qualification) == (proposal, 900, 900)
    assert (deal.qualified_on, deal.buying_roles.get().role) == (days(-2), "economic_buyer")
    with pytest.raises(Invalid):
        move_deal(deal=deal, to=stage("Decision"), actor=omar, at=NOON, supply={"version": 1})


def test_whoever_leads_passes_with_a_reason_and_it_is_told(deal: Deal, omar: Membership, mara: Membership) -> None:
    proposal = asks("Proposal", "company")
    with pytest.raises(NotAllowed):
        move_deal(deal=deal, to=proposal, actor=omar, at=NOON, override_because="They are in a hurry")
    assert deal.stage.name == "Qualified"
    move_deal(deal=deal, to=proposal, actor=mara, at=NOON, override_because="They are in a hurry")
    assert last_event(deal)[1]["overridden"] == {"missing": ["company"], "because": "They are in a hurry"}
    assert AuditEvent.objects.get(verb="deal.overridden").data["because"] == "They are in a hurry"


def test_a_loss_names_a_competitor_and_a_new_episode_forgets_them(deal: Deal, omar: Membership) -> None:
    lost, rival = asks("Lost", "reason", "competitor"), Competitor.objects.create(name="Rival")
    cheaper = EndReason.objects.create(kind="lost", name="Cheaper")
    with pytest.raises(Invalid):
        move_deal(deal=deal, to=stage("Won"), actor=omar, at=NOON, competitor=rival)
    with pytest.raises(RequirementsMissing):
        move_deal(deal=deal, to=lost, actor=omar, at=NOON, competitor=rival)
    move_deal(deal=deal, to=lost, actor=omar, at=NOON, on=days(-1), competitor=rival, reason=cheaper, amount=7)
    assert last_event(deal)[1]["amount"] == [1_000_000, 7]
    with pytest.raises(DealIsOver):
        change_deal(deal=deal, actor=omar, at=NOON, expected_close_on=days(3))
    with pytest.raises(Invalid):
        reopen_deal(deal=deal, to=stage("Proposal"), actor=omar, at=NOON, on=days(-2))
    reopen_deal(deal=deal, to=stage("Proposal"), actor=omar, at=NOON)
    deal.refresh_from_db()
    assert (deal.competitor, deal.end_reason, deal.episode) == (None, None, 2)
