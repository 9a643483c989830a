"""What customers send by the page behind a link that shows the shared plan."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.forms.links import TEXT, TOO_LONG, LinkForm
from outcomes.models import Confirmation, MutualStep
from outcomes.services.step_proposals import LONGEST_COMMENT, Proposed

DAY = {"invalid": _("Write the day like 2026-11-30.")}


def day_field(label: object) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, error_messages=DAY)  # type: ignore[arg-type]


def comment_field(label: object) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2, **TEXT})
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        required=False,
        max_length=LONGEST_COMMENT,
        widget=widget,
        error_messages=TOO_LONG,
    )


class ProposalForm(LinkForm):
    """Another day or a word for each step that is still to be done, and one step that is missing."""

    def __init__(self, *args: object, asked: Confirmation, steps: Sequence[MutualStep], **kwargs: object) -> None:
        super().__init__(*args, asked=asked, **kwargs)
        self.steps = [step for step in steps if step.done_on is None]
        for step in self.steps:
            day = day_field(_("{step}: by when?").format(step=step.name))
            day.initial = step.due_on
            self.fields[f"due_{step.pk.hex}"] = day
            said = comment_field(_("{step}: what should be different?").format(step=step.name))
            self.fields[f"comment_{step.pk.hex}"] = said
        self.fields["new_name"] = forms.CharField(
            label=_("A step that is missing"), required=False, max_length=200, error_messages=TOO_LONG
        )
        self.fields["new_due"] = day_field(_("By when?"))

    def clean(self) -> dict[str, object]:
        given = super().clean() or {}
        if given.get("new_name") and not given.get("new_due") and "new_due" not in self.errors:
            self.add_error("new_due", _("Give a day for it."))
        if not self.errors and not any(one.says_something for one in self.proposed()):
            self.add_error(None, _("Change a day, write what should be different, or add a step."))
        return given

    def proposed(self) -> list[Proposed]:
        """What is proposed of each step, and the new one."""
        given = self.cleaned_data
        found = [
            Proposed(step, due_on=given.get(f"due_{step.pk.hex}"), comment=given.get(f"comment_{step.pk.hex}", ""))
            for step in self.steps
        ]
        if given.get("new_name"):
            found.append(Proposed(None, name=given["new_name"], due_on=given.get("new_due")))
        return found
