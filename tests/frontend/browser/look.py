"""How somebody looks at a page, and what must be true of every page they look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page


@dataclass(frozen=True)
class Look:
    """A window and a colour scheme; a narrow window is a phone with a finger."""

    width: int = 1440
    scheme: str = "light"

    @property
    def options(self) -> dict[str, Any]:
        phone = self.width < 500
        return {
            "viewport": {"width": self.width, "height": 844 if phone else 900},
            "color_scheme": self.scheme,
            "has_touch": phone,
            "is_mobile": phone,
            "reduced_motion": "reduce",
        }

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds, best practices included, or by these rules: the rule and the first element that breaks it."""
    # What axe would load anew are style sheets and sounds, for rules about sounds that begin by themselves.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # All that axe tells of a page is a megabyte; what is wrong with it is a line.
    told = "options => axe.run(options).then(all => all.violations.map(one => [one.id, one.nodes[0].html]))"
    return [f"{rule}: {html[:160]}" for rule, html in page.evaluate(told, options)]


def overhang(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def widest(page: Page) -> str:
    """The element that reaches furthest to the right, outside of boxes that scroll by themselves."""
    return str(
        page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => !e.parentElement.closest('.scrollx, .pick, svg'))
                .map(e => [e.getBoundingClientRect().right, e.outerHTML.slice(0, 90)])
                .sort((a, b) => b[0] - a[0])[0]"""
        )
    )


def focused(page: Page) -> str:
    """What has the focus, in words."""
    return str(page.evaluate("document.activeElement.innerText || document.activeElement.name"))
