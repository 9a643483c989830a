"""Leo, who leads, builds a strategy from a template, changes it, weighs an alternative and ends it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations
from tests.make import make_strategy


def test_from_nothing_to_an_active_strategy_on_a_phone(opened: Open, leo: Membership) -> None:
    page = opened(leo, Look(390))
    page.goto("/o/northwind/deals/")
    # A phone has no tab for it: the settings lead there.
    page.get_by_role("navigation", name="Main, short").get_by_role("link", name="Settings").click()
    page.get_by_role("main").get_by_role("link", name="Strategy").click()
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


def pressed(page: Page, role: str, name: str) -> None:
    """Without a mouse."""
    page.get_by_role(role, name=name, exact=True).first.press("Enter")  # type: ignore[arg-type]


def test_from_the_second_version_over_an_alternative_to_the_end_by_keyboard(
    opened: Open, leo: Membership, northwind: Tenant
) -> None:
    with tenant_scope(northwind.pk):
        strategy = make_strategy(actor=leo)
    page = opened(leo, Look(1440))
    page.goto(f"/o/northwind/strategy/{strategy.pk}/")
    pressed(page, "link", "Edit strategy")
    pressed(page, "link", "Change the plays")
    page.get_by_role("button", name="Remove").first.press("Enter")
    expect(page.get_by_text("None yet.")).to_be_visible()
    pressed(page, "button", "Undo")
    expect(page.get_by_role("button", name="Remove")).to_have_count(1)
    pressed(page, "link", "Back to the strategy")
    pressed(page, "link", "Change the conditions")
    page.get_by_label("What must be true").fill("One person owns the problem.\nThey can measure it.")
    pressed(page, "button", "Save the changes")
    pressed(page, "link", "Publish version 2")
    expect(page.get_by_role("cell", name="They can measure it.")).to_be_visible()
    page.get_by_label("Why it was changed").fill("They must measure")
    pressed(page, "button", "Publish version 2")
    pressed(page, "link", "Versions")
    pressed(page, "link", "What changed in version 2")
    expect(page.get_by_role("cell", name="They can measure it.")).to_be_visible()
    assert violations(page) == []

    page.goto(f"/o/northwind/strategy/{strategy.pk}/")
    pressed(page, "button", "More for 2026 to 2027")
    pressed(page, "menuitem", "Copy as an alternative")
    page.get_by_label("Name").fill("Through partners")
    page.get_by_label("Name").press("Enter")
    pressed(page, "link", "Change the conditions")
    page.get_by_label("What must be true").fill("Two partners sell in the north.")
    pressed(page, "button", "Save the changes")
    page.goto("/o/northwind/strategy/")
    expect(page.get_by_text("Two partners sell in the north.")).to_be_visible()

    page.goto(f"/o/northwind/strategy/{strategy.pk}/retire/")
    page.get_by_label("Why it ends").fill("Nobody sponsored a workshop")
    pressed(page, "button", "Retire the strategy")
    expect(page.get_by_text("Nobody sponsored a workshop")).to_be_visible()
    assert (violations(page), overhang(page) <= 0) == ([], True)
