"""What a page may weigh. Bytes are counted as they travel: compressed, except for the font, which already is."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import Page, Response

from accounts.models import Membership
from strategy.models import Deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look

KB = 1024
BUDGET = {
    "first visit": 100 * KB,
    "html": 15 * KB,
    "css": 16 * KB,
    "script": 22 * KB,
    "own script": 8 * KB,
    "font": 32 * KB,
    "requests": 12,
    "elements": 1_500,
    "fragment": 6 * KB,
}
PAGES = [
    "/accounts/signup/",
    "/o/northwind/deals/?standing=all",
    "/o/northwind/deals/{deal}/",
    "/o/northwind/today/",
    "/o/northwind/log/",
    "/o/northwind/execution/",
    "/o/northwind/execution/deals/?rows=closed",
    "/o/northwind/imports/new/",
    "/o/northwind/settings/tokens/",
]
KINDS = {"stylesheet": "css", "script": "script", "font": "font", "document": "html"}


def travelled(response: Response) -> int:
    """The bytes of one answer on the way."""
    body = response.body()
    return len(body) if response.url.endswith(".woff2") else len(gzip.compress(body, 6))


def weighed(page: Page, path: str) -> dict[str, int]:
    """What a first visit to a page costs."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(path, wait_until="networkidle")
    found: dict[str, int] = {"requests": len(answers), "elements": page.locator("*").count()}
    for answer in answers:
        size = travelled(answer)
        kind = KINDS.get(answer.request.resource_type, "other")
        found[kind] = found.get(kind, 0) + size
        found["first visit"] = found.get("first visit", 0) + size
        if kind == "script" and "/vendor/" not in answer.url:
            found["own script"] = found.get("own script", 0) + size
    return found


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_stays_within_its_budget(path: str, opened: Open, story: Deal, lena: Membership) -> None:
    member = None if path.startswith("/accounts/") else lena
    found = weighed(opened(member, Look(390)), path.format(deal=story.pk))
    over = {name: (found[name], most) for name, most in BUDGET.items() if found.get(name, 0) > most}
    assert over == {}


def test_an_answer_for_a_part_of_a_page_is_small(opened: Open, story: Deal, lena: Membership) -> None:
    page = opened(lena)
    page.goto(f"/o/northwind/deals/{story.pk}/")
    for part in ("log/", f"deals/{story.pk}/?show=outputs", "execution/?measure=value"):
        answer = page.request.get(f"/o/northwind/{part}", headers={"HX-Request": "true"})
        assert answer.ok
        assert len(gzip.compress(answer.body(), 6)) <= BUDGET["fragment"], part
