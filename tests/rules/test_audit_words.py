"""Every deed that is written down is told in words, and every word is of a deed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from accounts.models import ImportRun
from frontend.audit_words import KINDS, VERBS, said
from outcomes.models import StepProposal
from strategy.models import DealEvent

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "strategy", "activities", "outcomes", "frontend")
PATHS = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
#: Verbs whose end is only known when it happens: everything that may stand there.
COMPOSED = {
    "deal.": {str(DealEvent.Kind.MOVED), str(DealEvent.Kind.CLOSED)},
    "import.": {str(ImportRun.State.DONE), str(ImportRun.State.FAILED), str(ImportRun.State.CANCELLED)},
    "member.": {"email_changed", "name_changed"},
    "step_proposal.": {str(StepProposal.State.ACCEPTED), str(StepProposal.State.DECLINED)},
}


# Read once, and only by the tests: every test process collects this module.
@cache
def constants() -> dict[str, str]:
    """Texts that a module gives a name."""
    found = {}
    for path in PATHS:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.Assign):
                continue
            names = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[name.id] = value.value
    return found


def records(call: ast.expr) -> bool:
    return isinstance(call, ast.Attribute) and call.attr == "record" and ast.unparse(call.value).endswith("audit")


def recorded() -> Iterator[tuple[str, ast.expr]]:
    """What each call of `audit.record` gives as its verb, with its place."""
    for path in PATHS:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "audit.record" in text else ():
            if isinstance(node, ast.Call) and records(node.func):
                verb = next(keyword.value for keyword in node.keywords if keyword.arg == "verb")
                yield f"{path.relative_to(ROOT)}:{node.lineno}", verb


def verbs_of(verb: ast.expr) -> set[str]:
    """The verbs that an expression can be; empty where that cannot be seen."""
    match verb:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return {constants()[name]} if name in constants() else set()
        case ast.IfExp(body=one, orelse=other):
            return verbs_of(one) | verbs_of(other)
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), *_]):
            return {f"{head}{end}" for end in COMPOSED.get(head, ())}
    return set()


PLACES = [pytest.param(verb, id=place) for place, verb in recorded()]


@pytest.mark.parametrize("verb", PLACES)
def test_each_deed_has_its_words(verb: ast.expr) -> None:
    if isinstance(verb, ast.Name) and verb.id == "verb":
        return  # handed on by a function whose callers name it; they are found below
    found = verbs_of(verb)
    assert found, f"say the verb as a text, a constant, or list it in COMPOSED: {ast.unparse(verb)}"
    assert found <= VERBS.keys()
    assert {one.partition(".")[0] for one in found} <= KINDS.keys()


def test_a_verb_that_is_handed_on_has_its_words() -> None:
    for path in PATHS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and not records(node.func):
                for keyword in node.keywords:
                    if keyword.arg == "verb" and isinstance(keyword.value, ast.Constant):
                        assert keyword.value.value in VERBS


def test_an_entry_that_says_less_or_more_than_its_words_is_told_all_the_same() -> None:
    assert said("deal.moved", {}) == "moved a deal from ? to ?"
    assert said("deal.moved", {"left": "{entered.__class__}", "entered": None}) == (
        "moved a deal from {entered.__class__} to nothing"
    )
    assert said("member.role_changed", {"name": "Omar", "role": ["rep", "manager"]}) == (
        "made Omar Manager, who was Rep"
    )
    assert said("organisation.edited", {"changed": {"week_starts": [1, 7], "group_only": [False, True]}}) == (
        "changed settings: first day of the week from 1 to 7 and no figures about single people from off to on"
    )
    assert said("something.unknown", {"a": 1}) == "something.unknown"
