"""What an entry of the audit looks like outside."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import orjson

from accounts.api import fields, ids
from accounts.api.shapes import MEMBER, ref
from accounts.listings import AuditRow
from accounts.services.operators import BY_OPERATORS

# Types of rows that have an id outside, by the label under which they stand in the audit.
KINDS = {
    "accounts.Membership": ids.MEMBER,
    "accounts.ApiToken": ids.TOKEN,
    "accounts.Invitation": ids.INVITATION,
    "accounts.Team": ids.TEAM,
    "accounts.Webhook": ids.WEBHOOK,
    "strategy.Company": ids.COMPANY,
    "strategy.Deal": ids.DEAL,
    "activities.Activity": ids.ACTIVITY,
    "outcomes.Milestone": ids.MILESTONE,
}


class AnyId(fields.StrictField):
    """The id of a row of any type."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^[a-z]{{2,10}}_{ids.PATTERN}$"}

    def read(self, given: str) -> UUID:
        kind, _, _tail = given.rpartition("_")
        try:
            if not re.fullmatch("[a-z]{2,10}", kind):
                raise ids.NotAnId(given)
            return ids.decode(kind, given)
        except ids.NotAnId as error:
            raise fields.NotUsable("Give an id like deal_….") from error


class Kind(fields.StrictField):
    """The part of a verb before the dot."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[a-z_]{1,30}$"}

    def read(self, given: str) -> str:
        if not re.fullmatch("[a-z_]{1,30}", given):
            raise fields.NotUsable("Give what stands before the dot of a verb, as deal.")
        return given


class Subject(fields.Output):
    """What a deed was done to. Without an id: the organisation itself, or a kind of row that has none outside."""

    type = fields.Text(longest=60)
    id = fields.Text(longest=40, allow_null=True)


class AuditEvent(fields.Output):
    """One deed: who did what to which row, and when. It is written with the deed and never changed.

    `by` says who it was where no member did it: an operator of the installation, or the product itself.
    """

    expands = {"actor": MEMBER}

    id = fields.Id(ids.AUDIT_EVENT)
    at = fields.Moment()
    verb = fields.Text(longest=60, help_text="As deal.moved; what stands before the dot is its kind")
    by = fields.OneOf(["member", "operator", "system"])
    actor = fields.Ref(ids.MEMBER, allow_null=True)
    token = fields.Ref(ids.TOKEN, allow_null=True, help_text="The token with which it was done, if with one")
    subject = Subject()
    data = fields.Anything(help_text="What a reader needs to understand the verb")  # type: ignore[assignment]
    request_id = fields.Text(longest=64, empty=True)


def audit_event(row: AuditRow) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.AUDIT_EVENT, row.key),
        "at": row.at,
        "verb": row.verb,
        "by": "member" if row.actor else "operator" if row.verb in BY_OPERATORS else "system",
        "actor": ref(ids.MEMBER, row.actor, row.actor_name),
        "token": ref(ids.TOKEN, row.token, row.token_name),
        "subject": {"type": type_of(row.subject_label), "id": id_of(row.subject_label, row.subject)},
        "data": orjson.loads(row.data),
        "request_id": row.request_id,
    }


def type_of(label: str) -> str:
    """The kind of row as programs know it: accounts.ApiToken is api_token."""
    if label == "accounts.Tenant":
        return "organisation"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", label.rpartition(".")[2]).lower()


def id_of(label: str, key: UUID | None) -> str | None:
    kind = KINDS.get(label)
    return ids.encode(kind, key) if kind and key else None
