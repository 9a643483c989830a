"""Makers of what tests need, through the product's own deeds."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils.compat

from accounts.models import Membership, Tenant, User
from accounts.models.organisation import Role
from accounts.services import confirm_address, open_organisation
from accounts.tenancy.scope import tenant_scope
from outcomes.queries.plan import vocabulary
from outcomes.services import begin_strategy, write_strategy
from strategy.models import Deal, Stage, Strategy
from strategy.plan.templates import Template, text_of
from strategy.services import activate_strategy, open_deal

# A Wednesday.
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
PASSWORD = "four plain words here"


def make_user(name: str) -> User:
    """Somebody who can sign in as <name>@example.com with PASSWORD."""
    user = User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.capitalize())
    confirm_address(user=user)
    return user


def make_organisation(name: str, *, owner: str, **facts: Any) -> Membership:
    """An organisation with its defaults; returns the owner's membership."""
    return open_organisation(owner=make_user(owner), name=name, at=NOON, **facts)


def make_member(name: str, *, tenant: Tenant, role: str = Role.REP) -> Membership:
    """One more person in the organisation."""
    user = User.objects.filter(email=f"{name}@example.com").first() or make_user(name)
    with tenant_scope(tenant.pk):
        member = Membership(user=user, name=user.name, email=user.email, role=role)
        member.save()
        member.tenant = tenant
        return member


def make_deal(*, actor: Membership, name: str = "Leak analytics", days_ago: int = 30, **facts: Any) -> Deal:
    """An open, qualified deal of the actor's, in the current tenant."""
    on = actor.tenant.day_of(NOON) - timedelta(days=days_ago)
    facts.setdefault("qualified_on", on)
    facts.setdefault("amount", 1_000_000)
    return open_deal(actor=actor, name=name, at=NOON, opened_on=on, **facts)


def make_deals(
    number: int, *, actor: Membership, age: int, ended: int = 0, cause: str = "", **facts: Any
) -> list[Deal]:
    """Deals alike, qualified as many days ago as their age, which ended at an age; without their histories."""
    first = make_deal(actor=actor, name=f"Deal {uuid_utils.compat.uuid7()}", days_ago=age)
    made = [copy.copy(first) for _ in range(number - 1)]
    for one in made:
        one.pk, one._state = uuid_utils.compat.uuid7(), copy.copy(first._state)
        one._state.adding = True
    Deal.objects.bulk_create(made)
    closed = first.qualified_on + timedelta(days=ended) if first.qualified_on and cause else None
    keys = [one.pk for one in (first, *made)]
    Deal.objects.filter(pk__in=keys).update(closed_on=closed, end_cause=cause, **facts)
    return list(Deal.objects.filter(pk__in=keys))


def stage(name: str) -> Stage:
    """A stage of the current tenant by its name."""
    return Stage.objects.get(name=name)


def make_strategy(*, actor: Membership, name: str = "2026 to 2027", **changed: Any) -> Strategy:
    """An active strategy, a template with its goal filled in, in the current tenant."""
    text = text_of(Template.MID_MARKET_DIRECT, words=vocabulary()).as_json()
    goal = {"measure": "New revenue", "amount": 600_000_000, "currency": "EUR", "by": "2027-12-31"}
    strategy = begin_strategy(actor=actor, name=name, at=NOON)
    write_strategy(
        strategy=strategy, content={**text, "goal": goal, **changed}, actor=actor, at=NOON, revision=strategy.revision
    )
    activate_strategy(strategy=strategy, actor=actor, at=NOON)
    strategy.refresh_from_db()
    return strategy
