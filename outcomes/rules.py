"""How the state of a milestone follows from its events. Pure: rows in, facts out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from outcomes.models import Grade, Milestone, MilestoneEvent

Kind, State = MilestoneEvent.Kind, Milestone.State

ENDS: dict[str, str] = {
    Kind.CONTRADICTED: State.CONTRADICTED,
    Kind.LAPSED: State.LAPSED,
    Kind.CORRECTED: State.WITHDRAWN,
}


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


def derive(events: Iterable[MilestoneEvent]) -> dict[str, Any]:
    """The columns of a `Milestone` after its events in the order they were written; for a past day those of `known`.

    `first_on` is the first day of all of them. It is reached on the first day it is said to hold since it last did not;
    its grade is the best since then. Words, person, evidence and confidence are the latest that somebody gave since
    then. Raises ValueError without any event.
    """
    state: dict[str, Any] = {}
    first_on = date.max
    for event in events:
        first_on = min(first_on, event.effective_on)
        if event.kind in ENDS:
            state = {**state, "state": ENDS[event.kind], "grade": Grade.E0}
        elif state.get("state") == State.REACHED:
            state = {
                **state,
                "grade": max(state["grade"], event.grade),
                "reached_on": min(state["reached_on"], event.effective_on),
            }
        else:
            state = {"state": State.REACHED, "grade": event.grade, "reached_on": event.effective_on}
        state["recorded_at"] = event.recorded_at
        state.setdefault("reached_on", event.effective_on)
        for told in ("words", "agreed_by", "evidence"):
            state[told] = getattr(event, told) or state.get(told, "")
        if event.agreed_by or event.contact_id:
            state["contact_id"] = event.contact_id
        if event.confidence is not None:
            state["confidence"] = event.confidence
    if not state:
        raise ValueError("a milestone without an event has no state")
    return {"contact_id": None, "confidence": None, "first_on": first_on, **state}
