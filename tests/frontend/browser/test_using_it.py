"""Using the pages: by keyboard, by finger, without script, twice too fast, and while the server does not answer."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity
from outcomes.models import Milestone, MilestoneEvent
from outcomes.statistics import engine
from strategy.models import Deal
from strategy.services import open_contact, open_deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, focused, overhang, violations
from tests.make import PASSWORD

PHONE = Look(390, "dark")


def stored(northwind: Tenant, model: Any) -> list[Any]:
    with tenant_scope(northwind.pk):
        return list(model.objects.all())


class TestByKeyboard:
    @pytest.mark.parametrize(("key", "name"), [("l", "Log activity"), ("Control+k", "Search or jump to")])
    def test_a_key_opens_its_dialog_before_htmx_listens(
        self, opened: Open, url: str, lena: Membership, key: str, name: str
    ) -> None:
        page = opened(lena)
        # htmx reads the page in a timer of no length, which on a busy machine is late.
        page.add_init_script("const soon = setTimeout; window.setTimeout = (then, ms) => soon(then, ms || 700);")
        page.goto(url)
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=name)).to_be_visible()

    def test_a_key_opens_its_dialog_however_late_the_script_came(
        self, opened: Open, url: str, lena: Membership
    ) -> None:
        page = opened(lena)

        def late(route: Route) -> None:
            time.sleep(0.5)
            route.continue_()

        page.route("**/app*.js", late)
        page.goto(url)
        page.keyboard.press("l")
        expect(page.get_by_role("dialog", name="Log activity")).to_be_visible()

    def test_l_opens_the_log_and_enter_stores_it(
        self, opened: Open, url: str, lena: Membership, northwind: Tenant
    ) -> None:
        page = opened(lena)
        page.goto(url)
        page.keyboard.press("l")
        dialog = page.get_by_role("dialog", name="Log activity")
        expect(dialog).to_be_visible()
        page.keyboard.press("ArrowRight")  # from Call to Email
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.type("Asked for the plan")
        page.keyboard.press("Enter")
        expect(dialog).to_have_count(0)
        expect(page.locator("#toasts")).to_contain_text("Email logged on Leak analytics")
        expect(page.locator("#timeline")).to_contain_text("Asked for the plan")
        assert "Log activity" in focused(page)
        assert len(stored(northwind, Activity)) == 1
        assert page.said == []  # type: ignore[attr-defined]

    def test_escape_closes_the_log_and_gives_the_focus_back(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena)
        page.goto(url)
        page.get_by_role("link", name="Record an outcome").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Record an outcome")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert "Record an outcome" in focused(page)

    def test_l_is_only_a_letter_inside_a_field(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena)
        page.goto("/o/northwind/deals/")
        page.get_by_label("Part of a name").press_sequentially("leal")
        expect(page.get_by_text("No deal fits")).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_single_keys_can_be_turned_off(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena)
        page.goto("/o/northwind/settings/")
        page.get_by_role("button", name="Turn single keys off").click()
        page.goto(url)
        page.keyboard.press("l")
        page.wait_for_timeout(500)
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_a_menu_is_walked_with_arrows_and_closed_with_escape(
        self, opened: Open, url: str, lena: Membership
    ) -> None:
        page = opened(lena)
        page.goto(url)
        page.get_by_role("button", name="Northwind").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem", name="Your organisations")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("menuitem", name="Sign out")).to_be_focused()
        page.keyboard.press("y")
        expect(page.get_by_role("menuitem", name="Your organisations")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Northwind")).to_be_focused()

    def test_the_first_tab_leads_past_the_navigation(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena)
        page.goto(url)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


class TestOnAPhone:
    def test_a_call_takes_three_taps(self, opened: Open, url: str, lena: Membership, northwind: Tenant) -> None:
        page = opened(lena, PHONE)
        page.goto("/o/northwind/deals/")
        page.get_by_role("link", name="Log activity").tap()
        page.get_by_role("dialog").get_by_text("Brightwater", exact=True).tap()
        page.get_by_role("button", name="Log it").tap()
        expect(page.locator("#toasts")).to_contain_text("Call logged on Leak analytics")
        assert [activity.minutes for activity in stored(northwind, Activity)] == [15]

    def test_two_fast_taps_are_one_entry(self, opened: Open, url: str, lena: Membership, northwind: Tenant) -> None:
        page = opened(lena, PHONE)
        page.goto("/o/northwind/log/")
        page.get_by_role("button", name="Log it").dblclick()
        page.wait_for_url("**/deals/**")
        assert len(stored(northwind, Activity)) == 1

    def test_an_outcome_asks_for_its_fields_in_place_and_errors_keep_the_words(
        self, opened: Open, url: str, lena: Membership, northwind: Tenant
    ) -> None:
        page = opened(lena, PHONE)
        page.goto(url)
        page.get_by_role("navigation", name="Main, short").get_by_role("link", name="Log activity").tap()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("In their words")).to_be_hidden()
        dialog.get_by_text("Outcome", exact=True).tap()
        dialog.get_by_label("In their words").fill("Leakage from 18% to 12%")
        dialog.get_by_label("Link to the evidence").fill("nonsense://")
        dialog.get_by_role("button", name="Log it").tap()
        expect(dialog.get_by_role("alert")).to_be_focused()
        expect(dialog.get_by_label("In their words")).to_have_value("Leakage from 18% to 12%")
        assert violations(page) == []
        assert overhang(page) <= 0
        dialog.get_by_role("link", name="Give an address that begins with https://").tap()
        expect(dialog.get_by_label("Link to the evidence")).to_be_focused()
        dialog.get_by_label("Link to the evidence").fill("https://mail.example/1")
        dialog.get_by_role("button", name="Log it").tap()
        expect(page.locator(".path")).to_contain_text("“Leakage from 18% to 12%”")
        assert [milestone.grade for milestone in stored(northwind, Milestone)] == [1]

    def test_another_deal_is_found_by_typing(self, opened: Open, url: str, lena: Membership, northwind: Tenant) -> None:
        now = timezone.now()
        with tenant_scope(northwind.pk):
            for number in range(6):
                open_deal(actor=lena, name=f"Newer {number}", at=now)
        page = opened(lena, PHONE)
        page.goto("/o/northwind/log/")
        page.get_by_text("Other deal").tap()
        page.get_by_label("Name of the deal or company").press_sequentially("bright")
        page.get_by_text("Brightwater", exact=True).tap()
        page.get_by_role("button", name="Log it").tap()
        page.wait_for_url(f"**{url}")


class TestWithoutScript:
    def test_sign_in_log_and_record_an_outcome(
        self, opened: Open, url: str, lena: Membership, northwind: Tenant
    ) -> None:
        page = opened(None, PHONE, java_script_enabled=False)
        page.goto(url)
        page.get_by_label("E-mail").fill("lena@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("link", name="Log activity").first.click()
        page.get_by_text("Meeting", exact=True).click()
        page.get_by_role("textbox", name="In a few words").fill("Went through the plan")
        page.get_by_role("button", name="Log it").click()
        expect(page.locator("#timeline")).to_contain_text("Went through the plan")
        page.get_by_role("link", name="Record an outcome").click()
        page.get_by_label("In their words").fill("Yes, we want this")
        page.get_by_role("button", name="Record the outcome").click()
        expect(page.locator(".path")).to_contain_text("Yes, we want this")
        assert len(stored(northwind, Activity)) == 1
        assert len(stored(northwind, MilestoneEvent)) == 1

    def test_filters_have_a_button(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena, java_script_enabled=False)
        page.goto("/o/northwind/deals/")
        page.get_by_label("Standing").select_option("won")
        page.get_by_role("button", name="Show").click()
        assert "standing=won" in page.url


class TestWhenThingsFail:
    def test_a_server_that_does_not_answer_leaves_the_words_and_says_so(
        self, opened: Open, url: str, lena: Membership, northwind: Tenant
    ) -> None:
        page = opened(lena)
        page.goto(url)
        page.get_by_role("link", name="Record an outcome").click()
        page.get_by_label("In their words").fill("Yes, we want this")
        page.context.set_offline(True)
        page.get_by_role("button", name="Record the outcome").click()
        expect(page.get_by_role("alert")).to_contain_text("The server did not answer. Your words are kept here.")
        expect(page.get_by_label("In their words")).to_have_value("Yes, we want this")
        page.context.set_offline(False)
        page.get_by_role("button", name="Record the outcome").click()
        expect(page.locator("#toasts")).to_contain_text("recorded on")
        assert len(stored(northwind, MilestoneEvent)) == 1

    def test_a_session_that_ended_asks_to_sign_in_over_the_page_and_sends_the_words(
        self, opened: Open, url: str, lena: Membership, northwind: Tenant
    ) -> None:
        page = opened(lena)
        page.goto(url)
        page.keyboard.press("l")
        page.get_by_role("textbox", name="In a few words").fill("Asked for the plan")
        page.context.clear_cookies(name="session")
        page.get_by_role("button", name="Log it").click()
        again = page.get_by_role("dialog", name="Sign in again")
        expect(again.get_by_label("E-mail")).to_be_focused()
        assert violations(page) == []
        again.get_by_label("E-mail").fill("lena@example.com")
        again.get_by_label("Password").fill("not this one")
        again.get_by_role("button", name="Sign in").click()
        expect(again.get_by_role("alert")).to_be_focused()
        again.get_by_label("Password").fill(PASSWORD)
        again.get_by_role("button", name="Sign in").click()
        expect(page.locator("#toasts")).to_contain_text("Call logged on Leak analytics")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("#timeline")).to_contain_text("Asked for the plan")
        assert len(stored(northwind, Activity)) == 1
        # The page goes on under the new session.
        page.keyboard.press("l")
        page.get_by_role("button", name="Log it").click()
        expect(page.locator("#toasts")).to_contain_text("Call logged on Leak analytics")

    def test_a_sign_in_that_is_not_wanted_leaves_the_words(
        self, opened: Open, url: str, lena: Membership, northwind: Tenant
    ) -> None:
        page = opened(lena)
        page.goto(url)
        page.keyboard.press("l")
        page.get_by_role("textbox", name="In a few words").fill("Asked for the plan")
        page.context.clear_cookies(name="session")
        page.get_by_role("button", name="Log it").click()
        expect(page.get_by_role("dialog", name="Sign in again")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Sign in again")).to_have_count(0)
        expect(page.get_by_role("alert")).to_contain_text("You are signed out.")
        expect(page.get_by_role("textbox", name="In a few words")).to_have_value("Asked for the plan")

    def test_somebody_else_who_signs_in_sends_nothing_of_it(
        self, opened: Open, url: str, lena: Membership, omar: Membership, northwind: Tenant
    ) -> None:
        page = opened(lena)
        page.goto(url)
        page.keyboard.press("l")
        page.get_by_role("textbox", name="In a few words").fill("Asked for the plan")
        page.context.clear_cookies(name="session")
        page.get_by_role("button", name="Log it").click()
        again = page.get_by_role("dialog", name="Sign in again")
        again.get_by_label("E-mail").fill("omar@example.com")
        again.get_by_label("Password").fill(PASSWORD)
        with page.expect_navigation():
            again.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Omar", exact=True).first).to_be_visible()
        assert stored(northwind, Activity) == []


class TestLook:
    def test_the_theme_is_kept_and_written_by_the_server(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena)
        page.goto(url)
        page.get_by_role("button", name="Switch to dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.get_by_role("button", name="Switch to light")).to_be_visible()
        page.route("**/*.js", lambda route: route.abort())
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    def test_nothing_moves_while_a_page_loads(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena)
        page.goto(url)
        shift = page.evaluate(
            """() => new Promise(done => { let sum = 0;
                new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })
                    .observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300); })"""
        )
        assert shift <= 0.02

    def test_an_open_dialog_and_a_toast_pass_axe(self, opened: Open, url: str, lena: Membership) -> None:
        for look in (Look(), PHONE):
            page = opened(lena, look)
            page.goto(url)
            page.locator("main").get_by_role("link", name="Log activity").click()
            page.get_by_role("dialog").get_by_text("Output", exact=True).click()
            assert violations(page) == []
            page.get_by_role("button", name="Log it").click()
            expect(page.locator("#toasts")).to_contain_text("logged")
            assert violations(page) == []


def test_the_report_counts_a_new_outcome_by_itself(
    opened: Open, url: str, lena: Membership, northwind: Tenant, deal: Deal
) -> None:
    page = opened(lena)
    page.goto("/o/northwind/execution/?watch=1")
    expect(page.locator("#report")).to_contain_text("You have 0.")
    with tenant_scope(northwind.pk, repeatable=True):
        engine.refresh(tenant=northwind, now=timezone.now())
    expect(page.locator("#report")).to_contain_text(re.compile(r"As of \d+ \w+"))
    assert page.said == []  # type: ignore[attr-defined]


def test_an_example_of_the_api_is_copied_as_it_stands(opened: Open, transactional_db: None) -> None:
    page = opened(None, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/api/reference/deals")
    example = page.get_by_role("region", name="Show one deal")
    copy = example.get_by_role("button", name="Copy")
    copy.focus()
    page.keyboard.press("Enter")
    expect(example.get_by_role("button", name="Copied")).to_be_focused()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == example.locator("pre").inner_text()
    assert copied.endswith('-H "Authorization: Bearer $TOKEN"')


def test_without_a_script_examples_are_there_and_no_button_that_does_nothing(
    opened: Open, transactional_db: None
) -> None:
    page = opened(None, java_script_enabled=False)
    page.goto("/api/reference/deals")
    assert page.locator("pre").count() >= 6
    expect(page.get_by_role("button", name="Copy").first).not_to_be_visible()


def test_a_link_inside_a_row_leads_by_mouse_to_its_own_place(opened: Open, lena: Membership, deal: Deal) -> None:
    with tenant_scope(lena.tenant_id):
        open_contact(actor=lena, name="Ingrid Falk", company=deal.company, at=timezone.now())
    page = opened(lena)
    page.goto("/o/northwind/contacts/")
    page.get_by_role("link", name="Brightwater").click()
    expect(page.get_by_role("heading", name="Brightwater", level=1)).to_be_visible()


def test_what_is_done_seldom_with_a_deal_is_in_its_menu(opened: Open, lena: Membership, url: str) -> None:
    page = opened(lena, PHONE)
    page.goto(url)
    page.get_by_role("button", name="More for Leak analytics").click()
    page.get_by_role("menuitem", name="Move or close").click()
    expect(page.get_by_role("dialog", name="Move Leak analytics")).to_be_visible()
    assert (violations(page), overhang(page) <= 0) == ([], True)
