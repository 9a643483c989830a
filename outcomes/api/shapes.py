"""What milestones look like outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.api.shapes import MEMBER, ref
from outcomes.listings import MILESTONE_TYPES, MilestoneEventRow, MilestoneRow, MilestoneTypeRow
from outcomes.models import Confirmation
from outcomes.models import Milestone as Row
from outcomes.models import MilestoneEvent as Entry
from strategy.api.shapes import DEAL


class RequiringStage(fields.Output):
    """A stage that asks for the milestone."""

    id = fields.Id(ids.STAGE)
    name = fields.Text(longest=80)


class MilestoneType(fields.Output):
    """An act of the customer, objective, yes or no."""

    id = fields.Id(ids.MILESTONE_TYPE)
    name = fields.Text(longest=80)
    statement = fields.Text(longest=300)
    before = fields.Text(longest=120, empty=True, help_text="How deals are told of that stopped before it")
    position = fields.Whole()
    is_archived = fields.Switch()
    required_by = RequiringStage(many=True)


def milestone_type(row: MilestoneTypeRow) -> dict[str, Any]:
    """A milestone that is watched for."""
    key = ids.encode(ids.MILESTONE_TYPE, row.key)
    stages = orjson.loads(row.stages) if row.stages != "[]" else []
    return {
        "id": key,
        "name": row.name,
        "statement": row.statement,
        "before": row.before,
        "position": row.position_number,
        "is_archived": row.is_archived,
        "required_by": [ref(ids.STAGE, UUID(stage), name) for stage, name, requires in stages if key in requires],
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
    contact = fields.Ref(ids.CONTACT, allow_null=True, help_text="Who agreed, where they are known")
    confidence = fields.Whole(most=10, allow_null=True, help_text="How sure the customer is, where they said it")
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
        "contact": ref(ids.CONTACT, row.contact, row.contact_name),
        "confidence": row.confidence,
        "evidence": row.evidence or None,
    }


class EvidenceFile(fields.Output):
    """A file that shows what an entry tells. `kind` is what its content says it is."""

    id = fields.Id(ids.EVIDENCE_FILE)
    name = fields.Text(longest=200)
    kind = fields.Text(longest=100)
    size = fields.Whole(help_text="In bytes")


class MilestoneEvent(fields.Output):
    """One entry of the ledger: effective on a day, written down at a moment, never changed.

    `deal_id` is the deal on which it was written down, which may have become part of another one. `activities` are the
    ids of those that contributed.
    """

    expands = {"actor": MEMBER}

    id = fields.Id(ids.MILESTONE_EVENT)
    deal_id = fields.Id(ids.DEAL)
    kind = fields.OneOf(Entry.Kind.values)
    grade = fields.Whole(most=4)
    effective_on = fields.Day()
    recorded_at = fields.Moment()
    actor = fields.Ref(ids.MEMBER, allow_null=True)
    words = fields.Text(longest=100_000, empty=True, help_text="The customer's own")
    agreed_by = fields.Text(longest=120, empty=True, help_text="As they were called then")
    contact = fields.Ref(ids.CONTACT, allow_null=True)
    evidence = fields.Text(longest=500, allow_null=True)
    files = EvidenceFile(many=True)
    activities = fields.Texts()
    confidence = fields.Whole(most=10, allow_null=True)
    channel = fields.OneOf(
        Confirmation.Channel.values,
        allow_null=True,
        help_text="Of what the holder of a link said: a letter carried it (grade 3), or it was copied (1)",
    )
    note = fields.Text(longest=300, empty=True)
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)


def milestone_event(row: MilestoneEventRow) -> dict[str, Any]:
    """An entry of the ledger."""
    return {
        "id": ids.encode(ids.MILESTONE_EVENT, row.key),
        "deal_id": ids.encode(ids.DEAL, row.deal),
        "kind": row.kind,
        "grade": row.grade,
        "effective_on": row.effective_on,
        "recorded_at": row.recorded_at,
        "actor": ref(ids.MEMBER, row.actor, row.actor_name),
        "words": row.words,
        "agreed_by": row.agreed_by,
        "contact": ref(ids.CONTACT, row.contact, row.contact_name),
        "evidence": row.evidence or None,
        "files": [evidence_file(*shown) for shown in orjson.loads(row.files)] if row.files != "[]" else [],
        "activities": [ids.encode(ids.ACTIVITY, key) for key in row.activities],
        "confidence": row.confidence,
        "channel": row.channel,
        "note": row.note,
        "source": row.source or None,
        "external_id": row.external_id or None,
    }


def evidence_file(key: str, name: str, kind: str, size: int) -> dict[str, Any]:
    """A file of an entry, from the columns of its list."""
    return {"id": ids.encode(ids.EVIDENCE_FILE, UUID(key)), "name": name, "kind": kind, "size": size}
