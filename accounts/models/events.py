"""What happened, as other programs are told: first rows that wait for their place, then the feed in its order."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from django.db import models
from django.db.models.functions import Now

from accounts.tenancy.models import WalledModel
from accounts.visibility import WITH_ITS_DEAL, SeenManager, Way


class Happening(WalledModel):
    """Something that happened to one row, without what the row says: who wants to know reads it.

    `subject_kind` is the prefix of the subject's id outside. `deal_id` says by whom it is seen; without a deal it is
    the affair of `member_id`, who did it, and without either everybody's. By key and without references: it is told
    also when the row has gone.
    """

    seen = (
        WITH_ITS_DEAL,
        Way(person="member_id", where="{deal_id} IS NULL"),
        Way(where="{deal_id} IS NULL AND {member_id} IS NULL"),
    )

    type = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=4)
    subject_id = models.UUIDField()
    deal_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    effective_on = models.DateField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())
    data = models.JSONField(default=dict, db_default={})

    objects: ClassVar[SeenManager[Any]] = SeenManager()

    class Meta:
        abstract = True


class OutboxEvent(Happening):
    """One that no reader has seen: written by triggers in the transaction of the deed, taken out by the relay.

    A table of its own: the feed's rows are written once and never touched again, and what waits is so little that
    the dead rows it leaves are soon used again.
    """

    id = models.BigAutoField(primary_key=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "id"], name="outbox_event_by_tenant")]


class Event(Happening):
    """One in the feed. `position` counts a tenant's events without a gap, in the order in which they were committed."""

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "position"], name="event_place_in_feed")]

    def __str__(self) -> str:
        return f"{self.type} {self.position}"


class Feed(WalledModel):
    """How far a tenant's feed goes. Its row is held while places are given; `key` enciphers the ids of its events."""

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField(default=0)
    key = models.UUIDField(default=uuid4)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="feed_one_for_tenant")]
