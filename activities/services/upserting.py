"""Activities that another system keeps: made or changed by its own ids, in a few statements for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from accounts.permissions import require
from accounts.reading import rows_of
from accounts.refusals import ExternalIdTaken, Refused
from accounts.upserts import Line, Outcome, waiting
from accounts.visibility import of_everybody
from activities.models import Activity
from activities.services.drafts import Draft, Held, Run, held, plan_change, plan_new, store_changes, store_new

NAME = ("id", "external_id")
# Said in so many words, or the index of names is not used for more than a hundred of them.
NAMED = "one.external_id <> ''"


def upsert_activities(*, lines: Sequence[Line], actor: Membership, at: datetime) -> None:
    """Make or change the activities that the lines name, each judged by itself. What is left out stays; `outputs` and
    `contacts` are all of them. Raises NotAllowed.
    """
    require(actor, "activity.log")
    with transaction.atomic():
        known = _known(waiting(lines))
        run = Run(actor, at, [line.given.get("deal") for line in lines])
        fresh: list[Draft] = []
        changed: list[Draft] = []
        for line in waiting(lines):
            at_hand = known.get((line.source, line.external_id))
            try:
                if at_hand is None:
                    draft = plan_new(run, {**line.given, "source": line.source, "external_id": line.external_id})
                else:
                    draft = plan_change(run, at_hand, line.given)
            except Refused as refusal:
                line.refuse(refusal)
                continue
            if at_hand is None:
                fresh.append(draft)
                line.settle(Outcome.CREATED, draft.activity.pk)
            elif draft.is_empty:
                line.settle(Outcome.UNCHANGED, draft.activity.pk)
            else:
                changed.append(draft)
                line.settle(Outcome.UPDATED, draft.activity.pk)
        store_new(fresh, actor=actor, at=at)
        store_changes(changed, actor=actor, at=at)


def _known(lines: Sequence[Line]) -> dict[tuple[str, str], Held]:
    """The activities of these ids, held. One out of the actor's sight is not there, and its id is taken."""
    taken: dict[UUID, tuple[str, str]] = {}
    with of_everybody():
        for source in {line.source for line in lines}:
            named = [line.external_id for line in lines if line.source == source]
            rows = rows_of(Activity, "external_id", named, only=NAME, where=NAMED, source=source)
            taken |= {row.pk: (source, row.external_id) for row in rows}
    if not taken:
        return {}
    deals = (line.given.get("deal") for line in lines)
    found = {taken[key]: at_hand for key, at_hand in held(taken, deals=deals).items()}
    missing = {*taken.values()} - found.keys()
    for line in lines:
        if (line.source, line.external_id) in missing:
            line.refuse(ExternalIdTaken(source=line.source, external_id=line.external_id))
    return found
