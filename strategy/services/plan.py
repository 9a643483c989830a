"""Writing, activating and ending strategies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership
from accounts.names import NotAName, clean_name
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from strategy.models import PlanPart, Strategy, StrategyVersion
from strategy.plan.copying import renewed
from strategy.plan.document import Document, Unusable, read
from strategy.plan.missing import gaps

KINDS = {"segments": PlanPart.Kind.SEGMENT, "personas": PlanPart.Kind.PERSONA, "plays": PlanPart.Kind.PLAY}


class StrategyIncomplete(Refused):
    """A strategy is activated only when it can be tested: with a goal, a segment, a play and its expected rates."""

    code = "strategy_incomplete"
    status = 422
    sentence = gettext_lazy("“{strategy}” cannot be activated yet. {missing}")


class StrategyChangedMeanwhile(Refused):
    """Somebody else wrote in the strategy after the caller read it."""

    code = "strategy_changed_meanwhile"
    sentence = gettext_lazy("“{strategy}” was changed by somebody else. Read it again and repeat what you meant.")


class StrategyIsOver(Refused):
    """A retired strategy is kept as it was. Copy it to go on from it."""

    code = "strategy_is_over"
    sentence = gettext_lazy("“{strategy}” is retired and stays as it was. Copy it to go on from it.")


class StrategyNotActive(Refused):
    """Only an active strategy can be retired; a draft is thrown away instead."""

    code = "strategy_not_active"
    sentence = gettext_lazy("“{strategy}” is not active.")


class NothingToPublish(Refused):
    """The text is the one of the newest version."""

    code = "nothing_to_publish"
    sentence = gettext_lazy("Nothing in “{strategy}” has changed since its last version.")


def begin_strategy(
    *,
    actor: Membership,
    name: str,
    at: datetime,
    content: Document | None = None,
    owner: Membership | None = None,
    alternative_to: Strategy | None = None,
) -> Strategy:
    """Begin a draft, empty or with the text of a template or of another strategy.

    What is copied gets ids of its own, so that nothing counts for two strategies. Raises NotAllowed, or Invalid for a
    name that is missing or taken.
    """
    require(actor, "strategy.edit")
    strategy = Strategy(
        name=usable_name(name),
        owner=owner or actor,
        alternative_to=alternative_to,
        working=renewed(content or Document()).as_json(),
        created_at=at,
    )
    with transaction.atomic():
        save_named(strategy)
        audit.record(verb="strategy.begun", subject=strategy, actor=actor, at=at, name=strategy.name)
    return strategy


def write_strategy(
    *, strategy: Strategy, content: Mapping[str, Any] | Document, actor: Membership, at: datetime, revision: int
) -> Strategy:
    """Replace the working text, which nobody else has changed since `revision` was read.

    An active strategy goes on as published until the text is activated. Raises StrategyIsOver,
    StrategyChangedMeanwhile, NotAllowed, or Invalid with the place of each part that cannot be used.
    """
    require(actor, "strategy.edit")
    text = _usable_text(content)
    with transaction.atomic():
        current = held(strategy)
        if current.revision != revision:
            raise StrategyChangedMeanwhile(strategy=current.name)
        if current.working == text.as_json():
            return current
        current.working, current.revision = text.as_json(), current.revision + 1
        current.save(update_fields=["working", "revision"])
        audit.record(verb="strategy.written", subject=current, actor=actor, at=at, revision=current.revision)
    return current


def activate_strategy(*, strategy: Strategy, actor: Membership, at: datetime, note: str = "") -> StrategyVersion:
    """Publish the working text as the next version: from now on the strategy is judged by it.

    Raises StrategyIncomplete with what is missing, NothingToPublish, StrategyIsOver, NotAllowed.
    """
    require(actor, "strategy.edit")
    with transaction.atomic():
        current = held(strategy)
        newest = current.newest_version()
        if current.working is None or (newest is not None and newest.content == current.working):
            raise NothingToPublish(strategy=current.name)
        text = read(current.working)
        if missing := gaps(text):
            told = " ".join(gap.words for gap in missing)
            raise StrategyIncomplete(
                strategy=current.name, missing=told, fields={gap.place: gap.words for gap in missing}
            )
        version = StrategyVersion.objects.create(
            strategy=current,
            number=(newest.number if newest else 0) + 1,
            content=current.working,
            note=note.strip()[:300],
            published_at=at,
            published_by=actor,
        )
        current.state, current.activated_at, current.working = Strategy.State.ACTIVE, current.activated_at or at, None
        current.revision += 1
        current.save(update_fields=["state", "activated_at", "working", "revision"])
        _name_parts(current, text)
        audit.record(verb="strategy.activated", subject=current, actor=actor, at=at, version=version.number, note=note)
    return version


def retire_strategy(*, strategy: Strategy, actor: Membership, at: datetime, because: str) -> Strategy:
    """End an active strategy, with the reason; what it said stays readable.

    Raises StrategyNotActive, StrategyIsOver, NotAllowed, or Invalid without a reason.
    """
    require(actor, "strategy.edit")
    if not because.strip():
        raise Invalid(fields={"because": _("Say why it ends: the next strategy begins with the answer.")})
    with transaction.atomic():
        current = held(strategy)
        if current.state != Strategy.State.ACTIVE:
            raise StrategyNotActive(strategy=current.name)
        current.state, current.retired_at, current.working = Strategy.State.RETIRED, at, None
        current.retired_because = because.strip()[:300]
        current.save(update_fields=["state", "retired_at", "working", "retired_because"])
        PlanPart.objects.filter(strategy=current).update(is_current=False)
        audit.record(verb="strategy.retired", subject=current, actor=actor, at=at, because=current.retired_because)
    return current


def held(strategy: Strategy) -> Strategy:
    """The strategy as it is, which nobody else changes until the end of the transaction."""
    current = Strategy.objects.select_for_update(no_key=True).get(pk=strategy.pk)
    if current.state == Strategy.State.RETIRED:
        raise StrategyIsOver(strategy=current.name)
    return current


def usable_name(name: str) -> str:
    """The name as it is kept. Raises Invalid for one that is empty, too long or partly unseen."""
    try:
        return clean_name(name)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error


def _usable_text(content: Mapping[str, Any] | Document) -> Document:
    try:
        return content if isinstance(content, Document) else read(content)
    except Unusable as error:
        raise Invalid(fields=error.problems) from error


def save_named(strategy: Strategy, **how: Any) -> None:
    """Store a strategy under its name. Raises Invalid where another one has it."""
    try:
        with transaction.atomic():
            strategy.save(**how)
    except IntegrityError as error:
        raise Invalid(fields={"name": _("Another strategy has this name.")}) from error


def _name_parts(strategy: Strategy, text: Document) -> None:
    """Let deals and activities point at the parts of the version; what it leaves out is no longer offered."""
    named = [
        PlanPart(key=part.id, strategy=strategy, kind=kind, name=part.name, position=position, is_current=True)
        for field, kind in KINDS.items()
        for position, part in enumerate(getattr(text, field), 1)
    ]
    PlanPart.objects.filter(strategy=strategy).exclude(key__in=[part.key for part in named]).update(is_current=False)
    PlanPart.objects.bulk_create(
        named,
        update_conflicts=True,
        unique_fields=["tenant", "strategy", "key"],
        update_fields=["name", "position", "is_current"],
    )
