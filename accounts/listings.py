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
    ),
    joins=("LEFT JOIN accounts_team AS team ON team.tenant_id = member.tenant_id AND team.id = member.team_id"),
    newest_first=False,
    narrow={
        "is_active": "member.is_active = %(is_active)s",
        "source": "member.source = %(source)s",
        "external_id": "member.external_id = %(external_id)s",
    },
)
