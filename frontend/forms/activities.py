"""The form in which an activity is corrected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from activities.models import Activity, ActivityType, Horizon, OutputType
from activities.services import LONGEST_OUTPUT_NOTE, MINUTES_A_DAY, Gave
from frontend.forms.log import NO, QUALITY, YES, called, offer, one_of, yes_or_no
from frontend.forms.pick import Ticks
from strategy.models import Contact, Deal, PlanPart

TO_THE_MINUTE = "%Y-%m-%dT%H:%M"


class ActivityForm(forms.Form):
    """Everything of an activity. What was not touched is not sent on, so that it stays exactly as it is."""

    type = forms.ChoiceField(label=_("What was done?"))
    purpose = forms.CharField(label=_("For what?"), required=False, max_length=200)
    at = forms.DateTimeField(
        label=_("When"),
        input_formats=[TO_THE_MINUTE, f"{TO_THE_MINUTE}:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TO_THE_MINUTE),
        error_messages={"required": _("Give a day and a time."), "invalid": _("Give a day and a time.")},
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=0,
        max_value=MINUTES_A_DAY,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={"required": _("Give the minutes that it took.")},
    )
    deal = forms.ChoiceField(label=_("Deal"), required=False)
    contacts = forms.MultipleChoiceField(label=_("With whom?"), required=False, widget=Ticks)
    play = forms.ChoiceField(
        label=_("Play"),
        required=False,
        help_text=_("The play of a strategy that it served. Without one it is unaligned."),
    )
    keeps = forms.MultipleChoiceField(
        label=_("It gave"), required=False, widget=Ticks, help_text=_("Take the tick away where it was not so.")
    )
    output_type = forms.ChoiceField(label=_("One more output"), required=False)
    output_note = forms.CharField(label=_("Namely"), required=False, max_length=LONGEST_OUTPUT_NOTE)
    horizon = forms.ChoiceField(
        label=_("It looked at"), required=False, choices=[("", _("Not said")), *Horizon.choices]
    )
    prepared = yes_or_no(_("Was it prepared?"))
    right_person = yes_or_no(_("Was it the right person?"))
    purpose_reached = yes_or_no(_("Was the purpose reached?"))
    next_step = forms.CharField(label=_("Next step agreed"), required=False, max_length=200)
    next_step_on = forms.DateField(
        label=_("By"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Give a day, or leave it empty.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        given: Any = None,
        *,
        activity: Activity,
        types: Sequence[ActivityType],
        deals: Sequence[Deal],
        people: Sequence[Contact],
        plays: Sequence[PlanPart],
        output_types: Sequence[OutputType],
    ) -> None:
        self.activity, self.outputs = activity, list(activity.outputs.all())
        self.rows: dict[str, Sequence[Any]] = {
            "type": types,
            "deal": deals,
            "contacts": people,
            "play": plays,
            "output_type": output_types,
        }
        super().__init__(given, initial=self._now())
        offer(self, "type", [(str(one.pk), one.name) for one in types])
        offer(self, "deal", [("", gettext("No deal")), *((str(one.pk), one.name) for one in deals)])
        offer(self, "contacts", [(str(one.pk), one.name) for one in people])
        offer(self, "play", [("", gettext("None, it is unaligned")), *((str(one.pk), called(one)) for one in plays)])
        offer(self, "keeps", [(str(one.pk), output_words(one)) for one in self.outputs])
        offer(self, "output_type", [("", gettext("None")), *((str(one.pk), one.name) for one in output_types)])
        for name, is_empty in (("contacts", not people), ("keeps", not self.outputs), ("play", not plays)):
            if is_empty:
                del self.fields[name]

    def _now(self) -> dict[str, Any]:
        activity = self.activity
        plain = ("purpose", "minutes", "horizon", "next_step", "next_step_on", "note", "version")
        answers = {True: YES, False: NO, None: ""}
        return {
            **{name: getattr(activity, name) for name in plain},
            **{name: answers[getattr(activity, name)] for name in QUALITY},
            **{name: str(getattr(activity, f"{name}_id") or "") for name in ("type", "deal", "play")},
            "at": activity.at.replace(second=0, microsecond=0),
            "contacts": [str(link.contact_id) for link in activity.with_contacts.all()],
            "keeps": [str(output.pk) for output in self.outputs],
        }

    def changes(self) -> dict[str, Any]:
        """What was said otherwise than it is."""
        given, touched = self.cleaned_data, set(self.changed_data)
        wanted = {name: given[name] for name in touched & {"purpose", "minutes", "horizon", "next_step", "note"}}
        wanted |= {name: given[name] for name in touched & {"next_step_on", "at"}}
        wanted |= {name: {YES: True, NO: False}.get(given[name]) for name in touched & {*QUALITY}}
        wanted |= {name: one_of(self.rows[name], given[name]) for name in touched & {"type", "deal", "play"}}
        if "contacts" in touched:
            wanted["contacts"] = [one for one in self.rows["contacts"] if str(one.pk) in given["contacts"]]
        if touched & {"keeps", "output_type"}:
            kept = given.get("keeps", [])
            wanted["outputs"] = [Gave(one.type, one.note) for one in self.outputs if str(one.pk) in kept]
            if more := one_of(self.rows["output_type"], given["output_type"]):
                wanted["outputs"].append(Gave(more, given["output_note"]))
        return wanted


def output_words(output: Any) -> str:
    """What an output is, and namely."""
    return f"{output.type.name}: {output.note}" if output.note else str(output.type.name)
