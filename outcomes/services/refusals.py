"""What can stand against asking a customer, and against an answer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class AskedOften(Refused):
    """The customer was asked as often as anybody should be. `data` names the day from which they may be asked again."""

    code = "asked_often"
    sentence = _("{name} was asked {times} times within {days} days. You may ask again from {day} on.")


class NothingToAsk(Refused):
    """The deal was won: there is no reason of an end to ask for."""

    code = "nothing_to_ask"
    sentence = _("{deal} did not end without a win. There is no reason to ask for.")
