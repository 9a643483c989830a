"""Asking a customer: whom, what, in which language and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.forms.deal_deeds import looks
from frontend.forms.people import Picked
from frontend.forms.pick import Pick
from outcomes.languages import LANGUAGES
from outcomes.models import Confirmation, MilestoneType
from outcomes.services.confirmations import LONGEST_MESSAGE, LONGEST_STATEMENT, MOST_DAYS, USUAL_DAYS
from strategy.models import Contact

OTHER = ""
TEXT = {"dir": "auto"}


class AddressedForm(forms.Form):
    """Whom somebody at the customer is asked or shown something, in which language and how they get the link."""

    contact = Picked(label=_("Ask"))
    name = forms.CharField(
        label=_("Name"), required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.CharField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("Only for a letter. Empty means the contact’s own."),
    )
    language = forms.ChoiceField(
        label=_("Language of the letter and the page"),
        choices=list(LANGUAGES.items()),
        help_text=_("They can read the page in the others, too."),
    )
    channel = forms.ChoiceField(
        label=_("How"),
        choices=[(Confirmation.Channel.MAIL, _("Send a letter")), (Confirmation.Channel.LINK, _("Copy a link"))],
        initial=Confirmation.Channel.MAIL,
        widget=Pick,
    )
    entry_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, given: Any, *, people: Sequence[Contact], said: dict[str, Any]) -> None:
        super().__init__(given, initial={"entry_key": uuid4(), **said})
        choices = [(str(one.pk), f"{one.name} {one.email}".strip()) for one in people]
        self.fields["contact"].offer([*choices, (OTHER, _("Somebody else"))], people)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "contact" not in self.errors and not given.get("contact") and not given.get("name"):
            self.add_error("name", _("Give a name, or choose somebody."))
        if given.get("contact") and given.get("name"):
            self.add_error("name", _("Leave it empty, or choose “Somebody else” above."))
        return given


class SharePlanForm(AddressedForm):
    """Whom the plan of a deal is shown to."""

    def __init__(self, given: Any, *, people: Sequence[Contact], language: str) -> None:
        super().__init__(given, people=people, said={"language": language, "contact": OTHER})
        self.fields["contact"].label = _("Show it to")


class AskForm(AddressedForm):
    """What the member says of a question. `drafted` is what was proposed before, so that only that is replaced."""

    type = Picked(label=_("About"), required=True, error_messages={"required": _("Choose a milestone.")})
    statement = forms.CharField(
        label=_("What they are asked, word for word"),
        max_length=LONGEST_STATEMENT,
        widget=forms.Textarea(attrs={"rows": 3, **TEXT}),
        help_text=_("It is not translated."),
        error_messages={"required": _("Write down what they are asked.")},
    )
    message = forms.CharField(
        label=_("How the letter begins"),
        required=False,
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 5, **TEXT}),
        help_text=_("The statement, the link and your name follow."),
    )
    days = forms.IntegerField(
        label=_("Days until the link ends"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=USUAL_DAYS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    drafted = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20_000)

    field_order = ("type", "contact", "name", "email", "language", "statement", "message", "channel", "days")

    def __init__(
        self,
        given: Any = None,
        *,
        types: Sequence[MilestoneType] | None,
        people: Sequence[Contact],
        url: str,
        said: dict[str, Any],
    ) -> None:
        super().__init__(given, people=people, said=said)
        if types is None:
            del self.fields["type"]
        else:
            self.fields["type"].offer([(str(one.pk), one.name) for one in types], types)  # type: ignore[attr-defined]
            self.fields["channel"].help_text = _(
                "An answer to a letter is the customer’s own word (E3). By a copied link it is evidence (E1)."
            )
        for name in ("type", "contact", "language"):
            if name in self.fields:
                looks(self.fields[name], url)
