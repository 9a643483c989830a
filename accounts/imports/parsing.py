"""Cells into values. Exact or refused: nothing is rounded, clamped or guessed."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Literal

from accounts.imports.problems import Unreadable

DateOrder = Literal["ymd", "dmy", "mdy"]

BIGGEST = 2**63 - 1
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:?00)?)?", re.ASCII)
YMD = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", re.ASCII)
PARTS = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
SPACES = re.compile(r"\s+")
NOT_WORD = re.compile(r"[\W_]+")
GROUPS = {".": ",", ",": "."}
PLAIN_GROUPS = " \u00a0\u202f'’"


def day(text: str, *, order: DateOrder = "ymd") -> date:
    """A calendar day. ISO is always read; 30/11/2025 only in the order that somebody declared.

    A time of day is read only where it is midnight: another would need a time zone to say which day it is.
    """
    shown = text.strip()
    found = ISO.fullmatch(shown) or YMD.fullmatch(shown)
    if found:
        year, month, of_month = map(int, found.groups())
    else:
        parts = PARTS.fullmatch(shown) if order != "ymd" else None
        if parts is None:
            raise Unreadable("not_a_date", value=shown)
        first, second, year = map(int, parts.groups())
        of_month, month = (first, second) if order == "dmy" else (second, first)
    if not 1900 <= year <= 2199:
        raise Unreadable("date_too_far", value=shown)
    try:
        return date(year, month, of_month)
    except ValueError:
        raise Unreadable("not_a_date", value=shown) from None


def minor_units(text: str, *, places: int, decimal: str = ".", scale: int = 0) -> int:
    """An amount of money as a whole number of its smallest unit: "1,054.50" with two places is 105450.

    `decimal` is the mark before the decimals; `scale` the power of ten in which the column is counted (6: millions).
    """
    shown = text.strip()
    negative, whole, decimals = _number(shown, decimal)
    shift = places + scale
    if len(decimals.rstrip("0")) > shift:
        raise Unreadable("too_precise", value=shown, places=shift)
    amount = int(whole + decimals[:shift].ljust(shift, "0"))
    if amount > BIGGEST:
        raise Unreadable("too_large", value=shown)
    return -amount if negative else amount


def whole(text: str, *, decimal: str = ".") -> int:
    """A count of things."""
    shown = text.strip()
    negative, digits, decimals = _number(shown, decimal)
    if decimals.rstrip("0"):
        raise Unreadable("not_whole", value=shown)
    number = int(digits)
    if number > BIGGEST:
        raise Unreadable("too_large", value=shown)
    return -number if negative else number


def _number(shown: str, decimal: str) -> tuple[bool, str, str]:
    """Sign, digits before and digits after the decimal mark. Groups of thousands must be groups of three."""
    negative = shown[:1] in ("-", "−")
    unsigned = shown[1:] if shown[:1] in ("-", "−", "+") else shown
    before, mark, decimals = unsigned.partition(decimal)
    group = next((sign for sign in GROUPS[decimal] + PLAIN_GROUPS if sign in before), None)
    if group:
        first, *rest = before.split(group)
        if not 1 <= len(first) <= 3 or any(len(part) != 3 for part in rest):
            raise Unreadable("not_a_number", value=shown)
        before = first + "".join(rest)
    if not (before.isascii() and before.isdigit()) or (mark and not (decimals.isascii() and decimals.isdigit())):
        raise Unreadable("not_a_number", value=shown)
    if len(before) > 40 or len(decimals) > 40:
        raise Unreadable("too_large", value=shown[:40])
    return negative, before, decimals


def words(text: str, *, limit: int = 300) -> str:
    """A text as people read it: composed characters, no space at its ends, one between its words."""
    shown = SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if len(shown) > limit:
        raise Unreadable("too_long", length=len(shown), limit=limit, value=shown[:60])
    return shown


def loose_key(text: str) -> str:
    """What two spellings of one name share: "GTX Pro", "GTXPro" and "gtx-pro" have one key."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return NOT_WORD.sub("", plain) or plain.strip()
