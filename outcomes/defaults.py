"""The four milestones a new organisation begins with: acts of the customer, objective, yes or no."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import organisation_opened
from outcomes.models import MilestoneType

MILESTONE_TYPES = [
    ("Goal agreed", "the goal was agreed", "The customer agrees what they want and why it matters to them."),
    ("Workshop sponsored", "a workshop was sponsored", "The customer sponsors a workshop with their own people."),
    ("Decision plan agreed", "a decision plan", "The customer has agreed a plan to reach a decision."),
    ("Confident to decide", "they were confident", "The customer is confident that it is right for them."),
]


@receiver(organisation_opened)
def begin_milestones(**_: Any) -> None:
    """The default milestone types, in order."""
    MilestoneType.objects.bulk_create(
        MilestoneType(name=name, before=before, statement=statement, position=position)
        for position, (name, before, statement) in enumerate(MILESTONE_TYPES, 1)
    )
