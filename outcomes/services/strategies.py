"""Strategies whose plays name types of activities, outputs and outcomes: those must be the organisation's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Membership
from accounts.refusals import Invalid
from outcomes.queries.plan import named_twice, unknown_types, vocabulary
from strategy import services
from strategy.models import Strategy
from strategy.plan.document import Document, Unusable, read
from strategy.plan.templates import Template, text_of


def begin_strategy(
    *,
    actor: Membership,
    name: str,
    at: datetime,
    template: Template | None = None,
    content: Any = None,
    owner: Membership | None = None,
    alternative_to: Strategy | None = None,
) -> Strategy:
    """Begin a draft: with the text that is given, with that of a template, or empty.

    Raises NotAllowed, or Invalid for a name that is missing or taken and for each place of a text that cannot be used.
    """
    text = text_of(template, words=vocabulary()) if template else usable_text(content) if content is not None else None
    return services.begin_strategy(
        actor=actor, name=name, at=at, content=text, owner=owner, alternative_to=alternative_to
    )


def write_strategy(*, strategy: Strategy, content: Any, actor: Membership, at: datetime, revision: int) -> Strategy:
    """Replace the working text. Raises what `strategy.services.write_strategy` does, and Invalid for unknown types."""
    return services.write_strategy(
        strategy=strategy, content=usable_text(content), actor=actor, at=at, revision=revision
    )


def usable_text(content: Any) -> Document:
    """The text that was given. Raises Invalid with each place that is wrong."""
    try:
        text = content if isinstance(content, Document) else read(content)
    except Unusable as error:
        raise Invalid(fields=error.problems) from error
    if wrong := named_twice(text) | unknown_types(text):
        raise Invalid(fields=wrong)
    return text
