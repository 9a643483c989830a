"""Rows that another system keeps and puts here by its own ids, one by one or many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.refusals import Refused

#: So many rows of one request at the most.
MOST = 500


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ERROR = "error"


class GivenTwice(Refused):
    """Another row of the same request has the same id of the same source."""

    code = "given_twice"
    status = 422
    sentence = "{source} {external_id} stands in this request already."


@dataclass
class Line:
    """One row as it was sent: `given` are its usable values, without the two that name it.

    Whoever works on lines settles or refuses each. `errors` are what the door itself found wrong with it.
    """

    place: int
    source: str = ""
    external_id: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    key: UUID | None = None
    refusal: Refused | None = None
    errors: Sequence[Any] = ()

    def settle(self, outcome: Outcome, key: UUID) -> None:
        """Say what became of it, and which row it is."""
        self.outcome, self.key = outcome, key

    def refuse(self, refusal: Refused) -> None:
        """Say why it was not taken. The other lines go on."""
        self.outcome, self.key, self.refusal = Outcome.ERROR, None, refusal


def waiting(lines: Iterable[Line]) -> list[Line]:
    """The lines of which nothing is said yet."""
    return [line for line in lines if line.outcome is None]


def refuse_doubles(lines: Iterable[Line]) -> None:
    """Take the first of the lines that name the same row, and refuse the others: their order would decide."""
    seen = set()
    for line in waiting(lines):
        name = (line.source, line.external_id)
        if name in seen:
            line.refuse(GivenTwice(source=line.source, external_id=line.external_id))
        seen.add(name)


def one_by_one(lines: Iterable[Line], deed: Callable[[Line], tuple[Outcome, UUID]]) -> None:
    """Do the deed for each waiting line in a savepoint of its own: a refused one leaves nothing behind."""
    for line in waiting(lines):
        try:
            with transaction.atomic():
                line.settle(*deed(line))
        except Refused as refusal:
            line.refuse(refusal)
