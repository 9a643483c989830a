"""The two parts of a strategy with rows of their own: segments with rules, plays with activities."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from django import forms
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from frontend import plan_words
from frontend.forms.pick import Ticks
from frontend.forms.strategy import ItemForm, Lines, prose
from outcomes.queries.plan import Types
from strategy.models import Attribute
from strategy.plan.document import Document
from strategy.plan.rules import NAMES, NUMBERS, OWN, WORDS, named

#: So many rules one segment may have.
MOST_RULES = 20
RULE = re.compile(r"rules/(\d+)(?:/(\w+))?")
EFFORT = re.compile(r"activities/(\d+)/")
TESTS = [
    ("one_of", _("is one of these words")),
    ("none_of", _("is none of these words")),
    ("between", _("lies between these numbers")),
]


class Preset(forms.ChoiceField):
    """A choice that is made unless somebody makes another."""

    def clean(self, value: Any) -> Any:
        return super().clean(value or self.initial)


@dataclass(frozen=True)
class RuleRow:
    """The fields of one rule, for its place on the page."""

    number: int
    fields: list[BoundField]


def facts(attributes: Iterable[Attribute]) -> list[tuple[str, object]]:
    """What rules can ask of companies; the first choice is no rule."""
    own: list[tuple[str, object]] = [(f"{OWN}{one.key}", one.name) for one in attributes]
    return [("", _("No rule")), *((name, NAMES[name]) for name in (*WORDS, *NUMBERS)), *own]


class SegmentForm(ItemForm):
    """Companies to be served, with rules that all have to hold."""

    kind = "segments"
    why = prose(_("Why they"), _("What makes them need it, and now."))

    def __init__(
        self,
        given: Any = None,
        *,
        text: Document,
        key: UUID | None,
        attributes: Iterable[Attribute],
        currency: str,
        more: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(given, text=text, key=key, **options)
        self.currency = currency
        rules = self.part.rules if self.part is not None else []
        self.number = min(self._count(given, len(rules)) + (1 if more or given is None else 0), MOST_RULES)
        offered = facts(attributes)
        known = {value for value, _words in offered}
        offered += [(rule.fact, named(rule.fact)) for rule in rules if rule.fact not in known]
        for number in range(self.number):
            self._add_row(number, offered)

    @staticmethod
    def _count(given: Any, stored: int) -> int:
        """As many rows as were sent, or as there are."""
        if given is None:
            return stored
        sent = [int(name[5:]) for name in given if re.fullmatch(r"fact_\d{1,2}", name)]
        return min(max(sent, default=-1) + 1, MOST_RULES)

    def _add_row(self, number: int, offered: list[tuple[str, object]]) -> None:
        rules = self.part.rules if self.part is not None else []
        rule = rules[number] if number < len(rules) else None
        currency = rule.currency if rule else None

        low, high = (_major(getattr(rule, name, None), currency) for name in ("low", "high"))
        row: dict[str, forms.Field] = {
            "fact": forms.ChoiceField(label=_("Fact"), choices=offered, initial=rule.fact if rule else ""),
            "test": Preset(label=_("How"), choices=TESTS, initial=rule.test if rule else "one_of"),
            "words": Lines(label=_("Words, one a line"), rows=2, initial=rule.words if rule else []),
            "low": forms.CharField(label=_("At least"), max_length=30, initial=low),
            "high": forms.CharField(label=_("At most"), max_length=30, initial=high),
        }
        for name in ("low", "high"):
            row[name].widget.attrs.update({"inputmode": "decimal", "class": "short"})
        for name, field in row.items():
            field.required = name == "test"
            self.fields[f"{name}_{number}"] = field

    @property
    def rows(self) -> list[RuleRow]:
        """The fields of the rules, rule by rule."""
        names = ("fact", "test", "words", "low", "high")
        return [RuleRow(n + 1, [self[f"{name}_{n}"] for name in names]) for n in range(self.number)]

    @property
    def can_grow(self) -> bool:
        return self.number < MOST_RULES

    def said(self) -> dict[str, Any]:
        given = self.cleaned_data
        rules = [rule for number in range(self.number) if (rule := self._rule(number))]
        return {"name": given["name"], "why": given["why"], "rules": rules}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for number in range(self.number):
            currency = self.currency if given.get(f"fact_{number}") == "revenue" else None
            for name in (f"low_{number}", f"high_{number}"):
                if text := given.get(name):
                    given[name] = self._number(name, text, currency)
                else:
                    given[name] = None
        return given

    def _number(self, name: str, text: str, currency: str | None) -> int | None:
        try:
            value = Decimal(text.replace(",", "").replace(" ", ""))
            whole = value.scaleb(get_currency_precision(currency)) if currency else value
            if whole.is_finite() and 0 <= whole <= 10**15 and whole == whole.to_integral_value():
                return int(whole)
        except InvalidOperation:
            pass
        self.add_error(name, gettext("Write a whole number, like 250."))
        return None

    def _rule(self, number: int) -> dict[str, Any] | None:
        """The rule of a row; None for a row without a fact."""
        given = self.cleaned_data
        if not (fact := given.get(f"fact_{number}")):
            return None
        test = given.get(f"test_{number}") or "one_of"
        found: dict[str, Any] = {"fact": fact, "test": test, "words": given.get(f"words_{number}") or []}
        found |= {"low": given.get(f"low_{number}"), "high": given.get(f"high_{number}")}
        if test == "between":
            found["words"] = []
        else:
            found |= {"low": None, "high": None}
        if fact == "revenue":
            found["currency"] = self.currency
        return found

    def field_of(self, place: str) -> str | None:
        if not (met := RULE.match(place)):
            return super().field_of(place)
        filled = [n for n in range(self.number) if self.cleaned_data.get(f"fact_{n}")]
        at = filled[int(met[1])] if int(met[1]) < len(filled) else 0
        name = met[2] if met[2] in ("fact", "test", "words", "low", "high") else "test"
        return f"{name}_{at}" if f"{name}_{at}" in self.fields else None


def _major(value: int | None, currency: str | None) -> str:
    """A stored number as one writes it; money without what is behind the point where that is nothing."""
    if value is None:
        return ""
    if not currency:
        return str(value)
    amount = Decimal(value).scaleb(-get_currency_precision(currency))
    return str(amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount)


def share(label: Any) -> forms.DecimalField:
    """A percentage of something; kept as a share of one."""
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "short"}),
    )


SHARES = ("activity_to_output", "output_to_milestone", "milestone_to_win")


class PlayForm(ItemForm):
    """A repeatable set of activities for a segment, with what is expected of it."""

    kind = "plays"
    situation = prose(_("When you do it"), _("How you know that a customer is in this situation."), rows=2)
    segment = forms.ChoiceField(label=_("For the segment"), error_messages={"required": _("Choose a segment.")})
    difference = forms.ChoiceField(label=_("Why us"), required=False)
    persona = forms.ChoiceField(label=_("For the persona"), required=False)
    outputs = forms.MultipleChoiceField(label=_("Outputs"), required=False, widget=Ticks)
    milestones = forms.MultipleChoiceField(
        label=_("Outcomes it is for"), required=False, widget=Ticks, help_text=_("What customers do because of it.")
    )
    factors = Lines(label=_("What it depends on"), rows=4, help_text=_("One a line, the most important first."))
    activity_to_output = share(_("Activities that give an output, in percent"))
    output_to_milestone = share(_("Outputs that give an outcome, in percent"))
    milestone_to_win = share(_("Deals with that outcome that are won, in percent"))

    def __init__(self, given: Any = None, *, text: Document, key: UUID | None, types: Types, **options: Any) -> None:
        super().__init__(given, text=text, key=key, **options)
        self.types = types
        nobody = ("", _("Not said yet"))
        for name, parts in (("segment", text.segments), ("difference", text.differences), ("persona", text.personas)):
            offered = [(str(part.id), part.name) for part in parts]
            self.fields[name].choices = offered if name == "segment" and offered else [nobody, *offered]  # type: ignore[attr-defined]
        efforts = {one.type: one for one in self.part.activities} if self.part is not None else {}
        for name, known in (("outputs", types.outputs), ("milestones", types.milestones)):
            named = set(getattr(self.part, name, ()))
            offered = [(str(one), told) for one, told in known.items() if one in types.offered or one in named]
            self.fields[name].choices = offered  # type: ignore[attr-defined]
        self.kinds = [one for one in types.activities if one in types.offered or one in efforts]
        for number, kind in enumerate(self.kinds):
            effort = efforts.get(kind)
            self.fields[f"number_{number}"] = forms.IntegerField(
                label=types.activities[kind],
                required=False,
                min_value=1,
                max_value=1000,
                initial=effort.number if effort else None,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
            )
            self.fields[f"per_{number}"] = Preset(
                label=_("Per"),
                choices=list(plan_words.PER.items()),
                initial=effort.per if effort else "deal",
            )

    def shown(self) -> dict[str, Any]:
        if self.part is None:
            return {}
        rates = dict(self.part.rates) if self.part.rates else {}
        shares = {name: _percent(rates[name]) for name in SHARES if name in rates}
        pointed = {name: str(getattr(self.part, name) or "") for name in ("segment", "difference", "persona")}
        ticked = {name: [str(one) for one in getattr(self.part, name)] for name in ("outputs", "milestones")}
        return {**dict(self.part), **shares, **pointed, **ticked}

    @property
    def before(self) -> list[BoundField]:
        return [self[name] for name in ("name", "situation", "segment", "difference", "persona")]

    @property
    def efforts(self) -> list[tuple[BoundField, BoundField]]:
        return [(self[f"number_{n}"], self[f"per_{n}"]) for n in range(len(self.kinds))]

    @property
    def after(self) -> list[BoundField]:
        return [self[name] for name in ("outputs", "milestones", "factors")]

    @property
    def shares(self) -> list[BoundField]:
        return [self[name] for name in SHARES]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if any(given.get(name) is not None for name in SHARES):
            for name in SHARES:
                if given.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Give all three, or none yet."))
        return given

    def said(self) -> dict[str, Any]:
        given = self.cleaned_data
        shares = {name: float(given[name] / 100) for name in SHARES if given.get(name) is not None}
        return {
            "name": given["name"],
            "situation": given["situation"],
            **{name: given[name] or None for name in ("segment", "difference", "persona")},
            "activities": [
                {"type": str(kind), "number": given[f"number_{n}"], "per": given[f"per_{n}"] or "deal"}
                for n, kind in enumerate(self.kinds)
                if given.get(f"number_{n}")
            ],
            **{name: given[name] for name in ("outputs", "milestones", "factors")},
            "rates": shares or None,
        }

    def field_of(self, place: str) -> str | None:
        if place.startswith("rates"):
            return SHARES[0]
        if met := EFFORT.match(place):
            filled = [n for n in range(len(self.kinds)) if self.cleaned_data.get(f"number_{n}")]
            return f"number_{filled[int(met[1])]}"
        return super().field_of(place)


def _percent(of: float) -> str:
    """A share as the number before the sign: "30", "12.5"."""
    return f"{of * 100:.2f}".rstrip("0").rstrip(".")
