"""Writing down what was done, correcting it, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.visibility import of_everybody
from activities.models import Activity, ActivityType
from activities.services.drafts import (
    Held,
    Run,
    held,
    plan_change,
    plan_new,
    recall,
    restore,
    store_changes,
    store_new,
)
from activities.services.facts import Changes, Facts, Reach
from activities.services.refusals import ActivityChangedMeanwhile
from activities.signals import activity_taken_back
from strategy.models import Company, PlanPart
from strategy.services import refuse_closed

#: What is told of an activity beside its own columns.
RELATED: Mapping[str, type[Model]] = {"member": Membership, "company": Company, "play": PlanPart}


def log_activity(
    *,
    actor: Membership,
    type: ActivityType,
    at: datetime,
    recorded_at: datetime,
    entry_key: UUID | None = None,
    source: str = "",
    external_id: str = "",
    **given: Unpack[Facts],
) -> Activity:
    """Write down an activity with what it gave. The same entry key again returns what was stored, changing nothing.

    `at` is when it happened, `minutes` how long (the type's usual length unless given), `contacts` with whom. `play` is
    suggested from the deal or its strategy unless one is given; None is for what serves none. Raises Invalid with the
    fields that are wrong, ExternalIdTaken, NotAllowed, WasMerged for a deal that is another one now, PeriodClosed for
    what was done for a deal on a day whose figures are closed.
    """
    require(actor, "activity.log")
    if entry_key is not None and (stored := _entered(entry_key)):
        return stored
    named = {"entry_key": entry_key, "source": source, "external_id": external_id}
    draft = plan_new(Run(actor, recorded_at), {"type": type, "at": at, **named, **given})
    try:
        store_new([draft], actor=actor, at=recorded_at)
    except IntegrityError as error:
        stored = _entered(entry_key) if entry_key and "activity_entered_once" in str(error) else None
        if stored is None:
            raise
        return stored  # two presses of one entry arrived together
    return draft.activity


def change_activity(
    *,
    activity: Activity,
    actor: Membership,
    recorded_at: datetime,
    version: int | None = None,
    **given: Unpack[Changes],
) -> Activity:
    """Correct what was written down; what is left out stays. `outputs` and `contacts` are all of
    them. Gives the activity as it is now.

    `version` is the one that the caller decided upon. Raises ActivityChangedMeanwhile, NotYourActivity, Invalid,
    NotAllowed, WasMerged, PeriodClosed.
    """
    require(actor, "activity.log")
    with transaction.atomic():
        at_hand = _at_hand(activity, version)
        draft = plan_change(Run(actor, recorded_at), at_hand, given)
        try:
            store_changes([draft], actor=actor, at=recorded_at)
        except BaseException:
            restore(draft)
            raise
    return at_hand.activity


def take_back_activity(*, activity: Activity, actor: Membership, at: datetime, version: int | None = None) -> None:
    """Remove what was written down, with its outputs; the audit keeps what it held.

    Raises ActivityChangedMeanwhile, NotYourActivity, NotAllowed, PeriodClosed for what counts in closed figures.
    """
    require(actor, "activity.log")
    with transaction.atomic():
        at_hand = _at_hand(activity, version)
        Reach(actor).refuse(at_hand.activity)
        if at_hand.activity.deal_id is not None:
            refuse_closed(actor.tenant, at_hand.activity.day, field="at")
        audit.record(verb="activity.taken_back", subject=at_hand.activity, actor=actor, at=at, **_told(at_hand))
        activity_taken_back.send(sender=Activity, activity=at_hand.activity, actor=actor, at=at)
        with of_everybody():
            Activity.objects.filter(pk=at_hand.activity.pk).delete()


def take_back_entry(*, entry_key: UUID, actor: Membership, at: datetime) -> Activity | None:
    """Take back the activity that was written down under an entry key; None where there is none that the actor sees.

    Raises what `take_back_activity` does.
    """
    require(actor, "activity.log")
    found = Activity.objects.filter(entry_key=entry_key).first()
    if found is not None:
        take_back_activity(activity=found, actor=actor, at=at)
    return found


def _at_hand(activity: Activity, version: int | None) -> Held:
    """The activity as it is stored, kept from changing meanwhile. Raises ActivityChangedMeanwhile."""
    found = held([activity.pk]).get(activity.pk)
    if found is None or (version is not None and version != found.activity.version):
        raise ActivityChangedMeanwhile
    with of_everybody():  # they are told with it
        for name, model in RELATED.items():
            recall(name, [found.activity], model)
    return found


def _entered(entry_key: UUID) -> Activity | None:
    """What was stored of an entry, also where its deal has left the actor's sight since."""
    with of_everybody():
        return Activity.objects.filter(entry_key=entry_key).first()


def _told(at_hand: Held) -> dict[str, Any]:
    """What an activity held, as the audit keeps it."""
    activity = at_hand.activity
    rows: Sequence[str] = ("type", "member", "deal", "company", "play")
    facts = {name: getattr(row, "name") for name in rows if (row := getattr(activity, name)) is not None}  # noqa: B009
    for name in ("minutes", "horizon", "purpose", "note", "next_step", "prepared", "right_person", "purpose_reached"):
        if (value := getattr(activity, name)) not in ("", None):
            facts[name] = value
    facts |= {"done_at": activity.at.isoformat(), "day": activity.day.isoformat()}
    if activity.next_step_on is not None:
        facts["next_step_on"] = activity.next_step_on.isoformat()
    if activity.external_id:
        facts |= {"source": activity.source, "external_id": activity.external_id}
    if at_hand.contacts:
        facts["contacts"] = [one.name for one in at_hand.contacts]
    if at_hand.outputs:
        facts["outputs"] = [": ".join(filter(None, (one.type.name, one.note))) for one in at_hand.outputs]
    return facts
