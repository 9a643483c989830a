"""A fingerprint of the whole numbers that a result was computed from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from uuid import UUID

from outcomes.statistics.bins import Bins
from outcomes.statistics.waste import Cell, Tally

Whole = None | bool | int | str | UUID | Bins | Tally | Cell | Sequence["Whole"]


def inputs_hash(method: str, *inputs: Whole) -> str:
    """64 hexadecimal digits (SHA-256) of a method's version and its inputs; equal when all of them are.

    Numbers, texts, bins, tallies, cells and sequences of them. Trailing ages without a deal do not count. A
    float is refused with TypeError, because an input that is not a whole number cannot be recomputed to the
    bit; so is a set or a mapping, because its order is nobody's promise.
    """
    digest = hashlib.sha256()
    for part in _tokens((method, *inputs)):
        token = part.encode()
        digest.update(len(token).to_bytes(8, "big") + token)
    return digest.hexdigest()


def _tokens(value: object) -> Iterator[str]:
    """A flat, unambiguous writing: each value carries its kind, each sequence its length."""
    if value is None or isinstance(value, bool | int | str | UUID):
        yield f"{type(value).__name__}:{value}"
    elif isinstance(value, Bins):
        yield "bins"
        yield from _tokens(value.counts())
    elif isinstance(value, Tally | Cell):
        yield type(value).__name__
        yield from _tokens([getattr(value, name) for name in value.__slots__])
    elif isinstance(value, list | tuple):
        yield f"[{len(value)}"
        for part in value:
            yield from _tokens(part)
    else:
        raise TypeError(f"{type(value).__name__} is no whole-number input")
