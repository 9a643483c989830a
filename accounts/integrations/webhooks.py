"""Telling other programs what happened: signed (Standard Webhooks), in order, at least once.

A webhook is claimed by a lease that is committed before anything is sent, so nobody waits for a lock meanwhile and a
worker that is killed loses nothing: the lease ends, and what it had not written down is sent again under the same id.
What was sent is written down by a batch, in one statement for the webhook and one for its deliveries.
"""

from __future__ import annotations

import base64
import random
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast
from uuid import UUID, uuid4

import orjson
import uuid_utils.compat
from django.conf import settings
from django.db import connection
from django.db.models import Min
from standardwebhooks import Webhook as Signer

from accounts import audit, mail
from accounts.api.events import shown
from accounts.integrations.posting import Answer, Line
from accounts.models import Delivery, Event, Feed, Membership, User, Webhook
from accounts.models.organisation import Role
from accounts.permissions import allows
from accounts.secrets import seal, unseal
from accounts.tenancy.scope import tenant_scope

USE = "webhooks"
PREFIX, RANDOM = "whsec_", 32
#: How long both secrets are good after a change.
BOTH_FOR = timedelta(hours=24)
#: After so long a failed delivery is tried again; after the last of them the webhook ends.
PAUSES = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
JITTER = 0.2
#: So many tries of one event hold up those behind it.
HOLDS = 3
BATCH, BATCH_SECONDS = 100, 1.0
# Longer than a batch and the longest that its last answer may take, lookup and connecting included.
LEASE = timedelta(seconds=20)
GONE = 410
RESULT = ["state", "attempts", "last_at", "next_try_at", "status", "problem", "answer", "milliseconds"]
TESTED = "webhook.tested"
LOOKS_AGAIN = 0.1


class Message(NamedTuple):
    """One event on its way; `delivery` where it was tried before."""

    event: Event
    id: str
    body: str
    delivery: Delivery | None


class Claim(NamedTuple):
    """What one webhook is sent in one go. `position` is how far the line is once all of it has been delivered."""

    tenant_id: int
    webhook: Webhook
    lease: UUID
    messages: list[Message]
    position: int
    secrets: list[str]


Sent = list[tuple[Message, datetime, Answer]]


class Slots(NamedTuple):
    """How many addresses one worker process sends to at once, and how many of them may be one tenant's."""

    at_most: int = 32
    each: int = 4


USUAL = Slots()


def deliver(*, clock: Callable[[], datetime], until: Callable[[], bool] = lambda: False, slots: Slots = USUAL) -> int:
    """Send what is due, each address in a thread of its own; gives how many deliveries were tried.

    Only this thread asks the database; the others talk to the outside and nothing else.
    """
    tried = 0
    under_way: dict[Future[Sent], tuple[Claim, Line]] = {}
    with ThreadPoolExecutor(slots.at_most, thread_name_prefix="webhooks") as pool:

        def begin(claimed: Claim, line: Line) -> None:
            under_way[pool.submit(send, claimed, line)] = claimed, line

        while True:
            free = 0 if until() else slots.at_most - len(under_way)
            for tenant_id, webhook_id in due(now=clock(), at_most=free, each=slots.each) if free else ():
                if claimed := claim(tenant_id, webhook_id, now=clock()):
                    begin(claimed, Line(claimed.webhook.url))
            if not under_way:
                return tried
            finished, _ = wait(under_way, timeout=LOOKS_AGAIN, return_when=FIRST_COMPLETED)
            for future in finished:
                claimed, line = under_way.pop(future)
                done = future.result()
                tried += len(done)
                following = settle(claimed, done, now=clock(), go_on=not until())
                if following is not None:
                    begin(following, line)
                else:
                    line.close()


def end_webhook(*, webhook: Webhook, why: str, at: datetime) -> None:
    """Send there no more, since it cannot be reached, and tell the owners by a letter."""
    switch_off(webhook, why, at=at)
    audit.record(verb="webhook.ended", subject=webhook, actor=None, at=at, url=webhook.url, why=why)


def stop_webhook(webhook: Webhook, *, actor: Membership | None, at: datetime) -> None:
    """Send there no more, since who kept it may not have webhooks any more, and tell the owners by a letter."""
    # Whoever sends there just now finds that it is not theirs to go on with.
    webhook.lease, webhook.leased_until = None, None
    webhook.save(update_fields=["lease", "leased_until"])
    switch_off(webhook, Webhook.Ended.KEEPER, at=at)
    keeper = webhook.kept_by.name
    audit.record(verb="webhook.stopped", subject=webhook, actor=actor, at=at, url=webhook.url, keeper=keeper)


def switch_off(webhook: Webhook, why: str, *, at: datetime) -> None:
    """Send there no more, without anybody's having wished it, and tell the owners by a letter."""
    webhook.is_active, webhook.ended = False, why
    webhook.version += 1
    webhook.save(update_fields=["is_active", "ended", "version"])
    owners = Membership.objects.select_related("tenant", "user").filter(
        role=Role.OWNER, is_active=True, user__isnull=False
    )
    for owner in owners:
        about = {
            "name": owner.name,
            "url": webhook.url,
            "why": why,
            "keeper": webhook.kept_by.name,
            "organisation": owner.tenant.name,
            "slug": owner.tenant.slug,
        }
        mail.post(to=cast("User", owner.user).email, kind="webhook_ended", at=at, about=about)


def new_secret() -> str:
    """A secret that nobody knows yet."""
    return PREFIX + base64.b64encode(secrets.token_bytes(RANDOM)).decode()


def sealed(secret: str) -> bytes:
    return seal(secret, use=USE)


def due(*, now: datetime, at_most: int, each: int) -> list[tuple[int, UUID]]:
    """Tenants and webhooks that have something to send and nobody who does, those first that were served longest ago.

    Of one tenant there are never more than `each`, with those that are being served: its slow addresses take no more
    room than that.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, webhook_id FROM gate.webhooks_due(%s, %s, %s)", [now, at_most, each])
        return [(int(tenant_id), webhook_id) for tenant_id, webhook_id in cursor.fetchall()]


def claim(tenant_id: int, webhook_id: UUID, *, now: datetime) -> Claim | None:
    """What the webhook is to be sent next, for this worker alone until the lease ends; None if somebody else has it."""
    lease = uuid4()
    with tenant_scope(tenant_id):
        free = Webhook.objects.filter(pk=webhook_id, is_active=True).exclude(leased_until__gt=now)
        if not free.update(lease=lease, leased_until=now + LEASE):
            return None
        webhook = Webhook.objects.select_related("kept_by").get(pk=webhook_id)
        if not allows(webhook.kept_by, "webhook.edit"):
            # They lost the right in the moment in which they added it or switched it on, when it was not theirs yet.
            stop_webhook(webhook, actor=None, at=now)
            return None
        return _next(webhook, lease, now)


def send(claimed: Claim, line: Line) -> Sent:
    """Send one after the other, until one is not taken or the time for a batch is over. Asks no database."""
    done: Sent = []
    signers = [Signer(secret) for secret in claimed.secrets]
    ends = time.monotonic() + BATCH_SECONDS
    for message in claimed.messages:
        at = datetime.now(UTC)
        answer = line.post(message.body.encode(), headers_of(message, signers, at))
        done.append((message, at, answer))
        if not answer.is_good or time.monotonic() > ends:
            break
    return done


def headers_of(message: Message, signers: Sequence[Signer], at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: with two secrets, two signatures."""
    return {
        "content-type": "application/json",
        "user-agent": f"{settings.PRODUCT_NAME} webhooks",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signer.sign(message.id, at, message.body) for signer in signers),
    }


def settle(claimed: Claim, done: Sent, *, now: datetime, go_on: bool) -> Claim | None:
    """Write down what came of a batch, and claim the next one if there is one and the webhook may go on.

    Nothing is written by who has lost the lease: somebody else sends the same again.
    """
    with tenant_scope(claimed.tenant_id):
        webhook = (
            Webhook.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk=claimed.webhook.pk, lease=claimed.lease)
            .first()
        )
        if webhook is None:
            return None
        deliveries = [_noted(webhook, message, at, answer) for message, at, answer in done]
        again = [one for one in deliveries if not one._state.adding]
        Delivery.objects.bulk_create([one for one in deliveries if one._state.adding])
        Delivery.objects.bulk_update(again, RESULT)
        _advance(webhook, claimed, done, deliveries)
        if ended := _ended(deliveries):
            end_webhook(webhook=webhook, why=ended, at=now)
            go_on = False
        following = _next(webhook, claimed.lease, now) if go_on else None
        more = following is not None and bool(following.messages)
        webhook.leased_until = now + LEASE if more else now
        webhook.lease = claimed.lease if more else None
        webhook.save(update_fields=["position", "held_by", "retry_at", "lease", "leased_until"])
        return following if more else None


def _next(webhook: Webhook, lease: UUID, now: datetime) -> Claim:
    position, messages = webhook.position, _again(webhook, now)
    if webhook.held_by is None:
        last = Feed.objects.values_list("position", flat=True).first() or 0
        position = min(webhook.position + BATCH, last)
        found = Event.objects.filter(position__gt=webhook.position, position__lte=position).order_by("position")
        wanted = [event for event in found if _is_for(webhook, event)]
        messages += _messages(wanted, [None] * len(wanted))
    known = [unseal(webhook.secret, use=USE)]
    if webhook.old_secret_until and webhook.old_secret_until > now:
        known.append(unseal(webhook.old_secret, use=USE))
    return Claim(webhook.tenant_id or 0, webhook, lease, messages, position, known)


def _again(webhook: Webhook, now: datetime) -> list[Message]:
    """Those whose time to be tried again has come."""
    if webhook.retry_at is None or webhook.retry_at > now:
        return []
    waiting = list(webhook.deliveries.filter(next_try_at__lte=now).order_by("next_try_at", "id")[:BATCH])
    found = {event.position: event for event in Event.objects.filter(position__in=[one.position for one in waiting])}
    known = [one for one in waiting if one.position in found]
    gone = [one.pk for one in waiting if one.position not in found]
    Delivery.objects.filter(pk__in=gone).update(state=Delivery.State.FAILED, next_try_at=None, problem="not_kept")
    return _messages([found[one.position] for one in known], known)


def _is_for(webhook: Webhook, event: Event) -> bool:
    if event.type == TESTED:
        return event.subject_id == webhook.pk
    return not webhook.types or event.type in webhook.types


def _messages(found: Sequence[Event], deliveries: Sequence[Delivery | None]) -> list[Message]:
    return [
        Message(event, told["id"], _body(told), delivery)
        for event, told, delivery in zip(found, shown(found), deliveries, strict=True)
    ]


def _body(told: dict[str, object]) -> str:
    whole = {"type": told["type"], "timestamp": told["recorded_at"], "data": told}
    return orjson.dumps(whole, option=orjson.OPT_UTC_Z).decode()


def _noted(webhook: Webhook, message: Message, at: datetime, answer: Answer) -> Delivery:
    delivery = message.delivery or Delivery(
        id=uuid_utils.compat.uuid7(),
        webhook=webhook,
        tenant_id=webhook.tenant_id,
        position=message.event.position,
        type=message.event.type,
        first_at=at,
    )
    delivery.attempts, delivery.last_at, delivery.next_try_at = delivery.attempts + 1, at, None
    delivery.status, delivery.problem, delivery.answer = answer.status, answer.problem, answer.text
    delivery.milliseconds = answer.milliseconds
    if answer.is_good:
        delivery.state = Delivery.State.DELIVERED
    elif answer.status == GONE or delivery.attempts > len(PAUSES):
        delivery.state = Delivery.State.FAILED
        delivery.next_try_at = at  # once the webhook, which ends with it, is switched on again
    else:
        delivery.state = Delivery.State.WAITING
        # Spread, so that what failed together does not come back together.
        delivery.next_try_at = at + PAUSES[delivery.attempts - 1] * (1 + JITTER * random.random())  # noqa: S311
    return delivery


def _advance(webhook: Webhook, claimed: Claim, done: Sent, deliveries: Sequence[Delivery]) -> None:
    """How far the line is now, and whether it is held."""
    # Replaying moves the line; what was claimed before then says nothing of where it goes on.
    if webhook.position == claimed.webhook.position:
        fresh = [message.event.position for message, _, _ in done if message.delivery is None]
        webhook.position = claimed.position if len(done) == len(claimed.messages) else max([webhook.position, *fresh])
    for (message, _, answer), delivery in zip(done, deliveries, strict=True):
        if message.delivery is None and not answer.is_good:
            webhook.held_by = delivery.pk
        elif delivery.pk == webhook.held_by and (answer.is_good or delivery.attempts >= HOLDS):
            webhook.held_by = None
    waiting = webhook.deliveries.filter(next_try_at__isnull=False)
    if webhook.retry_at is not None or any(one.next_try_at for one in deliveries):
        webhook.retry_at = waiting.aggregate(first=Min("next_try_at"))["first"]


def _ended(deliveries: Sequence[Delivery]) -> str:
    if any(one.status == GONE for one in deliveries):
        return Webhook.Ended.GONE
    return Webhook.Ended.FAILED if any(one.state == Delivery.State.FAILED for one in deliveries) else ""
