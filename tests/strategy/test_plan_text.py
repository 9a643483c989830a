"""What a strategy may say, what it lacks, and what has changed in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strategy.plan.changes import changes
from strategy.plan.copying import renewed
from strategy.plan.document import Document, Unusable, read
from strategy.plan.missing import gaps
from strategy.plan.templates import Template, Vocabulary, text_of
from tests.strategy.plans import DIFFERENCE, PLAY, SEGMENT, complete

HALF = {"activity_to_output": 0.5, "output_to_milestone": 0.5, "milestone_to_win": 0.5}


def play(**changed: Any) -> dict[str, Any]:
    """A strategy whose play is another one."""
    (usual,) = complete()["plays"]
    return complete(plays=[{**usual, **changed}])


def test_says_again_what_was_written() -> None:
    text = read(complete())
    assert read(text.as_json()) == text
    assert gaps(text) == []


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        (complete(slogan="Win"), "slogan", "no such part"),
        (complete(title="x" * 201), "title", "at most 200"),
        (complete(title=7), "title", "Write a text"),
        (complete(motion="guesswork"), "motion", "Choose one of"),
        (complete(horizon="H9"), "horizon", "Choose one of"),
        (complete(goal={"amount": -1}), "goal/amount", "above 0"),
        (complete(goal={"amount": 10**16}), "goal/amount", "at most"),
        (complete(goal={"amount": 1.5}), "goal/amount", "whole number"),
        (complete(goal={"currency": "EUR"}), "goal/amount", "leave the currency out"),
        (complete(goal={"amount": 5, "currency": "euro"}), "goal/currency", "Write it as"),
        (complete(goal={"by": "31/12/2027"}), "goal/by", "YYYY-MM-DD"),
        (complete(starts_on="2027-01-01", ends_on="2027-01-01"), "ends_on", "after the first"),
        (complete(segments=[{"id": SEGMENT}]), "segments/0/name", "needed"),
        (complete(segments=[{"id": "one", "name": "A"}]), "segments/0/id", "id of a part"),
        (complete(differences=[{"id": DIFFERENCE, "name": " "}]), "differences/0/name", "Write something"),
        (play(segment=PLAY), "plays/0/segment", "stands in this strategy"),
        (play(rates=HALF | {"activity_to_output": 1.2}), "plays/0/rates/activity_to_output", "at most 1"),
        (play(activities=[{"type": PLAY, "number": 0}]), "plays/0/activities/0/number", "at least 1"),
        (complete(title="half \ud83d"), "", "characters that exist"),
        (complete(title="nul \0"), "", "NUL"),
    ],
)  # fmt: skip
def test_says_where_and_what_to_do(given: dict[str, Any], place: str, words: str) -> None:
    with pytest.raises(Unusable) as refusal:
        read(given)
    assert words in refusal.value.problems[place]


def test_two_parts_neither_share_an_id_nor_a_name() -> None:
    twice = complete()["segments"] * 2
    with pytest.raises(Unusable) as refusal:
        read(complete(segments=twice))
    assert {"segments/0/id", "segments/1/name"} <= set(refusal.value.problems)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (complete(title=""), "title"),
        (complete(goal={}), "goal/amount"),
        (complete(goal={"measure": "Wins", "amount": 3}), "goal/by"),
        (complete(segments=[], plays=[]), "segments"),
        (complete(plays=[]), "plays"),
        (complete(segments=[{"id": SEGMENT, "name": "Everybody"}]), "segments/0/rules"),
        (play(rates=None), "plays/0/rates"),
        (play(activities=[]), "plays/0/activities"),
        (play(milestones=[]), "plays/0/milestones"),
        (play(difference=None), "plays/0/difference"),
    ],
)
def test_says_what_is_missing_before_it_can_be_tested(given: dict[str, Any], place: str) -> None:
    assert place in [gap.place for gap in gaps(read(given))]


def test_an_empty_text_lacks_everything_and_can_be_kept() -> None:
    assert {"title", "goal/measure", "goal/amount", "goal/by", "segments", "plays"} == {
        gap.place for gap in gaps(Document())
    }


def test_names_each_difference_between_two_versions() -> None:
    before = read(complete())
    (usual,) = complete()["plays"]
    another = {**usual, "id": str(SEGMENT)[:-1] + "9", "name": "Regulator briefing"}
    goal = {**complete()["goal"], "amount": 700_000_000}
    after = read(complete(goal=goal, plays=[another, {**usual, "factors": []}], personas=[]) | {
        "plays": [{**another, "persona": None}, {**usual, "persona": None, "factors": []}]
    })  # fmt: skip
    found = {(change.place, change.part) for change in changes(before, after)}
    assert found == {
        ("goal/amount", ""),
        ("personas", "Operations"),
        ("plays", "Regulator briefing"),
        ("plays/persona", "Loss-map workshop"),
        ("plays/factors", "Loss-map workshop"),
    }
    assert changes(before, before) == []


def test_a_changed_order_of_importance_is_a_change() -> None:
    (usual,) = complete()["plays"]
    second = {**usual, "id": str(SEGMENT)[:-1] + "9", "name": "Regulator briefing"}
    one, other = read(complete(plays=[usual, second])), read(complete(plays=[second, usual]))
    assert [change.place for change in changes(one, other)] == ["plays/order"]


def test_a_copy_says_the_same_with_ids_of_its_own() -> None:
    text = read(complete())
    copy = renewed(text)
    assert {part.id for part in copy.plays}.isdisjoint(part.id for part in text.plays)
    assert copy.plays[0].segment == copy.segments[0].id != text.segments[0].id
    assert copy.plays[0].activities == text.plays[0].activities
    assert (copy.title, copy.goal, copy.motion) == (text.title, text.goal, text.motion)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


# A busy machine is slow to make things up.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.sampled_from(["title", "goal", "segments", "plays", "personas", "horizon", "starts_on", "motion"]))
def test_whatever_is_given_is_kept_or_refused_with_a_sentence(value: Any, name: str) -> None:
    try:
        text = read(complete(**{name: value}))
    except Unusable as refusal:
        told = refusal.problems
    else:
        told = {"": "kept"} if read(text.as_json()) == text else {}
    assert told
    assert all(told.values())


OWN = Vocabulary(
    activities={name: UUID(int=number) for number, name in enumerate(("Call", "Meeting", "Workshop", "Preparation"))},
    milestones=[UUID(int=number) for number in range(100, 104)],
)


@pytest.mark.parametrize("template", Template)
def test_a_template_lacks_only_what_nobody_else_can_know(template: Template) -> None:
    text = text_of(template, words=OWN)
    assert {gap.place for gap in gaps(text)} == {"goal/amount", "goal/by"}
    assert text.plays[0].id != text_of(template, words=OWN).plays[0].id


def test_a_template_leaves_out_types_that_the_organisation_has_not() -> None:
    text = text_of(Template.PARTNER_LED, words=Vocabulary(activities={}, milestones=[]))
    assert {"plays/0/activities", "plays/0/milestones"} <= {gap.place for gap in gaps(text)}
