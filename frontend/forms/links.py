"""What customers send by the page behind a link."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from frontend.forms.pick import Choices, Pick
from outcomes.models import Confirmation, ConfirmationAnswer
from outcomes.services.answers import LONGEST, SURE
from strategy.models import EndCause

TEXT = {"dir": "auto"}
TOO_LONG = {
    "max_length": _("Use at most %(limit_value)d characters."),
    "null_characters_not_allowed": _("This may not contain a NUL character."),
}
#: The four ends of a deal as a customer says them.
CAUSES = [
    (EndCause.LOST, _("We chose somebody else")),
    (EndCause.NO_DECISION, _("We decided to change nothing for now")),
    (EndCause.DISQUALIFIED, _("We were not the right customer for you")),
    (EndCause.WON, _("It has not ended: we want to go on with you")),
]


def new_key(asked: Confirmation) -> str:
    """A form token that is good for this link alone; what is sent with it twice counts once."""
    return _signer(asked).sign(str(uuid4()))


def _signer(asked: Confirmation) -> Signer:
    return Signer(salt=f"link:{asked.pk}")


class LinkForm(forms.Form):
    """A form that carries the token of its link instead of a cookie."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: object, asked: Confirmation, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.asked = asked

    def clean_key(self) -> UUID:
        try:
            return UUID(_signer(self.asked).unsign(self.cleaned_data["key"]))
        except (BadSignature, ValueError) as error:
            raise forms.ValidationError(_("Something went wrong on the way. Press the button again.")) from error


class PressForm(LinkForm):
    """One of the answers that need nothing else."""


class CorrectionForm(LinkForm):
    """How the statement should read."""

    words = forms.CharField(
        label=_("How should it read?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, **TEXT}),
        error_messages={"required": _("Write how it should read."), **TOO_LONG},
    )


class ReasonForm(LinkForm):
    """Why they decided as they did."""

    cause = forms.ChoiceField(
        label=_("What comes closest?"),
        choices=CAUSES,
        widget=Choices,
        error_messages={"required": _("Choose what comes closest."), "invalid_choice": _("Choose what comes closest.")},
    )
    words = forms.CharField(
        label=_("In your own words"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4, **TEXT}),
        error_messages=TOO_LONG,
    )


class MoreForm(LinkForm):
    """What they may add to an answer: how sure they are only where it goes ahead at all."""

    confidence = forms.TypedChoiceField(
        label=_("How sure are you that this will go ahead? 0 is not at all, 10 is certain."),
        required=False,
        choices=[(str(one), str(one)) for one in range(11)],
        coerce=int,
        empty_value=None,
        widget=Pick,
        error_messages={"invalid_choice": _("Choose a number from 0 to 10.")},
    )
    comment = forms.CharField(
        label=_("Anything you want to add"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, **TEXT}),
        error_messages=TOO_LONG,
    )

    def __init__(self, *args: object, last: ConfirmationAnswer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if last.said not in SURE:
            del self.fields["confidence"]
