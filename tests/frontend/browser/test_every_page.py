"""Every page in every look: loads, says nothing to the console, fits its window, and passes axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from accounts.models import Membership
from strategy.models import Deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations, widest

LOOKS = [Look(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]
SIGNED_OUT = [
    "/api/",
    "/api/errors",
    "/api/reference/deals",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/sign-in/",
    "/o/northwind/sign-in/",
    "/nonsense/",
    "/invitations/nonsense/",
]
#: {deal} is the deal of the story.
PAGES = [
    "/organisations/",
    "/accounts/password/change/",
    "/o/northwind/start/",
    "/o/northwind/deals/",
    "/o/northwind/deals/?standing=lost",
    "/o/northwind/deals/?q=zzz",
    "/o/northwind/deals/{deal}/",
    "/o/northwind/deals/{deal}/?show=outputs",
    "/o/northwind/deals/{deal}/milestones/new/",
    "/o/northwind/log/",
    "/o/northwind/execution/",
    "/o/northwind/execution/?by=stage&measure=value",
    "/o/northwind/execution/deals/?rows=closed",
    "/o/northwind/imports/",
    "/o/northwind/imports/new/",
    "/o/northwind/settings/",
    "/o/northwind/settings/sign-in/",
    "/o/northwind/settings/tokens/",
    "/o/northwind/settings/people/",
    "/o/northwind/settings/people/?q=zzz",
    "/o/northwind/settings/people/invite/",
    "/o/northwind/settings/people/leave/",
    "/o/northwind/settings/teams/",
]


def faults(page: Page, path: str) -> list[str]:
    """What is wrong with one page."""
    page.said.clear()  # type: ignore[attr-defined]
    page.goto(path)
    # The browser itself writes to the console when a document is a 404.
    said = [line for line in page.said if "404" not in line]  # type: ignore[attr-defined]
    found = [f"console: {line}" for line in said] + violations(page)
    if overhang(page) > 0:
        found.append(f"{overhang(page)} px wider than the window")
    if page.locator("h1").count() != 1:
        found.append("not one h1")
    if not page.title():
        found.append("no title")
    return [f"{path}: {fault}" for fault in found]


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_page_is_sound(look: Look, opened: Open, story: Deal, lena: Membership) -> None:
    nobody, member = opened(None, look), opened(lena, look)
    found = [fault for path in SIGNED_OUT for fault in faults(nobody, path)]
    found += [fault for path in PAGES for fault in faults(member, path.format(deal=story.pk))]
    assert found == []


def test_nothing_scrolls_sideways_at_320_or_with_letters_of_double_size(
    opened: Open, story: Deal, lena: Membership
) -> None:
    narrow = opened(lena, Look(320))
    large = opened(lena, Look(1280), bypass_csp=True)
    found = []
    for path in PAGES:
        narrow.goto(path.format(deal=story.pk))
        large.goto(path.format(deal=story.pk))
        large.add_style_tag(content="html { font-size: 200% }")
        found += [f"{path}: {widest(page)}" for page in (narrow, large) if overhang(page) > 0]
    assert "\n".join(found) == ""


def test_a_small_text_is_still_read_and_every_target_can_be_hit(opened: Open, story: Deal, lena: Membership) -> None:
    """24 px at the least, and 44 for what is pressed with a finger beside other things."""
    page = opened(lena, Look(390))
    small = """() => [...document.querySelectorAll('main :is(a, button, input:not([type=hidden]), select)')]
        .filter(e => e.checkVisibility() && !e.closest('p, .facts, td, th, dt, .legend-row, label'))
        .map(e => [e.textContent.trim() || e.name, e.getBoundingClientRect().height])
        .filter(([, height]) => height > 0 && height < 24)"""
    found = []
    for path in PAGES:
        page.goto(path.format(deal=story.pk))
        found += [(path, *one) for one in page.evaluate(small)]
    assert found == []
