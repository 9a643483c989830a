"""A person's own name and address: what is proven of it, and where else it stands."""

from __future__ import annotations

from datetime import datetime

from django.apps import apps
from django.db import transaction

from accounts import audit, queries
from accounts.models import Membership, User
from accounts.refusals import Refused
from accounts.services.organisations import open_organisation
from accounts.tenancy.scope import tenant_scope


def confirm_address(*, user: User) -> None:
    """Note that the person reads the mail of their address: proven by a letter, or vouched for by an operator.

    Until then they cannot sign in.
    """
    addresses = apps.get_model("account", "EmailAddress").objects
    with transaction.atomic():
        give_way(address=user.email, to=user)
        addresses.filter(user=user, primary=True).exclude(email=user.email).update(primary=False)
        addresses.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def give_way(*, address: str, to: User) -> None:
    """Take an address from whoever signed up with it and never confirmed it: it is proven to be somebody else's."""
    addresses = apps.get_model("account", "EmailAddress").objects
    proven = addresses.filter(verified=True).values("user")
    rivals = User.objects.filter(email=address, last_login=None).exclude(pk=to.pk).exclude(pk__in=proven)
    for rival in rivals:
        addresses.filter(user=rival).delete()
        # Kept without its address: what it might have been named in cannot be looked for past the wall.
        User.objects.filter(pk=rival.pk).update(email=f"{rival.pk}@invalid", is_active=False, name="")


def open_wanted_organisation(*, user: User, at: datetime) -> None:
    """Open the organisation of the person's sign-up: before the address is confirmed, nobody owns one.

    A name that cannot be used is left for the page of a person's organisations, which asks for it again.
    """
    if not user.organisation_to_open:
        return
    try:
        open_organisation(owner=user, name=user.organisation_to_open, at=at)
    except Refused:
        return
    user.organisation_to_open = ""
    user.save(update_fields=["organisation_to_open"])


def rename_person(*, user: User, name: str, at: datetime) -> None:
    """Call the person so everywhere, except where their organisation calls them otherwise."""
    before, user.name = user.name, name
    user.save(update_fields=["name"])
    if before != name:
        _at_each_place(user, "name", before, name, at)


def follow_address(*, user: User, before: str, at: datetime) -> None:
    """Show the person's new address to the people of their organisations."""
    _at_each_place(user, "email", before, user.email, at)


def _at_each_place(user: User, field: str, before: str, after: str, at: datetime) -> None:
    for place in queries.places_of(user):
        with tenant_scope(place.tenant_id):
            member = Membership.objects.filter(pk=place.membership_id, **{field: before}).first()
            if member is not None:
                setattr(member, field, after)
                member.save(update_fields=[field])
                audit.record(verb=f"member.{field}_changed", subject=member, actor=member, at=at, **{field: after})
