"""Which companies a segment means, and why: every answer names the facts that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Number = Annotated[int, Field(ge=0, le=10**15)]

WORDS = ("industry", "country", "region", "domain", "tags")
NUMBERS = ("employees", "revenue", "founded")
OWN = "own:"
NAMES = {
    "industry": gettext_lazy("Industry"),
    "country": gettext_lazy("Country"),
    "region": gettext_lazy("Region"),
    "domain": gettext_lazy("Domain"),
    "tags": gettext_lazy("Tags"),
    "employees": gettext_lazy("Employees"),
    "revenue": gettext_lazy("Revenue a year"),
    "founded": gettext_lazy("Founded in"),
}

Fact = Annotated[str, StringConstraints(pattern=rf"^({'|'.join((*WORDS, *NUMBERS))}|{OWN}[^\x00-\x1f]{{1,80}})$")]


class Condition(BaseModel):
    """One rule about one fact of a company. Words are compared without regard to case and outer blanks.

    `one_of` and `none_of` take `words`; `between` takes `low`, `high` or both, and includes them. Revenue is in minor
    units of `currency`: of a company that counts in another one it is not known whether it holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=True)

    fact: Fact
    test: Literal["one_of", "none_of", "between"]
    words: Annotated[list[Word], Field(max_length=200)] = []
    low: Number | None = None
    high: Number | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None

    @model_validator(mode="after")
    def says_something(self) -> Condition:
        """A rule that could never hold, or says nothing, is a slip. Raises ValueError."""
        if self.test == "between":
            if self.fact in WORDS:
                raise ValueError(_("Compare {fact} with words.").format(fact=named(self.fact)))
            if self.words or (self.low is None and self.high is None):
                raise ValueError(_("Give the least, the most, or both."))
            if self.low is not None and self.high is not None and self.low > self.high:
                raise ValueError(_("The least must not be above the most."))
        elif self.fact in NUMBERS:
            raise ValueError(_("Compare {fact} with numbers.").format(fact=named(self.fact)))
        elif not self.words or self.low is not None or self.high is not None:
            raise ValueError(_("Give at least one word."))
        if (self.currency is not None) != (self.fact == "revenue"):
            raise ValueError(_("A currency belongs to revenue, and to nothing else."))
        return self


class Answer(StrEnum):
    """Whether a company belongs to a segment."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reason:
    """How one rule answered, in words."""

    answer: Answer
    words: str


@dataclass(frozen=True)
class Judgement:
    """In, out, or not known, with a reason for every rule."""

    answer: Answer
    reasons: Sequence[Reason]


def judge(rules: Sequence[Condition], facts: Mapping[str, Any]) -> Judgement:
    """Whether a company with these facts is in the segment. One rule that fails puts it out, whatever is unknown.

    `facts` has the names of `Condition.fact`: texts, lists of texts (tags), whole numbers, and `revenue_currency`.
    A segment without rules has nobody in it: it has not been said whom it means.
    """
    if not rules:
        return Judgement(Answer.UNKNOWN, [Reason(Answer.UNKNOWN, _("No rule says who belongs to it."))])
    reasons = [reason_of(rule, facts) for rule in rules]
    answers = {reason.answer for reason in reasons}
    worst = next(answer for answer in (Answer.OUT, Answer.UNKNOWN, Answer.IN) if answer in answers)
    return Judgement(worst, reasons)


def reason_of(rule: Condition, facts: Mapping[str, Any]) -> Reason:
    """How one rule answers."""
    name, value = named(rule.fact), facts.get(rule.fact)
    if value is None or value == "" or value == []:
        return Reason(Answer.UNKNOWN, _("{fact} is not recorded.").format(fact=name))
    if rule.test == "between":
        return _between(rule, name, value, facts.get("revenue_currency"))
    theirs = value if isinstance(value, list) else [value]
    wanted = {word.casefold() for word in rule.words}
    met = [str(word) for word in theirs if str(word).strip().casefold() in wanted]
    shown, listed = ", ".join(met or map(str, theirs)), ", ".join(rule.words)
    if rule.test == "one_of":
        told = _("{fact} is {value}.") if met else _("{fact} is {value}, not {words}.")
        return Reason(Answer.IN if met else Answer.OUT, told.format(fact=name, value=shown, words=listed))
    told = _("{fact} is {value}, which is left out.") if met else _("{fact} is {value}.")
    return Reason(Answer.OUT if met else Answer.IN, told.format(fact=name, value=shown))


def _between(rule: Condition, name: str, value: Any, currency: str | None) -> Reason:
    if rule.currency is not None and rule.currency != currency:
        told = _("{fact} is recorded in {theirs}, the rule is in {ours}.")
        return Reason(Answer.UNKNOWN, told.format(fact=name, theirs=currency or "–", ours=rule.currency))
    if isinstance(value, bool) or not isinstance(value, int):
        return Reason(Answer.UNKNOWN, _("{fact} is {value}, which is no number.").format(fact=name, value=value))
    said = {"fact": name, "value": _shown(rule, value)}
    if rule.low is not None and value < rule.low:
        return Reason(Answer.OUT, _("{fact} is {value}, below {low}.").format(**said, low=_shown(rule, rule.low)))
    if rule.high is not None and value > rule.high:
        return Reason(Answer.OUT, _("{fact} is {value}, above {high}.").format(**said, high=_shown(rule, rule.high)))
    return Reason(Answer.IN, _("{fact} is {value}.").format(**said))


def _shown(rule: Condition, value: int) -> str:
    """A number as people read it: money in whole units, years without separators."""
    if rule.currency:
        amount = Decimal(value).scaleb(-get_currency_precision(rule.currency))
        return f"{amount:,.0f} {rule.currency}"
    return str(value) if rule.fact == "founded" else f"{value:,}"


def named(fact: str) -> str:
    """The fact as people call it."""
    if not fact.startswith(OWN):
        return str(NAMES[fact])
    # The text of a strategy knows an attribute by its key, which is made of its name.
    words = fact.removeprefix(OWN).replace("_", " ").strip()
    return words[:1].upper() + words[1:]
