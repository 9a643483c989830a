"""Questions about companies and contacts."""

from __future__ import annotations

from uuid import UUID

from strategy.models import BuyingRole, Deal, Merge


def buying_roles(deal: Deal, *, limit: int, after: UUID | None = None) -> list[BuyingRole]:
    """Who decides about a deal, the first to be named first."""
    rows = BuyingRole.objects.filter(deal=deal).select_related("contact").order_by("pk")
    return list((rows.filter(pk__gt=after) if after else rows)[:limit])


def last_merge(*, of: str, kept: UUID) -> Merge | None:
    """The last merge into a row that was not undone."""
    return Merge.objects.filter(of=of, kept_id=kept, undone_at=None).order_by("-merged_at", "-pk").first()
