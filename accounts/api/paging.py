"""Lists page by page: a cursor names the last row seen, and its signature the tenant, the list and its filters.

Keyset pages cost the same at any depth and neither skip nor repeat rows while others are added. There is no total.
"""

from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.api.fields import NotUsable, StrictField
from accounts.reading import Position

MOST, USUAL = 100, 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PLACE = struct.Struct(">q16s")
SIGNATURE = 16


class Limit(StrictField):
    """How many rows one page has at the most."""

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}

    def read(self, given: str) -> int:
        if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= MOST):
            raise NotUsable(_("Give a whole number from 1 to {most}.").format(most=MOST))
        return int(given)


class Cursor(StrictField):
    """Where a page begins. Only this list, with these filters, in this organisation, takes it back."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 200}

    def read(self, given: str) -> str:
        return given


def seal(position: Position, about: str) -> str:
    """The cursor after a row of the list that `about` names."""
    moment = (position.at - EPOCH) // MICROSECOND if position.at else 0
    place = PLACE.pack(moment, position.key.bytes)
    return urlsafe_b64encode(place + _signature(place, about)).decode().rstrip("=")


def unseal(cursor: str, about: str) -> Position:
    """The row after which the page begins. Raises NotUsable for a cursor that was not given out for this list."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    place, signature = raw[: PLACE.size], raw[PLACE.size :]
    # Written anew and compared: base64 would take other letters at the end for the same bytes.
    if len(place) != PLACE.size or not hmac.compare_digest(signature, _signature(place, about)):
        raise NotUsable(_("This cursor does not belong to this list. Begin without one."))
    moment, key = PLACE.unpack(place)
    position = Position(EPOCH + moment * MICROSECOND if moment else None, UUID(bytes=key))
    if seal(position, about) != cursor:
        raise NotUsable(_("This cursor does not belong to this list. Begin without one."))
    return position


def about(*, tenant_id: int, name: str, wanted: Mapping[str, str]) -> str:
    """What a cursor is bound to."""
    narrowed = "&".join(f"{key}={wanted[key]}" for key in sorted(wanted))
    return f"{tenant_id}/{name}?{narrowed}"


def _signature(place: bytes, about: str) -> bytes:
    key = b"cursor/" + settings.SECRET_KEY.encode()
    return hmac.digest(key, place + about.encode(), "sha256")[:SIGNATURE]
