"""Lena writes a strategy, activates it, changes it, and ends it; what it said stays readable."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEvent, Membership
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from strategy import services
from strategy.models import PlanPart, Strategy, StrategyVersion
from strategy.plan.document import read
from strategy.services import plan as refusals
from tests.make import NOON
from tests.strategy.plans import PLAY, complete

pytestmark = pytest.mark.usefixtures("inside_northwind")


def begin(lena: Membership, name: str = "2026 to 2027", **facts: Any) -> Strategy:
    return services.begin_strategy(actor=lena, name=name, at=NOON, **facts)


def written(strategy: Strategy, lena: Membership, **changed: Any) -> Strategy:
    return services.write_strategy(
        strategy=strategy, content=complete(**changed), actor=lena, at=NOON, revision=strategy.revision
    )


def active(lena: Membership) -> Strategy:
    strategy = written(begin(lena), lena)
    services.activate_strategy(strategy=strategy, actor=lena, at=NOON)
    strategy.refresh_from_db()
    return strategy


def test_a_strategy_begins_as_a_draft_that_lacks_things(lena: Membership) -> None:
    strategy = begin(lena)
    assert strategy.state == Strategy.State.DRAFT
    with pytest.raises(refusals.StrategyIncomplete) as refusal:
        services.activate_strategy(strategy=strategy, actor=lena, at=NOON)
    assert {"goal/amount", "segments", "plays"} <= set(refusal.value.fields)
    assert not StrategyVersion.objects.exists()


def test_an_activated_strategy_keeps_what_it_says_as_version_1(lena: Membership) -> None:
    strategy = active(lena)
    version = strategy.newest_version()
    assert version is not None
    assert (strategy.state, version.number, strategy.working) == (Strategy.State.ACTIVE, 1, None)
    assert read(version.content) == read(complete())
    assert list(PlanPart.objects.filter(kind="play").values_list("name", flat=True)) == ["Loss-map workshop"]


def test_editing_an_active_strategy_makes_the_next_version_and_keeps_the_first(lena: Membership) -> None:
    strategy = active(lena)
    strategy = written(strategy, lena, title="Become the leakage partner")
    newest = strategy.newest_version()
    assert newest is not None
    assert newest.content["title"].endswith("mid-size utilities")
    services.activate_strategy(strategy=strategy, actor=lena, at=NOON, note="Shorter")
    assert [
        (version.number, version.content["title"], version.note)
        for version in StrategyVersion.objects.order_by("number")
    ] == [
        (1, "Become the leakage partner for mid-size utilities", ""),
        (2, "Become the leakage partner", "Shorter"),
    ]


def test_what_a_version_said_cannot_be_rewritten(lena: Membership) -> None:
    active(lena)
    with pytest.raises(DatabaseError), transaction.atomic():
        StrategyVersion.objects.update(note="It was never so")


def test_a_play_that_is_left_out_is_no_longer_offered_and_stays_named(lena: Membership) -> None:
    strategy = active(lena)
    (usual,) = complete()["plays"]
    other = {**usual, "id": PLAY[:-1] + "9", "name": "Regulator briefing"}
    strategy = written(strategy, lena, plays=[other])
    services.activate_strategy(strategy=strategy, actor=lena, at=NOON)
    plays = PlanPart.objects.filter(kind=PlanPart.Kind.PLAY)
    assert {(part.name, part.is_current) for part in plays} == {
        ("Loss-map workshop", False),
        ("Regulator briefing", True),
    }


def test_publishing_the_same_text_again_is_refused(lena: Membership) -> None:
    strategy = written(active(lena), lena)
    with pytest.raises(refusals.NothingToPublish):
        services.activate_strategy(strategy=strategy, actor=lena, at=NOON)


def test_tells_the_second_of_two_people_who_write_at_once(lena: Membership) -> None:
    strategy = begin(lena)
    read_by_both = strategy.revision
    written(strategy, lena)
    with pytest.raises(refusals.StrategyChangedMeanwhile):
        services.write_strategy(
            strategy=strategy, content=complete(title="Mine"), actor=lena, at=NOON, revision=read_by_both
        )
    strategy.refresh_from_db()
    assert strategy.working["title"].endswith("mid-size utilities")


def test_writing_the_same_again_is_no_change(lena: Membership) -> None:
    strategy = written(begin(lena), lena)
    assert written(strategy, lena).revision == strategy.revision
    assert AuditEvent.objects.filter(verb="strategy.written").count() == 1


def test_an_alternative_stands_beside_with_parts_of_its_own(lena: Membership) -> None:
    strategy = active(lena)
    newest = strategy.newest_version()
    assert newest is not None
    other = begin(lena, "Through partners", content=read(newest.content), alternative_to=strategy)
    assert other.working["plays"][0]["name"] == "Loss-map workshop"
    assert other.working["plays"][0]["id"] != PLAY
    services.activate_strategy(strategy=other, actor=lena, at=NOON)
    assert PlanPart.objects.filter(kind="play", is_current=True).count() == 2


def test_a_retired_strategy_keeps_its_reason_and_stays_as_it_was(lena: Membership) -> None:
    strategy = active(lena)
    with pytest.raises(Invalid):
        services.retire_strategy(strategy=strategy, actor=lena, at=NOON, because=" ")
    strategy = services.retire_strategy(strategy=strategy, actor=lena, at=NOON, because="Nobody sponsored a workshop")
    assert (strategy.state, strategy.retired_because) == ("retired", "Nobody sponsored a workshop")
    assert not PlanPart.objects.filter(is_current=True).exists()
    with pytest.raises(refusals.StrategyIsOver):
        written(strategy, lena)


def test_a_draft_is_not_retired(lena: Membership) -> None:
    with pytest.raises(refusals.StrategyNotActive):
        services.retire_strategy(strategy=begin(lena), actor=lena, at=NOON, because="Why not")


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_strategy_needs_a_name(lena: Membership, name: str) -> None:
    with pytest.raises(Invalid):
        begin(lena, name)


def test_two_strategies_share_no_name(lena: Membership) -> None:
    begin(lena)
    with pytest.raises(Invalid) as refusal:
        begin(lena)
    assert "name" in refusal.value.fields


def test_a_rep_reads_and_does_not_write(lena: Membership, omar: Membership) -> None:
    strategy = begin(lena)
    for deed in (
        lambda: begin(omar),
        lambda: written(strategy, omar),
        lambda: services.activate_strategy(strategy=strategy, actor=omar, at=NOON),
        lambda: services.retire_strategy(strategy=strategy, actor=omar, at=NOON, because="No"),
    ):
        with pytest.raises(NotAllowed):
            deed()
