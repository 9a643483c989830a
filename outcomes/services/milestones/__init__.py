"""What is done with the outcome ledger: `write_event` is its only pen."""

from __future__ import annotations

from outcomes.services.milestones.deeds import (
    add_evidence,
    check_milestone,
    confirm_from_system,
    contradict_milestone,
    correct_milestone,
    lapse_milestone,
    record_milestone,
)
from outcomes.services.milestones.ledger import write_event

__all__ = [
    "add_evidence",
    "check_milestone",
    "confirm_from_system",
    "contradict_milestone",
    "correct_milestone",
    "lapse_milestone",
    "record_milestone",
    "write_event",
]
