"""How the state of a milestone follows from its events. Pure: rows in, facts out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from outcomes.models import Grade, Milestone, MilestoneEvent

Kind, State = MilestoneEvent.Kind, Milestone.State

ENDS: dict[str, str] = {
    Kind.CONTRADICTED: State.CONTRADICTED,
    Kind.LAPSED: State.LAPSED,
    Kind.CORRECTED: State.WITHDRAWN,
}


def derive(events: Iterable[MilestoneEvent]) -> dict[str, Any]:
    """The columns of a `Milestone` after its events in the order they were written.

    It is reached on the first day it is said to hold since it last did not; its grade is the best since then.
    Words, person, evidence and confidence are the latest that somebody gave. Raises ValueError without any event.
    """
    state: dict[str, Any] = {}
    for event in events:
        if event.kind in ENDS:
            state = {**state, "state": ENDS[event.kind], "grade": Grade.E0}
        elif state.get("state") == State.REACHED:
            state = {
                **state,
                "grade": max(state["grade"], event.grade),
                "reached_on": min(state["reached_on"], event.effective_on),
            }
        else:
            state = {**state, "state": State.REACHED, "grade": event.grade, "reached_on": event.effective_on}
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
    return state
