"""Rules about companies as a condition of the database, so that many are counted in one question."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, JSONField, Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Length, Lower, Trim
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, In, LessThanOrEqual

from strategy.plan.rules import OWN, Condition


def meant(rules: Sequence[Condition]) -> Q | None:
    """The companies of which `rules.judge` says that they are in; None without rules, for then nobody is."""
    return reduce(and_, map(_one, rules)) if rules else None


def _one(rule: Condition) -> Q:
    if rule.test == "between":
        return _between(rule)
    words = sorted({word.casefold() for word in rule.words})
    if rule.fact == "tags":
        listed = Value(words, output_field=ArrayField(TextField()))
        met, known = Q(Overlaps(F("tags"), listed)), ~Q(tags=[])
    elif rule.fact.startswith(OWN):
        own = KeyTextTransform(rule.fact.removeprefix(OWN), "attributes")
        met, known = Q(In(Lower(Trim(own)), words)), Q(GreaterThan(Length(own), 0))
    else:
        met, known = Q(In(Lower(Trim(F(rule.fact))), words)), ~Q(**{rule.fact: ""})
    return met if rule.test == "one_of" else known & ~met


def _between(rule: Condition) -> Q:
    own = rule.fact.startswith(OWN)
    value: Any = KeyTransform(rule.fact.removeprefix(OWN), "attributes") if own else F(rule.fact)
    holds = Q(revenue_currency=rule.currency) if rule.currency else Q()
    if own:
        holds &= Q(Exact(Func(value, function="jsonb_typeof", output_field=TextField()), Value("number")))
    if rule.low is not None:
        holds &= Q(GreaterThanOrEqual(value, _bound(rule.low, own)))
    if rule.high is not None:
        holds &= Q(LessThanOrEqual(value, _bound(rule.high, own)))
    return holds


def _bound(number: int, own: bool) -> Any:
    # As JSON: a value that is no number is then compared and not cast.
    return Value(number, output_field=JSONField()) if own else number


class Overlaps(Func):
    """That a list of texts has one of the words, whatever the case."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        column, words = self.get_source_expressions()
        of, given = compiler.compile(column)
        wanted, beside = compiler.compile(words)
        between = "chr(31)"
        text = f"(string_to_array(lower(array_to_string({of}, {between})), {between}) && {wanted})"
        return text, (*given, *beside)
