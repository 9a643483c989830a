"""Deeds: writing down what was done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import ExternalIdTaken, Invalid
from accounts.signals import placeholder_linked
from accounts.visibility import of_everybody, sight_of
from activities.models import Activity, ActivityType, Horizon, Output, OutputType
from strategy.models import Company, Deal
from strategy.services import refuse_closed, refuse_merged, watch_deal
from strategy.signals import deals_merged, deals_parted

# A phone's clock may run ahead of ours.
CLOCK_SLACK = timedelta(minutes=5)
MINUTES_A_DAY = 24 * 60
LONGEST_OUTPUT_NOTE = 300
# A year before it is a slip of the finger.
FIRST_YEAR = 1900


class Gave(NamedTuple):
    """Something tangible an activity left behind: its type and a few words."""

    type: OutputType
    note: str = ""


def log_activity(
    *,
    actor: Membership,
    type: ActivityType,
    at: datetime,
    recorded_at: datetime,
    member: Membership | None = None,
    deal: Deal | None = None,
    company: Company | None = None,
    minutes: int | None = None,
    outputs: Iterable[Gave] = (),
    horizon: str = "",
    purpose: str = "",
    note: str = "",
    prepared: bool | None = None,
    right_person: bool | None = None,
    purpose_reached: bool | None = None,
    next_step: str = "",
    next_step_on: date | None = None,
    entry_key: UUID | None = None,
    source: str = "",
    external_id: str = "",
) -> Activity:
    """Write down an activity with what it gave. The same entry key again returns what was stored, changing nothing.

    `at` is when it happened, `minutes` how long (the type's usual length unless given). Raises Invalid with the
    fields that are wrong, ExternalIdTaken, NotAllowed, WasMerged for a deal that is another one now,
    PeriodClosed for what was done for a deal on a day whose figures are closed.
    """
    require(actor, "activity.log")
    if entry_key is not None and (stored := _entered(entry_key)):
        return stored
    if deal is not None:
        refuse_merged(deal)
    if member is not None and deal is None and not sight_of(actor).includes(member.pk):
        raise Invalid(fields={"member": _("Choose somebody whose deals you see.")})
    gave = list(outputs)
    _refuse_nonsense(at=at, recorded_at=recorded_at, minutes=minutes, horizon=horizon, purpose=purpose, gave=gave)
    if deal is not None:
        refuse_closed(actor.tenant, actor.tenant.day_of(at), field="at")
    activity = Activity(
        type=type,
        member=member or actor,
        deal=deal,
        company_id=(company.merged_into_id or company.pk) if company else (deal.company_id if deal else None),
        at=at,
        day=actor.tenant.day_of(at),
        minutes=type.usual_minutes if minutes is None else minutes,
        horizon=horizon,
        purpose=purpose.strip(),
        note=note.strip(),
        prepared=prepared,
        right_person=right_person,
        purpose_reached=purpose_reached,
        next_step=next_step.strip(),
        next_step_on=next_step_on,
        entry_key=entry_key,
        source=source,
        external_id=external_id,
    )
    try:
        _store(activity, gave)
    except IntegrityError as error:
        if "external_id" in str(error):
            raise ExternalIdTaken(source=source, external_id=external_id) from error
        stored = _entered(entry_key) if entry_key and "activity_entered_once" in str(error) else None
        if stored is None:
            raise
        return stored  # two presses of one entry arrived together
    if deal is not None:
        watch_deal(deal)
    audit.record(verb="activity.logged", subject=activity, actor=actor, at=recorded_at, type=type.name)
    return activity


def _entered(entry_key: UUID) -> Activity | None:
    """What was stored of an entry, also where its deal has left the actor's sight since."""
    with of_everybody():
        return Activity.objects.filter(entry_key=entry_key).first()


def _store(activity: Activity, outputs: list[Gave]) -> None:
    with transaction.atomic():
        activity.save()
        Output.objects.bulk_create(
            Output(activity=activity, type=gave.type, note=gave.note.strip()) for gave in outputs
        )


def _refuse_nonsense(
    *, at: datetime, recorded_at: datetime, minutes: int | None, horizon: str, purpose: str, gave: Iterable[Gave]
) -> None:
    wrong: dict[str, str] = {}
    if at > recorded_at + CLOCK_SLACK:
        wrong["at"] = _("Give a time that is not to come.")
    elif at.year < FIRST_YEAR:
        wrong["at"] = _("Give a year from 1900 on.")
    if minutes is not None and not 0 <= minutes <= MINUTES_A_DAY:
        wrong["minutes"] = _("Give between 0 and 1440 minutes.")
    if horizon and horizon not in Horizon.values:
        wrong["horizon"] = _("Choose H1, H2 or H3, or leave it empty.")
    if len(purpose.strip()) > 200:
        wrong["purpose"] = _("Say it in up to 200 letters.")
    if any(len(output.note.strip()) > LONGEST_OUTPUT_NOTE for output in gave):
        wrong["outputs"] = _("Say what each is in up to {most} letters.").format(most=LONGEST_OUTPUT_NOTE)
    if wrong:
        raise Invalid(fields=wrong)


@receiver(placeholder_linked)
def follow(placeholder: Membership, member: Membership, **_: Any) -> dict[str, int]:
    """What an import says a placeholder did was done by the member."""
    return {"activities": Activity.objects.filter(member=placeholder).update(member=member)}


@receiver(deals_merged)
def follow_merge(kept: Deal, gone: Deal, **_: Any) -> dict[str, list[str]]:
    """What was done for the deal that goes was done for the one that stays."""
    rows = Activity.objects.filter(deal=gone)
    keys = [str(key) for key in rows.values_list("pk", flat=True)]
    rows.update(deal=kept)
    return {Activity._meta.label: keys}


@receiver(deals_parted)
def follow_parting(kept: Deal, gone: Deal, moved: dict[str, list[str]], **_: Any) -> None:
    """Each deal has again what was done for it."""
    Activity.objects.filter(pk__in=moved.get(Activity._meta.label, []), deal=kept).update(deal=gone)
