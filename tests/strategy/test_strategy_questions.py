"""Whom a strategy means, who is counted in it, and what becomes of drafts."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent, Membership
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from strategy import services, strategies
from strategy.models import Company, Strategy
from strategy.plan.document import read
from strategy.plan.rules import Answer
from strategy.services import drafts
from tests.make import NOON, make_deal
from tests.strategy.plans import PERSONA, PLAY, SEGMENT, complete

pytestmark = pytest.mark.usefixtures("inside_northwind")

RULES: list[dict[str, Any]] = [
    {"fact": "industry", "test": "one_of", "words": ["Utilities", "WATER"]},
    {"fact": "country", "test": "none_of", "words": ["France"]},
    {"fact": "tags", "test": "one_of", "words": ["Partner customer"]},
    {"fact": "tags", "test": "none_of", "words": ["Lost cause"]},
    {"fact": "employees", "test": "between", "low": 100, "high": 900},
    {"fact": "revenue", "test": "between", "low": 1_000, "currency": "EUR"},
    {"fact": "own:fleet", "test": "between", "low": 5},
    {"fact": "own:shift", "test": "one_of", "words": ["night"]},
    {"fact": "own:shift", "test": "none_of", "words": ["night"]},
]
COMPANIES: list[dict[str, Any]] = [
    {"industry": " water ", "country": "Spain", "tags": ["partner CUSTOMER"], "employees": 100},
    {"industry": "Utilities", "country": "france", "tags": ["Lost cause"], "employees": 99},
    {"revenue": 1_000, "revenue_currency": "EUR", "attributes": {"fleet": 5, "shift": "Night"}},
    {"revenue": 9_000, "revenue_currency": "USD", "attributes": {"fleet": "many", "shift": "day"}},
    {"attributes": {"fleet": 4, "shift": ""}},
]


def active(lena: Membership, name: str = "2026 to 2027", **changed: Any) -> Strategy:
    strategy = services.begin_strategy(actor=lena, name=name, at=NOON)
    strategy = services.write_strategy(
        strategy=strategy, content=complete(**changed), actor=lena, at=NOON, revision=strategy.revision
    )
    services.activate_strategy(strategy=strategy, actor=lena, at=NOON)
    strategy.refresh_from_db()
    return strategy


def test_counting_a_segment_agrees_with_judging_each_company(lena: Membership) -> None:
    companies = [Company.objects.create(name=f"Company {n}", **facts) for n, facts in enumerate(COMPANIES)]
    (segment,) = complete()["segments"]
    text = read(complete(segments=[{**segment, "rules": [rule]} for rule in RULES[:1]]))
    for rule in RULES:
        one = read(complete(segments=[{**segment, "rules": [rule]}])).segments[0]
        judged = [strategies.judge(one.rules, strategies.facts_of(company)).answer for company in companies]
        assert strategies.companies_in([one])[one.id] == judged.count(Answer.IN), rule
    assert strategies.companies_in(text.segments)[text.segments[0].id] == 2


def test_a_company_is_told_for_each_segment_why_it_is_in_or_out(lena: Membership) -> None:
    active(lena)
    (water,) = strategies.segments_of(Company.objects.create(name="Brightwater", industry="water"))
    (rail,) = strategies.segments_of(Company.objects.create(name="Vantage Rail", industry="Rail"))
    assert (water.judgement.answer, rail.judgement.answer) == (Answer.IN, Answer.OUT)
    assert rail.judgement.reasons[0].words == "Industry is Rail, not Utilities, Water."


@pytest.mark.parametrize(
    ("title", "department", "is_known"),
    [("Group COO", "", True), ("Head  of Operations, North", "", True), ("Cook", "", False), ("", "Field", True)],
)
def test_a_title_or_a_department_tells_the_persona(
    lena: Membership, title: str, department: str, is_known: bool
) -> None:
    (persona,) = complete()["personas"]
    active(lena, personas=[{**persona, "departments": ["Field"]}])
    found = strategies.persona_of(title=title, department=department)
    assert (str(found.key) if found else None) == (PERSONA if is_known else None)


def test_deals_are_counted_under_the_part_that_they_serve(lena: Membership) -> None:
    strategy = active(lena)
    segment, play = (strategy.parts.get(kind=kind) for kind in ("segment", "play"))
    deal = make_deal(actor=lena)
    type(deal).objects.filter(pk=deal.pk).update(strategy=strategy, segment=segment, play=play)
    make_deal(actor=lena, name="Pump watch")
    (((segment_key, play_key), counts),) = strategies.served(strategy).items()
    assert (str(segment_key), str(play_key)) == (SEGMENT, PLAY)
    assert counts == strategies.Served(qualified=1, ended=0, won=0, open=1)
    assert strategies.open_deals_without_segment() == 1


def test_a_draft_is_renamed_given_away_copied_and_thrown_away(lena: Membership, leo: Membership) -> None:
    strategy = active(lena)
    other = services.copy_strategy(strategy=strategy, name="Through partners", actor=lena, at=NOON)
    assert other.alternative_to_id == strategy.pk
    other = services.rename_strategy(strategy=other, to=" Through  few partners ", actor=lena, at=NOON)
    other = services.give_strategy(strategy=other, to=leo, actor=lena, at=NOON)
    assert [one.strategy.name for one in strategies.drafts()] == ["Through few partners"]
    assert strategies.drafts()[0].strategy.owner == leo
    services.throw_draft_away(strategy=other, actor=lena, at=NOON)
    assert strategies.drafts() == []
    verbs = AuditEvent.objects.filter(verb__startswith="strategy.").values_list("verb", flat=True)
    assert {"strategy.renamed", "strategy.given", "strategy.thrown_away"} <= set(verbs)


def test_what_was_active_is_not_thrown_away_and_a_name_is_not_taken_twice(lena: Membership, omar: Membership) -> None:
    strategy = active(lena)
    with pytest.raises(drafts.StrategyWasActive):
        services.throw_draft_away(strategy=strategy, actor=lena, at=NOON)
    with pytest.raises(drafts.NothingToThrowAway):
        services.drop_changes(strategy=strategy, actor=lena, at=NOON)
    other = services.begin_strategy(actor=lena, name="Other", at=NOON)
    with pytest.raises(Invalid):
        services.rename_strategy(strategy=other, to="2026 to 2027", actor=lena, at=NOON)
    for deed in (
        lambda: services.rename_strategy(strategy=other, to="Mine", actor=omar, at=NOON),
        lambda: services.give_strategy(strategy=other, to=omar, actor=omar, at=NOON),
        lambda: services.copy_strategy(strategy=other, name="Mine", actor=omar, at=NOON),
        lambda: services.throw_draft_away(strategy=other, actor=omar, at=NOON),
        lambda: services.drop_changes(strategy=strategy, actor=omar, at=NOON),
    ):
        with pytest.raises(NotAllowed):
            deed()


def test_a_draft_that_deals_serve_stays(lena: Membership) -> None:
    other = services.begin_strategy(actor=lena, name="Other", at=NOON)
    deal = make_deal(actor=lena)
    type(deal).objects.filter(pk=deal.pk).update(strategy=other)
    with pytest.raises(drafts.StrategyInUse):
        services.throw_draft_away(strategy=other, actor=lena, at=NOON)


def test_unpublished_words_on_an_active_strategy_are_dropped(lena: Membership) -> None:
    strategy = active(lena)
    strategy = services.write_strategy(
        strategy=strategy, content=complete(title="Other"), actor=lena, at=NOON, revision=strategy.revision
    )
    strategy = services.drop_changes(strategy=strategy, actor=lena, at=NOON)
    assert strategy.working is None
    assert strategies.strategy(strategy.pk).text.title.startswith("Become the leakage")
