"""Browsing as one of the cast, and a few deals to look at."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Deal
from strategy.services import open_deal
from tests.make import NOON


@pytest.fixture
def as_lena(client: Client, lena: Membership) -> Client:
    client.force_login(lena.user)
    return client


@pytest.fixture
def as_omar(client: Client, omar: Membership) -> Client:
    client.force_login(omar.user)
    return client


@pytest.fixture
def as_vera(client: Client, vera: Membership) -> Client:
    client.force_login(vera.user)
    return client


DealMaker = Callable[..., Deal]


@pytest.fixture
def make_deal(northwind: Tenant, omar: Membership) -> DealMaker:
    """Opens a deal of Omar's at Northwind, qualified in August."""

    def made(name: str = "Leak analytics", *, company: str = "Brightwater", **facts: object) -> Deal:
        with tenant_scope(northwind.pk):
            buyer = Company.objects.filter(name=company).first() or Company.objects.create(name=company)
            given = {"amount": 18_400_000, "qualified_on": date(2026, 8, 3), **facts}
            return open_deal(actor=omar, name=name, company=buyer, at=NOON, **given)

    return made


@pytest.fixture
def deal(make_deal: DealMaker) -> Deal:
    return make_deal()
