"""The page of components: every piece in its hardest state, in every look, and by hand and keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations, widest

PAGE = "/components/"
LOOKS = [Look(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]


@pytest.fixture(autouse=True)
def developing(settings: Any, live_server: object) -> None:
    """The page exists for developers only."""
    settings.DEBUG = True


@pytest.fixture
def page(opened: Open) -> Page:
    page = opened(None)
    page.goto(PAGE)
    return page


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_piece_is_sound_in_every_look(look: Look, opened: Open) -> None:
    page = opened(None, look)
    page.goto(PAGE)
    assert violations(page) == []
    assert overhang(page) <= 0, widest(page)
    page.get_by_role("button", name="Move Brightwater").click()
    expect(page.get_by_role("menu", name="Move Brightwater")).to_be_visible()
    assert violations(page) == []
    assert page.said == []  # type: ignore[attr-defined]


class TestMenu:
    def items(self, page: Page) -> list[Any]:
        return page.get_by_role("menu", name="Move Brightwater").get_by_role("menuitem").all()

    def test_is_opened_walked_and_shut_by_keyboard(self, page: Page) -> None:
        button = page.get_by_role("button", name="Move Brightwater")
        button.focus()
        page.keyboard.press("ArrowDown")
        first, second, last = self.items(page)
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(second).to_be_focused()
        page.keyboard.press("End")
        expect(last).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(first).to_be_focused()
        page.keyboard.press("c")
        expect(last).to_be_focused()
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("ArrowUp")
        expect(last).to_be_focused()
        page.keyboard.press("Tab")
        expect(last).to_be_hidden()

    def test_a_letter_goes_from_one_to_the_next_of_its_kind(self, page: Page) -> None:
        page.get_by_role("button", name="Move Brightwater").press("Enter")
        first, second, _ = self.items(page)
        expect(first).to_be_focused()
        page.keyboard.press("t")
        expect(second).to_be_focused()
        page.keyboard.press("r")
        expect(first).to_be_focused()

    def test_a_click_beside_shuts_it(self, page: Page) -> None:
        page.get_by_role("button", name="Move Brightwater").click()
        page.get_by_role("heading", name="Colour").click()
        expect(page.get_by_role("menu", name="Move Brightwater")).to_have_count(0)

    def test_lies_beside_its_button(self, page: Page) -> None:
        button = page.get_by_role("button", name="Move Brightwater")
        button.click()
        menu = page.get_by_role("menu", name="Move Brightwater").bounding_box()
        own = button.bounding_box()
        assert menu
        assert own
        assert 0 <= menu["y"] - (own["y"] + own["height"]) < 12
        assert abs((menu["x"] + menu["width"]) - (own["x"] + own["width"])) < 4

    def test_opens_without_a_script(self, opened: Open) -> None:
        page = opened(None, java_script_enabled=False)
        page.goto(PAGE)
        page.get_by_role("button", name="Move Brightwater").click()
        expect(page.get_by_role("menuitem", name="Close this deal")).to_be_visible()
        expect(page.get_by_role("menuitem", name="Take back workshop sponsored")).to_have_attribute("type", "submit")


def test_a_toast_leaves_after_a_while_but_not_while_somebody_is_on_it(opened: Open) -> None:
    page = opened(None)
    page.clock.install()
    page.goto(PAGE)
    page.evaluate("document.getElementById('toasts').append(document.querySelector('main .toast'))")
    toast = page.locator("#toasts .toast")
    toast.get_by_role("button", name="Undo").focus()
    page.clock.run_for(8500)
    expect(toast).to_be_visible()
    page.get_by_role("link", name="Skip to the page").focus()
    page.clock.run_for(8500)
    expect(toast).to_have_count(0)


def test_errors_lead_to_their_fields(page: Page) -> None:
    page.get_by_role("link", name="Give a date after 24 November 2026").click()
    expect(page.get_by_label("They decide by")).to_be_focused()


@pytest.mark.parametrize("wanted", [{"forced_colors": "active"}, {"contrast": "more"}], ids=str)
def test_what_is_chosen_is_seen_without_colours(wanted: dict[str, str], opened: Open) -> None:
    page = opened(None, **wanted)
    page.goto(PAGE)
    assert violations(page) == []
    chosen = page.get_by_role("option", name="Brightwater Utilities")
    page.evaluate("document.querySelector('[role=option]').setAttribute('aria-selected', 'true')")
    if "forced_colors" in wanted:
        assert chosen.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    assert page.locator(".chip").first.evaluate("e => getComputedStyle(e).color") != "rgba(0, 0, 0, 0)"


def test_on_paper_there_is_the_page_and_nothing_to_press(page: Page) -> None:
    page.emulate_media(media="print")
    for gone in (".side", ".topbar", ".tabbar", ".btn", ".tabs", ".toasts"):
        assert page.locator(gone).evaluate_all("all => all.filter(e => e.checkVisibility()).length") == 0, gone
    expect(page.get_by_role("heading", name="Components and states")).to_be_visible()
    expect(page.get_by_role("table", name="Deals with their value")).to_be_visible()


def test_there_is_no_such_page_in_production(settings: Any, client: Client) -> None:
    settings.DEBUG = False
    assert client.get(PAGE).status_code == 404
