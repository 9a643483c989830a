"""How long somebody needs to log: taps and seconds of a scripted person on a phone, against a product that runs.

    .venv/bin/python -m benchmarks.quick_log http://127.0.0.1:8000 owner@example.com PASSWORD [TIMES]

The person waits as people do between taps (PAUSE) and types as fast as a thumb (A_LETTER). Half of the entries are
calls that gave nothing, in three taps; half say in a few words what they gave. What is told is the median by the clock
of the person, and by that of the page, which begins with the first touch of the form. The entries stay: use an example
organisation.
"""

from __future__ import annotations

import sys
from statistics import median
from time import monotonic

from playwright.sync_api import Page, expect, sync_playwright

PAUSE = 600
A_LETTER = 120
WORDS = "Named who signs"


def logged(page: Page, deals: str, *, in_words: bool) -> tuple[int, float]:
    """One call: (taps, seconds from the first tap to the answer)."""
    page.goto(deals)
    dialog = page.get_by_role("dialog")
    taps = [page.get_by_role("link", name="Log activity"), dialog.locator("[name=deal]").first.locator("..")]
    taps += [dialog.get_by_text("Output", exact=True)] if in_words else []
    begun = monotonic()
    for what in taps:
        page.wait_for_timeout(PAUSE)
        what.tap()
    if in_words:
        dialog.get_by_label("In a few words").press_sequentially(WORDS, delay=A_LETTER)
    page.wait_for_timeout(PAUSE)
    dialog.get_by_role("button", name="Log it").tap()
    expect(dialog).to_have_count(0)
    return len(taps) + 1, monotonic() - begun


def main(base: str, email: str, password: str, times: int = 20) -> None:
    """Log so many times, and tell how long it took."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, base_url=base).new_page()
        page.goto("/accounts/login/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/o/**")
        here = "/".join(page.url.split("/")[:5])
        for name, in_words, many in (
            ("nothing yet", False, times // 2),
            ("an output in words", True, times - times // 2),
        ):
            rows = [logged(page, f"{here}/deals/", in_words=in_words) for _ in range(many)]
            taps, seconds = rows[0][0], [one for _taps, one in rows]
            told = f"{name}: {many} entries, {taps} taps, median {median(seconds):.1f} s, slowest {max(seconds):.1f} s"
            sys.stdout.write(told + "\n")
        page.goto(f"{here}/today/")
        sys.stdout.write(page.get_by_text("to log.").first.inner_text() + "\n")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:4], *(int(one) for one in sys.argv[4:5]))
