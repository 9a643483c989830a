"""The lists of this app that programs read page by page: activities and the types they are logged by."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position
from activities.models import Activity, Output


class ActivityRow(NamedTuple):
    """An activity with the names that stand beside it; `outputs` is a JSON text of [id, type, type's name, note],
    `contacts` one of [id, name]."""

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
    contacts: str
    play: UUID | None
    play_name: str | None
    took_seconds: int | None
    version: int

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
        *("people.contacts", "activity.play_id", "play.name", "activity.took_seconds", "activity.version"),
    ),
    joins=(
        "JOIN activities_activitytype AS type ON type.tenant_id = activity.tenant_id AND type.id = activity.type_id"
        " JOIN accounts_membership AS member"
        " ON member.tenant_id = activity.tenant_id AND member.id = activity.member_id"
        " LEFT JOIN strategy_deal AS deal ON deal.tenant_id = activity.tenant_id AND deal.id = activity.deal_id"
        " LEFT JOIN strategy_company AS company"
        " ON company.tenant_id = activity.tenant_id AND company.id = activity.company_id"
        " LEFT JOIN strategy_planpart AS play ON play.tenant_id = activity.tenant_id AND play.id = activity.play_id"
        " CROSS JOIN LATERAL (SELECT coalesce(json_agg("
        "json_build_array(output.id, kind.id, kind.name, output.note) ORDER BY output.id), '[]')::text AS outputs"
        " FROM activities_output AS output JOIN activities_outputtype AS kind"
        " ON kind.tenant_id = output.tenant_id AND kind.id = output.type_id"
        " WHERE output.tenant_id = activity.tenant_id AND output.activity_id = activity.id) AS gave"
        " CROSS JOIN LATERAL (SELECT coalesce(json_agg("
        "json_build_array(contact.id, contact.name) ORDER BY link.id), '[]')::text AS contacts"
        " FROM activities_activitycontact AS link JOIN strategy_contact AS contact"
        " ON contact.tenant_id = link.tenant_id AND contact.id = link.contact_id"
        " WHERE link.tenant_id = activity.tenant_id AND link.activity_id = activity.id) AS people"
    ),
    moment="at",
    narrow={
        "deal": "activity.deal_id = %(deal)s",
        "company": "activity.company_id = %(company)s",
        "member": "activity.member_id = %(member)s",
        "type": "activity.type_id = %(type)s",
        "types": "activity.type_id = ANY (%(types)s)",
        "play": "activity.play_id = %(play)s",
        "aligned": "(activity.play_id IS NOT NULL) = %(aligned)s",
        "contact": (
            "activity.id IN (SELECT link.activity_id FROM activities_activitycontact AS link"
            " WHERE link.tenant_id = %(tenant)s AND link.contact_id = %(contact)s)"
        ),
        "since": "activity.at >= %(since)s",
        "until": "activity.at < %(until)s",
        "source": "activity.source = %(source)s",
        "external_id": "activity.external_id = %(external_id)s",
    },
)


class OutputRow(NamedTuple):
    """An output with its type and where it was left behind."""

    key: UUID
    type: UUID
    type_name: str
    note: str
    created_at: datetime
    activity: UUID
    at: datetime
    deal: UUID | None
    deal_name: str | None

    @property
    def position(self) -> Position:
        return Position(None, self.key)


OUTPUTS = Listing(
    row=OutputRow,
    table="activities_output",
    short="output",
    seen=Output.seen,
    columns=(
        *("output.id", "output.type_id", "type.name", "output.note", "output.created_at"),
        *("output.activity_id", "activity.at", "activity.deal_id", "deal.name"),
    ),
    joins=(
        "JOIN activities_outputtype AS type ON type.tenant_id = output.tenant_id AND type.id = output.type_id"
        " JOIN activities_activity AS activity"
        " ON activity.tenant_id = output.tenant_id AND activity.id = output.activity_id"
        " LEFT JOIN strategy_deal AS deal ON deal.tenant_id = activity.tenant_id AND deal.id = activity.deal_id"
    ),
    narrow={
        "type": "output.type_id = %(type)s",
        "activity": "output.activity_id = %(activity)s",
        "deal": (
            "output.activity_id IN (SELECT done.id FROM activities_activity AS done"
            " WHERE done.tenant_id = %(tenant)s AND done.deal_id = %(deal)s)"
        ),
    },
)


class ActivityTypeRow(NamedTuple):
    """A kind of activity."""

    key: UUID
    name: str
    icon: str
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
    columns=(
        "type.id",
        "type.name",
        "type.icon",
        "type.usual_minutes",
        "type.counts_as",
        "type.position",
        "type.is_archived",
    ),
    newest_first=False,
    narrow={"is_archived": "type.is_archived = %(is_archived)s"},
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
    narrow={"is_archived": "type.is_archived = %(is_archived)s"},
)
