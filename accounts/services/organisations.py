"""Founding an organisation."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Membership, Tenant, User
from accounts.models.organisation import RESERVED_SLUGS, Role
from accounts.refusals import Invalid, Refused
from accounts.signals import organisation_opened
from accounts.tenancy.scope import tenant_scope

# More at once than this are no people.
MOST_RACERS = 8


class AddressTaken(Refused):
    """Another organisation has the slug."""

    code = "address_taken"
    sentence = _("Another organisation has the address “{slug}”. Choose another one.")


def open_organisation(
    *,
    owner: User,
    name: str,
    at: datetime,
    slug: str = "",
    time_zone: str = "UTC",
    currency: str = "EUR",
    is_demo: bool = False,
) -> Membership:
    """Found an organisation with its owner and the defaults of every app; returns the owner's membership.

    Without a slug one is derived from the name. Raises AddressTaken, or Invalid with the fields that are wrong.
    """
    tenant = Tenant(name=name.strip(), time_zone=time_zone, currency=currency, is_demo=is_demo)
    with transaction.atomic():
        _store_at_address(tenant, slug)
        with tenant_scope(tenant.pk):
            member = Membership.objects.create(user=owner, name=owner.name, email=owner.email, role=Role.OWNER)
            organisation_opened.send(sender=Tenant, tenant=tenant, owner=member)
            audit.record(verb="organisation.opened", subject=tenant, actor=member, at=at, slug=tenant.slug)
    return member


def _store_at_address(tenant: Tenant, given: str) -> None:
    """At the given address, or at a free one, for which several who chose the same name at once may race."""
    for _attempt in range(1 if given else MOST_RACERS):
        tenant.slug = given or _free_slug(tenant.name)
        try:
            tenant.full_clean(validate_unique=False)
        except ValidationError as error:
            raise Invalid(fields={field: " ".join(told) for field, told in error.message_dict.items()}) from error
        try:
            with transaction.atomic():
                tenant.save()
            return
        except IntegrityError:
            continue  # another one has it: known now that its transaction is over
    raise AddressTaken(slug=tenant.slug)


def _free_slug(name: str) -> str:
    """An address for a name: the name's own letters where it has any, numbered when taken."""
    base = slugify(name)[:34].strip("-") or "sellers"
    if base in RESERVED_SLUGS:
        base = f"{base}-sales"
    taken = set(Tenant.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(slug for slug in numbered if slug not in taken)
