"""The kinds of activity and output a new organisation begins with."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import organisation_opened
from activities.models import ActivityType, OutputType

CONTACT, PREPARATION = ActivityType.CountsAs.CONTACT, ActivityType.CountsAs.PREPARATION
ACTIVITY_TYPES = [
    ("Call", "phone", 15, CONTACT),
    ("Email", "mail", 10, CONTACT),
    ("Meeting", "meet", 60, CONTACT),
    ("Workshop", "board", 240, CONTACT),
    ("Message", "chat", 5, CONTACT),
    ("Preparation", "file", 30, PREPARATION),
]
OUTPUT_TYPES = ["Reply", "Meeting held", "Demo given", "Proposal sent", "Something else"]


@receiver(organisation_opened)
def begin_types(**_: Any) -> None:
    """Six kinds of activity, five of output."""
    ActivityType.objects.bulk_create(
        ActivityType(name=name, icon=icon, usual_minutes=minutes, counts_as=counts, position=position)
        for position, (name, icon, minutes, counts) in enumerate(ACTIVITY_TYPES, 1)
    )
    OutputType.objects.bulk_create(
        OutputType(name=name, position=position) for position, name in enumerate(OUTPUT_TYPES, 1)
    )
