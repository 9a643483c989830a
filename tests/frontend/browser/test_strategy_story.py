"""Leo, who leads, builds a strategy from a template on his phone and activates it."""

from __future__ import annotations

from playwright.sync_api import expect

from accounts.models import Membership
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations


def test_from_nothing_to_an_active_strategy_on_a_phone(opened: Open, leo: Membership) -> None:
    page = opened(leo, Look(390))
    page.goto("/o/northwind/deals/")
    page.get_by_role("navigation", name="Main, short").get_by_role("link", name="Strategy").click()
    page.get_by_role("link", name="Mid-market, direct").click()
    page.get_by_label("Name").fill("2026 to 2027")
    page.get_by_role("button", name="Begin the draft").click()
    page.get_by_role("link", name="Give the amount of the goal.").click()
    page.get_by_label("Amount").fill("-1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert violations(page) == []
    page.get_by_label("Amount").fill("6000000")
    page.get_by_label("To be reached by").fill("2027-12-31")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Change the segments").click()
    page.get_by_role("link", name="Mid-size companies").click()
    page.get_by_role("button", name="Add a rule").click()
    rule = page.get_by_role("group", name="Rule 2")
    rule.get_by_label("Fact").select_option("industry")
    rule.get_by_label("Words, one a line").fill("Utilities\nWater")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Back to the strategy").click()
    page.get_by_role("link", name="Activate").click()
    page.get_by_label("Why it was changed").fill("We begin")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Version 1 holds from now on")).to_be_visible()
    expect(page.get_by_text("Industry is one of Utilities, Water")).to_be_visible()
    assert (violations(page), overhang(page) <= 0) == ([], True)
