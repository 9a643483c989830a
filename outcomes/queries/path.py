"""Questions about what customers agreed on a deal, and about everything that happened to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import FilteredRelation, Q

from accounts.visibility import of_everybody
from activities import queries as activities
from activities.models import Activity
from activities.queries import Tick
from outcomes.models import Milestone, MilestoneEvent, MilestoneType
from outcomes.rules import WHOSE
from strategy.models import Contact, DealEvent

OUTCOMES = "outcomes"
#: The ways to look at what happened.
SHOWS = (activities.ALL, activities.OUTPUTS, OUTCOMES, activities.NO_RESULT)
#: The kinds of deal events that a reader of the timeline wants. That an import knew of a deal is not among them.
TOLD = (
    DealEvent.Kind.QUALIFIED,
    DealEvent.Kind.MOVED,
    DealEvent.Kind.REPRICED,
    DealEvent.Kind.RESCHEDULED,
    DealEvent.Kind.REASSIGNED,
    DealEvent.Kind.CLOSED,
    DealEvent.Kind.REOPENED,
    DealEvent.Kind.REPLANNED,
    DealEvent.Kind.MERGED,
)
TOLD_OF_HANDS = Q(kind__in=TOLD) | Q(kind=DealEvent.Kind.OPENED, import_run=None)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened to a deal, with the day it counts for and the moment that orders it inside the day.

    outcome: what the customer agreed in an activity, where it was logged with one.
    """

    day: date
    moment: datetime
    activity: Activity | None = None
    outcome: str = ""
    milestone: MilestoneEvent | None = None
    event: DealEvent | None = None


class Happened(NamedTuple):
    """A part of the timeline, newest first. earlier: how many of the kind asked for lie before it, if known."""

    entries: list[Entry]
    counts: dict[str, int]
    more: bool


def milestone_types() -> list[MilestoneType]:
    """The milestones of the organisation, in order."""
    return list(MilestoneType.objects.filter(is_archived=False).order_by("position"))


def path_of(deal: UUID) -> tuple[list[MilestoneType], dict[UUID, Milestone]]:
    """The milestones of the organisation, in order, and where a deal in sight stands on each, in one question."""
    on_deal = FilteredRelation("milestones", condition=Q(milestones__deal=deal))
    rows: Any = MilestoneType.objects.filter(is_archived=False).annotate(on_deal=on_deal)
    types: list[Any] = list(rows.select_related("on_deal").order_by("position"))
    reached = {one.pk: found for one in types if (found := getattr(one, "on_deal", None)) is not None}
    name_those_who_stay(reached.values())
    return types, reached


def name_those_who_stay(milestones: Iterable[Milestone]) -> None:
    """Whoever turned out to be another contact is called as that one."""
    keys = {one.contact_id for one in milestones if one.contact_id}
    merged = Contact.objects.filter(pk__in=keys).exclude(merged_into=None) if keys else Contact.objects.none()
    stays: dict[UUID | None, str] = dict(merged.values_list("pk", "merged_into__name"))
    for one in milestones:
        one.agreed_by = stays.get(one.contact_id, one.agreed_by)


def milestones_on(deals: Iterable[UUID]) -> dict[UUID, dict[UUID, Milestone]]:
    """Where each of some deals stands on each milestone: {deal: {type: milestone}}."""
    found: dict[UUID, dict[UUID, Milestone]] = defaultdict(dict)
    for milestone in Milestone.objects.filter(deal_id__in=list(deals)):
        found[milestone.deal_id][milestone.type_id] = milestone
    return found


def ledger_of(deals: Iterable[UUID]) -> list[MilestoneEvent]:
    """All that was written down of the outcomes of a deal and of those `with_merged`, the last first."""
    rows = MilestoneEvent.objects.filter(deal__in=list(deals))
    found = rows.select_related("type", "actor", "contact__merged_into", WHOSE)
    with of_everybody():
        return list(found.prefetch_related("files").order_by("-recorded_at", "-pk"))


def what_happened(
    deal: UUID,
    *,
    ledger: Sequence[MilestoneEvent],
    ticks: Sequence[Tick],
    show: str,
    start: int,
    size: int,
    zone: ZoneInfo,
) -> Happened:
    """A part of a deal's timeline: activities, what customers agreed, and changes of the deal itself.

    ticks: the deal's activities in short, from which they are counted; ledger: all that `ledger_of` tells of it.

    Offsets, not keys: it is one deal's history, and the cost grows only with how far back somebody reads.
    """
    most = start + size + 1
    # An outcome that was logged with an activity carries the same key: the activity gave it.
    given = {one.entry_key: one.type.name for one in ledger if one.entry_key}
    changes = list(DealEvent.objects.filter(TOLD_OF_HANDS, deal_id=deal).select_related("actor").order_by("-pk"))
    entries: list[Entry] = []
    if show != OUTCOMES:
        done = activities.activities_of(deal, show=show, most=most, gave_more=given)
        entries += [
            Entry(
                day=one.day, moment=one.at, activity=one, outcome=given.get(one.entry_key, "") if one.entry_key else ""
            )
            for one in done
        ]
    if show in (activities.ALL, OUTCOMES):
        entries += [
            Entry(day=one.effective_on, moment=within(one.effective_on, one.recorded_at, zone), milestone=one)
            for one in ledger
        ]
    if show == activities.ALL:
        entries += [
            Entry(day=one.effective_on or one.recorded_at.astimezone(zone).date(), moment=one.recorded_at, event=one)
            for one in changes
        ]
    entries.sort(key=lambda entry: (entry.day, entry.moment), reverse=True)
    counts = {
        activities.ALL: len(ticks) + len(ledger) + len(changes),
        activities.OUTPUTS: sum(tick.gave for tick in ticks),
        OUTCOMES: len(ledger),
        activities.NO_RESULT: sum(not tick.gave and tick.entry_key not in given for tick in ticks),
    }
    return Happened(entries[start : start + size], counts, len(entries) > start + size)


def within(day: date, recorded_at: datetime, zone: ZoneInfo) -> datetime:
    """When inside its day something stands: when it was recorded, if that was the same day; else at its end."""
    if recorded_at.astimezone(zone).date() == day:
        return recorded_at
    return datetime.combine(day, time.max, tzinfo=zone)
