"""The lists of this app that programs read page by page: deals, what happened to them, companies, pipelines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position, by_external_id
from accounts.visibility import of_everybody
from strategy.customer_listings import standing
from strategy.models import BulkEdit, Deal, DealEvent


class DealRow(NamedTuple):
    """A deal as the list shows it, with the names that stand beside it."""

    key: UUID
    name: str
    company: UUID | None
    company_name: str | None
    pipeline: UUID
    pipeline_name: str
    stage: UUID
    stage_name: str
    stage_kind: str
    owner: UUID | None
    owner_name: str | None
    amount: int | None
    amount_at_qualification: int | None
    currency: str
    opened_on: date | None
    qualified_on: date | None
    expected_close_on: date | None
    entered_stage_on: date | None
    closed_on: date | None
    end_cause: str
    end_reason: UUID | None
    end_reason_name: str | None
    competitor: UUID | None
    competitor_name: str | None
    came_from: UUID | None
    came_from_name: str | None
    strategy: UUID | None
    strategy_name: str | None
    segment: UUID | None
    segment_name: str | None
    play: UUID | None
    play_name: str | None
    rate: Any
    rate_date: date | None
    attributes: str
    merged_into: UUID | None
    episode: int
    is_test: bool
    source: str
    external_id: str
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def position(self) -> Position:
        return Position(self.created_at, self.key)


DEALS = Listing(
    row=DealRow,
    table="strategy_deal",
    short="deal",
    seen=Deal.seen,
    columns=(
        "deal.id",
        "deal.name",
        "deal.company_id",
        "company.name",
        "deal.pipeline_id",
        "pipeline.name",
        "deal.stage_id",
        "stage.name",
        "stage.kind",
        "deal.owner_id",
        "owner.name",
        "deal.amount",
        "deal.amount_at_qualification",
        "deal.currency",
        "deal.opened_on",
        "deal.qualified_on",
        "deal.expected_close_on",
        "deal.entered_stage_on",
        "deal.closed_on",
        "deal.end_cause",
        "deal.end_reason_id",
        "reason.name",
        *("deal.competitor_id", "competitor.name", "deal.came_from_id", "source.name"),
        *("deal.strategy_id", "strategy.name", "deal.segment_id", "segment.name", "deal.play_id", "play.name"),
        # As text: the driver leaves JSON to Django's field, which is not asked here.
        *("deal.rate", "deal.rate_date", "deal.attributes::text", "deal.merged_into_id"),
        "deal.episode",
        "deal.is_test",
        "deal.source",
        "deal.external_id",
        "deal.version",
        "deal.created_at",
        "deal.updated_at",
    ),
    joins=(
        "JOIN strategy_pipeline AS pipeline ON pipeline.tenant_id = deal.tenant_id AND pipeline.id = deal.pipeline_id"
        " JOIN strategy_stage AS stage ON stage.tenant_id = deal.tenant_id AND stage.id = deal.stage_id"
        " LEFT JOIN strategy_company AS company"
        " ON company.tenant_id = deal.tenant_id AND company.id = deal.company_id"
        " LEFT JOIN accounts_membership AS owner ON owner.tenant_id = deal.tenant_id AND owner.id = deal.owner_id"
        " LEFT JOIN strategy_endreason AS reason"
        " ON reason.tenant_id = deal.tenant_id AND reason.id = deal.end_reason_id"
        " LEFT JOIN strategy_competitor AS competitor"
        " ON competitor.tenant_id = deal.tenant_id AND competitor.id = deal.competitor_id"
        " LEFT JOIN strategy_dealsource AS source"
        " ON source.tenant_id = deal.tenant_id AND source.id = deal.came_from_id"
        " LEFT JOIN strategy_strategy AS strategy"
        " ON strategy.tenant_id = deal.tenant_id AND strategy.id = deal.strategy_id"
        " LEFT JOIN strategy_planpart AS segment"
        " ON segment.tenant_id = deal.tenant_id AND segment.id = deal.segment_id"
        " LEFT JOIN strategy_planpart AS play ON play.tenant_id = deal.tenant_id AND play.id = deal.play_id"
    ),
    moment="created_at",
    narrow={
        "is_open": "(deal.end_cause = '') = %(is_open)s",
        "end_cause": "deal.end_cause = %(end_cause)s",
        "stage": "deal.stage_id = %(stage)s",
        "owner": "deal.owner_id = %(owner)s",
        "company": "deal.company_id = %(company)s",
        "pipeline": "deal.pipeline_id = %(pipeline)s",
        "strategy": "deal.strategy_id = %(strategy)s",
        "segment": "deal.segment_id = %(segment)s",
        "play": "deal.play_id = %(play)s",
        "came_from": "deal.came_from_id = %(came_from)s",
        "qualified_from": "deal.qualified_on >= %(qualified_from)s",
        "qualified_until": "deal.qualified_on <= %(qualified_until)s",
        "expected_close_until": "deal.due_on <= %(expected_close_until)s",
        **by_external_id("deal"),
        **standing("deal"),
    },
)
#: What has changed since a moment, in the order in which it changed.
DEALS_CHANGED = replace(
    DEALS,
    moment="updated_at",
    newest_first=False,
    narrow={**DEALS.narrow, "updated_since": "deal.updated_at >= %(updated_since)s"},
)
# How a deal had ended by the end of a day: as it is now if it was over for good, else as its last stay says.
PAST_CAUSE = (
    "CASE WHEN deal.closed_on <= %(as_of)s THEN deal.end_cause ELSE coalesce((SELECT"
    " CASE WHEN span.left_on <= %(as_of)s"
    " AND span.exit_kind IN ('won', 'lost', 'no_decision', 'disqualified') THEN span.exit_kind ELSE '' END"
    " FROM strategy_stagespan AS span WHERE span.tenant_id = deal.tenant_id AND span.deal_id = deal.id"
    " AND span.entered_on <= %(as_of)s ORDER BY span.entered_on DESC, span.id DESC LIMIT 1), '') END"
)
PAST_OWNER = (
    "coalesce((SELECT span.owner_id FROM strategy_ownerspan AS span WHERE span.tenant_id = deal.tenant_id"
    " AND span.deal_id = deal.id AND span.from_on <= %(as_of)s ORDER BY span.from_on DESC, span.id DESC LIMIT 1),"
    " deal.owner_id)"
)
#: Those that were there on a past day; `strategy.past` says what they were, and finds the `keys` of few.
DEALS_PAST = replace(
    DEALS,
    narrow={
        **{name: DEALS.narrow[name] for name in ("company", "pipeline", "came_from", "source", "external_id")},
        **standing("deal"),
        "key": "deal.id = %(key)s",
        "keys": "deal.id = ANY (%(keys)s)",
        "as_of": "coalesce(deal.opened_on, deal.qualified_on, deal.created_at::date) <= %(as_of)s",
        "is_open": f"(({PAST_CAUSE}) = '') = %(is_open)s",
        "end_cause": f"({PAST_CAUSE}) = %(end_cause)s",
        "owner": f"{PAST_OWNER} = %(owner)s",
        "qualified_from": "deal.qualified_on >= %(qualified_from)s AND deal.qualified_on <= %(as_of)s",
        "qualified_until": "deal.qualified_on <= least(%(qualified_until)s, %(as_of)s)",
    },
)


class DealEventRow(NamedTuple):
    """Something that happened to a deal."""

    key: UUID
    kind: str
    effective_on: date | None
    recorded_at: datetime
    actor: UUID | None
    actor_name: str | None
    data: Any

    @property
    def position(self) -> Position:
        return Position(self.recorded_at, self.key)


DEAL_EVENTS = Listing(
    row=DealEventRow,
    table="strategy_dealevent",
    short="event",
    seen=DealEvent.seen,
    columns=(
        "event.id",
        "event.kind",
        "event.effective_on",
        "event.recorded_at",
        "event.actor_id",
        "actor.name",
        # As text: the driver leaves JSON to Django's field, which is not asked here.
        "event.data::text",
    ),
    joins=("LEFT JOIN accounts_membership AS actor ON actor.tenant_id = event.tenant_id AND actor.id = event.actor_id"),
    moment="recorded_at",
    newest_first=False,
    narrow={"deal": "event.deal_id = %(deal)s"},
)


class PipelineRow(NamedTuple):
    """A pipeline."""

    key: UUID
    name: str
    position_number: int
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


PIPELINES = Listing(
    row=PipelineRow,
    table="strategy_pipeline",
    short="pipeline",
    columns=("pipeline.id", "pipeline.name", "pipeline.position", "pipeline.is_archived"),
    newest_first=False,
    narrow={"is_archived": "pipeline.is_archived = %(is_archived)s"},
)


class StageRow(NamedTuple):
    """A stage with its pipeline."""

    key: UUID
    name: str
    kind: str
    position_number: int
    patience_days: int | None
    pipeline: UUID
    pipeline_name: str
    requires: list[str]
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


STAGES = Listing(
    row=StageRow,
    table="strategy_stage",
    short="stage",
    columns=(
        *("stage.id", "stage.name", "stage.kind", "stage.position", "stage.patience_days"),
        *("stage.pipeline_id", "pipeline.name", "stage.requires", "stage.is_archived"),
    ),
    joins=(
        "JOIN strategy_pipeline AS pipeline ON pipeline.tenant_id = stage.tenant_id AND pipeline.id = stage.pipeline_id"
    ),
    newest_first=False,
    narrow={
        "pipeline": "stage.pipeline_id = %(pipeline)s",
        "kind": "stage.kind = %(kind)s",
        "is_archived": "stage.is_archived = %(is_archived)s",
    },
)


class EndReasonRow(NamedTuple):
    """One of the organisation's reasons for an end."""

    key: UUID
    name: str
    kind: str
    position_number: int
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


END_REASONS = Listing(
    row=EndReasonRow,
    table="strategy_endreason",
    short="reason",
    columns=("reason.id", "reason.name", "reason.kind", "reason.position", "reason.is_archived"),
    newest_first=False,
    narrow={"kind": "reason.kind = %(kind)s", "is_archived": "reason.is_archived = %(is_archived)s"},
)


class WordRow(NamedTuple):
    """A competitor, or a place where deals come from."""

    key: UUID
    name: str
    position_number: int
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


COMPETITORS = Listing(
    row=WordRow,
    table="strategy_competitor",
    short="competitor",
    columns=("competitor.id", "competitor.name", "competitor.position", "competitor.is_archived"),
    newest_first=False,
    narrow={"is_archived": "competitor.is_archived = %(is_archived)s"},
)
DEAL_SOURCES = Listing(
    row=WordRow,
    table="strategy_dealsource",
    short="origin",
    columns=("origin.id", "origin.name", "origin.position", "origin.is_archived"),
    newest_first=False,
    narrow={"is_archived": "origin.is_archived = %(is_archived)s"},
)


class RateRow(NamedTuple):
    """What one unit of a currency is worth from a day on."""

    key: UUID
    currency: str
    from_on: date
    rate: Decimal

    @property
    def position(self) -> Position:
        return Position(None, self.key)


EXCHANGE_RATES = Listing(
    row=RateRow,
    table="strategy_exchangerate",
    short="rate",
    columns=("rate.id", "rate.currency", "rate.from_on", "rate.rate"),
    narrow={"currency": "rate.currency = %(currency)s"},
)


class BulkEditRow(NamedTuple):
    """A change of many deals: of which facts, from which day on, and of how many."""

    key: UUID
    made_at: datetime
    actor: UUID
    actor_name: str
    fields: list[str]
    on: str | None
    many: int
    undone_at: datetime | None

    @property
    def position(self) -> Position:
        return Position(None, self.key)


BULK_EDITS = Listing(
    row=BulkEditRow,
    table="strategy_bulkedit",
    short="edit",
    seen=BulkEdit.seen,
    columns=(
        *("edit.id", "edit.made_at", "edit.actor_id", "actor.name"),
        "ARRAY(SELECT field FROM jsonb_object_keys(edit.deed) AS field WHERE field <> 'on' ORDER BY field)",
        *("edit.deed->>'on'", "edit.many", "edit.undone_at"),
    ),
    joins="JOIN accounts_membership AS actor ON actor.tenant_id = edit.tenant_id AND actor.id = edit.actor_id",
)


def changed_deal(key: UUID) -> DealRow:
    """The deal that a member has just changed, as it is now, also if they gave it out of their sight by that."""
    with of_everybody():
        return DEALS.one(key)
