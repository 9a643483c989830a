"""The icons and marks as inline SVG.

They are written into the page where they stand. A sheet of symbols at the top of each page was measured against
this: with only the used symbols in it, it came out 30 to 190 bytes larger after compression on six of the seven
reference pages (the repeated outlines cost almost nothing once compressed), and a whole sheet 400 to 1,600.
"""

import re
from functools import cache
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

FOLDER = Path(__file__).parent / "templates" / "parts"
ROOT = re.compile(r'<svg xmlns="[^"]+" (?P<attributes>[^>]*)>(?P<inner>.*)</svg>\s*', re.DOTALL)

#: What each mark says to somebody who does not see it. The three marks, and the five states of an outcome.
WORDS_OF_MARKS = {
    "activity": _("Activity"),
    "output": _("Output"),
    "outcome": _("Outcome"),
    "ahead": _("Ahead"),
    "next": _("Next"),
    "claimed": _("Recorded, no evidence yet"),
    "evidenced": _("Evidenced"),
    "confirmed": _("Confirmed by the customer"),
    "half": _("Recorded, no evidence yet"),
    "hollow": _("Not reached"),
}


@cache
def drawing(kind: str, name: str) -> tuple[SafeString, SafeString]:
    """The attributes and the inside of one drawing; raises FileNotFoundError for a name that is not drawn."""
    found = ROOT.fullmatch((FOLDER / kind / f"{name}.svg").read_text())
    if found is None:
        raise ValueError(f"{kind}/{name}.svg is not one <svg> element.")
    # The files are part of the program, not of anybody's input.
    return mark_safe(found["attributes"]), mark_safe(found["inner"])  # noqa: S308


def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """An icon beside words that say the same, so it is silent to a screen reader."""
    attributes, inner = drawing("icons", name)
    named = format_html('class="{}" ', css) if css else ""
    return format_html(
        '<svg {}width="{}" height="{}" aria-hidden="true" {}>{}</svg>',
        named,
        size,
        size,
        attributes,
        inner,
    )


def mark(name: str, css: str = "", words: bool = True) -> SafeString:
    """One of the three marks or of the states of an outcome, with its name for a screen reader.

    words: False where the same words stand beside it.
    """
    attributes, inner = drawing("marks", name)
    named = format_html('class="{}" ', css) if css else ""
    drawn = format_html('<svg {}aria-hidden="true" {}>{}</svg>', named, attributes, inner)
    if not words:
        return drawn
    return format_html('{}<span class="sr">{}</span>', drawn, WORDS_OF_MARKS[name])
