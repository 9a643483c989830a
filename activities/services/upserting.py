"""Activities that another system keeps: made or changed by its own ids, in a few statements for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import ExternalIdTaken, Refused
from accounts.upserts import Line, Outcome, waiting
from accounts.visibility import of_everybody
from activities.models import Activity
from activities.services.drafts import Draft, Held, Run, held, plan_change, plan_new, store_changes, store_new


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
    named = Q()
    for source in {line.source for line in lines}:
        named |= Q(source=source, external_id__in=[line.external_id for line in lines if line.source == source])
    if not named:
        return {}
    with of_everybody():
        taken = set(Activity.objects.filter(named).values_list("source", "external_id"))
    if not taken:
        return {}
    found = {(one.activity.source, one.activity.external_id): one for one in held(named).values()}
    for line in lines:
        if (name := (line.source, line.external_id)) in taken and name not in found:
            line.refuse(ExternalIdTaken(source=line.source, external_id=line.external_id))
    return found
