"""Asking customers by a program, and reading what they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from rest_framework.response import Response

from accounts.api import fields, filters, ids
from accounts.api.idempotency import idempotent
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.shapes import MEMBER, ref
from outcomes import services
from outcomes.api.shapes import MILESTONE_TYPE
from outcomes.confirmation_listings import CONFIRMATIONS, ConfirmationRow
from outcomes.languages import LANGUAGES
from outcomes.models import Confirmation as Row
from outcomes.models import ConfirmationAnswer, MilestoneType
from outcomes.services.confirmations import LONGEST_MESSAGE, LONGEST_STATEMENT, MOST_DAYS, USUAL_DAYS
from strategy.api.customer_shapes import CONTACT
from strategy.api.shapes import DEAL
from strategy.models import Contact, Deal, EndCause

PURPOSES = [Row.Purpose.MILESTONE.value, Row.Purpose.END_REASON.value]


class AskCustomer(fields.Input):
    """Whom to ask, about what, and how. A `type` for the purpose milestone; a contact, or a name and an address."""

    purpose = fields.OneOf(PURPOSES, required=False)
    deal = fields.Reference(ids.DEAL, lambda: Deal.objects.all())
    type = fields.Reference(ids.MILESTONE_TYPE, lambda: MilestoneType.objects.all(), required=False, allow_null=True)
    contact = fields.Reference(ids.CONTACT, lambda: Contact.objects.all(), required=False, allow_null=True)
    name = fields.Text(longest=200, empty=True, required=False)
    email = fields.Text(longest=254, empty=True, required=False)
    language = fields.OneOf(LANGUAGES, required=False, help_text="Without one: that of the company's country, or en")
    channel = fields.OneOf(
        Row.Channel.values,
        required=False,
        help_text="A letter (its answer is grade 3), unless the link is to be copied (grade 1)",
    )
    statement = fields.Text(
        longest=LONGEST_STATEMENT,
        empty=True,
        required=False,
        help_text="Asked word for word; without one: what was recorded of the milestone, or what its type says",
    )
    stated_on = fields.Day(required=False, allow_null=True, help_text="The day on which it was agreed")
    message = fields.Text(
        longest=LONGEST_MESSAGE, empty=True, required=False, help_text="How the letter begins; without one: as usual"
    )
    days = fields.Whole(
        least=1, most=MOST_DAYS, required=False, help_text=f"How long the link works; without them: {USUAL_DAYS}"
    )


class ConfirmationAnswerOf(fields.Output):
    """What the holder of the link said. `words` are how they put it, `comment` what they added, and `cause` why a deal
    ended as they see it. `in_ledger` says whether an event of the milestone tells of it: not where the deal was over or
    its figures were closed.
    """

    said = fields.OneOf(ConfirmationAnswer.Said.values, allow_null=True)
    words = fields.Text(longest=100_000, empty=True)
    comment = fields.Text(longest=100_000, empty=True)
    confidence = fields.Whole(most=10, allow_null=True)
    cause = fields.OneOf(EndCause.values, allow_null=True)
    answered_at = fields.Moment()
    in_ledger = fields.Switch()


class Confirmation(fields.Output):
    """One question to one person, behind one link. Who answers is the holder of the link; no answer is no evidence."""

    expands = {"deal": DEAL, "type": MILESTONE_TYPE, "contact": CONTACT, "asked_by": MEMBER}

    id = fields.Id(ids.CONFIRMATION)
    purpose = fields.OneOf(Row.Purpose.values)
    deal = fields.Ref(ids.DEAL)
    type = fields.Ref(ids.MILESTONE_TYPE, allow_null=True)
    contact = fields.Ref(ids.CONTACT, allow_null=True)
    name = fields.Text(longest=200)
    email = fields.Text(longest=254, allow_null=True)
    language = fields.Text(longest=8)
    channel = fields.OneOf(Row.Channel.values)
    statement = fields.Text(longest=100_000, empty=True)
    stated_on = fields.Day(allow_null=True)
    message = fields.Text(longest=100_000, empty=True)
    asked_by = fields.Ref(ids.MEMBER)
    asked_at = fields.Moment()
    expires_at = fields.Moment()
    revoked_at = fields.Moment(allow_null=True)
    opened_at = fields.Moment(allow_null=True, help_text="When the page was first looked at")
    opened_last_at = fields.Moment(allow_null=True)
    answered_at = fields.Moment(allow_null=True, help_text="When it was answered last")
    answers = ConfirmationAnswerOf(many=True)


class NewConfirmation(Confirmation):
    """What was asked, with its link where that is to be copied."""

    link = fields.Text(
        longest=500, allow_null=True, help_text="Shown this once, and null where a letter carries the link"
    )


def confirmation(row: ConfirmationRow) -> dict[str, Any]:
    """What one person was asked, and what they answered."""
    return {
        "id": ids.encode(ids.CONFIRMATION, row.key),
        "purpose": row.purpose,
        "deal": ref(ids.DEAL, row.deal, row.deal_name),
        "type": ref(ids.MILESTONE_TYPE, row.type, row.type_name) if row.type else None,
        "contact": ref(ids.CONTACT, row.contact, row.contact_name) if row.contact else None,
        "name": row.to_name,
        "email": row.to_email or None,
        "language": row.language,
        "channel": row.channel,
        "statement": row.statement,
        "stated_on": row.stated_on,
        "message": row.message,
        "asked_by": ref(ids.MEMBER, row.asked_by, row.asked_by_name),
        "asked_at": row.asked_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "opened_at": row.opened_at,
        "opened_last_at": row.opened_last_at,
        "answered_at": row.answered_at,
        "answers": [_answer(*given) for given in orjson.loads(row.answers)],
    }


def _answer(
    _key: UUID, said: str, words: str, comment: str, confidence: int | None, cause: str, at: str, in_ledger: bool
) -> dict[str, Any]:
    return {
        "said": said or None,
        "words": words,
        "comment": comment,
        "confidence": confidence,
        "cause": cause or None,
        "answered_at": datetime.fromisoformat(at),
        "in_ledger": in_ledger,
    }


class Confirmations(Resource):
    """What customers are asked by links, and what the holders of these links answered."""

    kind = ids.CONFIRMATION
    in_sight = True
    access = {
        "list": "milestone.see",
        "retrieve": "milestone.see",
        "create": "confirmation.ask",
        "destroy": "confirmation.ask",
    }
    also = {"create": ["milestone.see"]}
    takes = {"create": AskCustomer}
    names = {
        "list": "list_confirmations",
        "retrieve": "get_confirmation",
        "create": "create_confirmation",
        "destroy": "revoke_confirmation",
    }
    gives = {"list": Confirmation, "retrieve": Confirmation, "create": NewConfirmation}
    shown_once = {"create": ["link"]}
    filters = {
        "list": [
            filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only what was asked about this deal."),
            filters.of("contact", ids.CONTACT, lambda: Contact.objects.all(), "Only what this contact was asked."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List what customers were asked, the newest first, each with its answers."""
        return self.page(CONFIRMATIONS, confirmation)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show what one person was asked and answered."""
        return Response(confirmation(self.shown(CONFIRMATIONS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Ask somebody at the customer.

        A letter goes out at once, in the language of the reader; answers to it go to the member for whom the program
        speaks. With the channel `link` nothing is sent: `link` is shown this once, and since it was in other hands than
        the customer's, a confirmation by it is evidence (grade 1). Addresses of the organisation's own people are
        refused. One person is asked at most 4 times within 30 days, about one deal at most 12 times, and nobody is
        reminded.
        """
        made = services.ask(actor=request.user, at=timezone.now(), **self.read(request))
        answer = confirmation(CONFIRMATIONS.one(made.confirmation.pk))
        is_copied = made.confirmation.channel == Row.Channel.LINK
        address = settings.SITE_URL.rstrip("/") + reverse("link", args=[made.secret])
        return created(answer | {"link": address if is_copied else None}, f"/api/v1/confirmations/{answer['id']}")

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Take a link back.

        It opens nothing from now on; what was answered by it stays. Doing it again changes nothing.
        """
        row = self.shown(CONFIRMATIONS, id)
        services.revoke_confirmation(confirmation=Row.objects.get(pk=row.key), actor=request.user, at=timezone.now())
        return Response(status=204)
