"""Counting anew when an organisation changes what its figures are counted by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.dispatch import receiver

from accounts.signals import organisation_changed
from outcomes.models import StatisticMark

# The grade decides which milestones count, the time zone which day it is.
COUNTED_BY = frozenset({"counts_from_grade", "time_zone"})
NO_ROW = UUID(int=0)


@receiver(organisation_changed)
def recount(changed: dict[str, Any], **_: Any) -> None:
    """Mark every deal; until the worker has been there, pages say that figures are being updated."""
    if COUNTED_BY & changed.keys():
        StatisticMark.objects.create(kind=StatisticMark.ALL, key=NO_ROW)
