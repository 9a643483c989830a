"""The lists of this app that programs read page by page: milestones and their types."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position


class MilestoneRow(NamedTuple):
    """Where a deal stands on one milestone."""

    key: UUID
    deal: UUID
    deal_name: str
    type: UUID
    type_name: str
    state: str
    grade: int
    reached_on: date
    recorded_at: datetime
    words: str
    agreed_by: str
    evidence: str

    @property
    def position(self) -> Position:
        return Position(None, self.key)


MILESTONES = Listing(
    row=MilestoneRow,
    table="outcomes_milestone",
    short="milestone",
    columns=(
        *("milestone.id", "milestone.deal_id", "deal.name", "milestone.type_id", "type.name"),
        *("milestone.state", "milestone.grade", "milestone.reached_on", "milestone.recorded_at"),
        *("milestone.words", "milestone.agreed_by", "milestone.evidence"),
    ),
    joins=(
        "JOIN strategy_deal AS deal ON deal.tenant_id = milestone.tenant_id AND deal.id = milestone.deal_id"
        " JOIN outcomes_milestonetype AS type ON type.tenant_id = milestone.tenant_id AND type.id = milestone.type_id"
    ),
    narrow={
        "deal": "milestone.deal_id = %(deal)s",
        "type": "milestone.type_id = %(type)s",
    },
)


class MilestoneTypeRow(NamedTuple):
    """An act of the customer that the organisation watches for."""

    key: UUID
    name: str
    statement: str
    position_number: int
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


MILESTONE_TYPES = Listing(
    row=MilestoneTypeRow,
    table="outcomes_milestonetype",
    short="type",
    columns=("type.id", "type.name", "type.statement", "type.position", "type.is_archived"),
    newest_first=False,
)
