"""What activities and their types look like outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.api.shapes import MEMBER, ref
from activities.listings import ACTIVITY_TYPES, OUTPUT_TYPES, ActivityRow, ActivityTypeRow, OutputRow, OutputTypeRow
from activities.models import ActivityType as Type
from activities.models import Horizon
from activities.services import ICONS
from strategy.api.customer_shapes import COMPANY
from strategy.api.plan_shapes import PLAY
from strategy.api.shapes import DEAL


class ActivityType(fields.Output):
    """A kind of activity. Preparation is work and counts as such."""

    id = fields.Id(ids.ACTIVITY_TYPE)
    name = fields.Text(longest=80)
    icon = fields.OneOf(ICONS)
    usual_minutes = fields.Whole(help_text="What an activity counts when no minutes are given")
    counts_as = fields.OneOf(Type.CountsAs.values)
    position = fields.Whole()
    is_archived = fields.Switch()


def activity_type(row: ActivityTypeRow) -> dict[str, Any]:
    """A kind of activity."""
    return {
        "id": ids.encode(ids.ACTIVITY_TYPE, row.key),
        "name": row.name,
        "icon": row.icon,
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


OUTPUT_TYPE = Noun(OUTPUT_TYPES, output_type, OutputType, "activity.see")


class OutputOf(fields.Output):
    """Something tangible that an activity left behind."""

    class Meta:
        ref_name = "Output"

    id = fields.Id(ids.OUTPUT)
    type = fields.Ref(ids.OUTPUT_TYPE)
    note = fields.Text(longest=300)


class OutputWhole(fields.Output):
    """Something tangible that was left behind, with the activity that did."""

    class Meta:
        ref_name = "OutputOfActivity"

    expands = {"type": OUTPUT_TYPE, "deal": DEAL}

    id = fields.Id(ids.OUTPUT)
    type = fields.Ref(ids.OUTPUT_TYPE)
    note = fields.Text(longest=300, empty=True)
    activity_id = fields.Id(ids.ACTIVITY)
    at = fields.Moment(help_text="When the activity was")
    deal = fields.Ref(ids.DEAL, allow_null=True)
    created_at = fields.Moment()


def output(row: OutputRow) -> dict[str, Any]:
    """An output where it was left behind."""
    return {
        "id": ids.encode(ids.OUTPUT, row.key),
        "type": ref(ids.OUTPUT_TYPE, row.type, row.type_name),
        "note": row.note,
        "activity_id": ids.encode(ids.ACTIVITY, row.activity),
        "at": row.at,
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "created_at": row.created_at,
    }


class Activity(fields.Output):
    """Something a member did. `day` is the organisation's calendar day of `at`."""

    expands = {"type": ACTIVITY_TYPE, "member": MEMBER, "deal": DEAL, "company": COMPANY, "play": PLAY}

    id = fields.Id(ids.ACTIVITY)
    type = fields.Ref(ids.ACTIVITY_TYPE)
    member = fields.Ref(ids.MEMBER)
    deal = fields.Ref(ids.DEAL, allow_null=True)
    company = fields.Ref(ids.COMPANY, allow_null=True)
    contacts = fields.Refs(ids.CONTACT)
    play = fields.Ref(ids.PLAY, allow_null=True, help_text="null: it serves no play")
    at = fields.Moment()
    day = fields.Day()
    minutes = fields.Whole()
    outputs = OutputOf(many=True)
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
    took_seconds = fields.Whole(allow_null=True, help_text="How long somebody needed to write it down")
    version = fields.Whole(least=1, help_text="Counted up with each change")
    created_at = fields.Moment()


def activity(row: ActivityRow) -> dict[str, Any]:
    """An activity with what it gave."""
    return {
        "id": ids.encode(ids.ACTIVITY, row.key),
        "type": ref(ids.ACTIVITY_TYPE, row.type, row.type_name),
        "member": ref(ids.MEMBER, row.member, row.member_name),
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "company": ref(ids.COMPANY, row.company, row.company_name),
        "contacts": [ref(ids.CONTACT, UUID(key), name) for key, name in orjson.loads(row.contacts)],
        "play": ref(ids.PLAY, row.play, row.play_name),
        "at": row.at,
        "day": row.day,
        "minutes": row.minutes,
        "outputs": [output_of(*given) for given in orjson.loads(row.outputs)] if row.outputs != "[]" else [],
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
        "took_seconds": row.took_seconds,
        "version": row.version,
        "created_at": row.created_at,
    }


def output_of(key: str, kind: str, name: str, note: str) -> dict[str, Any]:
    """Something that an activity gave, from the columns of its list."""
    return {
        "id": ids.encode(ids.OUTPUT, UUID(key)),
        "type": ref(ids.OUTPUT_TYPE, UUID(kind), name),
        "note": note,
    }
