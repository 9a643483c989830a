"""What becomes of a strategy beside its text: its name, its owner, copies of it, and drafts that are thrown away."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from strategy.models import Strategy
from strategy.plan.document import Document, read
from strategy.services.plan import begin_strategy, held, save_named, usable_name


class StrategyWasActive(Refused):
    """The strategy was active, so what it said is kept. Retire it instead."""

    code = "strategy_was_active"
    sentence = gettext_lazy("“{strategy}” was active, so what it said is kept. Retire it instead.")


class StrategyInUse(Refused):
    """Deals name the draft as what they serve. Give them another strategy first."""

    code = "strategy_in_use"
    sentence = gettext_lazy("Deals serve “{strategy}”. Give them another strategy first.")


class NothingToThrowAway(Refused):
    """No text is being written that is not published."""

    code = "nothing_to_throw_away"
    sentence = gettext_lazy("Nothing in “{strategy}” waits to be published.")


def rename_strategy(*, strategy: Strategy, to: str, actor: Membership, at: datetime) -> Strategy:
    """Call a strategy otherwise. Raises StrategyIsOver, NotAllowed, or Invalid for a name that is missing or taken."""
    require(actor, "strategy.edit")
    name = usable_name(to)
    with transaction.atomic():
        current = held(strategy)
        if current.name == name:
            return current
        before, current.name = current.name, name
        save_named(current, update_fields=["name"])
        audit.record(verb="strategy.renamed", subject=current, actor=actor, at=at, name=[before, name])
    return current


def give_strategy(*, strategy: Strategy, to: Membership, actor: Membership, at: datetime) -> Strategy:
    """Make another member answer for a strategy. Raises StrategyIsOver, NotAllowed, or Invalid for one who has left."""
    require(actor, "strategy.edit")
    with transaction.atomic():
        current = held(strategy)
        if current.owner_id == to.pk:
            return current
        if not to.is_active:
            raise Invalid(fields={"owner": _("Choose somebody who is here.")})
        before, current.owner = current.owner.name, to
        current.save(update_fields=["owner"])
        names = {"name": current.name, "owner": [before, to.name]}
        audit.record(verb="strategy.given", subject=current, actor=actor, at=at, **names)
    return current


def copy_strategy(*, strategy: Strategy, name: str, actor: Membership, at: datetime) -> Strategy:
    """Begin a draft with what a strategy says now, to stand beside it as an alternative.

    Raises NotAllowed, or Invalid for a name that is missing or taken.
    """
    newest = strategy.newest_version()
    said = strategy.working or (newest.content if newest else None)
    text = read(said) if said else Document()
    return begin_strategy(actor=actor, name=name, at=at, content=text, alternative_to=strategy)


def throw_draft_away(*, strategy: Strategy, actor: Membership, at: datetime) -> None:
    """Remove a strategy that was never active. Its text stands in no version and is gone.

    Raises StrategyWasActive, StrategyInUse, StrategyIsOver, NotAllowed.
    """
    require(actor, "strategy.edit")
    with transaction.atomic():
        current = held(strategy)
        if current.state != Strategy.State.DRAFT:
            raise StrategyWasActive(strategy=current.name)
        audit.record(verb="strategy.thrown_away", subject=current, actor=actor, at=at, name=current.name)
        try:
            with transaction.atomic():
                current.delete()
        except (ProtectedError, IntegrityError) as error:
            raise StrategyInUse(strategy=current.name) from error


def drop_changes(*, strategy: Strategy, actor: Membership, at: datetime) -> Strategy:
    """Throw away what was written since the last version of an active strategy.

    Raises NothingToThrowAway, StrategyIsOver, NotAllowed.
    """
    require(actor, "strategy.edit")
    with transaction.atomic():
        current = held(strategy)
        if current.state != Strategy.State.ACTIVE or current.working is None:
            raise NothingToThrowAway(strategy=current.name)
        current.working, current.revision = None, current.revision + 1
        current.save(update_fields=["working", "revision"])
        audit.record(verb="strategy.changes_dropped", subject=current, actor=actor, at=at, name=current.name)
    return current
