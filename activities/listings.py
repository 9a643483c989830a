"""The lists of this app that programs read page by page: activities and the types they are logged by."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position
from activities.models import Activity


class ActivityRow(NamedTuple):
    """An activity with the names that stand beside it; `outputs` is a JSON text of [id, type, type's name, note]."""

    key: UUID
    type: UUID
    type_name: str
    member: UUID
    member_name: str
    deal: UUID | None
    deal_name: str | None
    company: UUID | None
    company_name: str | None
    at: datetime
    day: date
    minutes: int
    horizon: str
    purpose: str
    note: str
    prepared: bool | None
    right_person: bool | None
    purpose_reached: bool | None
    next_step: str
    next_step_on: date | None
    source: str
    external_id: str
    created_at: datetime
    outputs: str

    @property
    def position(self) -> Position:
        return Position(self.at, self.key)


ACTIVITIES = Listing(
    row=ActivityRow,
    table="activities_activity",
    short="activity",
    seen=Activity.seen,
    columns=(
        *("activity.id", "activity.type_id", "type.name", "activity.member_id", "member.name"),
        *("activity.deal_id", "deal.name", "activity.company_id", "company.name"),
        *("activity.at", "activity.day", "activity.minutes", "activity.horizon", "activity.purpose", "activity.note"),
        *("activity.prepared", "activity.right_person", "activity.purpose_reached"),
        *("activity.next_step", "activity.next_step_on"),
        *("activity.source", "activity.external_id", "activity.created_at", "gave.outputs"),
    ),
    joins=(
        "JOIN activities_activitytype AS type ON type.tenant_id = activity.tenant_id AND type.id = activity.type_id"
        " JOIN accounts_membership AS member"
        " ON member.tenant_id = activity.tenant_id AND member.id = activity.member_id"
        " LEFT JOIN strategy_deal AS deal ON deal.tenant_id = activity.tenant_id AND deal.id = activity.deal_id"
        " LEFT JOIN strategy_company AS company"
        " ON company.tenant_id = activity.tenant_id AND company.id = activity.company_id"
        " CROSS JOIN LATERAL (SELECT coalesce(json_agg("
        "json_build_array(output.id, kind.id, kind.name, output.note) ORDER BY output.id), '[]')::text AS outputs"
        " FROM activities_output AS output JOIN activities_outputtype AS kind"
        " ON kind.tenant_id = output.tenant_id AND kind.id = output.type_id"
        " WHERE output.tenant_id = activity.tenant_id AND output.activity_id = activity.id) AS gave"
    ),
    moment="at",
    narrow={
        "deal": "activity.deal_id = %(deal)s",
        "company": "activity.company_id = %(company)s",
        "member": "activity.member_id = %(member)s",
        "since": "activity.at >= %(since)s",
        "until": "activity.at < %(until)s",
        "source": "activity.source = %(source)s",
        "external_id": "activity.external_id = %(external_id)s",
    },
)


class ActivityTypeRow(NamedTuple):
    """A kind of activity."""

    key: UUID
    name: str
    usual_minutes: int
    counts_as: str
    position_number: int
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


ACTIVITY_TYPES = Listing(
    row=ActivityTypeRow,
    table="activities_activitytype",
    short="type",
    columns=("type.id", "type.name", "type.usual_minutes", "type.counts_as", "type.position", "type.is_archived"),
    newest_first=False,
)


class OutputTypeRow(NamedTuple):
    """A kind of output."""

    key: UUID
    name: str
    position_number: int
    is_archived: bool

    @property
    def position(self) -> Position:
        return Position(None, self.key)


OUTPUT_TYPES = Listing(
    row=OutputTypeRow,
    table="activities_outputtype",
    short="type",
    columns=("type.id", "type.name", "type.position", "type.is_archived"),
    newest_first=False,
)
