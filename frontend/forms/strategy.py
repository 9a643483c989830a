"""The parts of a strategy, one form a page. What is wrong with a part is told by the text itself, at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import uuid_utils.compat
from babel.numbers import get_currency_precision
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from frontend import plan_words, words
from frontend.forms.organisation import currencies
from frontend.forms.people import Who
from frontend.forms.pick import Choices
from strategy.models import Strategy
from strategy.plan.document import LARGEST, Document
from strategy.plan.templates import ABOUT, NAMES, Template

#: Longer than any text that is kept, so that the text itself says what is too long.
LONGEST = 12_000
#: To begin with none of the templates.
BLANK = "blank"


def prose(label: Any, hint: Any = "", rows: int = 3) -> forms.CharField:
    """A few sentences."""
    return forms.CharField(
        label=label, help_text=hint, required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": rows})
    )


class Lines(forms.CharField):
    """Several short texts, one a line, in the order in which they stand."""

    def __init__(self, **options: Any) -> None:
        rows = options.pop("rows", 3)
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(required=False, max_length=LONGEST, widget=widget, **options)

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


def day(label: Any, hint: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label, help_text=hint, required=False, widget=forms.DateInput(attrs={"type": "date", "class": "short"})
    )


class PartForm(forms.Form):
    """A part of a text. `revision` goes along, so that two people who write at once are told."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def wanted(self, text: Document) -> dict[str, Any]:
        """What the text says with this part as it was written."""
        raise NotImplementedError

    def field_of(self, place: str) -> str | None:
        """The field for a place of the text, from the part on; None where there is none."""
        head = place.partition("/")[0]
        return head if head in self.fields else None

    def tell(self, problems: Mapping[str, str], prefix: str = "") -> None:
        """Say at each field what is wrong with its place in the text; elsewhere over the form."""
        for place, told in problems.items():
            name = self.field_of(place.removeprefix(prefix)) if place.startswith(prefix) else None
            self.add_error(name, told)

    def read_again(self, revision: int) -> None:
        """Go on from what somebody else has written; sent once more, this one replaces it."""
        sent: Any = self.data
        self.data = sent.copy()
        self.data["revision"] = str(revision)  # type: ignore[index]


class GoalForm(PartForm):
    """What is to be reached."""

    title = forms.CharField(
        label=_("The goal in one sentence"), max_length=200, required=False, help_text=_("It is the title of the page.")
    )
    measure = forms.CharField(
        label=_("Measured by"), max_length=200, required=False, help_text=_("For example new revenue a year.")
    )
    amount = forms.DecimalField(label=_("Amount"), required=False, max_digits=18, decimal_places=4)
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    by = day(_("To be reached by"))

    def __init__(self, given: Any = None, *, text: Document, currency: str, today: date, **options: Any) -> None:
        goal = text.goal
        amount: Any = goal.amount
        if goal.amount is not None and goal.currency:
            amount = Decimal(goal.amount).scaleb(-get_currency_precision(goal.currency))
            amount = amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount
        initial = {"title": text.title, "measure": goal.measure, "amount": amount, "by": goal.by}
        shown = goal.currency if goal.currency or goal.amount is not None else currency
        super().__init__(given, initial={**initial, "currency": shown or ""}, **options)
        known = currencies(today, words.locale())
        self.fields["currency"].choices = [("", _("It is not money")), *known]  # type: ignore[attr-defined]
        self.fields["amount"].widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "short"})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        amount, currency = given.get("amount"), given.get("currency")
        given["minor"] = None
        if amount is not None:
            whole = amount.scaleb(get_currency_precision(currency) if currency else 0)
            if whole != whole.to_integral_value():
                told = _("Give fewer digits after the point.") if currency else _("Give a whole number.")
                self.add_error("amount", told)
            elif not 0 < whole <= LARGEST:
                self.add_error("amount", _("Give a number above 0, and not beyond all measure."))
            else:
                given["minor"] = int(whole)
        return given

    def field_of(self, place: str) -> str | None:
        return super().field_of(place.removeprefix("goal/"))

    def wanted(self, text: Document) -> dict[str, Any]:
        given = self.cleaned_data
        currency = given["currency"] if given["minor"] is not None else ""
        goal = {"measure": given["measure"], "amount": given["minor"], "currency": currency or None, "by": given["by"]}
        return {"title": given["title"], "goal": goal}


class FieldsForm(PartForm):
    """Fields of the text itself, called as they are there."""

    def __init__(self, given: Any = None, *, text: Document, **options: Any) -> None:
        names = [name for name in self.declared_fields if name != "revision"]
        super().__init__(given, initial={name: getattr(text, name) for name in names}, **options)
        self.names = names

    def wanted(self, text: Document) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.names}


class ValueForm(FieldsForm):
    """What customers have of it."""

    customers_achieve = prose(_("What customers achieve"), _("What is better for them a year from now?"))
    we_do = prose(_("What we do"), _("Our share of it."))
    value_created = prose(_("Value created"), _("What it is worth to them, and how they would count it."))


class TimeForm(FieldsForm):
    """How, and from when until when."""

    motion = forms.ChoiceField(label=_("How customers are reached"), choices=list(plan_words.MOTIONS.items()))
    horizon = forms.ChoiceField(label=_("Horizon"), choices=list(plan_words.HORIZONS.items()))
    starts_on = day(_("First day"))
    ends_on = day(_("Last day"))
    review_on = day(_("Review on"), _("When you look at the figures together, and keep, change or stop it."))


class ConditionsForm(FieldsForm):
    """What a strategy rests on."""

    must_be_true = Lines(
        label=_("What must be true"), rows=6, help_text=_("One a line. If one of them turns out false, think again.")
    )


class ItemForm(PartForm):
    """One of several parts of a kind. It keeps its id; a new one gets one."""

    kind: str
    name = forms.CharField(label=_("Name"), max_length=120, error_messages={"required": _("Give it a name.")})

    def __init__(self, given: Any = None, *, text: Document, key: UUID | None, **options: Any) -> None:
        self.key = key or uuid_utils.compat.uuid7()
        parts = getattr(text, self.kind)
        self.part = next((part for part in parts if part.id == self.key), None)
        super().__init__(given, initial=self.shown(), **options)

    def shown(self) -> dict[str, Any]:
        """What the fields hold before somebody writes."""
        return dict(self.part) if self.part is not None else {}

    def said(self) -> dict[str, Any]:
        """The part as it was written."""
        names = [name for name in self.declared_fields if name != "revision"]
        return {name: self.cleaned_data[name] for name in names}

    def wanted(self, text: Document) -> dict[str, Any]:
        mine = {**self.said(), "id": str(self.key)}
        others = text.as_json()[self.kind]
        known = [one["id"] for one in others]
        if str(self.key) in known:
            return {self.kind: [mine if one["id"] == str(self.key) else one for one in others]}
        return {self.kind: [*others, mine]}

    def place(self, text: Document) -> str:
        """Where the part stands in the text, or will."""
        keys = [part.id for part in getattr(text, self.kind)]
        return f"{self.kind}/{keys.index(self.key) if self.key in keys else len(keys)}/"


class DifferenceForm(ItemForm):
    """A reason to buy from us."""

    kind = "differences"
    name = forms.CharField(
        label=_("Why us"),
        max_length=120,
        help_text=_("In the customer's words, for example “Works on existing meters”."),
        error_messages={"required": _("Say why customers choose you.")},
    )
    detail = prose(_("More about it"))


class PersonaForm(ItemForm):
    """People bought from."""

    kind = "personas"
    titles = Lines(label=_("Words in their titles"), help_text=_("One a line, for example “COO”."))
    departments = Lines(label=_("Their departments"), help_text=_("One a line."))


class NameForm(forms.Form):
    """What a strategy is called, and who answers for it."""

    name = forms.CharField(label=_("Name"), max_length=120, error_messages={"required": _("Give it a name.")})
    owner = Who(label=_("Owner"), required=True, help_text=_("Who answers for it, and leads its review."))

    def __init__(self, given: Any = None, *, strategy: Strategy, members: Sequence[Membership]) -> None:
        super().__init__(given, initial={"name": strategy.name, "owner": str(strategy.owner_id)})
        known = members if strategy.owner in members else [*members, strategy.owner]
        self.fields["owner"].offer_members(known)  # type: ignore[attr-defined]


class BeginForm(forms.Form):
    """A new draft."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("What you call it among yourselves, for example “2026 to 2027”."),
        error_messages={"required": _("Give it a name.")},
    )
    begin_with = forms.ChoiceField(label=_("Begin with"), widget=Choices)

    def __init__(self, given: Any = None, *, template: str = "") -> None:
        chosen = template if template in list(Template) else BLANK
        super().__init__(given, initial={"begin_with": chosen})
        offered = [(one.value, f"{NAMES[one]}: {ABOUT[one]}") for one in Template]
        self.fields["begin_with"].choices = [*offered, (BLANK, _("A blank page"))]  # type: ignore[attr-defined]


class CopyForm(forms.Form):
    """A name for a copy."""

    name = forms.CharField(
        label=_("Name of the alternative"), max_length=120, error_messages={"required": _("Give it a name.")}
    )


class NoteForm(forms.Form):
    """Why a text was changed."""

    note = forms.CharField(
        label=_("Why it was changed"),
        required=False,
        max_length=300,
        help_text=_("It stands beside the version, for those who ask later."),
    )


class RetireForm(forms.Form):
    """Why a strategy ends."""

    because = forms.CharField(
        label=_("Why it ends"),
        max_length=300,
        help_text=_("The next strategy begins with the answer."),
        error_messages={"required": _("Say why it ends: the next strategy begins with the answer.")},
    )
