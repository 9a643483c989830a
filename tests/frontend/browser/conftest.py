"""A real Chromium before the real pages. Skipped, with the reason, where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import Delivery, Membership, Tenant
from accounts.services.webhooks import add_webhook
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, OutputType
from activities.services import Gave, log_activity
from outcomes.models import MilestoneType
from outcomes.services import record_milestone
from outcomes.statistics import engine
from strategy.models import Company, Deal, Stage, StageSpan
from strategy.services import open_deal
from tests.api import RECEIVER
from tests.frontend.browser.look import Look
from tests.make import make_strategy

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# Long enough for two busy cores.
PATIENCE = 30_000
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and say why it is skipped without one."""
    missing = pytest.mark.skip(reason="there is no Chromium: apt-get install chromium, or set CHROMIUM to one")
    for item in items:
        if "/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # The browser's loop runs in this thread, and Django takes a thread with a loop for an asynchronous one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


Open = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, live_server: LiveServer) -> Iterator[Open]:
    """Opens a page as somebody, in a look; what the console said is in `page.said`."""
    contexts: list[BrowserContext] = []

    def open_as(member: Membership | None, look: Look | None = None, **options: Any) -> Page:
        context = chromium.new_context(base_url=live_server.url, **(look or Look()).options, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if member is not None:
            client = Client()
            client.force_login(member.user)
            context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_server.url}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.said = said  # type: ignore[attr-defined]
        return page

    yield open_as
    for context in contexts:
        context.close()


@pytest.fixture
def story(live_server: object, lena: Membership, northwind: Tenant) -> Deal:
    """Thirty deals, most of them over, and one with a history that serves a strategy."""
    now = timezone.now()
    today = northwind.day_of(now)
    with tenant_scope(northwind.pk):
        stages = list(Stage.objects.select_related("pipeline").order_by("position"))
        begun, ends = stages[0], stages[-4:]
        buyer = Company.objects.create(name="Brightwater Utilities")
        deals = [
            Deal(
                name=f"Leak analytics {number}",
                company=buyer,
                pipeline=begun.pipeline,
                stage=ends[number % 4] if number < 24 else begun,
                owner=lena,
                currency="EUR",
                amount=1_840_000 + number,
                amount_at_qualification=1_840_000,
                opened_on=today - timedelta(days=90 - number),
                qualified_on=today - timedelta(days=90 - number),
                expected_close_on=today + timedelta(days=20),
                end_cause=ends[number % 4].kind if number < 24 else "",
                closed_on=today - timedelta(days=number) if number < 24 else None,
            )
            for number in range(30)
        ]
        Deal.objects.bulk_create(deals)
        StageSpan.objects.bulk_create(
            StageSpan(deal=deal, stage=begun, entered_on=deal.qualified_on, left_on=deal.closed_on) for deal in deals
        )
        told = deals[-1]
        told.strategy = make_strategy(actor=lena)
        told.save(update_fields=["strategy"])
        call, reply = ActivityType.objects.get(name="Call"), OutputType.objects.get(name="Reply")
        for day in range(12):
            outputs = [Gave(reply, "Loss map for three regions")] if day % 4 == 0 else []
            at = now - timedelta(days=day, hours=1)
            log_activity(actor=lena, type=call, deal=told, at=at, recorded_at=now, outputs=outputs)
        goal, workshop, plan = list(MilestoneType.objects.order_by("position"))[:3]
        for kind, days, proof in (
            (goal, 9, "https://mail.example/1"),
            (workshop, 5, "https://mail.example/2"),
            (plan, 1, ""),
        ):
            on = today - timedelta(days=days)
            record_milestone(
                actor=lena,
                deal=told,
                type=kind,
                at=now,
                on=on,
                evidence=proof,
                words="Yes, we do.",
                agreed_by="Ingrid Falk",
            )
        webhook = add_webhook(actor=lena, url=RECEIVER, at=now).webhook
        Delivery.objects.create(
            webhook=webhook,
            position=1,
            type="deal.moved",
            state="waiting",
            problem="too_slow",
            first_at=now,
            last_at=now,
        )
    with tenant_scope(northwind.pk, repeatable=True):
        engine.refresh(tenant=northwind, now=now)
    return told


@pytest.fixture
def deal(live_server: object, lena: Membership, northwind: Tenant) -> Deal:
    """An open deal of Lena's, qualified a week ago."""
    now = timezone.now()
    with tenant_scope(northwind.pk):
        return open_deal(
            actor=lena,
            name="Leak analytics",
            company=Company.objects.create(name="Brightwater"),
            at=now,
            opened_on=northwind.day_of(now) - timedelta(days=7),
            qualified_on=northwind.day_of(now) - timedelta(days=7),
            amount=18_400_000,
        )


@pytest.fixture
def url(deal: Deal) -> str:
    return f"/o/northwind/deals/{deal.pk}/"
