"""Questions about what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.reading import Position, by_key
from activities.listings import ACTIVITIES, ActivityRow
from activities.models import Activity, ActivityContact, ActivityType, Output, OutputType
from strategy.models import Company, PlanPart

#: How far back a member's habits are looked up.
REMEMBERED = 60
#: One deal has a few hundred activities at most; this bounds a page, not a history.
MOST_TICKS = 5_000
ROW = ActivityRow._fields

ALL, OUTPUTS, NO_RESULT = "all", "outputs", "no_result"


class Habit(NamedTuple):
    """What a member does: the deals they worked on last, and the kind of activity they log at each hour."""

    deals: list[UUID]
    kinds: list[tuple[UUID, datetime]]

    def kind_at(self, now: datetime, zone: ZoneInfo) -> UUID | None:
        """The kind used last at this hour of the day; else the one used last; None for a beginner."""
        hour = now.astimezone(zone).hour
        at_this_hour = (kind for kind, at in self.kinds if at.astimezone(zone).hour == hour)
        return next(at_this_hour, self.kinds[0][0] if self.kinds else None)


class Tick(NamedTuple):
    """One activity as the outcome path draws it: when, and whether it gave something tangible."""

    at: datetime
    gave: bool
    entry_key: UUID | None = None


def activity_types() -> list[ActivityType]:
    """The kinds of activity that can be logged, in order."""
    return list(ActivityType.objects.filter(is_archived=False).order_by("position"))


def output_types() -> list[OutputType]:
    """The kinds of output that can be chosen, in order."""
    return list(OutputType.objects.filter(is_archived=False).order_by("position"))


def activities_page(
    *, limit: int, after: Position | None = None, counts_as: str | None = None, **wanted: Any
) -> list[ActivityRow]:
    """A page of what was done, the latest first."""
    if counts_as is not None:
        # By the keys of the few types: the planner knows how often each of them is.
        wanted["types"] = list(ActivityType.objects.filter(counts_as=counts_as).values_list("pk", flat=True))
    return ACTIVITIES.page(limit=limit, after=after, **wanted)


def as_listed(activity: Activity) -> ActivityRow:
    """An activity at hand, with no outputs and nobody named, as the list shows it: it need not be read again."""
    company = by_key(Company, activity.company_id, only=("name",)) if activity.company_id else None
    play = by_key(PlanPart, activity.play_id, only=("name",)) if activity.play_id else None
    beside = {
        "key": activity.pk,
        **{name: getattr(activity, f"{name}_id") for name in ("type", "member", "deal", "company", "play")},
        **{f"{name}_name": getattr(activity, name).name for name in ("type", "member")},
        "deal_name": activity.deal.name if activity.deal else None,
        "company_name": company.name if company else None,
        "play_name": play.name if play else None,
        **dict.fromkeys(("outputs", "contacts"), "[]"),
    }
    return ActivityRow(**{name: beside[name] if name in beside else getattr(activity, name) for name in ROW})


def habit_of(member: UUID) -> Habit:
    """What the member logged lately, newest first."""
    rows = list(
        Activity.objects.filter(member_id=member)
        .order_by("-at", "-pk")
        .values_list("type_id", "deal_id", "at")[:REMEMBERED]
    )
    deals = dict.fromkeys(deal for _, deal, _ in rows if deal)
    return Habit(deals=list(deals), kinds=[(kind, at) for kind, _, at in rows])


def entered(entry_key: UUID) -> Activity | None:
    """What was stored of an entry and is in sight, with its type and deal."""
    return Activity.objects.filter(entry_key=entry_key).select_related("type", "deal").first()


def _with_outputs() -> Exists:
    return Exists(Output.objects.filter(activity_id=OuterRef("pk")))


def ticks_of(deal: UUID) -> list[Tick]:
    """When something was done on a deal, oldest first; of a history beyond all measure the newest part."""
    rows = Activity.objects.filter(deal_id=deal).annotate(gave=_with_outputs()).order_by("-at", "-pk")
    return [Tick(*row) for row in reversed(rows.values_list("at", "gave", "entry_key")[:MOST_TICKS])]


def activities_of(deal: UUID, *, show: str, most: int, gave_more: Collection[UUID] = ()) -> list[Activity]:
    """The newest activities on a deal with who, what kind and what they gave.

    gave_more: entry keys of activities that gave something which this app does not know of.
    """
    rows = Activity.objects.filter(deal_id=deal)
    if show == OUTPUTS:
        rows = rows.filter(_with_outputs())
    elif show == NO_RESULT:
        rows = rows.filter(_without_result(gave_more))
    return shown(rows, most=most)


def shown(rows: QuerySet[Activity], *, most: int) -> list[Activity]:
    """The newest of some activities with who did them, with whom, of what kind, and what they gave."""
    people = Prefetch("with_contacts", ActivityContact.objects.select_related("contact").order_by("pk"))
    gave = Prefetch("outputs", Output.objects.select_related("type").order_by("pk"))
    chosen = rows.select_related("type", "member").prefetch_related(gave, people).order_by("-at", "-pk")
    return list(chosen[:most])


def done_with(*, most: int, company: UUID | None = None, contact: UUID | None = None) -> list[Activity]:
    """The newest activities with a company, or with one of its people, that the reader sees."""
    rows = Activity.objects.select_related("deal")
    return shown(rows.filter(company_id=company) if company else rows.filter(contacts=contact), most=most)


def activity(key: UUID) -> Activity:
    """One activity with all that belongs to it. Raises Activity.DoesNotExist."""
    (found,) = shown(Activity.objects.filter(pk=key).select_related("deal", "company", "play"), most=1) or (None,)
    if found is None:
        raise Activity.DoesNotExist(key)
    return found


def _without_result(gave_more: Collection[UUID]) -> Q:
    bare = ~Q(_with_outputs())
    return bare & (Q(entry_key=None) | ~Q(entry_key__in=list(gave_more))) if gave_more else bare


class LogTime(NamedTuple):
    """How long entries took to write: how many took so many seconds, and of how many people they are."""

    counts: dict[int, int]
    people: int


def log_time(*, since: date) -> LogTime:
    """How long the entries since a day took to write, in the reader's sight."""
    rows = Activity.objects.filter(day__gte=since, took_seconds__isnull=False)
    counted = rows.values_list("took_seconds", "member_id").annotate(n=Count("pk")).order_by()
    counts: Counter[int] = Counter()
    people = set()
    for took, member, n in counted:
        counts[took] += n
        people.add(member)
    return LogTime(dict(counts), len(people))
