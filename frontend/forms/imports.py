"""The forms of an import: which files, and what their values mean."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.imports import report
from accounts.imports.services import MAX_FILES, Upload
from accounts.models import ImportRun, Tenant


class ManyFilesInput(forms.FileInput):
    """A file input in which several can be chosen."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        return list(files.getlist(name)) if files else []


class ManyFiles(forms.FileField):
    """Any number of files. They are judged when they are read, by their content: an empty one is named, too."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        if not data:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [Upload(str(file.name), file) for file in data]


class FilesForm(forms.Form):
    """The files of one export, all at once."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        given = (request.POST, request.FILES) if request else ()
        super().__init__(*given)
        self.is_too_large = bool(getattr(request, "upload_too_large", False))
        self.fields["files"] = ManyFiles(
            label=_("Files"),
            help_text=_("CSV, up to {n} files of one export. Their names do not matter.").format(n=MAX_FILES),
            error_messages={"required": self._nothing_came()},
            widget=ManyFilesInput(attrs={"multiple": True, "accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        )

    def _nothing_came(self) -> Any:
        if self.is_too_large:
            return _("These files are too large for one import. Send fewer, or split them.")
        return _("Choose the files of your export.")

    def clean(self) -> dict[str, Any]:
        """An upload that was cut short because it was too large is not imported in part."""
        if self.is_too_large and "files" in self.cleaned_data:
            self.add_error("files", self._nothing_came())
        return self.cleaned_data

    def uploads(self) -> list[Upload]:
        """What was sent."""
        given: list[Upload] = self.cleaned_data["files"]
        return given


class AnswersForm(forms.Form):
    """What a person says before anything is stored: what values mean, which days the source knew, which money."""

    observed_from = forms.DateField(
        label=_("First day from which ends were recorded"),
        help_text=_(
            "Guessed from the earliest end in the files. Deals that ended before it are not in them; without this day, "
            "deals that were already old then would make every rate too high."
        ),
        error_messages={
            "required": _("Give the first day from which your system recorded how deals ended."),
            "invalid": _("Write the day like 2025-11-30."),
        },
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
    )
    observed_until = forms.DateField(
        label=_("Last day the export knows of"),
        help_text=_(
            "Guessed from the latest day in the files. After it nothing is known of open deals, so they count as open "
            "until that day and no longer."
        ),
        error_messages={
            "required": _("Give the last day your export knows of."),
            "invalid": _("Write the day like 2025-11-30."),
        },
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label=_("Currency of the amounts"),
        error_messages={"invalid": _("Write the three letters of ISO 4217, like EUR.")},
        widget=forms.TextInput(attrs={"class": "short", "maxlength": 3, "autocomplete": "off"}),
    )
    rate = forms.DecimalField(
        label=_("Worth of one in your currency"),
        required=False,
        max_digits=18,
        decimal_places=8,
        help_text=_("Only for another currency than your own; one rate for the whole import."),
        error_messages={"invalid": _("Write a number like 0.92.")},
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, given: Any = None, *, run: ImportRun, tenant: Tenant) -> None:
        initial = {
            "observed_from": run.observed_from,
            "observed_until": run.observed_until,
            "currency": run.mapping["currency"],
        }
        super().__init__(given, initial=initial)
        self.run, self.tenant = run, tenant
        self._asked: dict[str, tuple[str, str, int]] = {}
        if not report.asks_window(run):
            del self.fields["observed_from"], self.fields["observed_until"]
        for question in report.asked(run):
            for number, (value, rows, answer) in enumerate(question.values):
                name = f"{question.name}-{number}"
                self._asked[name] = (question.name, value, rows)
                self.fields[name] = forms.ChoiceField(label=value, choices=question.options, initial=answer)

    def asked(self) -> Iterator[tuple[forms.BoundField, int]]:
        """The questions about values, each with how many rows have it."""
        for name, (_question, _value, rows) in self._asked.items():
            yield self[name], rows

    def answers(self) -> dict[str, Any]:
        """What was said, as the deed wants it."""
        given = self.cleaned_data
        told: dict[str, dict[str, str]] = {}
        for name, (question, value, _rows) in self._asked.items():
            told.setdefault(question, {})[value] = given[name]
        rate: Decimal | None = given.get("rate")
        return {
            "observed_from": given.get("observed_from", self.run.observed_from),
            "observed_until": given.get("observed_until", self.run.observed_until),
            "currency": given["currency"],
            "rate": rate,
            "answers": told,
        }

    @property
    def has_other_money(self) -> bool:
        """Whether the fields about another currency should be open."""
        return bool({"currency", "rate"} & set(self.errors)) or self["currency"].value() != self.tenant.currency
