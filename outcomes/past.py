"""What a milestone was on a past day: by what took effect until then, as far as it was written down at a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from accounts.reading import Position
from accounts.visibility import of_everybody
from outcomes.listings import MILESTONES_PAST, MilestoneRow
from outcomes.models import MilestoneEvent
from outcomes.rules import WHOSE, derive, known
from strategy.models import Contact
from strategy.models.customers import kept
from strategy.queries import with_merged


def page(
    day: date, *, limit: int, after: Position | None = None, known_at: datetime | None = None, **wanted: Any
) -> list[MilestoneRow]:
    """A page of the milestones of which something had taken effect at the end of a day, the last begun first."""
    found: list[MilestoneRow] = []
    while len(found) < limit:
        rows = MILESTONES_PAST.page(limit=limit, after=after, as_of=day, **wanted)
        found += replayed(rows, day, known_at)
        if len(rows) < limit:
            break
        after = by_first_day(rows[-1])
    return found[:limit]


def by_first_day(row: MilestoneRow) -> Position:
    """Where a milestone stands in that list."""
    return Position(datetime.combine(row.first_on, time(), tzinfo=UTC), row.key)


def replayed(rows: Sequence[MilestoneRow], day: date, known_at: datetime | None = None) -> list[MilestoneRow]:
    """The milestones as they were at the end of a day; those of which nothing was known then are left out."""
    told = _events(rows, day)
    found = []
    for row in rows:
        events = known(told[row.deal, row.type], on=day, recorded_by=known_at)
        if events:
            state = derive(events)
            facts = {name: value for name, value in state.items() if name not in ("contact_id", "first_on")}
            found.append(row._replace(**facts, contact=state["contact_id"]))
    return _named(found)


def _events(rows: Iterable[MilestoneRow], day: date) -> dict[tuple[UUID, UUID], list[MilestoneEvent]]:
    """What had happened to each milestone by then, on its deal and on those that turned out to be the same."""
    kept = with_merged(row.deal for row in rows)
    found: dict[tuple[UUID, UUID], list[MilestoneEvent]] = defaultdict(list)
    # Whoever sees a deal sees all of its past.
    with of_everybody():
        events = MilestoneEvent.objects.filter(deal__in=kept, effective_on__lte=day).select_related(WHOSE)
        for event in events.order_by("recorded_at", "pk"):
            found[kept[event.deal_id], event.type_id].append(event)
    return found


def _named(rows: Sequence[MilestoneRow]) -> list[MilestoneRow]:
    """The rows with whom they name: a contact that turned out to be another one is that one."""
    keys = {row.contact for row in rows if row.contact}
    contacts = Contact.objects.select_related("merged_into").in_bulk(keys) if keys else {}
    found = []
    for row in rows:
        said = contacts.get(row.contact) if row.contact else None
        who = kept(said)
        found.append(row._replace(contact=who.pk if who else None, contact_name=who.name if who else None))
    return found
