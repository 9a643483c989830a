"""Two organisations whose rows are really committed, because most promises about tenants are about BEGIN and COMMIT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Deal
from tests.canaries import plant
from tests.databases import copied, pointed_at
from tests.make import make_deal, make_organisation


class Seller(NamedTuple):
    """An organisation with one company and one deal."""

    tenant: Tenant
    owner: Membership
    company: Company
    deal: Deal

    @property
    def pk(self) -> int:
        return self.tenant.pk


class World(NamedTuple):
    """Lena's organisation and Eve's."""

    northwind: Seller
    southwind: Seller


def make_seller(name: str, *, owner: str) -> Seller:
    member = make_organisation(name, owner=owner)
    with tenant_scope(member.tenant_id):
        company = Company.objects.create(name=f"{name} customer")
        return Seller(member.tenant, member, company, make_deal(actor=member, name=f"{name} deal", company=company))


@pytest.fixture(scope="module")
def database_of_its_own(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A copy that may be committed to and broken; it is thrown away with the module."""
    with django_db_blocker.unblock(), copied() as name, pointed_at(name):
        yield name


@pytest.fixture(scope="module")
def made_world(database_of_its_own: str) -> World:
    """The committed world of a module."""
    return World(make_seller("Northwind", owner="lena"), make_seller("Southwind", owner="eve"))


@pytest.fixture(scope="module")
def planted(made_world: World) -> dict[str, dict[Any, Any]]:
    """A row in every table of both, by the word that stands in all of its texts."""
    return {
        "nwcanary": plant(made_world.northwind.pk, "nwcanary"),
        "swcanary": plant(made_world.southwind.pk, "swcanary"),
    }
