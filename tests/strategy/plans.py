"""Strategies in tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

SEGMENT, DIFFERENCE, PERSONA, PLAY = (str(UUID(int=number)) for number in range(1, 5))
CALL, GOAL_AGREED = str(UUID(int=11)), str(UUID(int=21))


def complete(**changed: Any) -> dict[str, Any]:
    """A strategy that can be activated: Halden's, for utilities with a leakage target."""
    return {
        "title": "Become the leakage partner for mid-size utilities",
        "goal": {"measure": "New revenue", "amount": 600_000_000, "currency": "EUR", "by": "2027-12-31"},
        "motion": "direct",
        "horizon": "H2",
        "differences": [{"id": DIFFERENCE, "name": "Works on existing meters"}],
        "personas": [{"id": PERSONA, "name": "Operations", "titles": ["COO", "Head of operations"]}],
        "segments": [
            {
                "id": SEGMENT,
                "name": "Utilities with a leakage target",
                "why": "They must report loss by 2029.",
                "rules": [{"fact": "industry", "test": "one_of", "words": ["Utilities", "Water"]}],
            }
        ],
        "plays": [
            {
                "id": PLAY,
                "name": "Loss-map workshop",
                "segment": SEGMENT,
                "difference": DIFFERENCE,
                "persona": PERSONA,
                "activities": [{"type": CALL, "number": 4, "per": "deal"}],
                "milestones": [GOAL_AGREED],
                "factors": ["A sponsor before the workshop"],
                "rates": {"activity_to_output": 0.3, "output_to_milestone": 0.4, "milestone_to_win": 0.5},
            }
        ],
        **changed,
    }
