"""Northwind in two teams: Omar sells in North, which Nina manages; Sara sells in South. Both are below Field."""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import Membership, Team, Tenant
from accounts.models.organisation import Role
from accounts.tenancy.scope import tenant_scope
from tests.make import make_member


class Cast(NamedTuple):
    """Who works at Northwind."""

    lena: Membership
    omar: Membership
    nina: Membership
    sara: Membership
    vera: Membership
    north: Team
    south: Team
    field: Team

    def person(self, name: str) -> Membership:
        """The member of this name, as they stand."""
        with tenant_scope(self.lena.tenant_id):
            return Membership.objects.select_related("tenant", "user").get(pk=getattr(self, name).pk)


def in_teams(lena: Membership, omar: Membership, vera: Membership) -> Cast:
    """Put Northwind into its teams."""
    tenant = lena.tenant
    nina = make_member("nina", tenant=tenant, role=Role.MANAGER)
    sara = make_member("sara", tenant=tenant, role=Role.REP)
    with tenant_scope(tenant.pk):
        field = Team.objects.create(name="Field")
        north = Team.objects.create(name="North", parent=field, manager=nina)
        south = Team.objects.create(name="South", parent=field)
        Membership.objects.filter(pk__in=[omar.pk, nina.pk]).update(team=north)
        Membership.objects.filter(pk=sara.pk).update(team=south)
    return Cast(lena, omar, nina, sara, vera, north, south, field)


def let_see(tenant: Tenant, whose: str, **facts: object) -> None:
    """Set whose deals people see."""
    with tenant_scope(tenant.pk):
        Tenant.objects.filter(pk=tenant.pk).update(visibility=whose, **facts)
    tenant.refresh_from_db()
