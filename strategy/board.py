"""The board of a pipeline: how many deals stand in each stage, what they are worth, and the newest of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q, Sum

from strategy.models import Deal, Pipeline, Stage
from strategy.queries import DealFilter, in_order, narrowed


class Lane(NamedTuple):
    """A stage with its deals. worth: in the organisation's currency, of those with a value."""

    stage: Stage
    deals: list[Deal]
    many: int
    worth: int


def lanes(pipeline: Pipeline, stages: Sequence[Stage], wanted: DealFilter, *, most: int) -> list[Lane]:
    """The stages in order, each with at most so many of its newest deals: three questions at any size."""
    deals = narrowed(replace(wanted, pipeline=pipeline.pk, stage=None))
    sums = {"many": Count("pk"), "worth": Sum("worth", filter=Q(worth__gte=0))}
    counted = deals.order_by().values_list("stage_id").annotate(**sums)
    sized: dict[UUID, tuple[int, int]] = {key: (many, int(worth or 0)) for key, many, worth in counted}
    newest: list[Any] = [
        deals.filter(stage_id=stage.pk).order_by("-created_at", "-pk").values_list("pk", flat=True)[:most]
        for stage in stages
        if stage.pk in sized
    ]
    keys = list(newest[0].union(*newest[1:], all=True)) if newest else []
    found: dict[UUID, list[Deal]] = {}
    for deal in sorted(in_order(keys), key=lambda deal: (deal.created_at, deal.pk), reverse=True):
        found.setdefault(deal.stage_id, []).append(deal)
    return [Lane(stage, found.get(stage.pk, []), *sized.get(stage.pk, (0, 0))) for stage in stages]
