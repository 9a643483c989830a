"""What every form says where it has no words of its own: what to do, not what went wrong.

The framework's sentences ("Ensure this value has at most …") are replaced in its classes, so that the forms of the
sign-in library say the same as ours. A field that knows better says so in its `error_messages`.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

OF_FIELDS: Mapping[type[forms.Field], Mapping[str, Any]] = {
    forms.Field: {"required": _("Fill this in.")},
    forms.IntegerField: {"invalid": _("Write a whole number, like 12.")},
    forms.FloatField: {"invalid": _("Write a number, like 0.92.")},
    forms.DecimalField: {"invalid": _("Write a number, like 0.92.")},
    forms.DateField: {"invalid": _("Write the day like 2025-11-30.")},
    forms.TimeField: {"invalid": _("Write the time like 14:30.")},
    forms.DateTimeField: {"invalid": _("Write the moment like 2025-11-30 14:30.")},
    forms.UUIDField: {"invalid": _("Choose from what is offered.")},
    forms.URLField: {"invalid": _("Give an address that begins with https://")},
    forms.FileField: {
        "required": _("Choose a file."),
        "invalid": _("Choose a file."),
        "missing": _("Choose a file."),
        "empty": _("Choose a file with something in it; this one is empty."),
    },
    forms.BooleanField: {"required": _("Tick this to go on.")},
    forms.ChoiceField: {"required": _("Choose one."), "invalid_choice": _("Choose from what is offered.")},
    forms.MultipleChoiceField: {
        "required": _("Choose at least one."),
        "invalid_choice": _("Choose from what is offered."),
        "invalid_list": _("Choose from what is offered."),
    },
    forms.ModelChoiceField: {"invalid_choice": _("Choose from what is offered.")},
    forms.ModelMultipleChoiceField: {
        "invalid_choice": _("Choose from what is offered."),
        "invalid_list": _("Choose from what is offered."),
        "invalid_pk_value": _("Choose from what is offered."),
    },
}
OF_VALIDATORS: Mapping[type[Any], Any] = {
    validators.MaxLengthValidator: ngettext_lazy(
        "Shorten this to %(limit_value)d character; it has %(show_value)d.",
        "Shorten this to %(limit_value)d characters; it has %(show_value)d.",
        "limit_value",
    ),
    validators.MinLengthValidator: ngettext_lazy(
        "Write at least %(limit_value)d character.", "Write at least %(limit_value)d characters.", "limit_value"
    ),
    validators.MaxValueValidator: _("Give %(limit_value)s or less."),
    validators.MinValueValidator: _("Give %(limit_value)s or more."),
    validators.EmailValidator: _("Give an e-mail address, like name@company.com."),
    validators.URLValidator: _("Give an address that begins with https://"),
    validators.ProhibitNullCharactersValidator: _("Take out the character that cannot be seen."),
}
OF_DECIMALS: Mapping[str, Any] = {
    "invalid": _("Write a number, like 0.92."),
    "max_digits": ngettext_lazy("Write at most %(max)s digit.", "Write at most %(max)s digits.", "max"),
    "max_decimal_places": ngettext_lazy(
        "Write at most %(max)s digit after the point.", "Write at most %(max)s digits after the point.", "max"
    ),
    "max_whole_digits": ngettext_lazy(
        "Write at most %(max)s digit before the point.", "Write at most %(max)s digits before the point.", "max"
    ),
}


def speak() -> None:
    """Put our sentences in the place of the framework's. Done before any form is declared."""
    for field, sentences in OF_FIELDS.items():
        field.default_error_messages = {**field.default_error_messages, **sentences}
    for validator, sentence in OF_VALIDATORS.items():
        validator.message = sentence
    validators.DecimalValidator.messages = {**validators.DecimalValidator.messages, **OF_DECIMALS}
