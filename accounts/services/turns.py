"""Deeds that rest on more than one person or team of an organisation are done one after the other."""

from __future__ import annotations

from accounts.models import Membership, Tenant
from accounts.permissions import require
from accounts.tenancy.scope import current_tenant_id


def take_turn() -> None:
    """Wait until no such deed is under way; the next one waits until our transaction is over.

    The row of the organisation is what is held, in a way that hinders nobody who only refers to it.
    """
    list(Tenant.objects.select_for_update(no_key=True).filter(pk=current_tenant_id()).values_list("pk"))


def take_turn_as(actor: Membership, capability: str) -> None:
    """Wait for the turn, and see what the actor may do now: the deed before may have changed it.

    Raises NotAllowed.
    """
    take_turn()
    actor.refresh_from_db(fields=["role", "is_active", "team"])
    require(actor, capability)
