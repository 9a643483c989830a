"""Pipelines and their stages: what deals go through, in the organisation's own words and order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.refusals import Invalid
from accounts.services.turns import take_turn_as
from accounts.visibility import of_everybody
from strategy.models import Deal, Pipeline, Stage, StageSpan
from strategy.requirements import offered
from strategy.services.refusals import LastOpenStage, LastPipeline, StageInUse, StageKindFixed, TooManyWords
from strategy.services.word_lists import change, free_name, number, placed

#: More than this no page could show beside each other.
MOST_PIPELINES, MOST_STAGES = 50, 50
#: Ten years.
LONGEST_PATIENCE = 3650
LONGEST = 80


def add_pipeline(*, name: str, actor: Membership, at: datetime) -> Pipeline:
    """Add a pipeline, after the others. Its first stages are an open one and an end of each kind.

    Raises Invalid, NameTaken, TooManyWords, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        beside = list(Pipeline.objects.all())
        if len(beside) >= MOST_PIPELINES:
            raise TooManyWords(most=MOST_PIPELINES)
        place = max((one.position for one in beside), default=0) + 1
        pipeline = Pipeline.objects.create(name=free_name(name, beside, longest=LONGEST), position=place)
        first = [(_("Qualified"), Stage.Kind.OPEN), (_("Won"), Stage.Kind.WON), (_("Lost"), Stage.Kind.LOST)]
        last = [(_("No decision"), Stage.Kind.NO_DECISION), (_("Disqualified"), Stage.Kind.DISQUALIFIED)]
        Stage.objects.bulk_create(
            Stage(pipeline=pipeline, name=word, kind=kind, position=place)
            for place, (word, kind) in enumerate([*first, *last], 1)
        )
        audit.record(verb="pipeline.added", subject=pipeline, actor=actor, at=at, name=pipeline.name)
    return pipeline


def change_pipeline(*, pipeline: Pipeline, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Rename a pipeline, put it into another place (`position`, from 1), archive it or take it back (`is_archived`).

    What is left out stays. An archived one is no longer offered, and its deals stay where they are.
    Raises Invalid, NameTaken, LastPipeline, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        offered_beside = Pipeline.objects.filter(is_archived=False).exclude(pk=pipeline.pk)
        if wanted.get("is_archived") and not pipeline.is_archived and not offered_beside.exists():
            raise LastPipeline(pipeline=pipeline.name)
        changed = change(pipeline, Pipeline.objects.all(), longest=LONGEST, **wanted)
        if changed:
            audit.record(
                verb="pipeline.changed", subject=pipeline, actor=actor, at=at, name=pipeline.name, changed=changed
            )


def add_stage(
    *,
    pipeline: Pipeline,
    name: str,
    actor: Membership,
    at: datetime,
    kind: str = Stage.Kind.OPEN,
    patience_days: int | None = None,
    requires: Sequence[str] = (),
    position: int | None = None,
) -> Stage:
    """Add a stage to a pipeline: at a place, else after the others of its kind, open ones before the ends.

    Raises Invalid, NameTaken, TooManyWords, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        beside = list(Stage.objects.filter(pipeline=pipeline).order_by("position"))
        if len(beside) >= MOST_STAGES:
            raise TooManyWords(most=MOST_STAGES)
        _refuse_nonsense(kind, patience_days, requires)
        stage = Stage.objects.create(
            pipeline=pipeline,
            name=free_name(name, beside, longest=LONGEST),
            kind=kind,
            patience_days=patience_days,
            requires=in_order(requires, kind),
            position=max((one.position for one in beside), default=0) + 1,
        )
        if position is None and kind == Stage.Kind.OPEN:
            position = max((place for place, one in enumerate(beside, 1) if one.is_open), default=0) + 1
        number(placed(stage, beside, position or len(beside) + 1))
        audit.record(
            verb="stage.added", subject=stage, actor=actor, at=at, name=stage.name, pipeline=pipeline.name, kind=kind
        )
    return stage


def change_stage(*, stage: Stage, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Change a stage's `name`, `kind`, `patience_days`, `requires`, place (`position`, from 1) or `is_archived`.

    What is left out stays. The kind stays once a deal has been there: how past deals ended hangs on it. A stage in
    which open deals stand is archived only when they have been moved, and a pipeline keeps an open stage.
    Raises Invalid, NameTaken, StageInUse, StageKindFixed, LastOpenStage, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        stage.refresh_from_db()
        beside = Stage.objects.filter(pipeline_id=stage.pipeline_id).order_by("position")
        changed = _facts(stage, wanted)
        if wanted.get("is_archived") and not stage.is_archived:
            _refuse_used(stage)
        if changed:
            stage.save(update_fields=list(changed))
        changed |= change(stage, beside, longest=LONGEST, **wanted)
        if "kind" in changed or "is_archived" in changed:
            _refuse_without_open(stage)
        if changed:
            audit.record(verb="stage.changed", subject=stage, actor=actor, at=at, name=stage.name, changed=changed)


def in_order(requires: Sequence[str], kind: str) -> list[str]:
    """Requirements, each once, in the order in which forms ask for them."""
    return [one.key for one in offered(kind) if one.key in requires]


def _facts(stage: Stage, wanted: dict[str, Any]) -> dict[str, Any]:
    """Set what belongs to stages alone; gives {field: [before, after]} of what differs."""
    given = {name: wanted.get(name, getattr(stage, name)) for name in ("kind", "patience_days", "requires")}
    if "requires" not in wanted:
        # Of what it asked for, only what a stage of the new kind can ask for.
        given["requires"] = in_order(given["requires"], given["kind"])
    _refuse_nonsense(**given)
    given["requires"] = in_order(given["requires"], given["kind"])
    changed = {name: [getattr(stage, name), value] for name, value in given.items() if getattr(stage, name) != value}
    if "kind" in changed and _was_used(stage):
        raise StageKindFixed(stage=stage.name)
    for name, (_before, after) in changed.items():
        setattr(stage, name, after)
    return changed


def _refuse_nonsense(kind: str, patience_days: int | None, requires: Sequence[str]) -> None:
    wrong = {}
    if kind not in Stage.Kind.values:
        wrong["kind"] = _("Choose from what is offered.")
    if patience_days is not None and not 1 <= patience_days <= LONGEST_PATIENCE:
        wrong["patience_days"] = _("Give 1 to {most} days, or none.").format(most=LONGEST_PATIENCE)
    if unknown := set(requires) - {one.key for one in offered(kind)}:
        wrong["requires"] = _("A stage of this kind cannot ask for: {keys}.").format(
            keys=", ".join(sorted(unknown))[:200]
        )
    if wrong:
        raise Invalid(fields=wrong)


def _was_used(stage: Stage) -> bool:
    """Whether a deal stands or stood in the stage, whoever sees it."""
    with of_everybody():
        return Deal.objects.filter(stage=stage).exists() or StageSpan.objects.filter(stage=stage).exists()


def _refuse_used(stage: Stage) -> None:
    with of_everybody():
        many = Deal.objects.open().real().filter(stage=stage).count()
    if many:
        raise StageInUse(stage=stage.name, deals=many)


def _refuse_without_open(stage: Stage) -> None:
    kept = Stage.objects.filter(pipeline_id=stage.pipeline_id, kind=Stage.Kind.OPEN, is_archived=False)
    if not kept.exists():
        raise LastOpenStage(stage=stage.name)
