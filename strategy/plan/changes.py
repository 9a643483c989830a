"""What differs between two versions of a strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from strategy.plan.document import PARTS, Document


@dataclass(frozen=True)
class Change:
    """One difference. `place` names the field; of a part also which one, by its name. None stands for nothing."""

    place: str
    part: str
    before: Any
    after: Any


def changes(before: Document, after: Document) -> list[Change]:
    """Every difference, in the order of the document. Parts are the same part when they have the same id."""
    old, new = before.as_json(), after.as_json()
    found: list[Change] = []
    for name in Document.model_fields:
        if name in PARTS:
            found += _parts(name, {one["id"]: one for one in old[name]}, {one["id"]: one for one in new[name]})
        elif isinstance(new[name], dict):
            found += _fields(f"{name}/", "", old[name], new[name])
        elif old[name] != new[name]:
            found.append(Change(name, "", old[name], new[name]))
    return found


def _parts(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in [*new, *(key for key in old if key not in new)]:
        if key not in old:
            yield Change(name, new[key]["name"], None, new[key])
        elif key not in new:
            yield Change(name, old[key]["name"], old[key], None)
        else:
            yield from _fields(f"{name}/", new[key]["name"], old[key], new[key])
    kept = [key for key in new if key in old]
    if kept != [key for key in old if key in new]:
        yield Change(f"{name}/order", "", [old[k]["name"] for k in old if k in new], [new[k]["name"] for k in kept])


def _fields(place: str, part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for field in new:
        if old[field] != new[field]:
            yield Change(f"{place}{field}", part, old[field], new[field])
