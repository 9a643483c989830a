"""The pipeline of an imported system: its stages as a person said what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max

from strategy.imports.keys import key_of
from strategy.models import Pipeline, Stage

END_WORDS = (
    (Stage.Kind.WON, ("won", "gewonnen")),
    (Stage.Kind.NO_DECISION, ("no decision", "no-decision", "abandoned", "stalled")),
    (Stage.Kind.DISQUALIFIED, ("disqualified", "unqualified")),
    (Stage.Kind.LOST, ("lost", "verloren")),
)
ENDS = [kind for kind, _ in END_WORDS]


@dataclass(frozen=True)
class ImportedPipeline:
    """A pipeline and its stages. Deals are in the stage `worked_in` from their qualification on."""

    id: UUID
    stages: Sequence[Stage]
    worked_in: UUID | None
    worked_in_name: str | None


def guess_kinds(source: str, values: Sequence[str]) -> Mapping[str, str]:
    """What kind each stage is: what was said in an earlier import, else what its name says, else open."""
    known = {
        key_of(name): kind for name, kind in Stage.objects.filter(pipeline__source=source).values_list("name", "kind")
    }
    return {value: known.get(key_of(value)) or _kind_by_name(value) for value in values}


def _kind_by_name(value: str) -> str:
    text = value.casefold()
    return next((kind for kind, words in END_WORDS if any(word in text for word in words)), Stage.Kind.OPEN)


def ensure_pipeline(
    source: str, *, title: str, kinds: Mapping[str, str], order: Sequence[str], worked_in: str
) -> ImportedPipeline:
    """The pipeline of a source with a stage for each value, made or brought to the kinds that were said.

    `order` are the names of its open stages as they are gone through; `worked_in` is the one of qualified deals.
    """
    pipeline = Pipeline.objects.filter(source=source).first() or _new_pipeline(source, title)
    wanted = {worked_in: Stage.Kind.OPEN.value, **kinds}
    ranked = sorted(wanted, key=lambda value: _rank(value, wanted[value], order))
    for value in ranked:
        _ensure_stage(pipeline, value, wanted[value])
    stages = list(pipeline.stages.order_by("position"))
    still_open = [stage for stage in stages if stage.is_open]
    last = still_open[-1] if still_open else None
    worked = next((stage for stage in still_open if key_of(stage.name) == key_of(worked_in)), last)
    if worked is None:
        return ImportedPipeline(pipeline.pk, stages, None, None)
    return ImportedPipeline(pipeline.pk, stages, worked.pk, worked.name)


def _rank(value: str, kind: str, order: Sequence[str]) -> tuple[int, int, str]:
    keys = [key_of(name) for name in order]
    if kind == Stage.Kind.OPEN:
        return (0, keys.index(key_of(value)) if key_of(value) in keys else len(keys), value)
    return (1, ENDS.index(Stage.Kind(kind)), value)


def _new_pipeline(source: str, title: str) -> Pipeline:
    """A pipeline of that name that somebody made by hand is taken to be the one."""
    last = Pipeline.objects.aggregate(last=Max("position"))["last"] or 0
    pipeline, _ = Pipeline.objects.get_or_create(name=title, defaults={"position": last + 1})
    pipeline.source = source
    pipeline.save(update_fields=["source"])
    return pipeline


def _ensure_stage(pipeline: Pipeline, value: str, kind: str) -> None:
    stage = next((stage for stage in pipeline.stages.all() if key_of(stage.name) == key_of(value)), None)
    if stage is None:
        last = pipeline.stages.aggregate(last=Max("position"))["last"] or 0
        Stage.objects.create(pipeline=pipeline, name=value[:80], kind=kind, position=last + 1)
    elif stage.kind != kind:
        stage.kind = kind
        stage.save(update_fields=["kind"])
