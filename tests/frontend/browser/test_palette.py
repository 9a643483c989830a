"""Finding something from anywhere: by a key, by its name, and without script."""

from __future__ import annotations

from playwright.sync_api import expect

from accounts.models import Membership
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations

PHONE = Look(390, "dark")


class TestPalette:
    def test_ctrl_k_finds_a_deal_and_enter_opens_it(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena)
        page.goto("/o/northwind/execution/")
        page.keyboard.press("Control+k")
        page.keyboard.type("bright")  # at once: nobody waits for a dialog
        box = page.get_by_role("combobox", name="Search or jump to")
        expect(box).to_be_focused()
        expect(box).to_have_value("bright")
        expect(box).not_to_have_attribute("data-stale", "1")  # what is listed answers the words by now
        first = page.get_by_role("option", name="Leak analytics, Brightwater")
        expect(first).to_have_attribute("aria-selected", "true")
        assert violations(page) == []
        page.keyboard.press("ArrowDown")
        expect(first).to_have_attribute("aria-selected", "false")
        page.keyboard.press("ArrowUp")
        expect(box).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
        expect(box).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{url}")
        assert page.said == []  # type: ignore[attr-defined]

    def test_a_deed_takes_its_place_and_escape_leads_back_to_where_it_began(
        self, opened: Open, url: str, lena: Membership
    ) -> None:
        page = opened(lena)
        page.goto(url)
        page.get_by_role("link", name="Record an outcome").focus()
        page.keyboard.press("Control+k")
        page.keyboard.type("log activity on")
        expect(page.get_by_text("Nothing called")).to_be_visible()
        page.get_by_role("combobox", name="Search or jump to").fill("leak")
        page.get_by_role("option", name="Log activity on Leak analytics").click()
        expect(page.get_by_role("dialog", name="Log activity")).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.evaluate("document.activeElement !== document.body")

    def test_nothing_found_is_said_and_another_name_offered(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena, PHONE)
        page.goto("/o/northwind/deals/")
        page.get_by_role("link", name="Search or jump to").tap()
        page.get_by_role("combobox", name="Search or jump to").fill("brigtwa")
        expect(page.get_by_role("status").filter(has_text="Nothing called")).to_be_visible()
        assert violations(page) == []
        assert overhang(page) <= 0
        page.get_by_role("link", name="Did you mean Brightwater?").tap()
        expect(page.get_by_role("heading", name="Search")).to_be_visible()
        expect(page.get_by_role("link", name="Leak analytics, Brightwater")).to_be_visible()

    def test_without_script_the_jump_box_is_a_search_page(self, opened: Open, url: str, lena: Membership) -> None:
        page = opened(lena, java_script_enabled=False)
        page.goto("/o/northwind/deals/")
        page.get_by_role("link", name="Search or jump to").click()
        page.get_by_label("Deal, company, person or page").fill("bright")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Leak analytics, Brightwater").click()
        page.wait_for_url(f"**{url}")
