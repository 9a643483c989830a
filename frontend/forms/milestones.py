"""Forms about what a customer agreed: recorded, shown, checked, denied; and asked for where a stage needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.models import Activity
from frontend.forms.log import OutcomeFields, offer, one_of
from frontend.forms.people import Picked
from frontend.forms.pick import Ticks
from outcomes.models import Grade, MilestoneType
from outcomes.services.milestones.files import KINDS, MOST_FILES, Upload
from strategy import customer_queries as queries
from strategy.models import Contact, Deal
from strategy.requirements import Requirement

MOST_LISTED = 200


def people_of(deal: Deal) -> list[Contact]:
    """Those who may have agreed: the people of the deal first, then those of its company."""
    named = [one.contact for one in queries.buying_roles(deal, limit=MOST_LISTED)]
    keys = {one.pk for one in named}
    if deal.company_id is None:
        return named
    beside = Contact.objects.filter(company=deal.company_id, merged_into=None).exclude(pk__in=keys).order_by("name")
    return [*named, *beside[:MOST_LISTED]]


def who_field(people: Sequence[Contact]) -> Picked:
    """Who agreed, of those who may have."""
    field = Picked(label=_("Who agreed?"))
    named = [(str(one.pk), f"{one.name}, {one.title}" if one.title else one.name) for one in people]
    field.offer([("", _("Somebody else")), *named], people)
    return field


def link_field(label: object, help_text: object = "") -> forms.URLField:
    """The address of an artefact."""
    return forms.URLField(
        label=label,  # type: ignore[arg-type]
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=help_text,  # type: ignore[arg-type]
        widget=forms.URLInput(attrs={"inputmode": "url"}),
        error_messages={"invalid": _("Give an address that begins with https://, or leave it empty.")},
    )


class NeededMilestone:
    """The fields in which a form takes one milestone that a stage asks for. Each carries its key in its name."""

    def __init__(self, form: forms.Form, asked: Requirement, *, people: Sequence[Contact], may_pass: bool) -> None:
        self.key = asked.key
        needs = "evidence" if asked.about["counts_from_grade"] >= Grade.E1 else "words"
        day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        made: dict[str, forms.Field] = {
            "words": forms.CharField(
                label=_("{milestone}, in their words").format(milestone=asked.name),
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=asked.told,  # type: ignore[arg-type]
            ),
            "contact": who_field(people),
            "agreed_by": forms.CharField(label=_("Their name, if not listed"), required=False, max_length=120),
            "evidence": link_field(
                _("Link to the evidence"), _("A file is shown with the outcome itself: record that first, then move.")
            ),
            "on": forms.DateField(
                label=_("When did they agree?"), required=False, widget=day, help_text=_("Empty: the day of the step.")
            ),
        }
        if not people:
            del made["contact"]
            made["agreed_by"].label = _("Who agreed?")
        made[needs].required = not may_pass
        made[needs].error_messages["required"] = str(asked.told)
        self.fields = {name: f"{asked.key}-{name}" for name in made}
        form.fields |= {self.fields[name]: field for name, field in made.items()}

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was said of it; nothing where nothing was."""
        said = {name: given.get(place) for name, place in self.fields.items()}
        return {name: value for name, value in said.items() if value}


class Files(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """The files that came, each as an upload; the deed judges them."""

    widget = Files

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.widget.attrs |= {"multiple": True, "accept": ",".join(f".{kind}" for kind in KINDS)}

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        given = data if isinstance(data, list | tuple) else [data]
        return [Upload(one.name, one.size, one) for one in given if one]


def files_field() -> FilesField:
    """Files that show what the customer did."""
    return FilesField(
        label=_("Files"),
        help_text=_("Up to {most}, each at most 10 MB: documents, pictures, mails or texts.").format(most=MOST_FILES),
    )


def day_field(label: object, today: date, *, agreed: bool = False) -> forms.DateField:
    """A day that is not to come."""
    attrs = {"type": "date", "class": "short", "max": today.isoformat()}
    wanted = _("Give the day on which they agreed.") if agreed else _("Give the day on which it was.")
    return forms.DateField(
        label=label,  # type: ignore[arg-type]
        initial=today,
        widget=forms.DateInput(attrs=attrs, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"required": wanted, "invalid": wanted},
    )


class EntryForm(forms.Form):
    """One entry of the ledger."""

    entry_key = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-entry-key": ""}), initial=uuid4)

    def ask_who(self, people: Sequence[Contact]) -> None:
        """Who agreed: somebody who is known, else a name."""
        self.fields["contact"] = who_field(people)
        name = forms.TextInput(attrs={"autocomplete": "off"})
        label = _("Their name, if not listed") if people else _("Who agreed?")
        self.fields["agreed_by"] = forms.CharField(label=label, required=False, max_length=120, widget=name)
        if not people:
            del self.fields["contact"]

    def ask_activities(self, done: Sequence[Activity], told: Callable[[Activity], str]) -> None:
        """What contributed, of what was done lately."""
        if done:
            self.fields["activities"] = forms.TypedMultipleChoiceField(
                label=_("What led to it"),
                required=False,
                widget=Ticks,
                coerce=UUID,
                choices=[(str(one.pk), told(one)) for one in done],
            )

    def said(self) -> dict[str, Any]:
        """What the deed takes."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}


class MilestoneForm(OutcomeFields, EntryForm):
    """An outcome on one deal."""

    field_order = ["milestone", "words", "contact", "agreed_by", "on", "evidence", "uploads", "activities", "entry_key"]

    def __init__(
        self,
        given: Any = None,
        files: Any = None,
        *,
        types: Sequence[MilestoneType],
        expected: UUID | None,
        today: date,
        people: Sequence[Contact],
        done: Sequence[Activity],
        told: Callable[[Activity], str],
    ) -> None:
        super().__init__(given, files, initial={"milestone": expected})
        self.types = types
        offer(self, "milestone", [(str(kind.pk), kind.name) for kind in types])
        self.fields["on"] = day_field(_("When did they agree?"), today, agreed=True)
        self.ask_who(people)
        self.fields["uploads"] = files_field()
        self.ask_activities(done, told)
        self.order_fields(self.field_order)

    @property
    def milestone_chosen(self) -> MilestoneType:
        return one_of(self.types, self.cleaned_data["milestone"])  # type: ignore[no-any-return]


class EvidenceForm(EntryForm):
    """What shows an outcome that was recorded without it."""

    evidence = link_field(_("Link to the evidence"), _("A mail, a plan or minutes."))
    note = forms.CharField(label=_("What it shows"), required=False, max_length=300)

    def __init__(self, given: Any = None, files: Any = None, *, today: date, people: Sequence[Contact]) -> None:
        super().__init__(given, files)
        self.fields["uploads"] = files_field()
        self.fields["on"] = day_field(_("Known since"), today)
        self.order_fields(["evidence", "uploads", "note", "on", "entry_key"])


class CheckForm(EntryForm):
    """A second member's word."""

    note = forms.CharField(
        label=_("What did you look at?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say what you looked at.")},
    )

    def __init__(self, given: Any = None, files: Any = None, *, today: date, people: Sequence[Contact]) -> None:
        super().__init__(given, files)


class ContradictForm(EntryForm):
    """The customer says otherwise."""

    words = forms.CharField(
        label=_("What did they say?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Give what the customer said.")},
    )

    def __init__(self, given: Any = None, files: Any = None, *, today: date, people: Sequence[Contact]) -> None:
        super().__init__(given, files)
        self.ask_who(people)
        if "contact" in self.fields:
            self.fields["contact"].label = _("Who said it?")
        self.fields["on"] = day_field(_("When did they say it?"), today)


class LapseForm(EntryForm):
    """It no longer holds."""

    note = forms.CharField(
        label=_("Why does it no longer hold?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why it no longer holds.")},
    )

    def __init__(self, given: Any = None, files: Any = None, *, today: date, people: Sequence[Contact]) -> None:
        super().__init__(given, files)
        self.fields["on"] = day_field(_("Since when?"), today)


class CorrectForm(EntryForm):
    """It was recorded by mistake."""

    note = forms.CharField(
        label=_("Why is it taken back?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why it is taken back.")},
    )

    def __init__(self, given: Any = None, files: Any = None, *, today: date, people: Sequence[Contact]) -> None:
        super().__init__(given, files)
