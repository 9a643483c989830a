"""Names for the keys that results of statistics carry."""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.models import MilestoneType
from strategy.models import EndReason, Stage


@dataclass(frozen=True)
class Names:
    """What the cells of the waste cube are called. milestones: in order, from the first; stages: {key: stage}."""

    milestones: list[MilestoneType]
    stages: dict[str, Stage]
    reasons: dict[str, str]


def names() -> Names:
    """The names of the organisation's milestones, stages and reasons, archived ones included."""
    stages = Stage.objects.select_related("pipeline").order_by("pipeline__position", "position")
    return Names(
        milestones=list(MilestoneType.objects.order_by("position")),
        stages={str(stage.pk): stage for stage in stages},
        reasons={str(reason.pk): reason.name for reason in EndReason.objects.all()},
    )
