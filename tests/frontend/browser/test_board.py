"""A rep works ten deals through the stages: by mouse, by keyboard and on a phone."""

from __future__ import annotations

from playwright.sync_api import Page

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look
from tests.make import make_deal

BOARD = "/o/northwind/deals/?view=board"


def drag(page: Page, name: str, lane: str) -> None:
    """Drag the card of a deal into a column, and wait for what comes of it."""
    grip = page.locator("[data-card]", has_text=name).locator(".small").last
    grip.scroll_into_view_if_needed()
    card, column = grip.bounding_box(), page.locator(lane).bounding_box()
    assert card is not None
    assert column is not None
    page.mouse.move(card["x"] + 5, card["y"] + 5)
    page.mouse.down()
    page.mouse.move(column["x"] + 40, card["y"] + 8, steps=4)
    with page.expect_navigation():
        page.mouse.up()


def stage_of(northwind: Tenant, name: str) -> str:
    with tenant_scope(northwind.pk):
        return Deal.objects.select_related("stage").get(name=name).stage.name


def test_a_rep_works_ten_deals_through_the_stages(opened: Open, omar: Membership, northwind: Tenant) -> None:
    with tenant_scope(northwind.pk):
        for n in range(10):
            make_deal(actor=omar, name=f"Deal {n}")
    page = opened(omar)
    page.goto(BOARD)
    # By mouse: four cards are dragged to the next stage.
    for n in range(4):
        drag(page, f"Deal {n}", "section[data-stage] >> nth=1")
        assert stage_of(northwind, f"Deal {n}") == "Workshop"
    # By keyboard: the card's own button opens the form.
    for n in range(4, 7):
        page.get_by_role("link", name=f"Move Deal {n}").focus()
        page.keyboard.press("Enter")
        page.locator("dialog select[name=stage]").wait_for()
        page.keyboard.type("Prop")
        page.get_by_role("button", name="Move the deal").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert stage_of(northwind, f"Deal {n}") == "Proposal"
    # Dropped on an end, the deal asks why first, and stays where it was when nothing is said.
    drag(page, "Deal 9", "section[data-ends] >> nth=1")
    page.get_by_label("Reason").wait_for()
    page.get_by_role("link", name="Cancel").click()
    page.locator("[data-board]").wait_for()
    assert stage_of(northwind, "Deal 9") == "Qualified"
    assert page.said == []  # type: ignore[attr-defined]
    # On a phone, without dragging.
    phone = opened(omar, Look(390))
    phone.goto(BOARD)
    for n in range(7, 10):
        phone.get_by_role("link", name=f"Move Deal {n}").click()
        phone.locator("dialog select[name=stage]").select_option(label="Decision")
        with phone.expect_navigation():
            phone.get_by_role("button", name="Move the deal").click()
        assert stage_of(northwind, f"Deal {n}") == "Decision"


def test_deals_are_ticked_by_mouse_though_their_rows_lead_on(opened: Open, omar: Membership, northwind: Tenant) -> None:
    with tenant_scope(northwind.pk):
        make_deal(actor=omar, name="Deal 1")
    page = opened(omar)
    page.goto("/o/northwind/deals/")
    page.locator("table.deals input[type=checkbox]").check()
    page.get_by_role("button", name="Change those that are ticked").click()
    page.get_by_role("heading", name="Change 1 deal").wait_for()
