"""Where an organisation stands: addresses that are free, and those that it leaves and keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NoReturn

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, PastAddress, Tenant
from accounts.models.organisation import RESERVED_SLUGS
from accounts.refusals import Invalid, Refused

# More at once than this are no people.
MOST_RACERS = 8
# Each address that was left stays taken for ever, so nobody may leave many.
MOST_MOVES, MOVES_WITHIN = 3, timedelta(days=30)
MOST_PAST_ADDRESSES = 12
MOVED = "organisation.moved"


class AddressTaken(Refused):
    """Another organisation has the slug, or had it."""

    code = "address_taken"
    sentence = _("Another organisation has the address “{slug}”. Choose another one.")


class MovedTooOften(Refused):
    """The organisation has changed its address too often. Links to the addresses before go on working."""

    code = "moved_too_often"
    status = 409
    sentence = _("The address can be changed {times} times in {days} days. Try again later.")


class TooManyAddresses(Refused):
    """The organisation keeps as many addresses as it can. It may take one of them back."""

    code = "too_many_addresses"
    status = 409
    sentence = _("The organisation has had {most} addresses and keeps them all. Take one of those back.")


def settle(tenant: Tenant, given: str) -> None:
    """Store a new organisation at the given address, or at a free one, for which several who chose the same name at
    once may race. Raises AddressTaken, or Invalid with the fields that are wrong."""
    for _attempt in range(1 if given else MOST_RACERS):
        tenant.slug = given or free_slug(tenant.name)
        refuse_unless_sound(tenant)
        try:
            with transaction.atomic():
                tenant.save()
                _refuse_if_left_by_another(tenant)
            return
        except (IntegrityError, AddressTaken):
            tenant.pk = None
            tenant._state.adding = True  # another one has it: known now that its transaction is over
    refuse_taken(tenant.slug)


def move(tenant: Tenant, slug: str, *, at: datetime) -> None:
    """Give the organisation another address and keep the one it leaves. The caller holds its row.

    Raises AddressTaken, MovedTooOften, TooManyAddresses.
    """
    left = tenant.slug
    if AuditEvent.objects.filter(verb=MOVED, at__gt=at - MOVES_WITHIN).count() >= MOST_MOVES:
        raise MovedTooOften(times=MOST_MOVES, days=MOVES_WITHIN.days)
    PastAddress.objects.filter(slug=slug, organisation=tenant).delete()  # taken back
    if PastAddress.objects.filter(organisation=tenant).count() >= MOST_PAST_ADDRESSES:
        raise TooManyAddresses(most=MOST_PAST_ADDRESSES)
    tenant.slug = slug
    try:
        with transaction.atomic():
            tenant.save(update_fields=["slug"])
    except IntegrityError:
        refuse_taken(slug)
    _refuse_if_left_by_another(tenant)
    PastAddress.objects.create(slug=left, organisation=tenant, left_at=at)


def refuse_unless_sound(tenant: Tenant) -> None:
    """Raises Invalid with the fields that are wrong."""
    try:
        tenant.full_clean(validate_unique=False)
    except ValidationError as error:
        raise Invalid(fields={field: " ".join(told) for field, told in error.message_dict.items()}) from error


def refuse_taken(slug: str) -> NoReturn:
    """Raises AddressTaken, told at the field."""
    raise AddressTaken(slug=slug, fields={"slug": str(AddressTaken.sentence).format(slug=slug)})


def _refuse_if_left_by_another(tenant: Tenant) -> None:
    """After the save, which waits for whoever leaves the address at this moment; before it nobody would see that."""
    if PastAddress.objects.filter(slug=tenant.slug).exclude(organisation=tenant).exists():
        refuse_taken(tenant.slug)


def free_slug(name: str) -> str:
    """An address for a name: the name's own letters where it has any, numbered when taken."""
    base = slugify(name)[:34].strip("-") or "sellers"
    if base in RESERVED_SLUGS:
        base = f"{base}-sales"
    taken = {
        *Tenant.objects.filter(slug__startswith=base).values_list("slug", flat=True),
        *PastAddress.objects.filter(slug__startswith=base).values_list("slug", flat=True),
    }
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(slug for slug in numbered if slug not in taken)
