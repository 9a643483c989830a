"""Browsing as one of the cast on the story's Wednesday, and deals to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import EmailDomain, Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType
from outcomes.models import MilestoneType
from outcomes.statistics import engine
from strategy.models import Company, Deal
from strategy.services import move_deal
from tests import make
from tests.frontend.door import LENA, set_up
from tests.make import NOON, stage
from tests.providers import Crooked, crooked_provider

DealMaker = Callable[..., Deal]


@pytest.fixture(autouse=True)
def nobody_tried_before() -> None:
    """Tries at the doors are counted by address, and all tests come from one."""
    cache.clear()


@pytest.fixture
def on_wednesday() -> Iterator[None]:
    """The pages' clock stands on the day of the story."""
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def as_lena(client: Client, lena: Membership, on_wednesday: None) -> Client:
    client.force_login(lena.user)
    return client


@pytest.fixture
def as_omar(client: Client, omar: Membership, on_wednesday: None) -> Client:
    client.force_login(omar.user)
    return client


@pytest.fixture
def as_vera(client: Client, vera: Membership, on_wednesday: None) -> Client:
    client.force_login(vera.user)
    return client


@pytest.fixture
def make_deal(northwind: Tenant, omar: Membership) -> DealMaker:
    """Opens a deal of Omar's at Northwind; `ends` names the stage in which it is over."""

    def made(name: str = "Leak analytics", *, company: str = "Brightwater", ends: str = "", **facts: Any) -> Deal:
        with tenant_scope(northwind.pk):
            buyer = Company.objects.filter(name=company).first() or Company.objects.create(name=company)
            deal = make.make_deal(actor=omar, name=name, company=buyer, **facts)
            if ends:
                move_deal(deal=deal, to=stage(ends), actor=omar, at=NOON)
            return deal

    return made


@pytest.fixture
def deal(make_deal: DealMaker) -> Deal:
    return make_deal()


@pytest.fixture
def count(northwind: Tenant) -> Callable[[], None]:
    """Counts what waits to be counted, as the worker does."""

    def counted() -> None:
        with tenant_scope(northwind.pk, repeatable=True):
            engine.refresh(tenant=northwind, now=NOON)

    return counted


@pytest.fixture
def entry(northwind: Tenant, deal: Deal) -> dict[str, Any]:
    """What the form sends for a call on the deal that gave nothing yet."""
    with tenant_scope(northwind.pk):
        return {
            "kind": str(ActivityType.objects.get(name="Call").pk),
            "deal": str(deal.pk),
            "gave": "nothing",
            "note": "",
            "entry_key": str(uuid4()),
        }


@pytest.fixture
def outcome(northwind: Tenant, entry: dict[str, Any]) -> dict[str, Any]:
    """What the form sends for a call in which the customer agreed to the goal."""
    with tenant_scope(northwind.pk):
        goal = MilestoneType.objects.get(name="Goal agreed")
    return {
        **entry,
        "gave": "outcome",
        "milestone": str(goal.pk),
        "words": "Leakage to 12%",
        "agreed_by": "Ingrid Falk",
    }


@pytest.fixture
def provider(settings: Any, northwind: Tenant) -> Iterator[Crooked]:
    """Northwind's, which says that it is Lena who has signed in."""
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    with crooked_provider() as made:
        made.says = dict(LENA)
        set_up(northwind, made)
        yield made


@pytest.fixture
def proven(northwind: Tenant) -> EmailDomain:
    """Northwind has proven the domain of the cast's addresses."""
    with tenant_scope(northwind.pk):
        return EmailDomain.objects.create(domain="example.com", challenge="x", verified_at=timezone.now())
