"""What happened, in the order in which it came about: for programs that follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.response import Response

from accounts.api import fields, ids, nouns
from accounts.api.filters import Filter
from accounts.api.paging import USUAL, Limit
from accounts.api.resource import Resource, TokenRequest
from accounts.integrations import events
from accounts.refusals import Refused

# Where the row that an event is about can be read: by the type of its id.
PLACES = {
    ids.ACTIVITY: "activities",
    ids.COMPANY: "companies",
    ids.CONFIRMATION: "confirmations",
    ids.CONTACT: "contacts",
    ids.DEAL: "deals",
    ids.MILESTONE: "milestones",
    ids.OUTPUT: "outputs",
    ids.WEBHOOK: "webhooks",
}
# Keys in the data of an event, as the triggers write them, and the types of their ids.
NAMED = {
    "activity_id": ids.ACTIVITY,
    "activity_type_id": ids.ACTIVITY_TYPE,
    "deal_event_id": ids.DEAL_EVENT,
    "milestone_event_id": ids.MILESTONE_EVENT,
    "milestone_type_id": ids.MILESTONE_TYPE,
    "output_type_id": ids.OUTPUT_TYPE,
}


class EventsNotKept(Refused):
    """The event after which the list was to begin is older than 90 days, so what followed it may be gone. Read the
    rows themselves anew, and then follow the events from the first one that is kept, without `after`."""

    code = "events_not_kept"
    status = 410
    sentence = _("Events so old are not kept. Read the rows anew, and begin without “after”.")


class Happened(Protocol):
    """What is told of an event."""

    type: str
    subject_kind: str
    subject_id: UUID
    deal_id: UUID | None
    member_id: UUID | None
    effective_on: Any
    recorded_at: Any
    data: dict[str, Any]


class EventId(fields.StrictField):
    """The id of an event, as a place in the feed."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": ids.pattern(ids.EVENT)}

    def read(self, given: str) -> int:
        try:
            sealed, key = ids.decode(ids.EVENT, given), events.feed_key()
            if key is not None:
                return events.place_of(sealed, key=key)
        except (ids.NotAnId, events.NoSuchPlace):
            pass
        raise fields.NotUsable(_("There is no such event. Begin without one."))


class FeedEvent(fields.Output):
    """Something that happened to one row, without what the row says: read it where `subject.url` leads.

    The id is the same wherever the event is told, so it says whether you know it already.
    """

    id = fields.Id(ids.EVENT)
    type = fields.OneOf(events.TYPES)
    subject = fields.Anything(help_text="The row: its `id`, and the `url` at which it is read, if the API shows it")
    deal_id = fields.Id(ids.DEAL, allow_null=True, help_text="The deal that it belongs to")
    member_id = fields.Id(ids.MEMBER, allow_null=True, help_text="Who did it")
    effective_on = fields.Day(allow_null=True, help_text="The organisation's day on which it took effect")
    recorded_at = fields.Moment()
    data = fields.Anything(help_text="What tells whether to read more, as the type of an activity")  # type: ignore[assignment]


def event(told: Happened, key: UUID) -> dict[str, Any]:
    """An event as programs are told it; `key` is that of its id."""
    subject = ids.encode(told.subject_kind, told.subject_id)
    place = PLACES.get(told.subject_kind)
    return {
        "id": ids.encode(ids.EVENT, key),
        "type": told.type,
        "subject": {"id": subject, "url": f"/api/v1/{place}/{subject}" if place else None},
        "deal_id": ids.encode(ids.DEAL, told.deal_id) if told.deal_id else None,
        "member_id": ids.encode(ids.MEMBER, told.member_id) if told.member_id else None,
        "effective_on": told.effective_on,
        "recorded_at": told.recorded_at,
        "data": {
            name: ids.encode(NAMED[name], UUID(value)) if name in NAMED else value for name, value in told.data.items()
        },
    }


def shown(found: Sequence[Any]) -> list[dict[str, Any]]:
    """Events of the feed as programs are told them."""
    key = events.feed_key()
    if key is None:
        return []
    keys = events.keys_of([one.position for one in found], key=key)
    return [event(one, sealed) for one, sealed in zip(found, keys, strict=True)]


class Events(Resource):
    """What happened, as an append-only feed."""

    kind = ids.EVENT
    access = {"list": "event.see"}
    names = {"list": "list_events"}
    gives: ClassVar[dict[str, Any]] = {"list": FeedEvent}
    unpaged = frozenset({"list"})
    filters = {
        "list": [
            Filter("after", EventId(), "Only what came after this event: the last that you know, or `next_cursor`."),
            Filter("types", nouns.Some(events.TYPES), "Only events of these types, with commas between."),
            Filter("limit", Limit(), "How many events at the most."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List what happened, the oldest first.

        Begin without `after`, and give `next_cursor` as `after` from then on: no event is missed, in an order that
        stays. A page may have fewer events than asked for, or none, while `next` leads to more; without `next`, ask
        again later with the same `next_cursor`. An event is told within seconds of the deed, and kept for 90 days
        (then 410 `events_not_kept`). You see the events of what you see; rows that an import wrote are told by
        `import.finished` alone.
        """
        wanted, key = dict(self.wanted), events.feed_key()
        after = wanted.get("after")
        if key is None:
            return Response({"data": [], "next_cursor": None, "next": None})
        try:
            page = events.page(
                after=events.first_kept() if after is None else after,
                types=sorted(wanted.get("types", ())),
                limit=wanted.get("limit", USUAL),
            )
        except events.TooOld as error:
            raise EventsNotKept from error
        cursor = ids.encode(ids.EVENT, events.keys_of([page.position], key=key)[0])
        following = self._onward(cursor) if page.has_more else None
        return Response({"data": shown(page.events), "next_cursor": cursor, "next": following})

    def _onward(self, cursor: str) -> str:
        query = self.request.query_params.copy()
        query["after"] = cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")
