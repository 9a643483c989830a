"""What the pages of companies and of contacts share: tables, facts, forms, and making one of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.forms import BaseForm
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from activities.models import Activity
from frontend import words
from frontend.http import TenantRequest, more_url, page
from frontend.parts import Action, Crumb
from frontend.path import Reader
from frontend.timeline import with_whom
from strategy.models import Attribute

#: As many rows as fit on two screens.
ROWS = 50
#: As many of what belongs to a row stand on its page.
BESIDE = 20
#: As much of what was done stands there.
MOST_DONE = 10


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What stands in a column. right: a figure; url: it leads somewhere; before: its column's name, where rows are
    cards."""

    words: str
    right: bool = False
    url: str = ""
    before: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table: what it is called and where it leads, and its cells."""

    name: str
    url: str
    beside: str = ""
    cells: Sequence[Cell] = ()

    @property
    def said(self) -> list[str]:
        """What its cells say, where they stand in one line."""
        return [cell.words for cell in self.cells if cell.words]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a page with what belongs to the row. url: where all of it is; action: how there is one more."""

    key: str
    heading: str
    nothing: str
    rows: Sequence[Row]
    url: str = ""
    url_words: str = ""
    action: Action | None = None


def companies_crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    url = reverse("companies", args=[request.tenant.slug]) if steps else ""
    return [Crumb(words=gettext("Companies"), url=url), *steps]


def contacts_crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    url = reverse("contacts", args=[request.tenant.slug]) if steps else ""
    return companies_crumbs(request, Crumb(words=gettext("Contacts"), url=url), *steps)


def key_after(text: str) -> UUID | None:
    """The row after which a page of a list begins; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def own_facts(known: Sequence[Attribute], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The values of the organisation's own attributes in words."""
    return [(one.name, own_words(one, values[one.key])) for one in known if one.key in values]


def own_words(one: Attribute, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if one.kind == Attribute.Kind.DAY:
        return words.long_day(date.fromisoformat(value))
    return words.number(value) if isinstance(value, int) else str(value)


def form_page(request: TenantRequest, form: BaseForm, context: Mapping[str, Any]) -> HttpResponse:
    """A form on a page of its own; 422 where something of it cannot be used."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "customers/form.html", {"form": form, **context}, status=status)


def doubles_page(
    request: TenantRequest,
    *,
    title: str,
    crumbs: Sequence[Crumb],
    by: str,
    tabs: Sequence[tuple[str, str]],
    rows: Sequence[Row],
    after: str,
) -> HttpResponse:
    """Rows that may be one, by what they share; tabs: (what, its name), the first of them where nothing is said."""
    addresses = [request.path, *(f"{request.path}?by={name}" for name, _words in tabs[1:])]
    context = {
        "title": title,
        "crumbs": crumbs,
        "tabs": [(told, url, name == by) for (name, told), url in zip(tabs, addresses, strict=True)],
        "rows": rows,
        "more_url": more_url(request, after or None),
    }
    return page(request, "customers/doubles.html", context)


def doubles_after(request: TenantRequest) -> str:
    """What the rows of the page before shared last."""
    return request.GET.get("after", "")[:200]


def pick_page(
    request: TenantRequest,
    *,
    title: str,
    crumbs: Sequence[Crumb],
    found: Sequence[Row],
    words: str,
    back_url: str,
    undo: tuple[str, str] | None = None,
) -> HttpResponse:
    """Which other row is the same: those that look like it, or those that have the words in their names.

    undo: (name of what was merged into it last, address that undoes it).
    """
    context = {
        "title": title,
        "lede": gettext("Look for the other one by a part of its name. Nothing is changed before you have seen both."),
        "crumbs": crumbs,
        "words": words,
        "rows": found,
        "back_url": back_url,
        "undo": undo,
    }
    return page(request, "customers/pick.html", context)


def undone_words(facts: Sequence[str], rows: int) -> str:
    """What an undone merge left as it is."""
    told = gettext("They are two again.")
    if facts:
        told += " " + gettext("Changed since, so it stays: {facts}.").format(facts=words.listed(list(facts)))
    if rows:
        told += " " + ngettext(
            "{n} row was changed since and stays where it is.", "{n} rows were changed since and stay.", rows
        ).format(n=words.number(rows))
    return told


def _stored(row: Any, name: str) -> str:
    """A fact as it is stored."""
    return str(getattr(row, name))


def differing(
    one: Any, other: Any, facts: Sequence[str], told: Callable[[Any, str], str] = _stored
) -> list[tuple[str, str]]:
    """(fact, its name with both values) of what is known of both, and differently. told: a fact as people read it."""
    found = []
    for name in facts:
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours not in (None, "") and theirs not in (None, "") and ours != theirs:
            label = str(one._meta.get_field(name).verbose_name).capitalize()
            found.append((name, f"{label}: {told(one, name)} / {told(other, name)}"))
    return found


def done_part(rows: Sequence[Activity], reader: Reader) -> Part:
    """What was done with a company or with somebody there, of what the reader sees, the latest first."""
    return Part(
        key="done",
        heading=gettext("What was done"),
        nothing=gettext("Nothing that you see."),
        rows=[
            Row(
                name=with_whom(one, one.purpose or one.type.name),
                url=reverse("activity", args=[reader.slug, one.pk]),
                beside=words.moment(one.at, zone=reader.zone, now=reader.now),
                cells=[Cell(words=one.member.name), Cell(words=one.deal.name if one.deal else "")],
            )
            for one in rows
        ],
    )
