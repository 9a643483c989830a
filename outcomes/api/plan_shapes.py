"""What plans look like outside: mutual steps, planned activities, targets and conversations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.api import fields, ids
from accounts.api.shapes import MEMBER, TEAM, ref
from activities.api.shapes import ACTIVITY_TYPE
from outcomes.api.shapes import MILESTONE_TYPE
from outcomes.models import ActivityTarget as TargetTable
from outcomes.models import Conversation as ConversationTable
from outcomes.models import PlannedActivity as PlanTable
from outcomes.plan_listings import ConversationRow, PlanRow, StepRow, TargetRow
from strategy.api.customer_shapes import COMPANY, CONTACT
from strategy.api.plan_shapes import PLAY
from strategy.api.shapes import DEAL


class MutualStep(fields.Output):
    """A dated step of the plan that seller and customer share on a deal. Within a deal `position` is the order."""

    expands = {"deal": DEAL, "our_owner": MEMBER, "their_owner": CONTACT, "type": MILESTONE_TYPE}

    id = fields.Id(ids.MUTUAL_STEP)
    deal = fields.Ref(ids.DEAL)
    position = fields.Whole()
    name = fields.Text(longest=200)
    due_on = fields.Day()
    our_owner = fields.Ref(ids.MEMBER, allow_null=True)
    their_owner = fields.Ref(ids.CONTACT, allow_null=True)
    their_name = fields.Text(longest=120, empty=True)
    type = fields.Ref(ids.MILESTONE_TYPE, allow_null=True)
    done_on = fields.Day(allow_null=True)
    version = fields.Whole()
    created_at = fields.Moment()


def mutual_step(row: StepRow) -> dict[str, Any]:
    """A step of a mutual plan."""
    return {
        "id": ids.encode(ids.MUTUAL_STEP, row.key),
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "position": row.position_number,
        "name": row.name,
        "due_on": row.due_on,
        "our_owner": ref(ids.MEMBER, row.our_owner, row.our_name),
        "their_owner": ref(ids.CONTACT, row.their_owner, row.their_owner_name),
        "their_name": row.their_name,
        "type": ref(ids.MILESTONE_TYPE, row.type, row.type_name),
        "done_on": row.done_on,
        "version": row.version,
        "created_at": row.created_at,
    }


class PlannedActivity(fields.Output):
    """Something a member plans to do within a day, a week or a month.

    A plan that was moved stays: `moved_to_id` is the plan that took its place. `activity_id` is the activity that did
    it; it was kept where that was done from `first_on` to `last_on`.
    """

    expands = {
        "member": MEMBER,
        "type": ACTIVITY_TYPE,
        "deal": DEAL,
        "company": COMPANY,
        "contact": CONTACT,
        "play": PLAY,
        "milestone": MILESTONE_TYPE,
    }

    id = fields.Id(ids.PLANNED_ACTIVITY)
    member = fields.Ref(ids.MEMBER)
    type = fields.Ref(ids.ACTIVITY_TYPE)
    deal = fields.Ref(ids.DEAL, allow_null=True)
    company = fields.Ref(ids.COMPANY, allow_null=True)
    contact = fields.Ref(ids.CONTACT, allow_null=True)
    play = fields.Ref(ids.PLAY, allow_null=True)
    milestone = fields.Ref(ids.MILESTONE_TYPE, allow_null=True)
    span = fields.OneOf(PlanTable.Span.values)
    first_on = fields.Day()
    last_on = fields.Day()
    purpose = fields.Text(longest=200, empty=True)
    state = fields.OneOf(PlanTable.State.values)
    moved_to_id = fields.Id(ids.PLANNED_ACTIVITY, allow_null=True)
    activity_id = fields.Id(ids.ACTIVITY, allow_null=True)
    note = fields.Text(longest=300, empty=True, help_text="Why it was moved or dropped")
    settled_at = fields.Moment(allow_null=True)
    version = fields.Whole()
    planned_at = fields.Moment()


def planned_activity(row: PlanRow) -> dict[str, Any]:
    """A planned activity."""
    return {
        "id": ids.encode(ids.PLANNED_ACTIVITY, row.key),
        "member": ref(ids.MEMBER, row.member, row.member_name),
        "type": ref(ids.ACTIVITY_TYPE, row.type, row.type_name),
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "company": ref(ids.COMPANY, row.company, row.company_name),
        "contact": ref(ids.CONTACT, row.contact, row.contact_name),
        "play": ref(ids.PLAY, row.play, row.play_name),
        "milestone": ref(ids.MILESTONE_TYPE, row.milestone, row.milestone_name),
        "span": row.span,
        "first_on": row.first_on,
        "last_on": row.last_on,
        "purpose": row.purpose,
        "state": row.state,
        "moved_to_id": _id(ids.PLANNED_ACTIVITY, row.moved_to),
        "activity_id": _id(ids.ACTIVITY, row.activity),
        "note": row.note,
        "settled_at": row.settled_at,
        "version": row.version,
        "planned_at": row.planned_at,
    }


class Target(fields.Output):
    """How many activities of a type, for whom, for which milestone, and why. Without a member or a team it is the
    organisation's."""

    expands = {
        "member": MEMBER,
        "team": TEAM,
        "type": ACTIVITY_TYPE,
        "milestone": MILESTONE_TYPE,
        "set_by": MEMBER,
    }

    id = fields.Id(ids.TARGET)
    member = fields.Ref(ids.MEMBER, allow_null=True)
    team = fields.Ref(ids.TEAM, allow_null=True)
    type = fields.Ref(ids.ACTIVITY_TYPE)
    number = fields.Whole()
    per = fields.OneOf(TargetTable.Per.values)
    milestone = fields.Ref(ids.MILESTONE_TYPE)
    why = fields.Text(longest=300)
    from_on = fields.Day()
    until_on = fields.Day(allow_null=True)
    set_by = fields.Ref(ids.MEMBER)
    set_at = fields.Moment()
    version = fields.Whole()


def target(row: TargetRow) -> dict[str, Any]:
    """An activity target."""
    return {
        "id": ids.encode(ids.TARGET, row.key),
        "member": ref(ids.MEMBER, row.member, row.member_name),
        "team": ref(ids.TEAM, row.team, row.team_name),
        "type": ref(ids.ACTIVITY_TYPE, row.type, row.type_name),
        "number": row.number,
        "per": row.per,
        "milestone": ref(ids.MILESTONE_TYPE, row.milestone, row.milestone_name),
        "why": row.why,
        "from_on": row.from_on,
        "until_on": row.until_on,
        "set_by": ref(ids.MEMBER, row.set_by, row.setter_name),
        "set_at": row.set_at,
        "version": row.version,
    }


class Conversation(fields.Output):
    """A talk with a company about its next years. `deal` is what it became, for those who see that deal."""

    expands = {"company": COMPANY, "contact": CONTACT, "member": MEMBER, "deal": DEAL}

    id = fields.Id(ids.CONVERSATION)
    company = fields.Ref(ids.COMPANY)
    prompt = fields.OneOf(ConversationTable.Prompt.values)
    question = fields.Text(longest=300)
    contact = fields.Ref(ids.CONTACT, allow_null=True)
    horizon = fields.OneOf(ConversationTable.Horizon.values)
    member = fields.Ref(ids.MEMBER)
    asked_on = fields.Day(allow_null=True)
    heard = fields.Text(longest=5000, empty=True)
    themes = fields.Texts()
    deal = fields.Ref(ids.DEAL, allow_null=True)
    version = fields.Whole()
    created_at = fields.Moment()


def conversation(row: ConversationRow, deal: tuple[UUID, str] | None) -> dict[str, Any]:
    """A conversation with the deal that it became, where the reader sees that deal."""
    return {
        "id": ids.encode(ids.CONVERSATION, row.key),
        "company": ref(ids.COMPANY, row.company, row.company_name),
        "prompt": row.prompt,
        "question": row.question,
        "contact": ref(ids.CONTACT, row.contact, row.contact_name),
        "horizon": row.horizon,
        "member": ref(ids.MEMBER, row.member, row.member_name),
        "asked_on": row.asked_on,
        "heard": row.heard,
        "themes": row.themes,
        "deal": ref(ids.DEAL, *deal) if deal else None,
        "version": row.version,
        "created_at": row.created_at,
    }


def _id(kind: str, key: UUID | None) -> str | None:
    return ids.encode(kind, key) if key is not None else None
