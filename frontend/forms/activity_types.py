"""Forms about the types by which activities and outputs are logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.models import ActivityType
from activities.services import ICONS, MINUTES_A_DAY
from frontend.forms.pick import Pick
from frontend.forms.pipelines import NAME, PlacedForm

#: What each icon shows, for those who do not see it.
ICON_WORDS = {
    "phone": _("Telephone"),
    "mail": _("Envelope"),
    "meet": _("People"),
    "board": _("Board"),
    "chat": _("Speech"),
    "file": _("Paper"),
    "company": _("Building"),
    "strategy": _("Compass"),
    "search": _("Magnifier"),
    "clock": _("Clock"),
    "upload": _("Arrow"),
}


class TypeFacts(forms.Form):
    """What a type of activity says beside its name."""

    icon = forms.ChoiceField(
        label=_("Icon"),
        choices=[(name, ICON_WORDS[name]) for name in ICONS],
        widget=Pick(drawn={name: {"icon": name} for name in ICONS}),
    )
    usual_minutes = forms.IntegerField(
        label=_("Usual minutes"),
        min_value=0,
        max_value=MINUTES_A_DAY,
        help_text=_("What one counts when nobody says how long it took. What is logged keeps its minutes."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={"required": _("Give the minutes that it usually takes.")},
    )
    counts_as = forms.ChoiceField(label=_("Counts as"), choices=ActivityType.CountsAs.choices, widget=Pick)


class AddActivityTypeForm(TypeFacts):
    """One more type of activity."""

    name = forms.CharField(
        label=_("Name"), max_length=80, error_messages=NAME, help_text=_("As it is said: “I did a call”.")
    )
    field_order = ["name", "icon", "usual_minutes", "counts_as"]

    def __init__(self, given: Any = None) -> None:
        super().__init__(given, initial={"icon": ICONS[0], "usual_minutes": 30, "counts_as": "contact"})


class ActivityTypeForm(TypeFacts, PlacedForm):
    """A type of activity: what it is called, where it stands, how it looks and what it counts."""

    field_order = ["name", "icon", "usual_minutes", "counts_as", "position"]

    def __init__(self, given: Any = None, *, beside: Iterable[Any], row: Any) -> None:
        super().__init__(given, beside=beside, row=row)
        self.initial.update({name: getattr(row, name) for name in ("icon", "usual_minutes", "counts_as")})


class AddOutputTypeForm(forms.Form):
    """One more type of output."""

    name = forms.CharField(
        label=_("Name"), max_length=80, error_messages=NAME, help_text=_("Everybody who logs chooses from these.")
    )


class OutputTypeForm(PlacedForm):
    """A type of output: what it is called and where it stands."""
