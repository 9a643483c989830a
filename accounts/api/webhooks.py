"""Addresses to which events are sent, and what came of it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.shapes import MEMBER, ref
from accounts.api.tags import Match
from accounts.integrations import events
from accounts.listings import DELIVERIES, WEBHOOKS, DeliveryRow, WebhookRow
from accounts.models import Delivery as Sent
from accounts.models import Webhook as Stored
from accounts.services import webhooks

OF_WEBHOOK = {"webhook": ({"type": "string", "pattern": ids.pattern(ids.WEBHOOK)}, "The webhook that it was sent to.")}


class Types(fields.Several):
    """Some types of events, or none for all."""

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "minItems": 0}

    def read(self, given: Any) -> list[str]:
        return [] if given == [] else super().read(given)


class AddWebhook(fields.Input):
    """An address that events are to be sent to."""

    url = fields.Text(longest=500, help_text="https on the open internet")
    types = Types(events.TYPES, required=False, help_text="Only events of these types; all without any")


class ChangeWebhook(fields.Input):
    """What of a webhook is to be otherwise."""

    url = fields.Text(longest=500, required=False)
    types = Types(events.TYPES, required=False)
    is_active = fields.Switch(required=False)


class Replay(fields.Input):
    """What is sent again."""

    event = fields.Id(ids.EVENT)
    only_this = fields.Switch(required=False, help_text="true: this event alone, and not those after it too")


class Webhook(fields.Output):
    """An address to which events are sent, signed by Standard Webhooks, in their order and at least once."""

    expands = {"kept_by": MEMBER}

    id = fields.Id(ids.WEBHOOK)
    url = fields.Text(longest=500)
    types = fields.Texts(help_text="Empty: events of all types")
    is_active = fields.Switch()
    ended = fields.OneOf(Stored.Ended.values, allow_null=True, help_text="Why it is not active")
    behind = fields.Whole(help_text="Events in the feed that it has not come to yet")
    retry_at = fields.Moment(allow_null=True, help_text="When an event that was not taken is tried again")
    old_secret_until = fields.Moment(allow_null=True, help_text="Until when events are signed with two secrets")
    kept_by = fields.Ref(ids.MEMBER, help_text="By whose right it is sent: who last set its address or switched it on")
    created_at = fields.Moment()
    version = fields.Whole(least=1)


class WebhookWithSecret(Webhook):
    """A webhook and its secret, which is told this once."""

    secret = fields.Text(longest=80, allow_null=True, help_text="Kept nowhere: null when the request is sent again")


class Delivery(fields.Output):
    """One event sent to one address: how often, and what was answered last."""

    id = fields.Id(ids.DELIVERY)
    event_id = fields.Id(ids.EVENT, help_text="The header webhook-id")
    type = fields.OneOf(events.TYPES)
    state = fields.OneOf(Sent.State.values)
    attempts = fields.Whole()
    first_at = fields.Moment()
    last_at = fields.Moment()
    next_try_at = fields.Moment(allow_null=True)
    status = fields.Whole(least=100, most=999, allow_null=True, help_text="Of the last answer")
    problem = fields.Text(longest=40, allow_null=True, help_text="Why there was no good answer: one word")
    answer = fields.Text(longest=500, empty=True, help_text="How the last answer began")
    milliseconds = fields.Whole(help_text="Until the last answer")


def webhook(row: WebhookRow) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.WEBHOOK, row.key),
        "url": row.url,
        "types": row.types,
        "is_active": row.is_active,
        "ended": row.ended or None,
        "behind": row.behind,
        "retry_at": row.retry_at,
        "old_secret_until": row.old_secret_until,
        "kept_by": ref(ids.MEMBER, row.keeper, row.keeper_name),
        "created_at": row.created_at,
        "version": row.version,
    }


def delivery(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.DELIVERY, row.key),
        "event_id": ids.encode(ids.EVENT, events.keys_of([row.place], key=row.feed_key)[0]),
        "type": row.type,
        "state": row.state,
        "attempts": row.attempts,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "next_try_at": row.next_try_at if row.state == Sent.State.WAITING else None,
        "status": row.status,
        "problem": row.problem or None,
        "answer": row.answer,
        "milliseconds": row.milliseconds,
    }


class Webhooks(Resource):
    """Addresses to which events are sent."""

    kind = ids.WEBHOOK
    access = {
        "list": "webhook.see",
        "retrieve": "webhook.see",
        **dict.fromkeys(("create", "partial_update", "destroy", "secret", "test", "replay"), "webhook.edit"),
    }
    names = {
        "list": "list_webhooks",
        "retrieve": "get_webhook",
        "create": "create_webhook",
        "partial_update": "change_webhook",
        "destroy": "remove_webhook",
        "secret": "rotate_webhook_secret",
        "test": "test_webhook",
        "replay": "replay_events",
    }
    takes = {"create": AddWebhook, "partial_update": ChangeWebhook, "replay": Replay}
    gives = dict.fromkeys(("list", "retrieve", "partial_update", "test", "replay"), Webhook) | dict.fromkeys(
        ("create", "secret"), WebhookWithSecret
    )
    shown_once = {"create": ["secret"], "secret": ["secret"]}
    table = Stored
    guarded = {"partial_update": Match.NEEDED, "destroy": Match.HEEDED, "secret": Match.HEEDED}

    def list(self, request: TokenRequest) -> Response:
        """List the webhooks, the oldest first."""
        return self.page(WEBHOOKS, webhook)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one webhook."""
        return Response(webhook(self.shown(WEBHOOKS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a webhook.

        It is sent the events that happen from now on. `secret` is shown this once: with it the header
        webhook-signature is checked, as Standard Webhooks says. 409 `too_many_webhooks` beyond 20.
        """
        made = webhooks.add_webhook(actor=request.user, at=timezone.now(), **self.read(request))
        answer = webhook(WEBHOOKS.one(made.webhook.pk)) | {"secret": made.secret}
        return created(answer, f"/api/v1/webhooks/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change where, what and whether a webhook sends.

        Switched on again, it goes on where it stopped. It is kept by who did that or gave it another address: it ends
        when they may not have webhooks any more (`ended` is `keeper`).
        """
        found = self._webhook(id)
        webhooks.change_webhook(webhook=found, actor=request.user, at=timezone.now(), **self.read(request))
        return Response(webhook(WEBHOOKS.one(found.pk)))

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Remove a webhook, and the log of what was sent there."""
        webhooks.remove_webhook(webhook=self._webhook(id), actor=request.user, at=timezone.now())
        return Response(status=204)

    @action(detail=True, methods=["post"])
    @idempotent
    def secret(self, request: TokenRequest, id: str) -> Response:
        """Change the secret of a webhook.

        For 24 hours each event is signed with both, so that you can change yours without missing one.
        """
        made = webhooks.rotate_secret(webhook=self._webhook(id), actor=request.user, at=timezone.now())
        return Response(webhook(WEBHOOKS.one(made.webhook.pk)) | {"secret": made.secret})

    @action(detail=True, methods=["post"])
    @idempotent
    def test(self, request: TokenRequest, id: str) -> Response:
        """Send a test event.

        An event `webhook.tested` happens, and only this webhook is sent it. 409 `webhook_off` for one that is not
        active.
        """
        found = self._webhook(id)
        webhooks.send_test(webhook=found, actor=request.user, at=timezone.now())
        return Response(webhook(WEBHOOKS.one(found.pk)))

    @action(detail=True, methods=["post"])
    @idempotent
    def replay(self, request: TokenRequest, id: str) -> Response:
        """Send events again: one, or all from one on.

        They come in their order under the ids that they had. 409 `webhook_off` for one that is not active.
        """
        found, wanted, key = self._webhook(id), self.read(request), events.feed_key()
        try:
            place = events.place_of(wanted["event"], key=key) if key else 0
        except events.NoSuchPlace:
            place = 0
        again = webhooks.replay if wanted.get("only_this") else webhooks.replay_from
        again(webhook=found, position=place, actor=request.user, at=timezone.now())
        return Response(webhook(WEBHOOKS.one(found.pk)))

    def _webhook(self, text: str) -> Stored:
        found = Stored.objects.filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found


class Deliveries(Resource):
    """What was sent to a webhook."""

    kind = ids.DELIVERY
    access = {"list": "webhook.see"}
    names = {"list": "list_deliveries"}
    gives = dict.fromkeys(names, Delivery)
    placed = dict.fromkeys(names, OF_WEBHOOK)
    filters = {"list": [Filter("state", fields.OneOf(Sent.State.values), "Only those that stand like this.")]}

    def list(self, request: TokenRequest, webhook: str) -> Response:
        """List what was sent to a webhook, the newest first.

        The log is kept for 30 days.
        """
        return self.page(DELIVERIES, delivery, webhook=self._of(webhook))

    def _of(self, text: str) -> Any:
        try:
            key = ids.decode(ids.WEBHOOK, text)
        except ids.NotAnId as error:
            raise NotThere from error
        if not Stored.objects.filter(pk=key).exists():
            raise NotThere
        return key
