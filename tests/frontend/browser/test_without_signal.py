"""Logging without a signal: kept on the device, sent once, by whoever wrote it, and never lost."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityType
from strategy.models import Company, Deal
from strategy.services import open_deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations
from tests.make import PASSWORD

PHONE = Look(390)
TODAY = "/o/northwind/today/"


@pytest.fixture
def deal(live_server: object, lena: Membership, northwind: Tenant) -> Deal:
    """An open deal of Lena's."""
    now = timezone.now()
    with tenant_scope(northwind.pk):
        return open_deal(actor=lena, name="Leak analytics", company=Company.objects.create(name="Brightwater"), at=now)


def stored(northwind: Tenant) -> list[Any]:
    with tenant_scope(northwind.pk):
        return list(Activity.objects.order_by("at"))


def log(page: Page, note: str) -> None:
    page.get_by_role("textbox", name="In a few words").fill(note)
    page.get_by_role("button", name="Log it").click()


def count(page: Page) -> Any:
    return page.locator(".tabbar [data-waiting]")


def is_kept(page: Page) -> None:
    """Wait until the device has the page of the day: nothing is fetched any more that brings a cookie."""
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function(
        "caches.keys().then(async ([name]) => name && (await (await caches.open(name)).keys()).length > 8"
        f" && await caches.match('{TODAY}shell/', {{ignoreVary: true}}) !== undefined)"
    )


def test_three_logged_with_the_network_cut_are_three_and_not_four(
    opened: Open, lena: Membership, northwind: Tenant, deal: Deal
) -> None:
    page = opened(lena, PHONE)
    page.goto(TODAY)
    is_kept(page)
    page.context.set_offline(True)
    log(page, "First call")
    expect(page.locator("#waiting")).to_contain_text("On this phone. Sends when there is a signal.")
    page.reload()  # the page that is kept on the device
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    assert violations(page) == []
    assert overhang(page) <= 0
    for note in ("Second call", "Third call"):
        log(page, note)
        expect(page.locator("#waiting")).to_contain_text(note)
    expect(count(page)).to_contain_text("3")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#today-day")).to_contain_text("Third call")
    expect(count(page)).to_be_hidden()
    page.reload()
    expect(count(page)).to_be_hidden()
    assert sorted(one.note for one in stored(northwind)) == ["First call", "Second call", "Third call"]


def test_what_nobody_answers_keeps_when_it_happened_and_is_sent_from_any_page(
    opened: Open, lena: Membership, northwind: Tenant, deal: Deal
) -> None:
    page = opened(lena)
    page.goto(f"/o/northwind/deals/{deal.pk}/")
    page.keyboard.press("l")
    page.get_by_role("textbox", name="In a few words").fill("Asked for the plan")
    page.context.set_offline(True)
    page.get_by_role("button", name="Log it").click()
    expect(page.locator("#toasts")).to_contain_text("On this phone. Sends when there is a signal.")
    expect(page.get_by_role("dialog")).to_have_count(0)
    aged(page, hours=2)
    page.context.set_offline(False)
    page.goto("/o/northwind/deals/")
    expect(page.locator(".side [data-waiting]")).to_be_hidden()
    page.wait_for_timeout(300)
    [activity] = stored(northwind)
    assert timedelta(hours=1, minutes=55) < timezone.now() - activity.at < timedelta(hours=2, minutes=5)


def aged(page: Page, **by: float) -> None:
    """Make what waits older than it is."""
    page.evaluate(
        """ms => new Promise(done => { indexedDB.open('waiting', 1).onsuccess = ({target: {result: db}}) => {
            const all = db.transaction('entries', 'readwrite').objectStore('entries');
            all.getAll().onsuccess = ({target: {result}}) => {
                for (const one of result) all.put({...one, made: one.made - ms}); done(); }; }; })""",
        timedelta(**by).total_seconds() * 1000,
    )


def waits(opened: Open, lena: Membership) -> Page:
    """Today with one entry that waits."""
    page = opened(lena, PHONE)
    page.goto(TODAY)
    page.route("**/log/", lambda route: route.abort())
    log(page, "Asked for the plan")
    expect(page.locator("#waiting")).to_contain_text("Asked for the plan")
    return page


def test_a_slip_is_undone_from_the_toast(opened: Open, lena: Membership, northwind: Tenant, deal: Deal) -> None:
    page = opened(lena, PHONE)
    page.goto(TODAY)
    log(page, "On the wrong deal")
    expect(page.locator("#today-day")).to_contain_text("On the wrong deal")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Call taken back")
    assert stored(northwind) == []


def test_a_week_later_it_asks_whether_to_keep_or_drop(
    opened: Open, lena: Membership, northwind: Tenant, deal: Deal
) -> None:
    page = waits(opened, lena)
    aged(page, days=8)
    page.unroute("**/log/")
    page.reload()
    expect(page.locator("#waiting")).to_contain_text("On this phone for a week.")
    assert violations(page) == []
    assert stored(northwind) == []
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#today-day .tl").nth(0).locator("li")).to_have_count(0)
    assert [one.note for one in stored(northwind)] == ["Asked for the plan"]


def test_what_cannot_be_stored_opens_for_mending(opened: Open, lena: Membership, northwind: Tenant, deal: Deal) -> None:
    page = waits(opened, lena)
    with tenant_scope(northwind.pk):
        ActivityType.objects.filter(name="Call").update(is_archived=True)
    page.unroute("**/log/")
    page.reload()
    expect(page.locator("#waiting")).to_contain_text("It cannot be stored as it is.")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("textbox", name="In a few words")).to_have_value("Asked for the plan")
    page.get_by_text("Email", exact=True).click()
    page.get_by_role("button", name="Log it").click()
    expect(count(page)).to_be_hidden()
    assert [one.note for one in stored(northwind)] == ["Asked for the plan"]


def test_a_session_that_ended_asks_to_sign_in_and_then_sends(
    opened: Open, lena: Membership, northwind: Tenant, deal: Deal
) -> None:
    page = waits(opened, lena)
    page.unroute("**/log/")
    is_kept(page)
    page.context.clear_cookies()
    page.evaluate("dispatchEvent(new Event('online'))")
    again = page.get_by_role("dialog", name="Sign in again")
    again.get_by_label("E-mail").fill("lena@example.com")
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Sign in").click()
    expect(count(page)).to_be_hidden()
    assert [one.note for one in stored(northwind)] == ["Asked for the plan"]


def test_is_neither_shown_to_nor_sent_as_who_signs_in_next_on_the_device(
    opened: Open, lena: Membership, omar: Membership, northwind: Tenant, deal: Deal
) -> None:
    page = waits(opened, lena)
    page.unroute("**/log/")
    is_kept(page)
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    assert page.evaluate("caches.keys()") == []
    page.get_by_label("E-mail").fill("omar@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(TODAY)
    expect(page.locator("#waiting li")).to_have_count(0)
    page.wait_for_timeout(500)
    assert stored(northwind) == []


def test_a_scripted_person_needs_three_taps_and_the_page_says_how_long(
    opened: Open, lena: Membership, northwind: Tenant, deal: Deal
) -> None:
    page = opened(lena, PHONE)
    page.goto("/o/northwind/deals/")
    for _ in range(5):
        begun = monotonic()
        page.get_by_role("link", name="Log activity").tap()
        page.get_by_role("dialog").get_by_text("Brightwater", exact=True).tap()
        page.get_by_role("button", name="Log it").tap()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert monotonic() - begun < 10
    found = stored(northwind)
    assert len(found) == 5
    assert all(one.took_seconds <= 10 for one in found)
    page.goto(TODAY)
    expect(page.locator("#today-day")).to_contain_text("Half of your last 5 entries took")
