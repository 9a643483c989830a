"""Every page in every look: loads, says nothing to the console, fits its window, and passes axe."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from playwright.sync_api import Page

from accounts.models import Membership, Webhook
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity
from strategy.models import Deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations, widest

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
    "/c/nonsense/",
]
#: {deal} is the deal of the story, {strategy} what it serves, {activity} what was done last, {webhook} the only one.
PAGES = [
    "/organisations/",
    "/accounts/password/change/",
    "/o/northwind/start/",
    "/o/northwind/jump/",
    "/o/northwind/jump/?q=leak",
    "/o/northwind/deals/",
    "/o/northwind/deals/?standing=lost",
    "/o/northwind/deals/?q=zzz",
    "/o/northwind/deals/?order=value&columns=stage,close,qualified,then,owner,path",
    "/o/northwind/deals/?view=board&standing=all",
    "/o/northwind/deals/new/",
    "/o/northwind/deals/{deal}/edit/",
    "/o/northwind/deals/{deal}/move/",
    "/o/northwind/deals/{deal}/merge/",
    "/o/northwind/deals/changes/",
    "/o/northwind/deals/views/",
    "/o/northwind/deals/views/new/?q=leak",
    "/o/northwind/deals/{deal}/",
    "/o/northwind/deals/{deal}/?show=outputs",
    "/o/northwind/deals/{deal}/milestones/new/",
    "/o/northwind/deals/{deal}/ask/",
    "/o/northwind/deals/{deal}/people/",
    "/o/northwind/deals/{deal}/steps/new/",
    "/o/northwind/plan/",
    "/o/northwind/plan/new/",
    "/o/northwind/plan/targets/",
    "/o/northwind/plan/targets/new/",
    "/o/northwind/conversations/",
    "/o/northwind/confirmations/",
    "/o/northwind/companies/",
    "/o/northwind/companies/?q=zzz",
    "/o/northwind/companies/new/",
    "/o/northwind/companies/duplicates/",
    "/o/northwind/contacts/",
    "/o/northwind/contacts/new/",
    "/o/northwind/contacts/duplicates/",
    "/o/northwind/settings/attributes/",
    "/o/northwind/activities/{activity}/",
    "/o/northwind/activities/{activity}/edit/",
    "/o/northwind/today/",
    "/o/northwind/today/aim/",
    "/o/northwind/log/",
    "/o/northwind/execution/",
    "/o/northwind/execution/?by=stage&measure=value",
    "/o/northwind/execution/deals/?rows=closed",
    "/o/northwind/strategy/",
    "/o/northwind/strategy/new/",
    "/o/northwind/strategy/{strategy}/?text=next",
    "/o/northwind/strategy/{strategy}/versions/",
    "/o/northwind/strategy/{strategy}/activate/",
    "/o/northwind/strategy/{strategy}/segments/new/",
    "/o/northwind/strategy/{strategy}/plays/",
    "/o/northwind/strategy/{strategy}/plays/new/",
    "/o/northwind/imports/",
    "/o/northwind/imports/new/",
    "/o/northwind/settings/",
    "/o/northwind/settings/sign-in/",
    "/o/northwind/settings/tokens/",
    "/o/northwind/settings/webhooks/",
    "/o/northwind/settings/webhooks/{webhook}/",
    "/o/northwind/settings/general/",
    "/o/northwind/settings/figures/",
    "/o/northwind/settings/audit/",
    "/o/northwind/settings/audit/?what=import",
    "/o/northwind/settings/operators/",
    "/o/northwind/settings/people/",
    "/o/northwind/settings/people/?q=zzz",
    "/o/northwind/settings/people/invite/",
    "/o/northwind/settings/people/leave/",
    "/o/northwind/settings/teams/",
    "/o/northwind/settings/pipelines/",
    "/o/northwind/settings/outcomes/",
    "/o/northwind/settings/reasons/",
    "/o/northwind/settings/competitors/",
    "/o/northwind/settings/activity-types/",
    "/o/northwind/settings/output-types/",
    "/o/northwind/settings/rates/",
    "/o/northwind/settings/general/",
]


SMALL = """() => [...document.querySelectorAll('main :is(a, button, input:not([type=hidden]), select)')]
    .filter(e => e.checkVisibility() && !e.closest('p, .facts, .meta > span, td, th, dt, .legend-row, label'))
    .map(e => [e.textContent.trim() || e.name, e.getBoundingClientRect().height])
    .filter(([, height]) => height > 0 && height < 24)"""
PRESSED = """() => [...document.querySelectorAll('nav, .topbar, .btn, .toasts, .filters, dialog')]
    .filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 60))"""


# What axe judges by where things are: the rest is the same in a narrow window.
BY_LAYOUT = ("color-contrast", "scrollable-region-focusable", "target-size", "link-in-text-block")


def faults(page: Page, path: str, *rules: str) -> list[str]:
    """What is wrong with one page, by all rules of axe or by these."""
    page.said.clear()  # type: ignore[attr-defined]
    page.goto(path)
    # The browser itself writes to the console when a document is a 404.
    said = [line for line in page.said if "404" not in line]  # type: ignore[attr-defined]
    found = [f"console: {line}" for line in said] + violations(page, *rules)
    if overhang(page) > 0:
        found.append(f"{overhang(page)} px wider than the window")
    if page.evaluate("document.querySelectorAll('h1').length") != 1:
        found.append("not one h1")
    if page.evaluate("document.querySelector('audio, video')"):
        found.append("a sound or a film, which axe has not looked at")
    if not page.title():
        found.append("no title")
    return [f"{path}: {fault}" for fault in found]


def narrow_faults(page: Page, path: str) -> list[str]:
    """What is wrong with the same page for a finger, at 320, and with letters of double size. No script looks at the
    width, so it need not be loaded anew."""
    found = [f"too small to hit: {one}" for one in page.evaluate(SMALL)]

    def look(width: int) -> None:
        page.set_viewport_size({"width": width, "height": 844})
        if overhang(page) > 0:
            found.append(f"at {width}: {widest(page)}")

    look(320)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    look(390)
    look(1280)
    page.set_viewport_size({"width": 390, "height": 844})
    return [f"{path}: {fault}" for fault in found]


def paper_faults(page: Page, path: str) -> list[str]:
    """What is wrong with the same page in print: it has what is pressed, or is wider than the paper."""
    page.set_viewport_size({"width": 794, "height": 900})
    page.emulate_media(media="print")
    found = [f"in print: {one}" for one in page.evaluate(PRESSED)]
    if overhang(page) > 0:
        found.append(f"in print: {widest(page)}")
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1440, "height": 900})
    return [f"{path}: {fault}" for fault in found]


def dark_faults(page: Page, path: str) -> list[str]:
    """What is wrong with the same page in dark. The colours are those of a phone, too."""
    page.emulate_media(color_scheme="dark")
    found = [f"{path}: in dark, {one}" for one in violations(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    return found


# In two halves: two processes share them.
HALVES = pytest.mark.parametrize("pages", [PAGES[::2], PAGES[1::2]], ids=["one half", "the other"])


def of_all(
    page: Page, pages: Iterable[str], story: Deal, more: Callable[[Page, str], list[str]], *rules: str
) -> list[str]:
    """What is wrong with any of the pages, and with `more` of them."""
    found = []
    with tenant_scope(story.tenant_id):
        activity = Activity.objects.filter(deal=story).latest("at").pk
        webhook = Webhook.objects.get().pk
    rows = {"deal": story.pk, "strategy": story.strategy_id, "activity": activity, "webhook": webhook}
    for path in (one.format(**rows) for one in pages):
        found += faults(page, path, *rules) + more(page, path)
    return found


@HALVES
def test_every_page_is_sound_at_a_desk_in_dark_and_on_paper(
    opened: Open, story: Deal, lena: Membership, pages: list[str]
) -> None:
    def more(page: Page, path: str) -> list[str]:
        return dark_faults(page, path) + paper_faults(page, path)

    assert of_all(opened(lena, Look(1440)), pages, story, more) == []


@HALVES
def test_every_page_is_sound_on_a_phone_however_narrow_and_with_letters_of_double_size(
    opened: Open, story: Deal, lena: Membership, pages: list[str]
) -> None:
    """24 px at the least for what is hit with a finger."""
    assert of_all(opened(lena, Look(390)), pages, story, narrow_faults, *BY_LAYOUT) == []


@pytest.mark.parametrize("look", [Look(1440), Look(390)], ids=["desk", "phone"])
def test_every_page_for_everybody_is_sound(opened: Open, story: Deal, look: Look) -> None:
    assert of_all(opened(None, look), SIGNED_OUT, story, dark_faults) == []


def test_what_has_the_focus_is_never_covered(opened: Open, story: Deal, lena: Membership) -> None:
    """By the bar above, by the tabs below: something of it is seen, at each step through the page."""
    page = opened(lena, Look(390))
    covered = """() => { const e = document.activeElement;
        if (e === document.body || e.closest('.tabbar, .topbar, .skip')) return null;
        const r = e.getClientRects()[0];
        if (!r || r.width < 2) return null;
        const x = Math.min(Math.max(r.left + r.width / 2, 1), innerWidth - 1);
        const seen = [r.top + 4, r.top + r.height / 2, r.bottom - 4].map(y => document.elementFromPoint(x, y));
        return seen.some(at => at && (at === e || e.contains(at) || at.contains(e))) ? null : e.outerHTML.slice(0, 90);
    }"""
    found = []
    for path in ("/o/northwind/deals/?standing=all", "/o/northwind/execution/", "/o/northwind/deals/{deal}/"):
        page.goto(path.format(deal=story.pk, strategy=story.strategy_id))
        for key in ["Tab"] * 30 + ["Shift+Tab"] * 25:
            page.keyboard.press(key)
            found += [f"{path}: {one}" for one in [page.evaluate(covered)] if one]
    assert found == []
