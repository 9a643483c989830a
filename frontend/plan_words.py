"""A strategy's text in words: goals, rules, efforts, rates, and what differs between two versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from frontend import words
from outcomes.queries.plan import Types
from strategy.plan.changes import Change, changes
from strategy.plan.document import Document, Effort, Goal, Motion, Rates
from strategy.plan.rules import Condition, named

MOTIONS: Mapping[str, str | Promise] = {
    Motion.DIRECT: _("Direct: our own people sell"),
    Motion.ACCOUNT_LED: _("Account-led: a plan for each of a few companies"),
    Motion.PARTNER_LED: _("Partner-led: partners bring us in"),
    Motion.CHANNEL: _("Channel: others sell what we make"),
    Motion.PRODUCT_LED: _("Product-led: people begin by themselves"),
    Motion.OTHER: _("Another way"),
}
HORIZONS: Mapping[str, str | Promise] = {
    "H1": _("This quarter"),
    "H2": _("This year"),
    "H3": _("One to three years"),
}
PER: Mapping[str, str | Promise] = {"deal": _("a deal"), "week": _("a week"), "month": _("a month")}
PARTS: Mapping[str, str | Promise] = {
    "differences": _("Why us"),
    "personas": _("Persona"),
    "segments": _("Segment"),
    "plays": _("Play"),
}
#: What each place of a text is called, beside the name of the part that it stands in.
PLACES: Mapping[str, str | Promise] = {
    "title": _("Goal in one sentence"),
    "goal/measure": _("Measure of the goal"),
    "goal/amount": _("Amount of the goal"),
    "goal/currency": _("Currency of the goal"),
    "goal/by": _("Day of the goal"),
    "customers_achieve": _("What customers achieve"),
    "we_do": _("What we do"),
    "value_created": _("Value created"),
    "motion": _("Motion"),
    "horizon": _("Horizon"),
    "starts_on": _("First day"),
    "ends_on": _("Last day"),
    "review_on": _("Review"),
    "must_be_true": _("What must be true"),
    "name": _("name"),
    "detail": _("more about it"),
    "titles": _("titles"),
    "departments": _("departments"),
    "why": _("why they"),
    "rules": _("who belongs to it"),
    "situation": _("when"),
    "segment": _("segment"),
    "difference": _("why us"),
    "persona": _("persona"),
    "activities": _("activities"),
    "outputs": _("outputs"),
    "milestones": _("outcomes"),
    "factors": _("what it depends on"),
    "rates": _("what we expect"),
    "order": _("order"),
}


@dataclass(frozen=True)
class Difference:
    """One difference between two versions, in words."""

    what: str
    before: str
    after: str


def goal(of: Goal, *, today: date) -> str:
    """A goal in one sentence; empty while nothing is said of it."""
    amount = goal_amount(of)
    if amount and of.measure and of.by:
        told = gettext("{amount}, measured by {measure}, by {day}.")
    elif amount and of.measure:
        told = gettext("{amount}, measured by {measure}.")
    elif of.measure:
        told = gettext("Measured by {measure}.")
    else:
        return ""
    return told.format(amount=amount, measure=lower_first(of.measure), day=words.long_day(of.by) if of.by else "")


def lower_first(text: str) -> str:
    """The text inside a sentence: a word that is no abbreviation begins small."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def goal_amount(of: Goal) -> str:
    if of.amount is None:
        return ""
    return words.short_money(of.amount, of.currency) if of.currency else words.number(of.amount)


def rule(of: Condition) -> str:
    """A rule as a sentence: "Industry is Utilities or Water"."""
    name = named(of.fact)
    if of.test != "between":
        told = gettext("{fact} is one of {words}") if of.test == "one_of" else gettext("{fact} is none of {words}")
        return told.format(fact=name, words=", ".join(of.words))

    def shown(value: int | None) -> str:
        if value is None:
            return ""
        return words.money(value, of.currency) if of.currency else plain(value, of.fact)

    if of.low is not None and of.high is not None:
        told = gettext("{fact} from {low} to {high}")
    else:
        told = gettext("{fact} at least {low}") if of.low is not None else gettext("{fact} at most {high}")
    return told.format(fact=name, low=shown(of.low), high=shown(of.high))


def plain(value: int, fact: str) -> str:
    """A number of a fact; a year has no separators."""
    return str(value) if fact == "founded" else words.number(value)


def effort(of: Effort, types: Types) -> str:
    """ "4 × Call a deal"."""
    name = types.activities.get(of.type, gettext("an unknown type"))
    return gettext("{n} × {type} {per}").format(n=words.number(of.number), type=name, per=PER[of.per])


def rates(of: Rates) -> str:
    """What a play is expected to give, link by link."""
    told = gettext("{first} of activities give an output, {second} of outputs an outcome, {third} of those are won")
    shares = (of.activity_to_output, of.output_to_milestone, of.milestone_to_win)
    return told.format(**dict(zip(("first", "second", "third"), map(words.percent, shares), strict=True)))


def types_of(keys: Sequence[UUID], known: Mapping[UUID, str]) -> list[str]:
    """The names of types, in the order of the text."""
    return [known.get(key, gettext("an unknown type")) for key in keys]


def differences(before: Document, after: Document, *, types: Types, today: date) -> list[Difference]:
    """Everything that differs between two versions, in the order of the text."""
    names = {str(part.id): part.name for text in (before, after) for field in PARTS for part in getattr(text, field)}
    known = {str(key): name for of in (types.activities, types.outputs, types.milestones) for key, name in of.items()}
    currencies = {False: before.goal.currency, True: after.goal.currency}

    def shown(change: Change, value: Any, *, is_after: bool) -> str:
        if change.place == "goal/amount" and value is not None:
            currency = currencies[is_after]
            return words.money(value, currency) if currency else words.number(value)
        return said(value, {**names, **known}, types, today)

    return [
        Difference(
            what=place(change),
            before=shown(change, change.before, is_after=False),
            after=shown(change, change.after, is_after=True),
        )
        for change in changes(before, after)
    ]


def place(of: Change) -> str:
    """What a difference is about: "Segment “Utilities”: who belongs to it"."""
    head, _stroke, rest = of.place.partition("/")
    if head not in PARTS:
        return str(PLACES.get(of.place, of.place))
    if rest == "order":
        return gettext("{kind}: order").format(kind=PARTS[head])
    if not rest:
        return gettext("{kind} “{name}”").format(kind=PARTS[head], name=of.part)
    return gettext("{kind} “{name}”: {field}").format(kind=PARTS[head], name=of.part, field=PLACES.get(rest, rest))


def said(value: Any, known: Mapping[str, str], types: Types, today: date) -> str:
    """A value of a text in words."""
    if value is None or value == "" or value == []:
        return gettext("nothing")
    if isinstance(value, list):
        return "; ".join(said(one, known, types, today) for one in value)
    if isinstance(value, dict):
        return part_said(value, types)
    if isinstance(value, str):
        labels = {**MOTIONS, **HORIZONS}
        return str(known.get(value) or labels.get(value) or day_or_text(value, today))
    return str(value)


def part_said(value: Mapping[str, Any], types: Types) -> str:
    if "fact" in value:
        return rule(Condition.model_validate(value))
    if "number" in value:
        return effort(Effort(type=UUID(value["type"]), number=value["number"], per=value["per"]), types)
    if "milestone_to_win" in value:
        return rates(Rates.model_validate(value))
    return str(value.get("name", ""))


def day_or_text(value: str, today: date) -> str:
    try:
        return words.long_day(date.fromisoformat(value)) if len(value) == 10 else value
    except ValueError:
        return value
