"""What a strategy lacks before it can be tested. Nobody is stopped from writing; only activating needs all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from strategy.plan.document import Document, Play


@dataclass(frozen=True)
class Gap:
    """Something missing: the place in the document, and what to do."""

    place: str
    words: str


def gaps(of: Document) -> list[Gap]:
    """Everything that is missing, in the order in which one writes a strategy."""
    return [Gap(place, words) for place, words in _all(of)]


def _all(of: Document) -> Iterator[tuple[str, str]]:
    if not of.title:
        yield "title", _("Say in one sentence what you want to become.")
    if not of.goal.measure:
        yield "goal/measure", _("Say what the goal is measured by.")
    if of.goal.amount is None:
        yield "goal/amount", _("Give the amount of the goal.")
    if of.goal.by is None:
        yield "goal/by", _("Give the day by which the goal is to be reached.")
    if not of.segments:
        yield "segments", _("Name at least one segment: whom do you serve?")
    for number, segment in enumerate(of.segments):
        if not segment.rules:
            yield f"segments/{number}/rules", _("Say which companies belong to “{name}”.").format(name=segment.name)
    if not of.plays:
        yield "plays", _("Write at least one play: what do you do for a segment?")
    for number, play in enumerate(of.plays):
        for field, words in _of_play(play):
            yield f"plays/{number}/{field}", words.format(name=play.name)


def _of_play(play: Play) -> Iterator[tuple[str, str]]:
    if play.difference is None:
        yield "difference", _("Say why customers choose you in “{name}”.")
    if not play.activities:
        yield "activities", _("Say which activities “{name}” takes, and how many.")
    if not play.milestones:
        yield "milestones", _("Say which outcomes “{name}” is for.")
    if play.rates is None:
        yield "rates", _("Say what you expect of “{name}”: a strategy without expected rates cannot be tested.")
