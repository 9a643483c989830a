"""What changes of many deals look like outside."""

from __future__ import annotations

from collections import Counter
from typing import Any

from accounts.api import fields, ids, upserts
from accounts.api.problems import items_of_refusal
from accounts.api.shapes import MEMBER, ref
from strategy.listings import BulkEditRow
from strategy.services.deals.bulk import Edited, EditedRow


class BulkEdit(fields.Output):
    """A change of the same facts of many deals, which can be undone once."""

    expands = {"actor": MEMBER}

    id = fields.Id(ids.BULK_EDIT)
    made_at = fields.Moment()
    actor = fields.Ref(ids.MEMBER)
    changed = fields.Texts(help_text="The facts that were changed")
    on = fields.Day(allow_null=True, help_text="The day from which they hold; null: the day on which it was made")
    deals = fields.Whole(help_text="How many deals were changed")
    undone_at = fields.Moment(allow_null=True)


def bulk_edit(row: BulkEditRow) -> dict[str, Any]:
    """A change of many deals."""
    return {
        "id": ids.encode(ids.BULK_EDIT, row.key),
        "made_at": row.made_at,
        "actor": ref(ids.MEMBER, row.actor, row.actor_name),
        "changed": row.fields,
        "on": row.on,
        "deals": row.many,
        "undone_at": row.undone_at,
    }


class BulkRow(fields.Output):
    """What became of one deal. `code` and `detail` say why it stays as it was."""

    id = fields.Id(ids.DEAL)
    outcome = fields.OneOf(["updated", "unchanged", "error"])
    code = fields.Text(longest=100, allow_null=True)
    detail = fields.Text(longest=2000, allow_null=True)
    errors = upserts.UpsertedItem(many=True)  # type: ignore[assignment]


class BulkEdited(fields.Output):
    """What became of each deal of a change, in the order in which they were named. With `id` it can be undone once."""

    id = fields.Id(ids.BULK_EDIT)
    updated = fields.Whole()
    unchanged = fields.Whole()
    error = fields.Whole()
    results = BulkRow(many=True)


def bulk_edited(edited: Edited) -> dict[str, Any]:
    """A change of many deals, row by row."""
    rows = [_bulk_row(row) for row in edited.rows]
    counts = Counter(row["outcome"] for row in rows)
    told = {outcome: counts[outcome] for outcome in ("updated", "unchanged", "error")}
    return {"id": ids.encode(ids.BULK_EDIT, edited.edit.pk), **told, "results": rows}


def _bulk_row(row: EditedRow) -> dict[str, Any]:
    refusal = row.refusal
    return {
        "id": ids.encode(ids.DEAL, row.key),
        "outcome": "error" if refusal else "updated" if row.is_changed else "unchanged",
        "code": refusal.code if refusal else None,
        "detail": str(refusal) if refusal else None,
        "errors": list(items_of_refusal(refusal, "#/change")) if refusal else [],
    }
