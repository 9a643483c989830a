"""The example organisation."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from accounts.models import Tenant, User
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity
from outcomes import demo
from outcomes.models import MilestoneEvent, StatisticGeneration
from outcomes.statistics import engine
from strategy import customer_queries as queries
from strategy.models import Company, Deal, Strategy
from tests.make import NOON


def told() -> list[tuple[object, ...]]:
    return list(Deal.objects.order_by("created_at").values_list("name", "qualified_on", "end_cause", "closed_on"))


def test_tells_the_same_story_each_time(db: None) -> None:
    stories = []
    for telling in ("first", "second"):
        owner = demo.seed(today=NOON.date(), password="four plain words here", deals=20)
        with tenant_scope(owner.tenant_id):
            counts = (Activity.objects.count(), MilestoneEvent.objects.count())
            stories.append((counts, told()))
            assert Strategy.objects.filter(state=Strategy.State.ACTIVE).count() == 1
            assert Deal.objects.exclude(segment=None).exclude(play=None).count() > 8
            assert Deal.objects.filter(strategy=None).exists()  # not everything serves the strategy
            bracken = Company.objects.get(name="Bracken Plastics")
            assert queries.companies_like(bracken) == []
            assert queries.companies_named("bracken plastics", most=2) == [bracken]
            assert queries.contacts_called("haddad", most=1)
        Tenant.objects.filter(pk=owner.tenant_id).update(slug=telling)
        owner.user.email = f"{telling}@example.com"
        owner.user.save()
        EmailAddress.objects.filter(user=owner.user).update(email=owner.user.email)
    assert stories[0] == stories[1]
    assert stories[0][0][0] > 50


def test_asks_for_a_password_instead_of_shipping_one(db: None, settings: object) -> None:
    settings.DEMO_PASSWORD = ""  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="DEMO_PASSWORD"):
        call_command("seed_demo")


def test_a_refresh_that_failed_is_made_up_for_the_next_time(
    transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO_PASSWORD = "four plain words here"
    monkeypatch.setattr(demo.Story, "tell", lambda story, deals: None)  # the cast alone: it is quicker
    with monkeypatch.context() as broken:
        broken.setattr(engine, "refresh", fails)
        with pytest.raises(OSError, match="no room"):
            call_command("seed_demo")
    assert generations() == 0
    for _ in range(2):
        call_command("seed_demo")
        assert generations() == 1


def test_half_a_story_leaves_nothing(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO_PASSWORD = "four plain words here"
    monkeypatch.setattr(demo.Story, "tell", fails)
    with pytest.raises(OSError, match="no room"):
        call_command("seed_demo")
    assert not Tenant.objects.exists()
    assert not User.objects.exists()


def fails(*_: object, **__: object) -> None:
    raise OSError("no room on the disk")


def generations() -> int:
    with tenant_scope(Tenant.objects.get(slug=demo.SLUG).pk):
        return StatisticGeneration.objects.filter(is_current=True).count()
