"""What milestones look like outside."""

from __future__ import annotations

from typing import Any

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.api.shapes import ref
from outcomes.listings import MILESTONE_TYPES, MilestoneRow, MilestoneTypeRow
from outcomes.models import Milestone as Row
from strategy.api.shapes import DEAL


class MilestoneType(fields.Output):
    """An act of the customer, objective, yes or no."""

    id = fields.Id(ids.MILESTONE_TYPE)
    name = fields.Text(longest=80)
    statement = fields.Text(longest=300)
    position = fields.Whole()
    is_archived = fields.Switch()


def milestone_type(row: MilestoneTypeRow) -> dict[str, Any]:
    """A milestone that is watched for."""
    return {
        "id": ids.encode(ids.MILESTONE_TYPE, row.key),
        "name": row.name,
        "statement": row.statement,
        "position": row.position_number,
        "is_archived": row.is_archived,
    }


MILESTONE_TYPE = Noun(MILESTONE_TYPES, milestone_type, MilestoneType, "milestone.see")


class Milestone(fields.Output):
    """Where a deal stands on one milestone, derived from everything written down about it.

    `grade` says how well it is known: 0 the rep says so, 1 an artefact is linked, 2 a second member checked it,
    3 the customer confirmed it, 4 it stands in a system of record.
    """

    expands = {"deal": DEAL, "type": MILESTONE_TYPE}

    id = fields.Id(ids.MILESTONE)
    deal = fields.Ref(ids.DEAL)
    type = fields.Ref(ids.MILESTONE_TYPE)
    state = fields.OneOf(Row.State.values)
    grade = fields.Whole(most=4)
    reached_on = fields.Day()
    recorded_at = fields.Moment()
    words = fields.Text(longest=100_000, empty=True, help_text="The customer's own")
    agreed_by = fields.Text(longest=120, empty=True)
    evidence = fields.Text(longest=500, allow_null=True)


def milestone(row: MilestoneRow) -> dict[str, Any]:
    """Where a deal stands on one milestone."""
    return {
        "id": ids.encode(ids.MILESTONE, row.key),
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "type": ref(ids.MILESTONE_TYPE, row.type, row.type_name),
        "state": row.state,
        "grade": row.grade,
        "reached_on": row.reached_on,
        "recorded_at": row.recorded_at,
        "words": row.words,
        "agreed_by": row.agreed_by,
        "evidence": row.evidence or None,
    }
