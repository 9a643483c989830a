"""The plan that is shared with a customer, as the holder of a link reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

from accounts.days import day_of_year
from outcomes.models import MutualStep


@dataclass(frozen=True, kw_only=True)
class SharedStep:
    """A step in the words of the page."""

    name: str
    when: str
    who: str
    is_done: bool


def shared(steps: list[MutualStep], *, today: date) -> list[SharedStep]:
    """The steps in their order."""
    return [
        SharedStep(
            name=step.name,
            when=when(step, today=today),
            who=" · ".join(filter(None, (step.our_owner.name if step.our_owner else "", theirs(step)))),
            is_done=step.done_on is not None,
        )
        for step in steps
    ]


def theirs(step: MutualStep) -> str:
    return step.their_owner.name if step.their_owner else step.their_name


def when(step: MutualStep, *, today: date) -> str:
    if step.done_on is not None:
        return gettext("Done {day}").format(day=day_of_year(step.done_on, today=today))
    due = day_of_year(step.due_on, today=today)
    return (gettext("Was due {day}") if step.due_on < today else gettext("By {day}")).format(day=due)
