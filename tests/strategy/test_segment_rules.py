"""Whom a segment means, and why."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from strategy.plan.rules import Answer, Condition, judge

PLANT = {
    "industry": "Food ",
    "country": "Germany",
    "employees": 250,
    "revenue": 50_000_000_00,
    "revenue_currency": "EUR",
    "tags": ["Water", "Pilot"],
    "own:Meters": 40,
    "own:Grid": "",
}


def rule(fact: str, **facts: Any) -> Condition:
    return Condition(fact=fact, **facts)


@pytest.mark.parametrize(
    ("condition", "answer", "words"),
    [
        (rule("industry", test="one_of", words=["food", "Drinks"]), Answer.IN, "Industry is Food"),
        (rule("industry", test="one_of", words=["Retail"]), Answer.OUT, "not Retail"),
        (rule("country", test="none_of", words=["germany"]), Answer.OUT, "left out"),
        (rule("country", test="none_of", words=["France"]), Answer.IN, "Country is Germany"),
        (rule("tags", test="one_of", words=["pilot"]), Answer.IN, "Tags is Pilot"),
        (rule("tags", test="none_of", words=["Pilot"]), Answer.OUT, "left out"),
        (rule("employees", test="between", low=250, high=250), Answer.IN, "250"),
        (rule("employees", test="between", low=251), Answer.OUT, "below 251"),
        (rule("employees", test="between", high=249), Answer.OUT, "above 249"),
        (rule("revenue", test="between", low=1, currency="EUR"), Answer.IN, "Revenue"),
        (rule("revenue", test="between", low=1, currency="USD"), Answer.UNKNOWN, "in EUR, the rule is in USD"),
        (rule("region", test="one_of", words=["Nord"]), Answer.UNKNOWN, "Region is not recorded"),
        (rule("own:Meters", test="between", low=10), Answer.IN, "Meters is 40"),
        (rule("own:Meters", test="one_of", words=["40"]), Answer.IN, "Meters is 40"),
        (rule("own:Grid", test="one_of", words=["old"]), Answer.UNKNOWN, "Grid is not recorded"),
        (rule("own:Nowhere", test="between", low=1), Answer.UNKNOWN, "Nowhere is not recorded"),
    ],
)
def test_answers_with_the_fact_it_rests_on(condition: Condition, answer: Answer, words: str) -> None:
    verdict = judge([condition], PLANT)
    assert verdict.answer is answer
    assert words in verdict.reasons[0].words


def test_one_rule_that_fails_puts_a_company_out_whatever_is_unknown() -> None:
    unknown, failing = rule("region", test="one_of", words=["Nord"]), rule("employees", test="between", low=900)
    holding = rule("employees", test="between", low=1)
    assert judge([unknown, failing], PLANT).answer is Answer.OUT
    assert judge([unknown, holding], PLANT).answer is Answer.UNKNOWN
    assert len(judge([unknown, failing], PLANT).reasons) == 2


def test_a_segment_without_rules_has_nobody_in_it() -> None:
    assert judge([], PLANT).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    "facts",
    [
        {"fact": "shoe size", "test": "one_of", "words": ["44"]},
        {"fact": "own:", "test": "one_of", "words": ["44"]},
        {"fact": "industry", "test": "between", "low": 1},
        {"fact": "employees", "test": "one_of", "words": ["250"]},
        {"fact": "employees", "test": "between"},
        {"fact": "employees", "test": "between", "low": 5, "high": 4},
        {"fact": "employees", "test": "between", "low": -1},
        {"fact": "employees", "test": "between", "low": 1, "currency": "EUR"},
        {"fact": "revenue", "test": "between", "low": 1},
        {"fact": "industry", "test": "one_of", "words": []},
        {"fact": "industry", "test": "one_of", "words": [" "]},
        {"fact": "industry", "test": "like", "words": ["x"]},
    ],
)
def test_refuses_a_rule_that_says_nothing(facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition(**facts)
