"""An operator's way into an organisation."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.operators import LONGEST_REASON, SHORTEST_REASON


class EnterForm(forms.Form):
    """Which organisation, and why. Its owners read the reason."""

    slug = forms.CharField(
        label=_("Address of the organisation"),
        max_length=40,
        help_text=_("What stands after /o/ in the address of its pages."),
        error_messages={"required": _("Give the address of the organisation.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=LONGEST_REASON,
        help_text=_("Its owners read this in a letter, on a page and in their audit."),
        error_messages={"required": _("Say why: the owners read it.")},
        widget=forms.Textarea(attrs={"rows": 3, "minlength": SHORTEST_REASON}),
    )
