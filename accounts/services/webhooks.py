"""Deeds on webhooks: where events are sent, with which secret, and what is sent again."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.integrations import events
from accounts.integrations.outbound import may_call
from accounts.integrations.webhooks import BOTH_FOR, TESTED, new_secret, sealed, stop_webhook
from accounts.models import Delivery, Event, Feed, Membership, OutboxEvent, Webhook
from accounts.permissions import allows, require
from accounts.refusals import Invalid, Refused

MOST = 20
LONGEST_URL = 500


class TooManyWebhooks(Refused):
    """An organisation may have 20 webhooks. Remove one, or let one address take more types of events."""

    code = "too_many_webhooks"
    sentence = gettext_lazy("There are 20 webhooks already. Remove one first.")


class WebhookOff(Refused):
    """The webhook is switched off, so nothing is sent there. Switch it on first."""

    code = "webhook_off"
    sentence = gettext_lazy("The webhook is switched off. Switch it on first.")


class NewWebhook(NamedTuple):
    """A webhook and its secret, which is told this once."""

    webhook: Webhook
    secret: str


def add_webhook(*, actor: Membership, url: str, types: Iterable[str] = (), at: datetime) -> NewWebhook:
    """Send events there from now on; those before are had by replaying. Raises Invalid or TooManyWebhooks."""
    require(actor, "webhook.edit")
    if Webhook.objects.count() >= MOST:
        raise TooManyWebhooks
    secret = new_secret()
    webhook = Webhook(url=_judged(url), types=_known(types), secret=sealed(secret), kept_by=actor)
    webhook.position = Feed.objects.values_list("position", flat=True).first() or 0
    webhook.save()
    audit.record(verb="webhook.added", subject=webhook, actor=actor, at=at, url=webhook.url, types=webhook.types)
    return NewWebhook(webhook, secret)


def change_webhook(
    *,
    webhook: Webhook,
    actor: Membership,
    at: datetime,
    url: str | None = None,
    types: Iterable[str] | None = None,
    is_active: bool | None = None,
) -> Webhook:
    """Send elsewhere, other types, or not at all. Switched on again it goes on where it stopped. Whoever does that, or
    says where it sends, keeps it from then on: what they lead elsewhere ends with their right and no other's. Raises
    Invalid."""
    require(actor, "webhook.edit")
    wanted = {
        "url": _judged(url) if url is not None and url != webhook.url else None,
        "types": _known(types) if types is not None else None,
        "is_active": is_active,
    }
    held = Webhook.objects.select_related("kept_by").select_for_update(of=("self",), no_key=True).get(pk=webhook.pk)
    changed: dict[str, list[object]] = {
        name: [getattr(held, name), value]
        for name, value in wanted.items()
        if value is not None and value != getattr(held, name)
    }
    if not changed:
        return held
    for name, (_before, value) in changed.items():
        setattr(held, name, value)
    held.ended = "" if held.is_active else held.ended or Webhook.Ended.MEMBER
    takes_over = "url" in changed or ("is_active" in changed and held.is_active)
    if takes_over and held.kept_by_id != actor.pk:
        changed["kept_by"] = [held.kept_by.name, actor.name]
        held.kept_by = actor
    # Whoever sends to the address as it was writes nothing any more.
    held.lease, held.leased_until = None, None
    if changed.keys() & {"url", "is_active"}:
        # What was not taken is tried at once, as if for the first time. The log forgets, and nothing waits for that.
        waiting = held.deliveries.filter(next_try_at__isnull=False)
        held.retry_at = at if waiting.update(state=Delivery.State.WAITING, attempts=0, next_try_at=at) else None
        if held.held_by and not waiting.filter(pk=held.held_by).exists():
            held.held_by = None
    held.version += 1
    held.save()
    audit.record(verb="webhook.changed", subject=held, actor=actor, at=at, url=held.url, changed=changed)
    return held


def stop_webhooks_of(member: Membership, *, actor: Membership, at: datetime) -> int:
    """Send nothing any more by the right of a member who has lost it, and tell the owners; gives how many ended."""
    if allows(member, "webhook.edit"):
        return 0
    kept = Webhook.objects.select_for_update(of=("self",), no_key=True).filter(kept_by=member, is_active=True)
    for webhook in kept:
        stop_webhook(webhook, actor=actor, at=at)
    return len(kept)


def rotate_secret(*, webhook: Webhook, actor: Membership, at: datetime) -> NewWebhook:
    """Give it another secret. For 24 hours each event is signed with both, so that none is refused meanwhile."""
    require(actor, "webhook.edit")
    held = Webhook.objects.select_for_update(of=("self",), no_key=True).get(pk=webhook.pk)
    secret = new_secret()
    held.old_secret, held.old_secret_until = bytes(held.secret), at + BOTH_FOR
    held.secret = sealed(secret)
    held.version += 1
    held.save(update_fields=["secret", "old_secret", "old_secret_until", "version"])
    audit.record(verb="webhook.rotated", subject=held, actor=actor, at=at, url=held.url)
    return NewWebhook(held, secret)


def remove_webhook(*, webhook: Webhook, actor: Membership, at: datetime) -> None:
    """Forget the webhook and what was sent there."""
    require(actor, "webhook.edit")
    audit.record(verb="webhook.removed", subject=webhook, actor=actor, at=at, url=webhook.url)
    webhook.delete()


def send_test(*, webhook: Webhook, actor: Membership, at: datetime) -> None:
    """Let an event happen that only this address is told of. Raises WebhookOff."""
    require(actor, "webhook.edit")
    if not webhook.is_active:
        raise WebhookOff
    OutboxEvent.objects.create(
        type=TESTED, subject_kind="whk", subject_id=webhook.pk, member_id=actor.pk, recorded_at=at
    )
    audit.record(verb="webhook.tested", subject=webhook, actor=actor, at=at, url=webhook.url)


def replay(*, webhook: Webhook, position: int, actor: Membership, at: datetime) -> None:
    """Send one event again, under the id that it had. Raises WebhookOff, or Invalid where it is not kept any more."""
    held = _held(webhook, position, actor)
    event = Event.objects.get(position=position)
    again = held.deliveries.filter(position=position).order_by("-pk").first() or Delivery(
        webhook=held, position=position, type=event.type, first_at=at, last_at=at
    )
    again.state, again.attempts, again.next_try_at = Delivery.State.WAITING, 0, at
    again.save()
    held.retry_at = min(held.retry_at or at, at)
    held.save(update_fields=["retry_at"])
    audit.record(verb="webhook.replayed", subject=held, actor=actor, at=at, url=held.url, type=event.type)


def replay_from(*, webhook: Webhook, position: int, actor: Membership, at: datetime) -> None:
    """Send an event and all that came after it again, in their order. Raises WebhookOff, or Invalid where it is not
    kept any more."""
    held = _held(webhook, position, actor)
    held.position, held.held_by, held.lease, held.leased_until = position - 1, None, None, None
    held.version += 1
    held.save(update_fields=["position", "held_by", "lease", "leased_until", "version"])
    audit.record(verb="webhook.replayed_from", subject=held, actor=actor, at=at, url=held.url)


def _held(webhook: Webhook, position: int, actor: Membership) -> Webhook:
    require(actor, "webhook.edit")
    held = Webhook.objects.select_for_update(of=("self",), no_key=True).get(pk=webhook.pk)
    if not held.is_active:
        raise WebhookOff
    if not Event.objects.filter(position=position).exists():
        raise Invalid(fields={"event": _("There is no such event, or it is older than 90 days and not kept.")})
    return held


def _known(types: Iterable[str]) -> list[str]:
    wanted = sorted(set(types))
    if unknown := [name for name in wanted if name not in events.TYPES]:
        raise Invalid(fields={"types": _("There is no such type of event: {types}.").format(types=unknown[0][:40])})
    return wanted


def _judged(url: str) -> str:
    """The address, if it may be called as it stands now; each time it is called it is judged again."""
    url = url.strip()
    try:
        given = urlsplit(url)
        host, port = given.hostname or "", given.port or (443 if given.scheme == "https" else 80)
        is_written = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    except ValueError:
        host, is_written = "", False
    if not (host and is_written and given.scheme in ("https", "http")) or given.username or given.fragment:
        told = _("Write an address that begins with https://, of up to 500 letters, without a name, password or #.")
        raise Invalid(fields={"url": told})
    try:
        found = {one[4][0] for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise Invalid(fields={"url": _("This name leads nowhere just now.")}) from error
    for address in found:
        if not may_call(ipaddress.ip_address(address), port=port, is_secret=given.scheme == "https"):
            raise Invalid(fields={"url": _("This address is not on the open internet by https and its usual port.")})
    return url
