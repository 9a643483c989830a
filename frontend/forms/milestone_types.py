"""Forms about the milestones that an organisation watches for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.forms.pipelines import NAME, PlacedForm
from outcomes.services.milestones.types import LONGEST, LONGEST_BEFORE, LONGEST_STATEMENT


class Wording(forms.Form):
    """How a milestone is told of."""

    statement = forms.CharField(
        label=_("What the customer did"),
        max_length=LONGEST_STATEMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("An act of the customer that either happened or did not: “The customer agrees what they want.”"),
        error_messages={"required": _("Say what the customer did.")},
    )
    before = forms.CharField(
        label=_("Deals that stopped earlier ended before"),
        max_length=LONGEST_BEFORE,
        required=False,
        help_text=_("Ends sentences of the execution page, like “the goal was agreed”."),
    )


class AddMilestoneTypeForm(Wording):
    """One more milestone."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST, error_messages=NAME)
    field_order = ["name", "statement", "before"]


class MilestoneTypeForm(PlacedForm, Wording):
    """A milestone's words and place."""

    field_order = ["name", "statement", "before", "position"]

    def __init__(self, given: Any = None, *, beside: Iterable[Any], row: Any) -> None:
        super().__init__(given, beside=beside, row=row)
        self.initial = {**self.initial, "statement": row.statement, "before": row.before}
