"""What a customer agreed, asked for inside another form: where a stage needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.forms.people import Picked
from outcomes.models import Grade
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
            "evidence": link_field(_("Link to the evidence")),
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
