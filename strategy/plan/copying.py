"""A text that begins as a copy of another one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import uuid_utils.compat

from strategy.plan.document import PARTS, Document, read

POINTERS = ("segment", "difference", "persona")


def renewed(of: Document) -> Document:
    """The same text with new ids for all parts, and with everything pointing at the new ones."""
    text = of.as_json()
    fresh: dict[str, UUID] = {one["id"]: uuid_utils.compat.uuid7() for field in PARTS for one in text[field]}

    def over(part: dict[str, Any]) -> dict[str, Any]:
        pointed = {name: fresh[part[name]] for name in POINTERS if part.get(name) in fresh}
        return {**part, "id": fresh[part["id"]], **pointed}

    return read(text | {field: [over(part) for part in text[field]] for field in PARTS})
