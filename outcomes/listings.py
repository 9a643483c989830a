"""The lists of this app that programs read page by page: milestones, their types, the deals behind a statistic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Value

from accounts.reading import Listing, Position
from outcomes.models import EvidenceFile, Milestone, MilestoneEvent
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
    first_on: date
    recorded_at: datetime
    words: str
    agreed_by: str
    evidence: str
    contact: UUID | None
    contact_name: str | None
    confidence: int | None

    @property
    def position(self) -> Position:
        return Position(None, self.key)


#: Whom a row names: a contact that turned out to be another one is that one.
WHO = (
    " LEFT JOIN strategy_contact AS said ON said.tenant_id = {0}.tenant_id AND said.id = {0}.contact_id"
    " LEFT JOIN strategy_contact AS stays ON stays.tenant_id = said.tenant_id AND stays.id = said.merged_into_id"
)
WHO_COLUMNS = ("coalesce(stays.id, said.id)", "coalesce(stays.name, said.name)")

MILESTONES = Listing(
    row=MilestoneRow,
    table="outcomes_milestone",
    short="milestone",
    seen=Milestone.seen,
    columns=(
        *("milestone.id", "milestone.deal_id", "deal.name", "milestone.type_id", "type.name"),
        *("milestone.state", "milestone.grade", "milestone.reached_on", "milestone.first_on"),
        "milestone.recorded_at",
        *("milestone.words", "milestone.agreed_by", "milestone.evidence", *WHO_COLUMNS, "milestone.confidence"),
    ),
    joins=(
        "JOIN strategy_deal AS deal ON deal.tenant_id = milestone.tenant_id AND deal.id = milestone.deal_id"
        " JOIN outcomes_milestonetype AS type ON type.tenant_id = milestone.tenant_id AND type.id = milestone.type_id"
        + WHO.format("milestone")
    ),
    narrow={
        "deal": "milestone.deal_id = %(deal)s",
        "type": "milestone.type_id = %(type)s",
        "state": "milestone.state = %(state)s",
        "grade": "milestone.grade = %(grade)s",
        # Those of a deal that turned out to be another one are that one's, which has them, too.
        "standing": (
            "(NOT EXISTS (SELECT FROM strategy_deal AS gone WHERE gone.tenant_id = milestone.tenant_id"
            " AND gone.id = milestone.deal_id AND gone.merged_into_id IS NOT NULL)) = %(standing)s"
        ),
    },
)


#: The same in the order in which they began, for a past day.
MILESTONES_PAST = replace(
    MILESTONES,
    moment="first_on",
    narrow={
        **{name: text for name, text in MILESTONES.narrow.items() if name not in ("state", "grade")},
        "as_of": "milestone.first_on <= %(as_of)s",
    },
)


class MilestoneEventRow(NamedTuple):
    """An entry of the ledger."""

    key: UUID
    deal: UUID
    type: UUID
    kind: str
    grade: int
    effective_on: date
    recorded_at: datetime
    actor: UUID | None
    actor_name: str | None
    words: str
    agreed_by: str
    contact: UUID | None
    contact_name: str | None
    evidence: str
    confidence: int | None
    note: str
    source: str
    external_id: str
    channel: str | None
    activities: list[UUID]
    files: str

    @property
    def position(self) -> Position:
        return Position(self.recorded_at, self.key)


MILESTONE_EVENTS = Listing(
    row=MilestoneEventRow,
    table="outcomes_milestoneevent",
    short="event",
    seen=MilestoneEvent.seen,
    columns=(
        *("event.id", "event.deal_id", "event.type_id", "event.kind", "event.grade", "event.effective_on"),
        *("event.recorded_at", "event.actor_id", "actor.name", "event.words", "event.agreed_by", *WHO_COLUMNS),
        *("event.evidence", "event.confidence", "event.note", "event.source", "event.external_id"),
        "asked.channel",
        "ARRAY(SELECT given.activity_id FROM outcomes_milestoneactivity AS given"
        " WHERE given.tenant_id = event.tenant_id AND given.event_id = event.id ORDER BY given.id)",
        # As text: the driver leaves JSON to Django's field, which is not asked here.
        "(SELECT coalesce(json_agg(json_build_array(shown.id, shown.name, shown.kind, shown.size) ORDER BY shown.id),"
        " '[]')::text FROM outcomes_evidencefile AS shown"
        " WHERE shown.tenant_id = event.tenant_id AND shown.event_id = event.id)",
    ),
    joins=(
        "LEFT JOIN accounts_membership AS actor ON actor.tenant_id = event.tenant_id AND actor.id = event.actor_id"
        " LEFT JOIN outcomes_confirmationanswer AS answer"
        " ON answer.tenant_id = event.tenant_id AND answer.id = event.answer_id"
        " LEFT JOIN outcomes_confirmation AS asked"
        " ON asked.tenant_id = answer.tenant_id AND asked.id = answer.confirmation_id" + WHO.format("event")
    ),
    moment="recorded_at",
    newest_first=False,
    narrow={"deals": "event.deal_id = ANY(%(deals)s)", "type": "event.type_id = %(type)s"},
)


class EvidenceFileRow(NamedTuple):
    """A file that shows what an entry of the ledger tells."""

    key: UUID
    deal: UUID
    deal_name: str
    event: UUID
    type: UUID
    type_name: str
    name: str
    kind: str
    size: int
    digest: bytes
    added_at: datetime

    @property
    def position(self) -> Position:
        return Position(None, self.key)


EVIDENCE_FILES = Listing(
    row=EvidenceFileRow,
    table="outcomes_evidencefile",
    short="file",
    seen=EvidenceFile.seen,
    columns=(
        *("file.id", "file.deal_id", "deal.name", "file.event_id", "event.type_id", "type.name"),
        *("file.name", "file.kind", "file.size", "file.digest", "file.added_at"),
    ),
    joins=(
        "JOIN strategy_deal AS deal ON deal.tenant_id = file.tenant_id AND deal.id = file.deal_id"
        " JOIN outcomes_milestoneevent AS event ON event.tenant_id = file.tenant_id AND event.id = file.event_id"
        " JOIN outcomes_milestonetype AS type ON type.tenant_id = event.tenant_id AND type.id = event.type_id"
    ),
    narrow={"deal": "file.deal_id = %(deal)s"},
)


class MilestoneTypeRow(NamedTuple):
    """An act of the customer that the organisation watches for."""

    key: UUID
    name: str
    statement: str
    before: str
    position_number: int
    is_archived: bool
    stages: str

    @property
    def position(self) -> Position:
        return Position(None, self.key)


MILESTONE_TYPES = Listing(
    row=MilestoneTypeRow,
    table="outcomes_milestonetype",
    short="type",
    columns=(
        *("type.id", "type.name", "type.statement", "type.before", "type.position", "type.is_archived"),
        # Those that ask for it, as text: the driver leaves JSON to Django's field, which is not asked here.
        "(SELECT coalesce(json_agg(json_build_array(stage.id, stage.name, stage.requires)"
        " ORDER BY pipeline.position, stage.position), '[]')::text FROM strategy_stage AS stage"
        " JOIN strategy_pipeline AS pipeline"
        " ON pipeline.tenant_id = stage.tenant_id AND pipeline.id = stage.pipeline_id"
        " WHERE stage.tenant_id = type.tenant_id AND stage.requires <> '{}')",
    ),
    newest_first=False,
    narrow={"is_archived": "type.is_archived = %(is_archived)s"},
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
