"""Deeds: writing down what was done, and the words in which that is said."""

from __future__ import annotations

from activities.services import following  # noqa: F401  (hears of merges)
from activities.services.doing import change_activity, log_activity, take_back_activity, take_back_entry
from activities.services.facts import (
    LONGEST_OUTPUT_NOTE,
    MINUTES_A_DAY,
    MOST_CONTACTS,
    MOST_OUTPUTS,
    OF_DEAL,
    SUGGESTED,
    Gave,
    Reach,
)
from activities.services.outputs import add_output, change_output, remove_output
from activities.services.types import (
    ICONS,
    add_activity_type,
    add_output_type,
    change_activity_type,
    change_output_type,
)
from activities.services.upserting import upsert_activities

__all__ = [
    "ICONS",
    "LONGEST_OUTPUT_NOTE",
    "MINUTES_A_DAY",
    "MOST_CONTACTS",
    "MOST_OUTPUTS",
    "OF_DEAL",
    "SUGGESTED",
    "Gave",
    "Reach",
    "add_activity_type",
    "add_output",
    "add_output_type",
    "change_activity",
    "change_activity_type",
    "change_output",
    "change_output_type",
    "log_activity",
    "remove_output",
    "take_back_activity",
    "take_back_entry",
    "upsert_activities",
]
