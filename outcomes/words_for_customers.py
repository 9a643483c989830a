"""What customers read of us in letters, in the language that is active. Catalogues: frontend/locale."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from accounts.days import day_of_year
from outcomes.models import Confirmation

Purpose = Confirmation.Purpose


def first_name(name: str) -> str:
    """How somebody is spoken to where first names are usual; the whole name where it begins with a title."""
    first = name.split()[0]
    return name if first.endswith(".") or len(first) < 2 else first


def subject(purpose: str, asker: str, seller: str) -> str:
    """The line over a letter."""
    said = {
        Purpose.MILESTONE: _("Did we get this right? {asker}, {seller}"),
        Purpose.END_REASON: _("Why did you decide as you did? {asker}, {seller}"),
        Purpose.PLAN: _("Is this our plan? {asker}, {seller}"),
    }
    return said[Purpose(purpose)].format(asker=asker, seller=seller)


def opening(purpose: str, name: str, stated_on: date | None, *, today: date) -> str:
    """The greeting, and why we write."""
    greeting = _("Hello {first},").format(first=first_name(name) if name else "", name=name)
    return f"{greeting}\n\n{_why(purpose, stated_on, today)}"


def _why(purpose: str, stated_on: date | None, today: date) -> str:
    if purpose == Purpose.END_REASON:
        return _("You have decided. We would like to learn from it: what was the reason, in your own words?")
    if purpose == Purpose.PLAN:
        return _("This is the plan that we believe we share. It counts only if you say so.")
    if stated_on is None:
        return _("We wrote down what we believe you agreed. It counts only if you say so.")
    return _("We wrote down what we believe you agreed on {day}. It counts only if you say so.").format(
        day=day_of_year(stated_on, today=today)
    )
