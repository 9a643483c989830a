"""What deals, pipelines and stages look like outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.api.shapes import MEMBER, ref
from strategy import listings
from strategy.api.customer_shapes import COMPANY
from strategy.listings import (
    DealEventRow,
    DealRow,
    EndReasonRow,
    PipelineRow,
    RateRow,
    StageRow,
    WordRow,
)
from strategy.models import DealEvent, EndCause, Merge, Stage
from strategy.strategies import Suggested


class Pipeline(fields.Output):
    """An ordered set of stages that a kind of deal goes through."""

    id = fields.Id(ids.PIPELINE)
    name = fields.Text(longest=80)
    position = fields.Whole()
    is_archived = fields.Switch(help_text="No longer offered; its deals stay where they are")


def pipeline(row: PipelineRow) -> dict[str, Any]:
    """A pipeline."""
    return {
        "id": ids.encode(ids.PIPELINE, row.key),
        "name": row.name,
        "position": row.position_number,
        "is_archived": row.is_archived,
    }


PIPELINE = Noun(listings.PIPELINES, pipeline, Pipeline, "deal.see")


class StageOut(fields.Output):
    """A step of a pipeline, or one of the ways a deal can end: `kind` says which."""

    expands = {"pipeline": PIPELINE}

    class Meta:
        ref_name = "Stage"

    id = fields.Id(ids.STAGE)
    name = fields.Text(longest=80)
    kind = fields.OneOf(Stage.Kind.values)
    position = fields.Whole()
    patience_days = fields.Whole(allow_null=True, help_text="A deal that stands longer here is stalled")
    pipeline = fields.Ref(ids.PIPELINE)
    requires = fields.Texts(help_text="What must be known of a deal before it enters")
    is_archived = fields.Switch()


def stage(row: StageRow) -> dict[str, Any]:
    """A stage with its pipeline."""
    return {
        "id": ids.encode(ids.STAGE, row.key),
        "name": row.name,
        "kind": row.kind,
        "position": row.position_number,
        "patience_days": row.patience_days,
        "pipeline": ref(ids.PIPELINE, row.pipeline, row.pipeline_name),
        "requires": row.requires,
        "is_archived": row.is_archived,
    }


STAGE = Noun(listings.STAGES, stage, StageOut, "deal.see")


class EndReason(fields.Output):
    """One of the organisation's own reasons for an end of some kind."""

    id = fields.Id(ids.END_REASON)
    name = fields.Text(longest=120)
    kind = fields.OneOf(EndCause.values)
    position = fields.Whole()
    is_archived = fields.Switch()


def end_reason(row: EndReasonRow) -> dict[str, Any]:
    """A reason that deals end for."""
    return {
        "id": ids.encode(ids.END_REASON, row.key),
        "name": row.name,
        "kind": row.kind,
        "position": row.position_number,
        "is_archived": row.is_archived,
    }


END_REASON = Noun(listings.END_REASONS, end_reason, EndReason, "deal.see")


class Competitor(fields.Output):
    """Somebody whom deals are lost to."""

    id = fields.Id(ids.COMPETITOR)
    name = fields.Text(longest=120)
    position = fields.Whole()
    is_archived = fields.Switch()


class DealSource(fields.Output):
    """Where deals come from, such as a fair, a partner or the seller's own search."""

    id = fields.Id(ids.DEAL_SOURCE)
    name = fields.Text(longest=120)
    position = fields.Whole()
    is_archived = fields.Switch()


def competitor(row: WordRow) -> dict[str, Any]:
    """Somebody whom deals are lost to."""
    return {"id": ids.encode(ids.COMPETITOR, row.key), **_word(row)}


def deal_source(row: WordRow) -> dict[str, Any]:
    """Where deals come from."""
    return {"id": ids.encode(ids.DEAL_SOURCE, row.key), **_word(row)}


def _word(row: WordRow) -> dict[str, Any]:
    return {"name": row.name, "position": row.position_number, "is_archived": row.is_archived}


COMPETITOR = Noun(listings.COMPETITORS, competitor, Competitor, "deal.see")
DEAL_SOURCE = Noun(listings.DEAL_SOURCES, deal_source, DealSource, "deal.see")


class ExchangeRate(fields.Output):
    """What one unit of a currency is worth in the organisation's own, from a day on until the next rate."""

    id = fields.Id(ids.EXCHANGE_RATE)
    currency = fields.Currency()
    from_on = fields.Day()
    rate = fields.Text(longest=20, help_text="A number as a text, so that no digit is lost")


def exchange_rate(row: RateRow) -> dict[str, Any]:
    """A rate, without zeros at its end."""
    return {
        "id": ids.encode(ids.EXCHANGE_RATE, row.key),
        "currency": row.currency,
        "from_on": row.from_on,
        "rate": f"{row.rate.normalize():f}",
    }


NOTHING: dict[str, Any] = {}


class StageRef(fields.Output):
    """The stage a deal is in. Programs decide by its kind; names are the organisation's own."""

    id = fields.Id(ids.STAGE)
    name = fields.Text(longest=80)
    kind = fields.OneOf(Stage.Kind.values)


class Deal(fields.Output):
    """An opportunity. Amounts are whole minor units (cents) of `currency`; days are the organisation's.

    `qualified_on` starts every clock and never moves. `end_cause` is null while the deal is open.
    """

    expands = {
        "company": COMPANY,
        "pipeline": PIPELINE,
        "stage": STAGE,
        "owner": MEMBER,
        "end_reason": END_REASON,
        "competitor": COMPETITOR,
        "came_from": DEAL_SOURCE,
    }

    id = fields.Id(ids.DEAL)
    name = fields.Text(longest=200)
    company = fields.Ref(ids.COMPANY, allow_null=True)
    pipeline = fields.Ref(ids.PIPELINE)
    stage = StageRef()
    owner = fields.Ref(ids.MEMBER, allow_null=True)
    amount = fields.Whole(allow_null=True)
    amount_at_qualification = fields.Whole(allow_null=True)
    currency = fields.Currency()
    opened_on = fields.Day(allow_null=True)
    qualified_on = fields.Day(allow_null=True)
    expected_close_on = fields.Day(allow_null=True)
    entered_stage_on = fields.Day(allow_null=True)
    closed_on = fields.Day(allow_null=True)
    end_cause = fields.OneOf(EndCause.values, allow_null=True)
    end_reason = fields.Ref(ids.END_REASON, allow_null=True)
    competitor = fields.Ref(ids.COMPETITOR, allow_null=True, help_text="Whom it was lost to")
    came_from = fields.Ref(ids.DEAL_SOURCE, allow_null=True)
    strategy = fields.Ref(ids.STRATEGY, allow_null=True)
    segment = fields.Ref(ids.SEGMENT, allow_null=True)
    play = fields.Ref(ids.PLAY, allow_null=True)
    rate = fields.Text(
        longest=20, allow_null=True, help_text="What one unit was worth in the organisation's currency on `rate_date`"
    )
    rate_date = fields.Day(allow_null=True, help_text="The day of qualification")
    attributes = fields.Anything(help_text="The organisation's own attributes by their keys")
    merged_into_id = fields.Id(ids.DEAL, allow_null=True, help_text="The deal that this one turned out to be")
    episode = fields.Whole(least=1, help_text="Counted up each time the deal is opened again")
    is_test = fields.Switch()
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)
    version = fields.Whole(least=1, help_text="Counted up with each change")
    created_at = fields.Moment()
    updated_at = fields.Moment()


def deal(row: DealRow) -> dict[str, Any]:
    """A deal with the names of the rows it belongs to."""
    return {
        "id": ids.encode(ids.DEAL, row.key),
        "name": row.name,
        "company": ref(ids.COMPANY, row.company, row.company_name),
        "pipeline": ref(ids.PIPELINE, row.pipeline, row.pipeline_name),
        "stage": {"id": ids.encode(ids.STAGE, row.stage), "name": row.stage_name, "kind": row.stage_kind},
        "owner": ref(ids.MEMBER, row.owner, row.owner_name),
        "amount": row.amount,
        "amount_at_qualification": row.amount_at_qualification,
        "currency": row.currency,
        "opened_on": row.opened_on,
        "qualified_on": row.qualified_on,
        "expected_close_on": row.expected_close_on,
        "entered_stage_on": row.entered_stage_on,
        "closed_on": row.closed_on,
        "end_cause": row.end_cause or None,
        "end_reason": ref(ids.END_REASON, row.end_reason, row.end_reason_name),
        "competitor": ref(ids.COMPETITOR, row.competitor, row.competitor_name),
        "came_from": ref(ids.DEAL_SOURCE, row.came_from, row.came_from_name),
        "strategy": ref(ids.STRATEGY, row.strategy, row.strategy_name),
        "segment": ref(ids.SEGMENT, row.segment, row.segment_name),
        "play": ref(ids.PLAY, row.play, row.play_name),
        "rate": f"{row.rate.normalize():f}" if row.rate_date else None,
        "rate_date": row.rate_date,
        "attributes": NOTHING if row.attributes == "{}" else orjson.Fragment(row.attributes),
        "merged_into_id": ids.encode(ids.DEAL, row.merged_into) if row.merged_into else None,
        "episode": row.episode,
        "is_test": row.is_test,
        "source": row.source or None,
        "external_id": row.external_id or None,
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


DEAL = Noun(listings.DEALS, deal, Deal, "deal.see")


class SuggestedSegment(fields.Output):
    """A segment of an active strategy that the rules put the company of a deal into, and why."""

    segment = fields.Ref(ids.SEGMENT)
    strategy = fields.Ref(ids.STRATEGY)
    reasons = fields.Texts(help_text="How each of its rules answered")


class ChangedDeal(Deal):
    """A deal after a change. `suggested_segments` are those that its company is in while it serves none of them: a
    segment is never set by itself."""

    suggested_segments = SuggestedSegment(many=True)


def changed_deal(row: DealRow, suggested: Sequence[Suggested]) -> dict[str, Any]:
    """A deal after a change, with the segments that are worth a thought."""
    segments = [
        {
            "segment": ref(ids.SEGMENT, one.part.pk, one.part.name),
            "strategy": ref(ids.STRATEGY, one.part.strategy_id, one.part.strategy.name),
            "reasons": list(one.reasons),
        }
        for one in suggested
    ]
    return {**deal(row), "suggested_segments": segments}


class Event(fields.Output):
    """Something that happened to a deal: effective on a day, written down at a moment, never changed.

    `data` holds what changed, mostly as `{"field": [before, after]}`.
    """

    expands = {"actor": MEMBER}

    id = fields.Id(ids.DEAL_EVENT)
    kind = fields.OneOf(DealEvent.Kind.values)
    effective_on = fields.Day(allow_null=True)
    recorded_at = fields.Moment()
    actor = fields.Ref(ids.MEMBER, allow_null=True)
    data = fields.Anything()  # type: ignore[assignment]


def event(row: DealEventRow) -> dict[str, Any]:
    """Something that happened to a deal; its data are sent as they are stored."""
    return {
        "id": ids.encode(ids.DEAL_EVENT, row.key),
        "kind": row.kind,
        "effective_on": row.effective_on,
        "recorded_at": row.recorded_at,
        "actor": ref(ids.MEMBER, row.actor, row.actor_name),
        "data": orjson.Fragment(row.data),
    }


class DealMerge(fields.Output):
    """That two deals were found to be one."""

    kept_id = fields.Id(ids.DEAL)
    gone_id = fields.Id(ids.DEAL)
    merged_at = fields.Moment()
    undone_at = fields.Moment(allow_null=True)


def deal_merge(row: Merge) -> dict[str, Any]:
    """A merge of two deals."""
    return {
        "kept_id": ids.encode(ids.DEAL, row.kept_id),
        "gone_id": ids.encode(ids.DEAL, row.gone_id),
        "merged_at": row.merged_at,
        "undone_at": row.undone_at,
    }
