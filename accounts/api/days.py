"""Days and moments as programs write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.api.strict import NotUsable

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Beyond these years a change of time zone leaves what Python can count.
EARLIEST, LATEST = 1900, 2199


def read_day(text: str) -> date:
    """A calendar day as 2026-11-18. Raises NotUsable."""
    if not DAY.fullmatch(text):
        raise NotUsable(_("Write a day like 2026-11-18."))
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NotUsable(_("There is no such day.")) from error
    _refuse_far(day.year)
    return day


def read_moment(text: str) -> datetime:
    """A moment in RFC 3339 with its offset, in UTC. Raises NotUsable."""
    if not MOMENT.fullmatch(text):
        raise NotUsable(_("Write a moment like 2026-11-18T12:00:00Z, with its offset."))
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise NotUsable(_("There is no such moment.")) from error
    _refuse_far(moment.year)
    return moment.astimezone(UTC)


def _refuse_far(year: int) -> None:
    if not EARLIEST <= year <= LATEST:
        raise NotUsable(_("Give a year between 1900 and 2199."))
