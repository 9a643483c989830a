"""What holds for the whole organisation. Each field says whom it affects."""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import get_day_names, get_month_names
from babel.numbers import get_currency_name, get_territory_currencies
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Tenant
from accounts.models.organisation import Visibility
from accounts.permissions import allows
from accounts.services.addresses import MOST_MOVES, MOVES_WITHIN
from accounts.services.organisations import EDITABLE
from frontend import words
from outcomes.models import Grade

LONGEST_SEEN = 2000
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def zones() -> list[str]:
    """Time zones that people live in; of the database's other names most are old spellings."""
    return ["UTC", *sorted(name for name in zoneinfo.available_timezones() if name.split("/")[0] in REGIONS)]


@cache
def currencies(on: date, locale: Locale) -> list[tuple[str, str]]:
    """The currencies in use somewhere, with their names."""
    places = [str(place) for place in locale.territories]
    used = {code for place in places if len(place) == 2 for code in _of(place, on)}
    return [(code, f"{code}, {get_currency_name(code, locale=locale)}") for code in sorted(used)]


def _of(territory: str, on: date) -> list[str]:
    return list(get_territory_currencies(territory, on, on, tender=True))


class OrganisationForm(forms.Form):
    """Settings of the organisation as they stand, and what they were when the page was made: `seen` goes along with
    the form, so that two people who edit at once are told."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=LONGEST_SEEN)

    def __init__(self, given: Any = None, *, member: Membership) -> None:
        self.tenant: Tenant = member.tenant
        self.names = [name for name in self.declared_fields if name in EDITABLE and allows(member, EDITABLE[name])]
        now = {name: getattr(self.tenant, name) for name in self.names}
        super().__init__(given, initial={**now, "seen": json.dumps(now, default=str)})
        for name in [name for name in self.fields if name in EDITABLE and name not in self.names]:
            del self.fields[name]

    def clean_seen(self) -> dict[str, Any]:
        """The values that the page showed. Without them nothing is known to have been seen."""
        try:
            given = json.loads(self.cleaned_data["seen"] or "{}")
        except (ValueError, RecursionError):
            given = {}
        known: Mapping[str, Any] = given if isinstance(given, dict) else {}
        return {name: self._as_kept(name, known.get(name)) for name in self.names}

    def _as_kept(self, name: str, value: Any) -> Any:
        """A value of the page as the organisation has it: JSON knows no days."""
        field = self.fields[name]
        if not isinstance(field, forms.DateField) or value is None:
            return value
        try:
            return field.to_python(value)
        except forms.ValidationError:
            return value

    def wanted(self) -> dict[str, Any]:
        """The settings as they were chosen."""
        return {name: self.cleaned_data[name] for name in self.names}

    def compare(self, now: Mapping[str, Any]) -> dict[str, str]:
        """What to say at each field that somebody else has set meanwhile. The next answer is about those values."""
        self.data = {**self.data, "seen": json.dumps({**self.cleaned_data["seen"], **now}, default=str)}
        told = str(_("Meanwhile somebody has set this to “{theirs}”. Save again to make it “{yours}”."))
        return {
            name: told.format(theirs=self._shown(name, value), yours=self._shown(name, self.cleaned_data[name]))
            for name, value in now.items()
        }

    def _shown(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return str(_("on") if value else _("off"))
        return str(dict(getattr(self.fields[name], "choices", ())).get(value, value))


class GeneralForm(OrganisationForm):
    """Name, address, clock and money."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Everybody reads it above every page and in letters."),
        error_messages={"required": _("Give the name of your organisation.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    slug = forms.CharField(
        label=_("Address"),
        max_length=40,
        error_messages={"required": _("Give an address of small letters, digits and single hyphens.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_(
            "For everybody a day begins at midnight there. Days that are written down stay as they are; figures are"
            " counted anew."
        ),
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        help_text=_("For everybody sums are told in it. It stays once a deal has an amount."),
    )
    fiscal_year_starts = forms.TypedChoiceField(
        label=_("First month of the fiscal year"),
        coerce=int,
        help_text=_("For whoever reads reports by quarter and year, which are still to come."),
    )
    week_starts = forms.TypedChoiceField(
        label=_("First day of the week"),
        coerce=int,
        help_text=_("For whoever reads plans and reports by week, which are still to come."),
    )

    def __init__(self, given: Any = None, *, member: Membership, today: date) -> None:
        super().__init__(given, member=member)
        locale = words.locale()
        months, days = get_month_names(locale=locale), get_day_names(locale=locale)
        self._offer("time_zone", [(name, name.replace("_", " ")) for name in zones()])
        self._offer("currency", currencies(today, locale))
        self._offer("fiscal_year_starts", [(number, months[number]) for number in range(1, 13)])
        # Babel counts weekdays from 0.
        self._offer("week_starts", [(number, days[number - 1]) for number in range(1, 8)])
        if "slug" in self.fields:
            told = _(
                "It stands in the address of every page. Links to the old one lead on, for as long as the organisation"
                " is here; programs notice nothing. It can be changed {times} times in {days} days."
            )
            self.fields["slug"].help_text = str(told).format(times=MOST_MOVES, days=MOVES_WITHIN.days)

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower()

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        now = getattr(self.tenant, name)
        known = [value for value, _words in choices]
        self.fields[name].choices = choices if now in known else [*choices, (now, str(now))]  # type: ignore[attr-defined]


class FiguresForm(OrganisationForm):
    """What figures count, and who sees whose."""

    counts_from_grade = forms.TypedChoiceField(
        label=_("Outcomes count from"),
        coerce=int,
        help_text=_(
            "For everybody's figures: outcomes that are known less well are shown and not counted. Figures are counted"
            " anew, and say so until they are."
        ),
    )
    closed_until = forms.DateField(
        label=_("Figures are closed up to"),
        required=False,
        help_text=_(
            "Nothing can be recorded of deals that took effect on this day or before, and what was counted then stays:"
            " which deals, and what they ended with. Empty: every day is open."
        ),
        error_messages={"invalid": _("Give a day.")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    visibility = forms.ChoiceField(
        label=_("Managers and reps see the deals of"),
        help_text=_("In lists, search, files and figures. Owners, leaders and viewers see all deals."),
    )
    group_only = forms.BooleanField(
        label=_("No figures about single people"),
        required=False,
        help_text=_("Figures name teams and never one person, for everybody, also for owners."),
    )

    def __init__(self, given: Any = None, *, member: Membership) -> None:
        super().__init__(given, member=member)
        grades = [(int(grade), _("E{n}: {words}").format(n=int(grade), words=grade.label)) for grade in Grade]
        whose = {
            Visibility.ALL: _("everybody"),
            Visibility.TEAM: _("their team, and the teams below it"),
            Visibility.OWN: _("themselves alone"),
        }
        self.fields["counts_from_grade"].choices = grades  # type: ignore[attr-defined]
        self.fields["visibility"].choices = list(whose.items())  # type: ignore[attr-defined]
