"""The lists of this app that programs read page by page."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position


class MemberRow(NamedTuple):
    """A member as the list shows them."""

    key: UUID
    name: str
    email: str
    role: str
    team_name: str | None
    is_active: bool
    source: str
    external_id: str
    team: UUID | None
    is_placeholder: bool
    merged_into: UUID | None
    created_at: datetime

    @property
    def position(self) -> Position:
        return Position(None, self.key)


class TokenRow(NamedTuple):
    """A program's key, without its secret."""

    key: UUID
    membership: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def position(self) -> Position:
        return Position(None, self.key)


class TeamRow(NamedTuple):
    """A team, what it is below and who manages it."""

    key: UUID
    name: str
    parent: UUID | None
    parent_name: str | None
    manager: UUID | None
    manager_name: str | None

    @property
    def position(self) -> Position:
        return Position(None, self.key)


class InvitationRow(NamedTuple):
    """An offer of a place, without its secret."""

    key: UUID
    email: str
    name: str
    role: str
    team: UUID | None
    team_name: str | None
    member: UUID | None
    member_name: str | None
    inviter: UUID
    inviter_name: str
    state: str
    created_at: datetime
    expires_at: datetime

    @property
    def position(self) -> Position:
        return Position(None, self.key)


TOKENS = Listing(
    row=TokenRow,
    table="accounts_apitoken",
    short="token",
    columns=(
        *("token.id", "token.membership_id", "token.name", "token.prefix", "token.scopes", "token.created_at"),
        *("token.expires_at", "token.last_used_at", "token.revoked_at"),
    ),
    narrow={"membership": "token.membership_id = %(membership)s"},
)

MEMBERS = Listing(
    row=MemberRow,
    table="accounts_membership",
    short="member",
    columns=(
        "member.id",
        "member.name",
        "member.email",
        "member.role",
        "team.name",
        "member.is_active",
        "member.source",
        "member.external_id",
        "member.team_id",
        "(member.user_id IS NULL)",
        "member.merged_into_id",
        "member.created_at",
    ),
    joins=("LEFT JOIN accounts_team AS team ON team.tenant_id = member.tenant_id AND team.id = member.team_id"),
    newest_first=False,
    narrow={
        "is_active": "member.is_active = %(is_active)s",
        "is_placeholder": "(member.user_id IS NULL) = %(is_placeholder)s",
        "role": "member.role = %(role)s",
        "team": "member.team_id = %(team)s",
        "source": "member.source = %(source)s",
        "external_id": "member.external_id = %(external_id)s",
    },
)

TEAMS = Listing(
    row=TeamRow,
    table="accounts_team",
    short="team",
    columns=("team.id", "team.name", "team.parent_id", "parent.name", "team.manager_id", "manager.name"),
    joins=(
        "LEFT JOIN accounts_team AS parent ON parent.tenant_id = team.tenant_id AND parent.id = team.parent_id"
        " LEFT JOIN accounts_membership AS manager"
        " ON manager.tenant_id = team.tenant_id AND manager.id = team.manager_id"
    ),
    newest_first=False,
    narrow={"parent": "team.parent_id = %(parent)s", "manager": "team.manager_id = %(manager)s"},
)

# Whether it has ended by itself is a matter of the clock, so it is no column.
STATE_OF_INVITATION = (
    "CASE WHEN invitation.accepted_at IS NOT NULL THEN 'accepted' WHEN invitation.revoked_at IS NOT NULL THEN 'revoked'"
    " WHEN invitation.expires_at <= now() THEN 'expired' ELSE 'open' END"
)
INVITATIONS = Listing(
    row=InvitationRow,
    table="accounts_invitation",
    short="invitation",
    columns=(
        *("invitation.id", "invitation.email", "invitation.name", "invitation.role", "invitation.team_id", "team.name"),
        *("member.id", "member.name", "inviter.id", "inviter.name", STATE_OF_INVITATION),
        *("invitation.created_at", "invitation.expires_at"),
    ),
    joins=(
        "LEFT JOIN accounts_team AS team ON team.tenant_id = invitation.tenant_id AND team.id = invitation.team_id"
        " LEFT JOIN accounts_membership AS member ON member.tenant_id = invitation.tenant_id"
        " AND member.id = coalesce(invitation.accepted_by_id, invitation.membership_id)"
        " JOIN accounts_membership AS inviter"
        " ON inviter.tenant_id = invitation.tenant_id AND inviter.id = invitation.invited_by_id"
    ),
    narrow={
        "state": f"{STATE_OF_INVITATION} = %(state)s",
        "email": "invitation.email = %(email)s",
        "team": "invitation.team_id = %(team)s",
    },
)


class AuditRow(NamedTuple):
    """An entry of the audit with the names of who did it. `data` is JSON as text."""

    key: UUID
    at: datetime
    verb: str
    subject_label: str
    subject: UUID | None
    data: str
    request_id: str
    actor: UUID | None
    actor_name: str | None
    token: UUID | None
    token_name: str | None

    @property
    def position(self) -> Position:
        return Position(self.at, self.key)


AUDIT = Listing(
    row=AuditRow,
    table="accounts_auditevent",
    short="entry",
    columns=(
        *("entry.id", "entry.at", "entry.verb", "entry.subject_label", "entry.subject_id", "entry.data::text"),
        *("entry.request_id", "entry.actor_id", "actor.name", "entry.token_id", "token.name"),
    ),
    joins=(
        "LEFT JOIN accounts_membership AS actor ON actor.tenant_id = entry.tenant_id AND actor.id = entry.actor_id"
        " LEFT JOIN accounts_apitoken AS token ON token.tenant_id = entry.tenant_id AND token.id = entry.token_id"
    ),
    moment="at",
    narrow={
        "actor": "entry.actor_id = %(actor)s",
        "kind": "entry.kind = %(kind)s",
        "subject": "entry.subject_id = %(subject)s",
        "since": "entry.at >= %(since)s",
        "until": "entry.at < %(until)s",
    },
)


class WebhookRow(NamedTuple):
    """Where events are sent, without its secrets."""

    key: UUID
    url: str
    types: list[str]
    is_active: bool
    ended: str
    created_at: datetime
    keeper: UUID
    keeper_name: str
    old_secret_until: datetime | None
    retry_at: datetime | None
    behind: int
    version: int

    @property
    def position(self) -> Position:
        return Position(None, self.key)


WEBHOOKS = Listing(
    row=WebhookRow,
    table="accounts_webhook",
    short="hook",
    columns=(
        *("hook.id", "hook.url", "hook.types", "hook.is_active", "hook.ended", "hook.created_at", "keeper.id"),
        *("keeper.name", "hook.old_secret_until", "hook.retry_at"),
        "greatest(coalesce(feed.position, 0) - hook.position, 0)",
        "hook.version",
    ),
    joins=(
        "JOIN accounts_membership AS keeper ON keeper.tenant_id = hook.tenant_id AND keeper.id = hook.kept_by_id"
        " LEFT JOIN accounts_feed AS feed ON feed.tenant_id = hook.tenant_id"
    ),
    newest_first=False,
)


class DeliveryRow(NamedTuple):
    """One event told to one address. `place` is that of the event in the feed."""

    key: UUID
    place: int
    type: str
    state: str
    attempts: int
    first_at: datetime
    last_at: datetime
    next_try_at: datetime | None
    status: int | None
    problem: str
    answer: str
    milliseconds: int
    feed_key: UUID

    @property
    def position(self) -> Position:
        return Position(None, self.key)


DELIVERIES = Listing(
    row=DeliveryRow,
    table="accounts_delivery",
    short="sent",
    columns=(
        *("sent.id", "sent.position", "sent.type", "sent.state", "sent.attempts", "sent.first_at", "sent.last_at"),
        *("sent.next_try_at", "sent.status", "sent.problem", "sent.answer", "sent.milliseconds", "feed.key"),
    ),
    joins="JOIN accounts_feed AS feed ON feed.tenant_id = sent.tenant_id",
    narrow={"webhook": "sent.webhook_id = %(webhook)s", "state": "sent.state = %(state)s"},
)
