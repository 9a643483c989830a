"""Changes of many deals at once: which there were, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import ids
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest
from strategy import listings, services
from strategy.api import bulk_shapes
from strategy.api.deals import seen_then
from strategy.models import BulkEdit, Deal


class BulkEdits(Resource):
    """Changes of many deals at once."""

    kind = ids.BULK_EDIT
    access = {"list": "deal.see", "retrieve": "deal.see", "undo": "deal.move"}
    names = {"list": "list_bulk_edits", "retrieve": "get_bulk_edit", "undo": "undo_bulk_edit"}
    gives: ClassVar[Any] = {
        "list": bulk_shapes.BulkEdit,
        "retrieve": bulk_shapes.BulkEdit,
        "undo": bulk_shapes.BulkEdited,
    }
    table = BulkEdit
    in_sight = True

    def list(self, request: TokenRequest) -> Response:
        """List the changes of many deals, the newest first.

        Members who do not see everybody's deals find those of the people whose deals they see.
        """
        return self.page(listings.BULK_EDITS, bulk_shapes.bulk_edit)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one change of many deals."""
        return Response(bulk_shapes.bulk_edit(self.shown(listings.BULK_EDITS, id)))

    @action(detail=True, methods=["post"])
    @idempotent
    def undo(self, request: TokenRequest, id: str) -> Response:
        """Undo a change of many deals.

        Each deal is given what it had before, from today on: past days go on saying what was so. Deals that were
        changed since, and those that a rule stands against, stay as they are and say so in `results`. One's own
        changes, or anybody's for members who lead, who see every deal in it. Answers 409 `bulk_edit_undone` the second
        time.
        """
        edit = BulkEdit.objects.filter(pk=self.key(id)).first()
        if edit is None:
            raise NotThere
        return Response(
            bulk_shapes.bulk_edited(services.undo_bulk_edit(edit=edit, actor=request.user, at=timezone.now()))
        )

    def refuse_unseen(self, answer: Mapping[str, Any]) -> None:
        """Raises NotThere for an earlier answer that names deals which have left the caller's sight since."""
        keys = {ids.decode(ids.DEAL, row["id"]) for row in seen_then(answer)["results"]}
        if Deal.objects.filter(pk__in=keys).count() < len(keys):
            raise NotThere
