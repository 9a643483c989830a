"""Questions about what customers were asked by links, and what came of it."""

from __future__ import annotations

import re
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from accounts.integrations.tokens import digest
from outcomes.models import Confirmation, ConfirmationAnswer

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Found(NamedTuple):
    """Where a link leads, before any organisation is known."""

    tenant_id: int
    confirmation_id: UUID


def link_behind(secret: str) -> Found | None:
    """What a link's secret opens, also where it is over; None for anything else."""
    if not SECRET.fullmatch(secret):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, confirmation_id FROM gate.confirmation(%s)", [digest(secret)])
        row = cursor.fetchone()
    return Found(*row) if row else None


def confirmation(key: UUID) -> Confirmation:
    """What was asked, with what its page says of it. Raises Confirmation.DoesNotExist."""
    return Confirmation.objects.select_related("deal", "type", "asked_by__tenant", "contact").get(pk=key)


def last_answer(asked: Confirmation) -> ConfirmationAnswer | None:
    """What the holder of the link said last."""
    return ConfirmationAnswer.objects.filter(confirmation=asked).order_by("answered_at", "pk").last()
