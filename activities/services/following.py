"""What is done to activities because something else was done: people, deals and contacts that turn out to be others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F
from django.dispatch import receiver

from accounts.models import Membership
from accounts.signals import placeholder_linked
from activities.models import Activity, ActivityContact
from strategy.models import Contact, Deal
from strategy.signals import contacts_merged, contacts_parted, deals_merged, deals_parted

NEXT = F("version") + 1


@receiver(placeholder_linked)
def follow(placeholder: Membership, member: Membership, **_: Any) -> dict[str, int]:
    """What an import says a placeholder did was done by the member."""
    return {"activities": Activity.objects.filter(member=placeholder).update(member=member, version=NEXT)}


@receiver(deals_merged)
def follow_merge(kept: Deal, gone: Deal, **_: Any) -> dict[str, list[str]]:
    """What was done for the deal that goes was done for the one that stays."""
    rows = Activity.objects.filter(deal=gone)
    keys = [str(key) for key in rows.values_list("pk", flat=True)]
    rows.update(deal=kept, version=NEXT)
    return {Activity._meta.label: keys}


@receiver(deals_parted)
def follow_parting(kept: Deal, gone: Deal, moved: dict[str, list[str]], **_: Any) -> None:
    """Each deal has again what was done for it."""
    rows = Activity.objects.filter(pk__in=moved.get(Activity._meta.label, []), deal=kept)
    rows.update(deal=gone, version=NEXT)


@receiver(contacts_merged)
def follow_contacts(kept: Contact, gone: Contact, **_: Any) -> dict[str, list[str]]:
    """Where both took part in an activity, one of them is enough. The other rows are pointed at the one that stays by
    the merge itself, like everything that refers to a contact."""
    of_gone = ActivityContact.objects.filter(contact=gone)
    _renew(of_gone.values_list("activity_id", flat=True))
    both = of_gone.filter(activity_id__in=ActivityContact.objects.filter(contact=kept).values("activity_id"))
    keys = [str(key) for key in both.values_list("activity_id", flat=True)]
    both.delete()
    return {ActivityContact._meta.label: keys}


@receiver(contacts_parted)
def follow_contacts_parting(kept: Contact, gone: Contact, moved: dict[str, list[str]], **_: Any) -> None:
    """Both took part again, where the one that stayed still does."""
    _renew(ActivityContact.objects.filter(contact=gone).values_list("activity_id", flat=True))
    dropped = [UUID(key) for key in moved.get(ActivityContact._meta.label, [])]
    still = ActivityContact.objects.filter(contact=kept, activity_id__in=dropped).values_list("activity_id", flat=True)
    back = [ActivityContact(activity_id=key, contact=gone) for key in still]
    _renew([row.activity_id for row in back])
    ActivityContact.objects.bulk_create(back, ignore_conflicts=True)


def _renew(keys: Any) -> None:
    """Whoever has read these activities is told by their version that they say something else now."""
    Activity.objects.filter(pk__in=list(keys)).update(version=NEXT)
