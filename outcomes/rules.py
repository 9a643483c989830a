"""How the state of a milestone follows from its events. Pure: rows in, facts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from outcomes.models import Confirmation, Grade, Milestone, MilestoneEvent

Kind, State = MilestoneEvent.Kind, Milestone.State

ENDS: dict[str, str] = {
    Kind.CONTRADICTED: State.CONTRADICTED,
    Kind.LAPSED: State.LAPSED,
    Kind.CORRECTED: State.WITHDRAWN,
}

#: What an event is read with, so that `whose_word` asks nothing more.
WHOSE = "answer__confirmation"


def known(
    events: Iterable[MilestoneEvent], *, on: date | None = None, recorded_by: datetime | None = None
) -> list[MilestoneEvent]:
    """Those events that had taken effect at the end of a day, as far as they were written down at a moment."""
    return [
        event
        for event in events
        if (on is None or event.effective_on <= on) and (recorded_by is None or event.recorded_at <= recorded_by)
    ]


def since_it_holds(events: Iterable[MilestoneEvent]) -> list[MilestoneEvent]:
    """Of events in the order they were written, those after the last one that ended it."""
    held: list[MilestoneEvent] = []
    for event in events:
        held = [] if event.kind in ENDS else [*held, event]
    return held


def whose_word(event: MilestoneEvent) -> UUID | None:
    """The member on whose word an entry rests: who wrote it, or who held the link before the customer did."""
    if event.kind == Kind.CONFIRMED and event.grade < Grade.E3 and event.answer is not None:
        asked: Confirmation = event.answer.confirmation
        return asked.asked_by_id
    return event.actor_id


def tellers(events: Iterable[MilestoneEvent]) -> set[UUID | None]:
    """On whose word a milestone rests that holds by these events. Of them nobody is the second member who checks it."""
    return {whose_word(event) for event in events if event.kind != Kind.CHECKED}


def grade_of(events: Sequence[MilestoneEvent]) -> int:
    """The best grade of the events since it holds; a check counts while it is not of one of the tellers, who may have
    become one after it."""
    told = tellers(events)
    return max((one.grade for one in events if one.kind != Kind.CHECKED or one.actor_id not in told), default=Grade.E0)


def derive(events: Iterable[MilestoneEvent]) -> dict[str, Any]:
    """The columns of a `Milestone` after its events in the order they were written; for a past day those of `known`.

    `first_on` is the first day of all of them. It is reached on the first day it is said to hold since it last did not.
    Words, person, evidence and confidence are the latest that somebody gave since then; but nobody puts words or a
    person over those that were checked or confirmed, unless they are as well known. Raises ValueError without events.
    """
    state: dict[str, Any] = {}
    first_on, held, best = date.max, list[MilestoneEvent](), 0
    for event in events:
        first_on = min(first_on, event.effective_on)
        if event.kind in ENDS:
            state, held, best = {**state, "state": ENDS[event.kind]}, [], 0
        else:
            if not held:
                state = {"state": State.REACHED, "reached_on": event.effective_on}
            state["reached_on"] = min(state["reached_on"], event.effective_on)
            held.append(event)
        state["recorded_at"] = event.recorded_at
        state.setdefault("reached_on", event.effective_on)
        state["evidence"] = event.evidence or state.get("evidence", "")
        for facts in _told(event):
            if event.grade >= best or not any(state.get(name) for name in facts):
                state |= facts
        if event.confidence is not None:
            state["confidence"] = event.confidence
        best = max(best, event.grade) if held and event.grade >= Grade.E2 else best
    if not state:
        raise ValueError("a milestone without an event has no state")
    blank = {"words": "", "agreed_by": "", "contact_id": None, "confidence": None}
    return {**blank, "first_on": first_on, "grade": grade_of(held), **state}


def _told(event: MilestoneEvent) -> Iterator[dict[str, Any]]:
    """What an entry says of the customer's words, and of who agreed."""
    if event.words:
        yield {"words": event.words}
    if event.agreed_by or event.contact_id:
        yield {"agreed_by": event.agreed_by, "contact_id": event.contact_id}
