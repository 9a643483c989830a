"""What activities and their types look like outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.api.shapes import MEMBER, ref
from activities.listings import ACTIVITY_TYPES, ActivityRow, ActivityTypeRow, OutputTypeRow
from activities.models import ActivityType as Type
from activities.models import Horizon
from strategy.api.customer_shapes import COMPANY
from strategy.api.shapes import DEAL


class ActivityType(fields.Output):
    """A kind of activity. Preparation is work and counts as such."""

    id = fields.Id(ids.ACTIVITY_TYPE)
    name = fields.Text(longest=80)
    usual_minutes = fields.Whole(help_text="What an activity counts when no minutes are given")
    counts_as = fields.OneOf(Type.CountsAs.values)
    position = fields.Whole()
    is_archived = fields.Switch()


def activity_type(row: ActivityTypeRow) -> dict[str, Any]:
    """A kind of activity."""
    return {
        "id": ids.encode(ids.ACTIVITY_TYPE, row.key),
        "name": row.name,
        "usual_minutes": row.usual_minutes,
        "counts_as": row.counts_as,
        "position": row.position_number,
        "is_archived": row.is_archived,
    }


ACTIVITY_TYPE = Noun(ACTIVITY_TYPES, activity_type, ActivityType, "activity.see")


class OutputType(fields.Output):
    """A kind of tangible result."""

    id = fields.Id(ids.OUTPUT_TYPE)
    name = fields.Text(longest=80)
    position = fields.Whole()
    is_archived = fields.Switch()


def output_type(row: OutputTypeRow) -> dict[str, Any]:
    """A kind of output."""
    return {
        "id": ids.encode(ids.OUTPUT_TYPE, row.key),
        "name": row.name,
        "position": row.position_number,
        "is_archived": row.is_archived,
    }


class Output(fields.Output):
    """Something tangible that an activity left behind."""

    id = fields.Id(ids.OUTPUT)
    type = fields.Ref(ids.OUTPUT_TYPE)
    note = fields.Text(longest=300)


class Activity(fields.Output):
    """Something a member did. `day` is the organisation's calendar day of `at`."""

    expands = {"type": ACTIVITY_TYPE, "member": MEMBER, "deal": DEAL, "company": COMPANY}

    id = fields.Id(ids.ACTIVITY)
    type = fields.Ref(ids.ACTIVITY_TYPE)
    member = fields.Ref(ids.MEMBER)
    deal = fields.Ref(ids.DEAL, allow_null=True)
    company = fields.Ref(ids.COMPANY, allow_null=True)
    at = fields.Moment()
    day = fields.Day()
    minutes = fields.Whole()
    outputs = Output(many=True)
    horizon = fields.OneOf(Horizon.values, allow_null=True)
    purpose = fields.Text(longest=200, empty=True)
    note = fields.Text(longest=100_000, empty=True)
    prepared = fields.Switch(allow_null=True)
    right_person = fields.Switch(allow_null=True)
    purpose_reached = fields.Switch(allow_null=True)
    next_step = fields.Text(longest=200, empty=True)
    next_step_on = fields.Day(allow_null=True)
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)
    created_at = fields.Moment()


def activity(row: ActivityRow) -> dict[str, Any]:
    """An activity with what it gave."""
    return {
        "id": ids.encode(ids.ACTIVITY, row.key),
        "type": ref(ids.ACTIVITY_TYPE, row.type, row.type_name),
        "member": ref(ids.MEMBER, row.member, row.member_name),
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "company": ref(ids.COMPANY, row.company, row.company_name),
        "at": row.at,
        "day": row.day,
        "minutes": row.minutes,
        "outputs": [output(*given) for given in orjson.loads(row.outputs)] if row.outputs != "[]" else [],
        "horizon": row.horizon or None,
        "purpose": row.purpose,
        "note": row.note,
        "prepared": row.prepared,
        "right_person": row.right_person,
        "purpose_reached": row.purpose_reached,
        "next_step": row.next_step,
        "next_step_on": row.next_step_on,
        "source": row.source or None,
        "external_id": row.external_id or None,
        "created_at": row.created_at,
    }


def output(key: str, kind: str, name: str, note: str) -> dict[str, Any]:
    """Something that an activity gave, from the columns of its list."""
    return {
        "id": ids.encode(ids.OUTPUT, UUID(key)),
        "type": ref(ids.OUTPUT_TYPE, UUID(kind), name),
        "note": note,
    }
