"""The list of what customers were asked, as programs read it page by page."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position
from outcomes.models import Confirmation


class ConfirmationRow(NamedTuple):
    """What one person was asked; `answers` is a JSON text of [id, said, words, comment, confidence, cause, when,
    whether the ledger tells of it]."""

    key: UUID
    purpose: str
    deal: UUID
    deal_name: str
    type: UUID | None
    type_name: str | None
    contact: UUID | None
    contact_name: str | None
    to_name: str
    to_email: str
    language: str
    channel: str
    statement: str
    stated_on: date | None
    message: str
    asked_by: UUID
    asked_by_name: str
    asked_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened_at: datetime | None
    opened_last_at: datetime | None
    answered_at: datetime | None
    answers: str

    @property
    def position(self) -> Position:
        return Position(None, self.key)


CONFIRMATIONS = Listing(
    row=ConfirmationRow,
    table="outcomes_confirmation",
    short="asked",
    seen=Confirmation.seen,
    columns=(
        *("asked.id", "asked.purpose", "asked.deal_id", "deal.name", "asked.type_id", "type.name"),
        *("asked.contact_id", "contact.name", "asked.to_name", "asked.to_email", "asked.language", "asked.channel"),
        *("asked.statement", "asked.stated_on", "asked.message", "asked.asked_by_id", "member.name"),
        *("asked.asked_at", "asked.expires_at", "asked.revoked_at", "asked.opened_at", "asked.opened_last_at"),
        *("asked.answered_at", "given.answers"),
    ),
    joins=(
        "JOIN strategy_deal AS deal ON deal.tenant_id = asked.tenant_id AND deal.id = asked.deal_id"
        " JOIN accounts_membership AS member"
        " ON member.tenant_id = asked.tenant_id AND member.id = asked.asked_by_id"
        " LEFT JOIN outcomes_milestonetype AS type ON type.tenant_id = asked.tenant_id AND type.id = asked.type_id"
        " LEFT JOIN strategy_contact AS contact"
        " ON contact.tenant_id = asked.tenant_id AND contact.id = asked.contact_id"
        " CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_array(answer.id, answer.said, answer.words,"
        " answer.comment, answer.confidence, answer.cause, answer.answered_at, EXISTS ("
        "SELECT FROM outcomes_milestoneevent AS event"
        " WHERE event.tenant_id = answer.tenant_id AND event.answer_id = answer.id"
        ")) ORDER BY answer.answered_at, answer.id), '[]')::text AS answers"
        " FROM outcomes_confirmationanswer AS answer"
        " WHERE answer.tenant_id = asked.tenant_id AND answer.confirmation_id = asked.id) AS given"
    ),
    narrow={
        "deal": "asked.deal_id = %(deal)s",
        "contact": "asked.contact_id = %(contact)s",
    },
)
