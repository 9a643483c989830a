"""Every form says what to do, in our words: also where nobody thought of a sentence for the field."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.forms import ResetPasswordForm
from django import forms
from django.test import Client

from accounts.models import Membership

#: How the framework begins its own sentences.
STOCK = ("Ensure", "Enter a", "Select a valid", "This field is required", "Null characters", "The submitted file")


class Everything(forms.Form):
    """A field of each kind without words of its own."""

    text = forms.CharField(max_length=3, min_length=2)
    whole = forms.IntegerField(min_value=2, max_value=5)
    share = forms.DecimalField(max_digits=4, decimal_places=2)
    on = forms.DateField()
    at = forms.DateTimeField()
    hour = forms.TimeField()
    mail = forms.EmailField()
    link = forms.URLField(assume_scheme="https")
    key = forms.UUIDField()
    one = forms.ChoiceField(choices=[("a", "A")])
    some = forms.MultipleChoiceField(choices=[("a", "A")])
    file = forms.FileField()


@pytest.mark.parametrize("given", ["", "x", "xxxxxxxxx", "9999999.99999", "1", "a\0b", "-1"])
def test_no_field_speaks_the_frameworks_words(given: str) -> None:
    form = Everything(dict.fromkeys(Everything.base_fields, given))
    said = [error for errors in form.errors.values() for error in errors]
    assert said != []
    assert [sentence for sentence in said if sentence.startswith(STOCK)] == []


def test_the_sign_in_library_says_the_same() -> None:
    form = ResetPasswordForm({"email": "nonsense"})
    assert form.errors["email"] == ["Give an e-mail address, like name@company.com."]


def test_a_text_that_is_too_long_says_by_how_much(as_lena: Client, lena: Membership) -> None:
    answer: Any = as_lena.post(
        "/o/northwind/settings/tokens/", {"name": "x" * 200, "scopes": ["nonsense"], "days": "30"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Shorten this to 80 characters; it has 200." in page
    assert "Choose from what is offered." in page
