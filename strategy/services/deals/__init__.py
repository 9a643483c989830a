"""The one place where deals change, whatever the door: page, API, task."""

from __future__ import annotations

from collections.abc import Iterable

from strategy.models import Deal
from strategy.services.deals.bulk import BulkEditUndone, Edited, EditedRow, bulk_edit_deals, undo_bulk_edit
from strategy.services.deals.drafts import FiguresClosed, PeriodClosed, refuse_closed
from strategy.services.deals.facts import (
    CHANGEABLE,
    LARGEST_AMOUNT,
    change_deal,
)
from strategy.services.deals.merging import merge_deals, undo_deal_merge
from strategy.services.deals.moving import SUPPLIES, move_deal, reopen_deal
from strategy.services.deals.opening import open_deal, qualify_deal
from strategy.services.deals.upserting import upsert_deals

__all__ = [
    "CHANGEABLE",
    "LARGEST_AMOUNT",
    "SUPPLIES",
    "BulkEditUndone",
    "Edited",
    "EditedRow",
    "FiguresClosed",
    "PeriodClosed",
    "bulk_edit_deals",
    "change_deal",
    "merge_deals",
    "move_deal",
    "open_deal",
    "qualify_deal",
    "refuse_closed",
    "reopen_deal",
    "undo_bulk_edit",
    "undo_deal_merge",
    "upsert_deals",
    "watch_deal",
    "watch_deals",
]


def watch_deal(deal: Deal) -> None:
    """An imported open deal that is worked here is watched from now on, not only up to its source's last day."""
    watch_deals([deal])


def watch_deals(deals: Iterable[Deal]) -> None:
    """Watch each of some deals from now on, with one statement for all."""
    unwatched = {deal.pk: deal for deal in deals if deal.observed_until is not None and deal.is_open}
    if unwatched:
        Deal.objects.filter(pk__in=unwatched).update(observed_until=None)
    for deal in unwatched.values():
        deal.observed_until = None
