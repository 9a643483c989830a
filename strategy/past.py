"""What a deal was on a past day: by what took effect until then, with everything that is known of it now.

So a change that is recorded today for last month shows in last month. Spans give stage, owner, strategy, segment and
play; events give the value and the expected close, each from what stood there before the first change after the day.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from strategy.models import Deal, DealEvent, OwnerSpan


def amount_on(deal: Deal, day: date) -> int | None:
    """What a deal was worth at the end of a day, in minor units of its currency."""
    later = _first_after(deal, day, "amount")
    return deal.amount if later is None else later.data["amount"][0]


def owner_on(deal: Deal, day: date) -> UUID | None:
    """Who had a deal at the end of a day; before its first owner, that one."""
    spans = list(OwnerSpan.objects.filter(deal=deal).order_by("from_on", "pk").values_list("owner_id", "from_on"))
    had = [owner for owner, since in spans if since <= day]
    if had:
        return had[-1]
    return spans[0][0] if spans else deal.owner_id


def _first_after(deal: Deal, day: date, fact: str) -> Any:
    changes = DealEvent.objects.filter(deal=deal, effective_on__gt=day, data__has_key=fact)
    told = changes.exclude(Q(kind=DealEvent.Kind.QUALIFIED) | Q(kind=DealEvent.Kind.OPENED))
    return told.order_by("effective_on", "recorded_at", "pk").first()
