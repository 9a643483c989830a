"""Writing down who did what, in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from accounts.models import AuditEvent, Membership
from accounts.rows import fresh

# Set by the doors, so that deeds need not carry them.
request_id: ContextVar[str] = ContextVar("request_id", default="")
token_id: ContextVar[UUID | None] = ContextVar("token_id", default=None)


def record(*, verb: str, subject: models.Model, actor: Membership | None, at: datetime, **data: Any) -> None:
    """Add one entry: `verb` as "deal.moved", `data` what a reader needs to understand it."""
    entry(verb=verb, subject=subject, actor=actor, at=at, **data).save(force_insert=True)


def entry(*, verb: str, subject: models.Model, actor: Membership | None, at: datetime, **data: Any) -> AuditEvent:
    """An entry that is not added yet, for deeds that add many at once."""
    return AuditEvent(
        at=at,
        actor=actor,
        token_id=token_id.get(),
        verb=verb,
        subject_label=subject._meta.label,
        subject_id=subject.pk if isinstance(subject.pk, UUID) else None,
        data=data,
        request_id=request_id.get(),
    )


def record_all(
    *, entries: Iterable[tuple[str, models.Model, dict[str, Any]]], actor: Membership | None, at: datetime
) -> None:
    """Add an entry (verb, subject, data) for each of many rows with one statement."""
    AuditEvent.objects.bulk_create(entries_of(entries=entries, actor=actor, at=at))


def entries_of(
    *, entries: Iterable[tuple[str, models.Model, dict[str, Any]]], actor: Membership | None, at: datetime
) -> list[AuditEvent]:
    """The same, not added yet."""
    same = {
        "at": at,
        "actor_id": actor.pk if actor is not None else None,
        "token_id": token_id.get(),
        "request_id": request_id.get(),
    }
    return [
        fresh(
            AuditEvent,
            same
            | {
                "verb": verb,
                "subject_label": subject._meta.label,
                "subject_id": subject.pk if isinstance(subject.pk, UUID) else None,
                "data": data,
            },
        )
        for verb, subject, data in entries
    ]
