"""What is written down about a request after its own transaction: who was refused, and what an operator looked at.

It is written in a transaction of its own, since a refusal has rolled back the other one, and only so often: nobody
fills an organisation's records by asking again and again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import DatabaseError

from accounts import audit
from accounts.models import AuditEvent, Membership, OperatorAccess
from accounts.tenancy.scope import tenant_scope

log = structlog.get_logger(__name__)

DENIED, LOOKED = "access.denied", "operator.looked"
# So many refusals of one member are written down within an hour; the last one says that there were more.
MOST_DENIED, DENIED_WITHIN = 20, timedelta(hours=1)
# More pages within one leave are no reading.
MOST_LOOKS = 300
LONGEST_PATH = 200


def note_denied(
    *, tenant_id: int, member: Membership, method: str, path: str, at: datetime, token_id: UUID | None = None
) -> None:
    """Write down that a member asked for what their role, or their token's scopes, do not include."""
    mark = audit.token_id.set(token_id)
    try:
        with tenant_scope(tenant_id):
            known = AuditEvent.objects.filter(verb=DENIED, actor=member, at__gt=at - DENIED_WITHIN).count()
            if known < MOST_DENIED:
                more = {"no_more_until": at + DENIED_WITHIN} if known == MOST_DENIED - 1 else {}
                told = {"method": method[:10], "path": _shown(path), **more}
                audit.record(verb=DENIED, subject=member, actor=member, at=at, **told)
    except DatabaseError:
        # The answer stands; a failure told now would say something else of it.
        log.warning("denial_not_noted", exc_info=True)
    finally:
        audit.token_id.reset(mark)


def note_look(*, tenant_id: int, access: OperatorAccess, path: str, at: datetime) -> None:
    """Write down which page an operator has been shown."""
    try:
        with tenant_scope(tenant_id):
            if AuditEvent.objects.filter(subject_id=access.pk, verb=LOOKED).count() < MOST_LOOKS:
                operator = access.operator.name or access.operator.email
                audit.record(verb=LOOKED, subject=access, actor=None, at=at, operator=operator, path=_shown(path))
    except DatabaseError:
        log.warning("look_not_noted", exc_info=True)


def _shown(path: str) -> str:
    """The address as text that PostgreSQL takes."""
    return path.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST_PATH]
