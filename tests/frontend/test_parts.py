"""The shared parts of pages, as the templates write them."""

from __future__ import annotations

from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from frontend.http import done
from frontend.parts import Action, Head, Item, Menu


def drawn(text: str, **given: object) -> str:
    return Template("{% load i18n kit %}" + text).render(Context(given))


def request() -> HttpRequest:
    made = RequestFactory().get("/")
    made._messages = CookieStorage(made)  # type: ignore[attr-defined]
    return made


def test_a_menu_is_a_button_with_links_and_deeds_that_need_no_script() -> None:
    items = [Item(words="Edit", url="/edit/", dialog=True), Item(words="Close <it>", url="/close/", post=True)]
    menu = Menu(key="deal-7", label="Move Brightwater", items=items)
    page = render_to_string("parts/menu.html", {"menu": menu}, RequestFactory().get("/"))
    assert 'popovertarget="deal-7-menu"' in page
    assert page.count('role="menuitem"') == 2
    assert '<form action="/close/" method="post"><input type="hidden" name="csrfmiddlewaretoken"' in page
    assert 'hx-get="/edit/" hx-target="#dialogs"' in page
    assert "Close &lt;it&gt;" in page


def test_a_table_names_itself_and_its_columns() -> None:
    heads = [Head(words="Deal"), Head(words="Value", right=True), Head(words="Revoke", silent=True)]
    page = drawn(
        "{% table caption heads %}<tr><th scope='row'>{{ name }}</th></tr>{% endtable %}",
        caption="Deals",
        heads=heads,
        name="<b>",
    )
    assert '<caption class="sr">Deals</caption>' in page
    assert '<th scope="col" class="r">Value</th>' in page
    assert '<span class="sr">Revoke</span>' in page
    assert "<th scope='row'>&lt;b&gt;</th>" in page


def test_a_section_stands_under_its_heading() -> None:
    page = drawn(
        '{% section "look" heading sentence action=action %}<p>{{ said }}</p>{% endsection %}',
        heading="Look & keys",
        sentence="For you",
        said="<i>",
        action=Action(words="Change", url="/x/"),
    )
    assert '<section class="sec" aria-labelledby="look-h">' in page
    assert '<h2 id="look-h">Look &amp; keys</h2><p>For you</p>' in page
    assert "<p>&lt;i&gt;</p>" in page
    assert 'href="/x/"' in page


def test_a_deed_that_can_be_taken_back_says_so_in_its_toast() -> None:
    asked = request()
    done(asked, "/deals/", "Brightwater handed over", undo_url="/deals/7/take-back/")
    done(asked, "/deals/", "Saved")
    page = render_to_string("parts/toasts.html", {"messages": get_messages(asked)})
    assert page.count('<form action="/deals/7/take-back/" method="post">') == 1
    assert page.count("Undo") == 1
