"""The lists of this app that programs read page by page: milestones, their types, the deals behind a statistic."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Value

from accounts.reading import Listing, Position
from outcomes.models import Milestone
from outcomes.queries.behind import Behind, facts_behind
from strategy.listings import DEALS, DealRow
from strategy.queries import before


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
    seen=Milestone.seen,
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
        # Those of a deal that turned out to be another one are that one's, which has them, too.
        "standing": (
            "(NOT EXISTS (SELECT FROM strategy_deal AS gone WHERE gone.tenant_id = milestone.tenant_id"
            " AND gone.id = milestone.deal_id AND gone.merged_into_id IS NOT NULL)) = %(standing)s"
        ),
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


def deals_behind(*, rows: str, as_of: date | None, limit: int, after: Position | None) -> list[DealRow]:
    """A page of the deals that a statistic of a day counts, the last qualified first; none before the first figures."""
    if as_of is None:
        return []
    facts = facts_behind(Behind(rows=rows), as_of=as_of)
    if after is not None and after.at is not None:
        facts = facts.filter(before(F("qualified_on"), F("deal_id"), Value(after.at.date()), Value(after.key)))
    return DEALS.these(list(facts.order_by("-qualified_on", "-deal_id").values_list("deal_id", flat=True)[:limit]))


def by_qualification(row: DealRow) -> Position:
    """Where a deal stands in that list."""
    day = row.qualified_on
    return Position(datetime.combine(day, time(), tzinfo=UTC) if day else None, row.key)
