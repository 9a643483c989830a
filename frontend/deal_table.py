"""The table of deals: which columns there are, and what stands in each, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from frontend import words
from frontend.path import MiniPath, mini_path
from outcomes.models import Milestone, MilestoneType
from outcomes.queries import path as outcomes
from strategy.models import Deal


@dataclass(frozen=True, kw_only=True)
class Told:
    """A deal with what is known beside it, on a day."""

    deal: Deal
    path: MiniPath
    people: int
    today: date

    def day(self, when: date | None) -> str:
        return words.day(when, today=self.today) if when else ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column that can be shown: its head, what stands in it, and the same in a file.

    right: figures, at the right. before: said before it where a row is a card.
    """

    key: str
    head: str | Promise
    cell: Callable[[Told], str | SafeString]
    plain: Callable[[Told], Any]
    right: bool = False
    css: str = ""
    before: str | Promise = ""


def _named(row: Any) -> str:
    return row.name if row is not None else ""


def _money(amount: int | None, currency: str) -> str:
    return words.money(amount, currency) if amount is not None else ""


def _ended(told: Told) -> str:
    if not told.deal.closed_on:
        return ""
    said = {"how": told.deal.get_end_cause_display(), "day": told.day(told.deal.closed_on)}
    return gettext("{how}, {day}").format(**said)


def _waiting(told: Told) -> int | None:
    return (told.today - told.path.since).days if told.path.since and told.deal.is_open else None


def _waited(told: Told) -> str:
    days = _waiting(told)
    return "" if days is None else words.days(days)


def _amount(name: str) -> Callable[[Told], Decimal | None]:
    """For a file: in whole units, as spreadsheets add them up; its currency stands beside it."""

    def plain(told: Told) -> Decimal | None:
        amount = getattr(told.deal, name)
        return None if amount is None else Decimal(amount).scaleb(-get_currency_precision(told.deal.currency))

    return plain


def _fact(name: str) -> Callable[[Told], Any]:
    return lambda told: getattr(told.deal, name)


def _name(name: str) -> Callable[[Told], str]:
    return lambda told: _named(getattr(told.deal, name))


def _day(name: str) -> Callable[[Told], str]:
    return lambda told: told.day(getattr(told.deal, name))


def _people(told: Told) -> str:
    return words.number(told.people) if told.people else ""


def _next(told: Told) -> str:
    return told.path.next_name or _ended(told)


def _dated(key: str, head: Promise, name: str) -> Column:
    return Column(key=key, head=head, cell=_day(name), plain=_fact(name), right=True, before=head)


def _naming(key: str, head: Promise, name: str) -> Column:
    return Column(key=key, head=head, cell=_name(name), plain=_name(name))


ALL: Mapping[str, Column] = {
    one.key: one
    for one in (
        Column(
            key="value",
            head=_("Value"),
            cell=lambda told: _money(told.deal.amount, told.deal.currency),
            plain=_amount("amount"),
            right=True,
        ),
        Column(key="path", head=_("Path"), cell=lambda told: told.path.drawn, plain=lambda told: told.path.known),
        Column(key="next", head=_("Next outcome"), cell=_next, plain=lambda told: told.path.next_name),
        Column(key="waiting", head=_("Waiting since"), cell=_waited, plain=_waiting, right=True, before=_("for")),
        Column(
            key="people",
            head=_("People named"),
            cell=_people,
            plain=lambda told: told.people,
            right=True,
            before=_("People named"),
        ),
        _naming("owner", _("Owner"), "owner"),
        Column(key="stage", head=_("Stage"), cell=_name("stage"), plain=_name("stage"), css="faint"),
        _naming("pipeline", _("Pipeline"), "pipeline"),
        _dated("close", _("Expected close"), "expected_close_on"),
        _dated("qualified", _("Qualified"), "qualified_on"),
        _dated("entered", _("In this stage since"), "entered_stage_on"),
        Column(key="ended", head=_("Ended"), cell=_ended, plain=_fact("closed_on")),
        _naming("reason", _("Reason"), "end_reason"),
        Column(
            key="then",
            head=_("Value then"),
            cell=lambda told: _money(told.deal.amount_at_qualification, told.deal.currency),
            plain=_amount("amount_at_qualification"),
            right=True,
            before=_("Value then"),
        ),
        _naming("strategy", _("Strategy"), "strategy"),
        _naming("segment", _("Segment"), "segment"),
        _naming("play", _("Play"), "play"),
        _naming("source", _("Source"), "came_from"),
    )
}
USUAL = ("value", "path", "next", "waiting", "people", "owner")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What stands in one column of a row."""

    words: str | SafeString
    css: str
    before: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One deal in a list, in words."""

    key: str
    name: str
    company: str
    url: str
    cells: Sequence[Cell]


def columns(wanted: Iterable[str]) -> list[Column]:
    """The columns of these keys; the usual ones where none is known."""
    found = [ALL[key] for key in dict.fromkeys(wanted) if key in ALL]
    return found or [ALL[key] for key in USUAL]


def told(deals: Sequence[Deal], tenant: Tenant, *, types: Sequence[MilestoneType] | None = None) -> list[Told]:
    """Deals with what is known beside them: two questions, however many deals."""
    types = outcomes.milestone_types() if types is None else types
    reached = outcomes.milestones_on(deal.pk for deal in deals)
    today = tenant.day_of(timezone.now())
    return [_told(deal, types, reached.get(deal.pk, {}), today) for deal in deals]


def _told(deal: Deal, types: Sequence[MilestoneType], reached: Mapping[UUID, Milestone], today: date) -> Told:
    people = getattr(deal, "people", None) or 0
    return Told(deal=deal, path=mini_path(deal, types, reached), people=people, today=today)


def rows(deals: Sequence[Deal], tenant: Tenant, shown: Sequence[Column]) -> list[Row]:
    """The rows of some deals."""
    return [row(one, tenant.slug, shown) for one in told(deals, tenant)]


def row(one: Told, slug: str, shown: Sequence[Column]) -> Row:
    cells = []
    for column in shown:
        said = column.cell(one)
        css = " ".join(part for part in ("r" if column.right else "", column.css) if part)
        cells.append(Cell(words=said, css=css, before=str(column.before) if said else ""))
    return Row(
        key=str(one.deal.pk),
        name=one.deal.name,
        company=one.deal.company.name if one.deal.company else "",
        url=reverse("deal", args=[slug, one.deal.pk]),
        cells=cells,
    )
