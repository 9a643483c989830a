"""Names as they are compared between files and with what is already here."""

from __future__ import annotations

from strategy.models.customers import name_key


def key_of(name: str) -> str:
    """What spellings of a name share: "GTX Pro" and "GTXPro" have one key."""
    return name_key(name)
