"""Three strategies to begin from: a newcomer changes what stands there instead of facing blanks.

They are examples, not findings: their expected rates are a first statement to be tested, and amounts and days are
left out because nobody else can know them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import uuid_utils.compat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from strategy.plan.document import Document, read


class Template(StrEnum):
    """What one can begin from."""

    MID_MARKET_DIRECT = "mid_market_direct"
    ACCOUNT_LED = "account_led"
    PARTNER_LED = "partner_led"


NAMES: Mapping[Template, str | Promise] = {
    Template.MID_MARKET_DIRECT: gettext_lazy("Mid-market, direct"),
    Template.ACCOUNT_LED: gettext_lazy("Account-led"),
    Template.PARTNER_LED: gettext_lazy("Partner-led"),
}
ABOUT: Mapping[Template, str | Promise] = {
    Template.MID_MARKET_DIRECT: gettext_lazy("Many companies of the same kind, one problem, one workshop."),
    Template.ACCOUNT_LED: gettext_lazy("A few large companies, each with a plan of its own and several people to win."),
    Template.PARTNER_LED: gettext_lazy("Partners who are trusted already bring you in and deliver with you."),
}


@dataclass(frozen=True)
class Vocabulary:
    """The organisation's own types, by what they are called in a new organisation; missing ones are left out."""

    activities: Mapping[str, UUID]
    milestones: Sequence[UUID]


def text_of(template: Template, *, words: Vocabulary) -> Document:
    """The template as a text of its own, with the organisation's types in its plays."""
    return read({**_shared(), **_TEXTS[template](words)})


def _shared() -> dict[str, Any]:
    return {"goal": {"measure": _("New revenue a year")}, "horizon": "H2"}


def _key() -> UUID:
    return uuid_utils.compat.uuid7()


def _play(
    words: Vocabulary,
    *,
    name: str,
    situation: str,
    segment: UUID,
    difference: UUID,
    persona: UUID,
    takes: Mapping[str, int],
    milestones: int,
    factors: Sequence[str],
    rates: tuple[float, float, float],
) -> dict[str, Any]:
    efforts = [
        {"type": words.activities[kind], "number": number, "per": "deal"}
        for kind, number in takes.items()
        if kind in words.activities
    ]
    return {
        "id": _key(),
        "name": name,
        "situation": situation,
        "segment": segment,
        "difference": difference,
        "persona": persona,
        "activities": efforts,
        "milestones": list(words.milestones[:milestones]),
        "factors": list(factors),
        "rates": dict(zip(("activity_to_output", "output_to_milestone", "milestone_to_win"), rates, strict=True)),
    }


def _mid_market(words: Vocabulary) -> dict[str, Any]:
    segment, difference, persona = _key(), _key(), _key()
    return {
        "title": _("Become the usual choice of mid-size companies with one costly problem"),
        "motion": "direct",
        "customers_achieve": _("The problem is measured, and gone within a year."),
        "we_do": _("Measure it with them in a workshop, then put the smallest remedy in place."),
        "value_created": _("What the problem costs them in a year, less what the remedy costs."),
        "must_be_true": [_("One person owns the problem."), _("It can be measured before anything is bought.")],
        "differences": [{"id": difference, "name": _("Works with what they have")}],
        "personas": [
            {
                "id": persona,
                "name": _("Owner of the problem"),
                "titles": ["COO", _("Head of operations")],
                "departments": [_("Operations")],
            }
        ],
        "segments": [
            {
                "id": segment,
                "name": _("Mid-size companies"),
                "why": _("Large enough to have the problem, small enough to decide within a quarter."),
                "rules": [{"fact": "employees", "test": "between", "low": 100, "high": 1500}],
            }
        ],
        "plays": [
            _play(
                words,
                name=_("Workshop on the cost of the problem"),
                situation=_("They know that they have it and not what it costs."),
                segment=segment,
                difference=difference,
                persona=persona,
                takes={"Call": 3, "Preparation": 1, "Workshop": 1, "Meeting": 2},
                milestones=3,
                factors=[_("A sponsor before the workshop"), _("Their own figures on the table")],
                rates=(0.3, 0.4, 0.5),
            )
        ],
    }


def _account_led(words: Vocabulary) -> dict[str, Any]:
    segment, difference, persona = _key(), _key(), _key()
    return {
        "title": _("Become a partner of a few large companies for the years to come"),
        "motion": "account_led",
        "horizon": "H3",
        "customers_achieve": _("What their board has promised, in the part that we can move."),
        "we_do": _("Work out with several of their people what that takes, and carry our share of it."),
        "value_created": _("Their promise kept a year earlier."),
        "must_be_true": [_("Their promise is public."), _("We can meet three of the people who decide.")],
        "differences": [{"id": difference, "name": _("We know where their market goes")}],
        "personas": [
            {"id": persona, "name": _("Who has promised it"), "titles": ["CEO", "CFO", "COO"], "departments": []}
        ],
        "segments": [
            {
                "id": segment,
                "name": _("Named large companies"),
                "why": _("Each is worth a plan of its own."),
                "rules": [{"fact": "employees", "test": "between", "low": 5000}],
            }
        ],
        "plays": [
            _play(
                words,
                name=_("Plan for one company"),
                situation=_("They have promised something and nobody owns the whole of it."),
                segment=segment,
                difference=difference,
                persona=persona,
                takes={"Preparation": 3, "Meeting": 6, "Workshop": 2},
                milestones=4,
                factors=[_("Three people of theirs, not one"), _("A plan that carries their name")],
                rates=(0.5, 0.4, 0.5),
            )
        ],
    }


def _partner_led(words: Vocabulary) -> dict[str, Any]:
    segment, difference, persona = _key(), _key(), _key()
    return {
        "title": _("Be brought in by partners whom customers trust already"),
        "motion": "partner_led",
        "customers_achieve": _("One solution from people they know, instead of two half ones."),
        "we_do": _("Make partners able to find the need, and join when the customer asks."),
        "value_created": _("Time to a decision, and one project less to lead."),
        "must_be_true": [_("The partner earns with us, not against us."), _("Customers ask for both parts.")],
        "differences": [{"id": difference, "name": _("Completes what the partner sells")}],
        "personas": [
            {"id": persona, "name": _("The partner’s customer"), "titles": ["CTO", "CIO"], "departments": ["IT"]}
        ],
        "segments": [
            {
                "id": segment,
                "name": _("Customers of partners"),
                "why": _("They have bought from the partner within two years."),
                "rules": [{"fact": "tags", "test": "one_of", "words": [_("Partner customer")]}],
            }
        ],
        "plays": [
            _play(
                words,
                name=_("Meeting together with the partner"),
                situation=_("The partner has found the need."),
                segment=segment,
                difference=difference,
                persona=persona,
                takes={"Call": 1, "Preparation": 1, "Meeting": 3},
                milestones=3,
                factors=[_("The partner speaks first"), _("One plan for both")],
                rates=(0.5, 0.5, 0.5),
            )
        ],
    }


_TEXTS = {
    Template.MID_MARKET_DIRECT: _mid_market,
    Template.ACCOUNT_LED: _account_led,
    Template.PARTNER_LED: _partner_led,
}
