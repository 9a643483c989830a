"""The rules of the pages that a policy header, a screen reader or a person without script depends on."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "frontend" / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
DJANGO = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
#: A tag may stand inside a quoted value; what it writes there is a name or an address, so a word can stand for it.
VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
FILTER = re.compile(r"\w\[[^\]]*\]")


class Findings(HTMLParser):
    """Walks one template and writes down what breaks a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.forms: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.attributes(tag, given)
        if tag == "script" and "src" not in given:
            self.found.append("a script inside the page")
        if tag == "style":
            self.found.append("a style sheet inside the page")
        if tag == "svg" and "aria-hidden" not in given and not (given.get("role") == "img" and names(given)):
            self.found.append("an <svg> that is neither aria-hidden nor a named image")
        if tag == "form":
            self.forms.append("action" in given)
            if "action" not in given or "method" not in given:
                self.found.append("a <form> without action and method")
        if "hx-post" in given and not any(self.forms):
            self.found.append("hx-post outside a form with an action")
        # An input looks things up while somebody types; its form is sent without script.
        helps = tag == "input" and any(self.forms)
        by_itself = re.search(r"from:body|^every ", given.get("hx-trigger") or "")
        leads = given.get("href") or "action" in given or by_itself
        if "hx-get" in given and not (leads or helps):
            self.found.append("hx-get on something that leads nowhere without script")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.forms:
            self.forms.pop()

    def attributes(self, tag: str, given: dict[str, str | None]) -> None:
        for name, value in given.items():
            if name == "style":
                self.found.append(f"style= on <{tag}>")
            if name.startswith(("on", "hx-on")):
                self.found.append(f"{name}= on <{tag}>")
            if "js:" in (value or "") or "javascript:" in (value or ""):
                self.found.append(f"evaluated code in {name}")
            if name.startswith("hx-trigger") and FILTER.search(value or ""):
                self.found.append(f"a filter in {name}: it is evaluated code")


def names(given: dict[str, str | None]) -> bool:
    return "aria-labelledby" in given or "aria-label" in given


def findings(text: str) -> list[str]:
    """What breaks a rule in one template."""
    walker = Findings()
    walker.feed(VALUE.sub("x", DJANGO.sub("", text)))
    return walker.found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_template_keeps_the_rules(path: Path) -> None:
    assert findings(path.read_text()) == []


@pytest.mark.parametrize(
    "broken",
    [
        '<p style="color: red">',
        '<button onclick="go()">',
        '<a href="/" hx-on:click="go()">',
        '<form action="/x" method="post" hx-vals="js:{a: 1}">',
        '<form action="/x" method="get" hx-trigger="keyup[key==\'Enter\']">',
        '<button hx-post="/x">Log it</button>',
        '<svg viewBox="0 0 1 1"></svg>',
        "<script>go()</script>",
        '<div hx-get="/x">',
        '<form method="post">',
    ],
)
def test_a_broken_template_is_noticed(broken: str) -> None:
    assert findings(broken) != []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_template_does_not_name_the_product(path: Path) -> None:
    """The name comes from one setting."""
    assert "throughline" not in path.read_text().lower()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_words_go_through_translation(path: Path) -> None:
    """Text between tags comes from a variable or a translation, never from the template itself."""
    text = re.sub(r"\{% comment.*?endcomment %\}", "", path.read_text(), flags=re.DOTALL)
    # The blocks that name the width of a page stand inside an attribute.
    text = re.sub(r"\{% block (?:width|settings_css) %\}.*?\{% endblock %\}", "", text)
    text = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"<(script|kbd|title)[^>]*>.*?</\1>", "", text, flags=re.DOTALL)
    bare = re.sub(
        r"<!--.*?-->|<[^>]*>",
        " ",
        VALUE.sub(" ", DJANGO.sub(" ", text)),
        flags=re.DOTALL,
    )
    assert re.findall(r"[A-Za-z]{2,}", bare) == []
