"""The lists of plans that programs read page by page: mutual steps, planned activities, targets and conversations."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position
from outcomes.models import ActivityTarget, MutualStep, PlannedActivity


class StepRow(NamedTuple):
    """A step of a mutual plan with the names that stand beside it."""

    key: UUID
    deal: UUID
    deal_name: str
    position_number: int
    name: str
    due_on: date
    our_owner: UUID | None
    our_name: str | None
    their_owner: UUID | None
    their_owner_name: str | None
    their_name: str
    type: UUID | None
    type_name: str | None
    done_on: date | None
    version: int
    created_at: datetime

    @property
    def position(self) -> Position:
        return Position(None, self.key)


MUTUAL_STEPS = Listing(
    row=StepRow,
    table="outcomes_mutualstep",
    short="step",
    seen=MutualStep.seen,
    columns=(
        *("step.id", "step.deal_id", "deal.name", "step.position", "step.name", "step.due_on"),
        *("step.our_owner_id", "member.name", "step.their_owner_id", "contact.name", "step.their_name"),
        *("step.type_id", "type.name", "step.done_on", "step.version", "step.created_at"),
    ),
    joins=(
        "JOIN strategy_deal AS deal ON deal.tenant_id = step.tenant_id AND deal.id = step.deal_id"
        " LEFT JOIN accounts_membership AS member"
        " ON member.tenant_id = step.tenant_id AND member.id = step.our_owner_id"
        " LEFT JOIN strategy_contact AS contact"
        " ON contact.tenant_id = step.tenant_id AND contact.id = step.their_owner_id"
        " LEFT JOIN outcomes_milestonetype AS type ON type.tenant_id = step.tenant_id AND type.id = step.type_id"
    ),
    newest_first=False,
    narrow={"deal": "step.deal_id = %(deal)s"},
)


class PlanRow(NamedTuple):
    """A planned activity with the names that stand beside it."""

    key: UUID
    member: UUID
    member_name: str
    type: UUID
    type_name: str
    deal: UUID | None
    deal_name: str | None
    company: UUID | None
    company_name: str | None
    contact: UUID | None
    contact_name: str | None
    play: UUID | None
    play_name: str | None
    milestone: UUID | None
    milestone_name: str | None
    span: str
    first_on: date
    last_on: date
    purpose: str
    state: str
    moved_to: UUID | None
    activity: UUID | None
    note: str
    settled_at: datetime | None
    version: int
    planned_at: datetime

    @property
    def position(self) -> Position:
        return Position(None, self.key)


PLANS = Listing(
    row=PlanRow,
    table="outcomes_plannedactivity",
    short="plan",
    seen=PlannedActivity.seen,
    columns=(
        *("plan.id", "plan.member_id", "member.name", "plan.type_id", "type.name"),
        *("plan.deal_id", "deal.name", "plan.company_id", "company.name", "plan.contact_id", "contact.name"),
        *("plan.play_id", "play.name", "plan.milestone_id", "milestone.name"),
        *("plan.span", "plan.first_on", "plan.last_on", "plan.purpose", "plan.state", "plan.moved_to_id"),
        *("plan.activity_id", "plan.note", "plan.settled_at", "plan.version", "plan.planned_at"),
    ),
    joins=(
        "JOIN activities_activitytype AS type ON type.tenant_id = plan.tenant_id AND type.id = plan.type_id"
        " JOIN accounts_membership AS member ON member.tenant_id = plan.tenant_id AND member.id = plan.member_id"
        " LEFT JOIN strategy_deal AS deal ON deal.tenant_id = plan.tenant_id AND deal.id = plan.deal_id"
        " LEFT JOIN strategy_company AS company"
        " ON company.tenant_id = plan.tenant_id AND company.id = plan.company_id"
        " LEFT JOIN strategy_contact AS contact"
        " ON contact.tenant_id = plan.tenant_id AND contact.id = plan.contact_id"
        " LEFT JOIN strategy_planpart AS play ON play.tenant_id = plan.tenant_id AND play.id = plan.play_id"
        " LEFT JOIN outcomes_milestonetype AS milestone"
        " ON milestone.tenant_id = plan.tenant_id AND milestone.id = plan.milestone_id"
    ),
    narrow={
        "member": "plan.member_id = %(member)s",
        "deal": "plan.deal_id = %(deal)s",
        "state": "plan.state = %(state)s",
        "first_from": "plan.first_on >= %(first_from)s",
        "first_until": "plan.first_on <= %(first_until)s",
    },
)


class TargetRow(NamedTuple):
    """An activity target with the names that stand beside it."""

    key: UUID
    member: UUID | None
    member_name: str | None
    team: UUID | None
    team_name: str | None
    type: UUID
    type_name: str
    number: int
    per: str
    milestone: UUID
    milestone_name: str
    why: str
    from_on: date
    until_on: date | None
    set_by: UUID
    setter_name: str
    set_at: datetime
    version: int

    @property
    def position(self) -> Position:
        return Position(None, self.key)


TARGETS = Listing(
    row=TargetRow,
    table="outcomes_activitytarget",
    short="target",
    seen=ActivityTarget.seen,
    columns=(
        *("target.id", "target.member_id", "member.name", "target.team_id", "team.name", "target.type_id", "type.name"),
        *("target.number", "target.per", "target.milestone_id", "milestone.name", "target.why"),
        *("target.from_on", "target.until_on", "target.set_by_id", "setter.name", "target.set_at", "target.version"),
    ),
    joins=(
        "JOIN activities_activitytype AS type ON type.tenant_id = target.tenant_id AND type.id = target.type_id"
        " JOIN outcomes_milestonetype AS milestone"
        " ON milestone.tenant_id = target.tenant_id AND milestone.id = target.milestone_id"
        " JOIN accounts_membership AS setter ON setter.tenant_id = target.tenant_id AND setter.id = target.set_by_id"
        " LEFT JOIN accounts_membership AS member"
        " ON member.tenant_id = target.tenant_id AND member.id = target.member_id"
        " LEFT JOIN accounts_team AS team ON team.tenant_id = target.tenant_id AND team.id = target.team_id"
    ),
    narrow={"member": "target.member_id = %(member)s", "team": "target.team_id = %(team)s"},
)


class ConversationRow(NamedTuple):
    """A conversation with its themes, and without the deal it became: that is seen by those who see the deal."""

    key: UUID
    company: UUID
    company_name: str
    prompt: str
    question: str
    contact: UUID | None
    contact_name: str | None
    horizon: str
    member: UUID
    member_name: str
    asked_on: date | None
    heard: str
    version: int
    created_at: datetime
    themes: list[str]

    @property
    def position(self) -> Position:
        return Position(None, self.key)


CONVERSATIONS = Listing(
    row=ConversationRow,
    table="outcomes_conversation",
    short="talk",
    columns=(
        *("talk.id", "talk.company_id", "company.name", "talk.prompt", "talk.question"),
        *("talk.contact_id", "contact.name", "talk.horizon", "talk.member_id", "member.name"),
        *("talk.asked_on", "talk.heard", "talk.version", "talk.created_at", "tagged.themes"),
    ),
    joins=(
        "JOIN strategy_company AS company ON company.tenant_id = talk.tenant_id AND company.id = talk.company_id"
        " JOIN accounts_membership AS member ON member.tenant_id = talk.tenant_id AND member.id = talk.member_id"
        " LEFT JOIN strategy_contact AS contact"
        " ON contact.tenant_id = talk.tenant_id AND contact.id = talk.contact_id"
        " CROSS JOIN LATERAL (SELECT coalesce(array_agg(theme.name ORDER BY theme.key), '{}') AS themes"
        " FROM outcomes_conversationtheme AS has JOIN outcomes_theme AS theme"
        " ON theme.tenant_id = has.tenant_id AND theme.id = has.theme_id"
        " WHERE has.tenant_id = talk.tenant_id AND has.conversation_id = talk.id) AS tagged"
    ),
    narrow={
        "company": "talk.company_id = %(company)s",
        "member": "talk.member_id = %(member)s",
        "theme": (
            # Asked first and as an array: joined, every conversation would be read.
            "talk.id = ANY (ARRAY(SELECT has.conversation_id FROM outcomes_conversationtheme AS has"
            " WHERE has.tenant_id = %(tenant)s AND has.theme_id = (SELECT theme.id FROM outcomes_theme AS theme"
            " WHERE theme.tenant_id = %(tenant)s AND theme.key = %(theme)s)))"
        ),
    },
)
