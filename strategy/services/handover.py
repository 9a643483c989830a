"""Giving one member's deals to another: when they leave, or when a placeholder turns out to be somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.permissions import allows, require
from accounts.refusals import Invalid
from accounts.signals import placeholder_linked
from strategy.models import Company, Deal, DealEvent, OwnerSpan

AT_ONCE = 1000


def hand_over_deals(*, giver: Membership, to: Membership, actor: Membership, at: datetime) -> int:
    """Give all open deals of a member to another one; what is over stays with who had it. Returns how many.

    The same number of statements for ten deals and for thousands. That somebody else has a deal is no news of it:
    one that was imported is watched no longer than before. Raises Invalid, NotAllowed.
    """
    require(actor, "member.edit")
    if not to.is_active or to.is_placeholder or not allows(to, "deal.move") or to.pk == giver.pk:
        raise Invalid(fields={"to": _("Choose a member who sells.")})
    on = actor.tenant.day_of(at)
    with transaction.atomic():
        deals = list(Deal.objects.open().filter(owner=giver).select_for_update().values_list("pk", flat=True))
        if not deals:
            return 0
        Deal.objects.filter(pk__in=deals).update(owner=to, version=F("version") + 1, updated_at=at)
        spans = OwnerSpan.objects.filter(deal__in=deals, until_on=None)
        spans.update(until_on=Greatest(F("from_on"), Value(on)))
        OwnerSpan.objects.bulk_create(
            (OwnerSpan(deal_id=key, owner=to, from_on=on) for key in deals), batch_size=AT_ONCE
        )
        DealEvent.objects.bulk_create(
            (
                DealEvent(
                    deal_id=key,
                    kind=DealEvent.Kind.REASSIGNED,
                    effective_on=on,
                    recorded_at=at,
                    actor=actor,
                    data={"owner": [giver.name, to.name]},
                )
                for key in deals
            ),
            batch_size=AT_ONCE,
        )
        names = {"name": giver.name, "to": to.name, "deals": len(deals)}
        audit.record(verb="deals.handed_over", subject=giver, actor=actor, at=at, **names)
    return len(deals)


@receiver(placeholder_linked)
def follow(placeholder: Membership, member: Membership, **_: Any) -> dict[str, int]:
    """What an import gave to the placeholder is the member's, as if the import had known them.

    Events keep naming the placeholder: they can only be added to, and nothing happened to the deals.
    """
    deals = Deal.objects.filter(owner=placeholder).update(owner=member, version=F("version") + 1)
    Deal.objects.filter(owner_at_qualification=placeholder).update(owner_at_qualification=member)
    Deal.objects.filter(qualified_by=placeholder).update(qualified_by=member)
    OwnerSpan.objects.filter(owner=placeholder).update(owner=member)
    Company.objects.filter(owner=placeholder).update(owner=member)
    return {"deals": deals}
