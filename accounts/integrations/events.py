"""The feed of what happened: rows of the outbox get their place, and readers go on from the last one that they know.

Events are written by triggers in the transaction of the deed, so a number given then would be out of the order of
commits: a reader who has seen 7 would never come back for a 6 that was committed later. Here committed rows get their
places one after the other, while the feed's row is held.

The id of an event is its place, enciphered with a key of the feed (AES, one block whose second half is zero): it is
the same whenever it is told, needs no column and no index, counts nothing for who reads it, and another
organisation's deciphers to nonsense.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.db import connection, transaction

from accounts.models import Event, Feed
from accounts.tenancy.scope import current_tenant_id
from accounts.visibility import of_everybody

# How long a reader may be away. Documented for integrators: docs/events.md.
KEPT = timedelta(days=90)
#: Places given in one transaction.
BATCH = 2000
#: Places looked at for one page: whoever sees few of them gets a short page at once, not a full one after long.
LOOKED_AT = 1000
BLOCK = struct.Struct(">QQ")

TYPES = (
    *("activity.logged", "activity.changed", "activity.removed"),
    *("output.recorded", "output.changed", "output.removed"),
    *("company.created", "company.changed", "contact.created", "contact.changed"),
    *("confirmation.asked", "confirmation.opened", "confirmation.answered", "confirmation.revoked"),
    *("deal.opened", "deal.qualified", "deal.moved", "deal.repriced", "deal.rescheduled", "deal.reassigned"),
    *("deal.closed", "deal.reopened", "deal.corrected", "deal.replanned", "deal.merged"),
    "import.finished",
    *("milestone.claimed", "milestone.evidenced", "milestone.checked", "milestone.confirmed"),
    *("milestone.contradicted", "milestone.lapsed", "milestone.corrected"),
    "webhook.tested",
)
COLUMNS = "tenant_id, type, subject_kind, subject_id, deal_id, member_id, effective_on, recorded_at, data"
# The rows are taken and put in one statement; `FOR UPDATE` is not needed, since only the holder of the feed takes any.
RELAY = f"""
WITH waiting AS (
    SELECT id FROM accounts_outboxevent WHERE tenant_id = %(tenant)s ORDER BY id LIMIT %(limit)s
), taken AS (
    DELETE FROM accounts_outboxevent AS gone USING waiting
    WHERE gone.tenant_id = %(tenant)s AND gone.id = waiting.id RETURNING gone.*
), placed AS (
    INSERT INTO accounts_event (position, {COLUMNS})
    SELECT %(position)s + row_number() OVER (ORDER BY taken.id), {COLUMNS} FROM taken RETURNING position
)
UPDATE accounts_feed SET position = %(position)s + (SELECT count(*) FROM placed)
WHERE tenant_id = %(tenant)s RETURNING position
"""  # noqa: S608
# The oldest are looked at by their places: no other index is needed, and none is read further than a batch.
SWEEP = """
DELETE FROM accounts_event WHERE tenant_id = %(tenant)s AND position IN (
    SELECT old.position FROM (
        SELECT position, recorded_at FROM accounts_event WHERE tenant_id = %(tenant)s ORDER BY position LIMIT %(limit)s
    ) AS old WHERE old.recorded_at < %(before)s)
"""


class NoSuchPlace(ValueError):
    """The id is of no event of this feed."""


class TooOld(LookupError):
    """What followed the place is not kept any more, so a reader would miss events without knowing."""


class Page(NamedTuple):
    """Events in their order, the place to go on from, and whether more are there already."""

    events: list[Event]
    position: int
    has_more: bool


def relay(*, limit: int = BATCH) -> int | None:
    """Give places to what waits in the current tenant's outbox, the oldest first; gives how many.

    None while somebody else is at it: who holds the feed looks again for more before ending.
    """
    tenant = current_tenant_id()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT position FROM accounts_feed WHERE tenant_id = %s FOR UPDATE SKIP LOCKED", [tenant])
        row = cursor.fetchone()
        if row is None:
            if Feed.objects.exists():
                return None
            Feed.objects.bulk_create([Feed()], ignore_conflicts=True)
            row = (Feed.objects.select_for_update().get().position,)
        cursor.execute(RELAY, {"tenant": tenant, "limit": limit, "position": row[0]})
        return int(cursor.fetchone()[0]) - int(row[0])


def page(*, after: int, types: Sequence[str] = (), limit: int) -> Page:
    """Events behind a place that the current member sees. Raises TooOld.

    A page may be short or empty and yet not the last.
    """
    last = Feed.objects.values_list("position", flat=True).first() or 0
    looked = min(after + LOOKED_AT, last)
    with of_everybody():
        if after < last and not Event.objects.filter(position=after + 1).exists():
            raise TooOld
    events = Event.objects.filter(position__gt=after, position__lte=looked).order_by("position")
    if types:
        events = events.filter(type__in=types)
    found = list(events[:limit])
    reached = found[-1].position if len(found) == limit else looked
    return Page(found, reached, reached < last)


def sweep(*, before: datetime, limit: int = BATCH) -> int:
    """Throw away events of the current tenant that were recorded before a moment; gives how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SWEEP, {"tenant": current_tenant_id(), "limit": limit, "before": before})
        return int(cursor.rowcount)


def first_kept() -> int:
    """The place before the oldest event that is kept."""
    with of_everybody():
        oldest = Event.objects.order_by("position").values_list("position", flat=True).first()
    return oldest - 1 if oldest is not None else Feed.objects.values_list("position", flat=True).first() or 0


def keys_of(places: Iterable[int], *, key: UUID) -> list[UUID]:
    """The keys of events at these places, as `ids.encode` takes them."""
    cipher = _cipher(key).encryptor()
    sealed = cipher.update(b"".join(BLOCK.pack(place, 0) for place in places))
    return [UUID(bytes=sealed[start : start + 16]) for start in range(0, len(sealed), 16)]


def place_of(sealed: UUID, *, key: UUID) -> int:
    """The place behind an event's key. Raises NoSuchPlace for another feed's, or one that was made up."""
    cipher = _cipher(key).decryptor()
    place, zero = BLOCK.unpack(cipher.update(sealed.bytes))
    if zero:
        raise NoSuchPlace(sealed)
    return int(place)


def _cipher(key: UUID) -> Cipher[modes.ECB]:
    # What ECB gives away are blocks that are equal: each id is one block, and no two places are equal.
    return Cipher(algorithms.AES(key.bytes), modes.ECB())  # noqa: S305


def feed_key() -> UUID | None:
    """The key of the current tenant's feed; None before its first event."""
    return Feed.objects.values_list("key", flat=True).first()
