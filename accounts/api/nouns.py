"""Rows that stand in other rows: how an answer is narrowed to some fields, and widened by the rows it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from accounts.api import ids
from accounts.api.fields import NotUsable, Output, StrictField
from accounts.reading import Listing

DEEPEST = 2


@dataclass(frozen=True, eq=False)
class Noun:
    """A kind of row that others name: where it is read, how it is shown, and the capability to see it."""

    listing: Listing[Any]
    show: Callable[[Any], Mapping[str, Any]]
    shape: type[Output]
    access: str


class Some(StrictField):
    """Some of a few names, with commas between."""

    def __init__(self, names: Iterable[str], **options: Any) -> None:
        self.names = list(names)
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": self.names}, "minItems": 1, "uniqueItems": True}

    def read(self, given: str) -> frozenset[str]:
        """The names. Raises NotUsable for one that is not there or comes twice."""
        names = given.split(",")
        if unknown := [name for name in names if name not in self.names]:
            known = ", ".join(self.names)
            raise NotUsable(
                _("There is no “{name}” here. There are: {known}.").format(name=unknown[0][:80], known=known)
            )
        if len(set(names)) < len(names):
            raise NotUsable(_("Name each once, with commas between."))
        return frozenset(names)


@cache
def fields_of(shape: type[Output]) -> tuple[str, ...]:
    """The names of the fields that an answer has."""
    return tuple(shape().fields)


@cache
def expandable(shape: type[Output], deepest: int = DEEPEST) -> dict[str, Noun]:
    """What an answer can be widened by: `company`, and `company.owner` for what stands in that."""
    found: dict[str, Noun] = {}
    for name, noun in shape.expands.items():
        found[name] = noun
        if deepest > 1:
            inner = expandable(noun.shape, deepest - 1)
            found |= {f"{name}.{below}": one for below, one in inner.items()}
    return found


def needed(shape: type[Output], wanted: Iterable[str]) -> set[str]:
    """The capabilities to see everything that is to be shown."""
    nouns = expandable(shape)
    paths = {path for name in wanted for path in (name, name.partition(".")[0])}
    return {nouns[path].access for path in paths}


def narrow(row: Mapping[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    """The row with these fields alone; its id goes with it."""
    return {name: value for name, value in row.items() if name in wanted or name == "id"}


def expand(rows: Sequence[dict[str, Any]], shape: type[Output], wanted: Iterable[str]) -> None:
    """Put whole rows where the answer only names them: one question for each name, however many rows there are.

    A row that cannot be found, or that the caller may not see, stays as it is named.
    """
    below: dict[str, set[str]] = {}
    for path in wanted:
        name, _dot, rest = path.partition(".")
        below.setdefault(name, set()).update({rest} if rest else ())
    for name, inner in below.items():
        noun = shape.expands[name]
        named = {row[name]["id"] for row in rows if row.get(name)}
        keys = [ids.decode(text.rpartition("_")[0], text) for text in sorted(named)]
        found = [dict(noun.show(row)) for row in noun.listing.these(keys)] if keys else []
        expand(found, noun.shape, inner)
        by_id = {one["id"]: one for one in found}
        for row in rows:
            if row.get(name):
                row[name] = by_id.get(row[name]["id"], row[name])
