"""A rep works ten deals through the stages: by mouse, by keyboard and on a phone."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal, DealEvent
from strategy.services.pipelines import change_stage
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look
from tests.make import NOON, make_deal, stage

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


def test_what_a_stage_asks_for_is_supplied_passed_with_a_reason_or_dated_back(
    opened: Open, omar: Membership, lena: Membership, northwind: Tenant
) -> None:
    with tenant_scope(northwind.pk):
        for n in range(4):
            make_deal(actor=omar, name=f"Deal {n}")
        change_stage(stage=stage("Workshop"), actor=lena, at=NOON, requires=["expected_close_on"])
        change_stage(stage=stage("Proposal"), actor=lena, at=NOON, requires=["company"])
    page, soon, before = opened(omar), northwind.day_of(timezone.now()) + timedelta(30), timezone.now() - timedelta(5)
    page.goto(BOARD)
    # By mouse: the drop is refused, says what is missing, and passes with it.
    drag(page, "Deal 0", "section[data-stage] >> nth=1")
    page.get_by_role("heading", name="One thing to fix").wait_for()
    assert stage_of(northwind, "Deal 0") == "Qualified"
    page.get_by_label("Expected close").fill(soon.isoformat())
    page.get_by_role("button", name="Move the deal").click()
    page.locator("[data-board]").wait_for()
    assert stage_of(northwind, "Deal 0") == "Workshop"
    # By keyboard: choosing a stage shows at once what it asks for. The day lies back.
    page.get_by_role("link", name="Move Deal 1").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    dialog.get_by_label("Expected close").fill(soon.isoformat())
    dialog.get_by_label("The day it happened").fill(northwind.day_of(before).isoformat())
    page.get_by_role("button", name="Move the deal").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    with tenant_scope(northwind.pk):
        moved = Deal.objects.get(name="Deal 1")
        assert (moved.stage.name, moved.entered_stage_on) == ("Workshop", northwind.day_of(before))
    # On a phone, whoever leads may pass with a reason, which is kept.
    phone = opened(lena, Look(390))
    phone.goto(BOARD)
    phone.get_by_role("link", name="Move Deal 2").click()
    phone.locator("dialog select[name=stage]").select_option(label="Proposal")
    phone.get_by_label("Or pass without it, because").fill("They buy through a partner")
    with phone.expect_navigation():
        phone.get_by_role("button", name="Move the deal").click()
    with tenant_scope(northwind.pk):
        event = DealEvent.objects.get(deal__name="Deal 2", kind="moved")
        assert event.data["overridden"] == {"missing": ["company"], "because": "They buy through a partner"}
    # Chosen to end, the same dialog becomes the one that closes.
    phone.get_by_role("link", name="Move Deal 3").click()
    phone.locator("dialog select[name=stage]").select_option(label="Lost")
    phone.get_by_role("button", name="Close the deal").wait_for()
    phone.locator("dialog").get_by_label("Reason").wait_for()
    said = [*page.said, *phone.said]  # type: ignore[attr-defined]
    assert [one for one in said if "422" not in one] == [], "that the drop was refused is all that the console says"


def test_deals_are_ticked_by_mouse_though_their_rows_lead_on(opened: Open, omar: Membership, northwind: Tenant) -> None:
    with tenant_scope(northwind.pk):
        make_deal(actor=omar, name="Deal 1")
    page = opened(omar)
    page.goto("/o/northwind/deals/")
    page.locator("table.deals input[type=checkbox]").check()
    page.get_by_role("button", name="Change those that are ticked").click()
    page.get_by_role("heading", name="Change 1 deal").wait_for()
