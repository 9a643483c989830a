"""The text of a strategy. One version is one document, complete in itself, so that versions can be kept, compared,
copied as alternatives, and read again as they were.

Parts that others point at (segments, personas, plays, reasons why us) carry an id that stays the same through all
versions. Types of activities, outputs and milestones are named by their keys: they belong to apps above this one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from accounts.names import NotAName, clean_name
from strategy.plan.rules import Condition
from strategy.plan.sentences import sentence_for

# 10 million millions of minor units: above it somebody typed a wrong key.
LARGEST = 10**15
MOST = 40
PARTS = ("differences", "personas", "segments", "plays")

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Unusable(ValueError):
    """The document cannot be kept. `problems` says what to do, by the place in it: {"plays/0/segment": sentence}."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{place}: {told}" for place, told in problems.items()))


class Part(BaseModel):
    """A part of the document: nothing that is not named here, and nothing that is nearly right."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=True)


class Motion(StrEnum):
    """How customers are reached."""

    DIRECT = "direct"
    ACCOUNT_LED = "account_led"
    PARTNER_LED = "partner_led"
    CHANNEL = "channel"
    PRODUCT_LED = "product_led"
    OTHER = "other"


class Goal(Part):
    """What is to be reached: measure, amount and day. `amount` is in minor units of `currency` where it is money."""

    measure: Line = ""
    amount: Annotated[int, Field(gt=0, le=LARGEST)] | None = None
    currency: Currency | None = None
    by: date | None = None


class Difference(Part):
    """A reason to buy from us."""

    id: UUID
    name: Name
    detail: Prose = ""


class Persona(Part):
    """People bought from, known by words in their titles and by their departments."""

    id: UUID
    name: Name
    titles: Annotated[list[Name], Field(max_length=MOST)] = []
    departments: Annotated[list[Name], Field(max_length=MOST)] = []


class Segment(Part):
    """Companies to be served. A company is in it when every rule holds; without rules nobody is."""

    id: UUID
    name: Name
    why: Prose = ""
    rules: Annotated[list[Condition], Field(max_length=20)] = []


class Effort(Part):
    """How much of one type of activity a play takes."""

    type: UUID
    number: Annotated[int, Field(ge=1, le=1000)]
    per: Literal["deal", "week", "month"] = "deal"


class Rates(Part):
    """What a play is expected to give, each a share from 0 to 1; they are tested against what happens."""

    activity_to_output: Share
    output_to_milestone: Share
    milestone_to_win: Share


class Play(Part):
    """A repeatable set of activities for one segment and one reason why us. `factors` are in order of importance."""

    id: UUID
    name: Name
    situation: Prose = ""
    segment: UUID
    difference: UUID | None = None
    persona: UUID | None = None
    activities: Annotated[list[Effort], Field(max_length=MOST)] = []
    outputs: Annotated[list[UUID], Field(max_length=MOST)] = []
    milestones: Annotated[list[UUID], Field(max_length=MOST)] = []
    factors: Annotated[list[Name], Field(max_length=MOST)] = []
    rates: Rates | None = None


class Document(Part):
    """Everything that one version of a strategy says. Plays stand in order of importance."""

    title: Line = ""
    goal: Goal = Goal()
    customers_achieve: Prose = ""
    we_do: Prose = ""
    value_created: Prose = ""
    motion: Motion = Motion.DIRECT
    horizon: Literal["H1", "H2", "H3"] = "H2"
    starts_on: date | None = None
    ends_on: date | None = None
    review_on: date | None = None
    must_be_true: Annotated[list[Line], Field(max_length=MOST)] = []
    differences: Annotated[list[Difference], Field(max_length=MOST)] = []
    personas: Annotated[list[Persona], Field(max_length=MOST)] = []
    segments: Annotated[list[Segment], Field(max_length=MOST)] = []
    plays: Annotated[list[Play], Field(max_length=MOST)] = []

    def as_json(self) -> dict[str, Any]:
        """The document as it is stored and shown."""
        return self.model_dump(mode="json")


def read(given: Any) -> Document:
    """The document that was given, as JSON or as what JSON becomes. Raises Unusable with each place that is wrong."""
    found = _parsed(given if isinstance(given, bytes) else _as_bytes(given))
    if wrong := dict(_contradictions(found)):
        raise Unusable(wrong)
    return found


def _as_bytes(given: Any) -> bytes:
    try:
        return orjson.dumps(given)
    except TypeError as error:  # half a surrogate pair, or nothing that JSON knows
        raise Unusable({"": _("Write texts in characters that exist.")}) from error


def _parsed(given: bytes) -> Document:
    if rb"\u0000" in given:
        raise Unusable({"": _("Leave NUL characters out.")})
    try:
        return Document.model_validate_json(given)
    except ValidationError as error:
        told = {"/".join(map(str, problem["loc"])): sentence_for(problem) for problem in error.errors()}
        raise Unusable(told) from error


def _contradictions(of: Document) -> Iterator[tuple[str, str]]:
    """Parts that are well each for itself and do not fit together."""
    if of.starts_on and of.ends_on and of.ends_on <= of.starts_on:
        yield "ends_on", _("Give a day after the first one.")
    if of.goal.currency and of.goal.amount is None:
        yield "goal/amount", _("Give the amount, or leave the currency out.")
    used = Counter(part.id for field in PARTS for part in getattr(of, field))
    for field in PARTS:
        yield from _repeated(field, getattr(of, field), used)
        yield from _unseen(field, getattr(of, field))
    known = {field: {part.id for part in getattr(of, field)} for field in ("differences", "personas", "segments")}
    for number, play in enumerate(of.plays):
        for name, field in (("segment", "segments"), ("difference", "differences"), ("persona", "personas")):
            named = getattr(play, name)
            if named is not None and named not in known[field]:
                yield f"plays/{number}/{name}", _("Name one that stands in this strategy.")


def _unseen(field: str, parts: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Names that look like others, or like nothing."""
    for number, part in enumerate(parts):
        try:
            clean_name(part.name)
        except NotAName as error:
            yield f"{field}/{number}/name", str(error)


def _repeated(field: str, parts: Sequence[Any], used: Mapping[UUID, int]) -> Iterator[tuple[str, str]]:
    names = Counter(part.name.casefold() for part in parts)
    for number, part in enumerate(parts):
        if used[part.id] > 1:
            yield f"{field}/{number}/id", _("Each part has an id of its own.")
        if names[part.name.casefold()] > 1:
            yield f"{field}/{number}/name", _("Give each a name of its own.")
