"""What a new organisation begins with. Everything can be changed by its people."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import organisation_opened
from strategy.models import Pipeline, Stage

STAGES = [
    ("Qualified", Stage.Kind.OPEN, 30),
    ("Workshop", Stage.Kind.OPEN, 30),
    ("Proposal", Stage.Kind.OPEN, 30),
    ("Decision", Stage.Kind.OPEN, 30),
    ("Won", Stage.Kind.WON, None),
    ("Lost", Stage.Kind.LOST, None),
    ("No decision", Stage.Kind.NO_DECISION, None),
    ("Disqualified", Stage.Kind.DISQUALIFIED, None),
]


@receiver(organisation_opened)
def begin_pipeline(**_: Any) -> None:
    """One pipeline with an end for each cause."""
    pipeline = Pipeline.objects.create(name="Sales")
    Stage.objects.bulk_create(
        Stage(pipeline=pipeline, name=name, kind=kind, position=position, patience_days=patience)
        for position, (name, kind, patience) in enumerate(STAGES, 1)
    )
