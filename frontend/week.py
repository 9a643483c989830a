"""A member's plan of a week in words: its days, the week and the month, and what was kept of the weeks before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from frontend import words
from frontend.parts import Action, Item, Menu
from outcomes.models import PlannedActivity
from outcomes.queries.plans import Kept
from strategy.models import Deal

State, Span = PlannedActivity.State, PlannedActivity.Span


@dataclass(frozen=True, kw_only=True)
class PlanLine:
    """Something planned, in words. log_url and menu: only while it is to be done, for whose plan it is."""

    icon: str
    name: str
    about: str
    about_url: str
    why: str
    when: str
    sign: str
    is_settled: bool
    log_url: str = ""
    menu: Menu | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A day, the week or the month with what is planned for it."""

    key: str
    heading: str
    lines: Sequence[PlanLine]
    add: Action | None
    is_today: bool = False


def parts(
    plans: Sequence[PlannedActivity], *, first: date, today: date, slug: str, is_own: bool
) -> tuple[list[Part], list[Part]]:
    """The seven days from `first` on; then the week and the month in which it begins."""
    last = first + timedelta(days=6)
    days = [
        part(
            [one for one in plans if one.span == Span.DAY and one.first_on == day],
            key=f"day-{day.isoformat()}",
            heading=weekday(day, today=today),
            span=Span.DAY,
            on=day,
            add_until=day,
            today=today,
            slug=slug,
            is_own=is_own,
        )
        for day in (first + timedelta(days=number) for number in range(7))
    ]
    month_end = (first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    longer = [
        (Span.WEEK, gettext("This week") if first <= today <= last else gettext("The week"), last),
        (Span.MONTH, words.month(first), month_end),
    ]
    spans = [
        part(
            [one for one in plans if one.span == span and one.first_on <= first <= one.last_on],
            key=span,
            heading=heading,
            span=span,
            on=max(first, today) if until >= today else first,
            add_until=until,
            today=today,
            slug=slug,
            is_own=is_own,
        )
        for span, heading, until in longer
    ]
    return days, spans


def part(
    plans: Sequence[PlannedActivity],
    *,
    key: str,
    heading: str,
    span: str,
    on: date,
    add_until: date,
    today: date,
    slug: str,
    is_own: bool,
) -> Part:
    add = None
    if is_own and add_until >= today:
        asked = urlencode({"span": span, "on": on.isoformat()})
        add = Action(
            words=gettext("Plan something"), url=f"{reverse('plan-new', args=[slug])}?{asked}", icon="plus", dialog=True
        )
    lines = [line(one, today=today, slug=slug, is_own=is_own) for one in plans]
    return Part(key=key, heading=heading, lines=lines, add=add, is_today=span == Span.DAY and on == today)


def line(plan: PlannedActivity, *, today: date, slug: str, is_own: bool) -> PlanLine:
    """A planned activity in words."""
    about, url = "", ""
    if plan.deal is not None:
        about, url = deal_words(plan.deal), reverse("deal", args=[slug, plan.deal_id])
    elif plan.company is not None:
        about, url = plan.company.name, reverse("company", args=[slug, plan.company_id])
    outcome = gettext("For “{outcome}”").format(outcome=plan.milestone.name) if plan.milestone else ""
    is_open = plan.state == State.PLANNED
    when, sign = state(plan, today=today)
    deeds = is_own and is_open
    return PlanLine(
        icon=plan.type.icon,
        name=plan.type.name,
        about=about,
        about_url=url,
        why=" · ".join(filter(None, (plan.purpose, outcome))),
        when=when,
        sign=sign,
        is_settled=not is_open,
        log_url=log_url(plan, slug) if deeds else "",
        menu=menu(plan, about=about, slug=slug) if deeds else None,
    )


def deal_words(deal: Deal) -> str:
    """The deal with its company, by which most people know it."""
    return gettext("{company}: {deal}").format(company=deal.company.name, deal=deal.name) if deal.company else deal.name


def log_url(plan: PlannedActivity, slug: str) -> str:
    """The quick log with what was planned filled in."""
    given = {"kind": plan.type_id, "contact": plan.contact_id, "play": plan.play_id, "purpose": plan.purpose}
    given |= {"deal": plan.deal_id} if plan.deal_id else {"company": plan.company_id}
    return f"{reverse('log', args=[slug])}?{urlencode({name: value for name, value in given.items() if value})}"


def menu(plan: PlannedActivity, *, about: str, slug: str) -> Menu:
    """What else can be done with a plan."""
    return Menu(
        key=f"plan-{plan.pk}",
        label=gettext("More for {what}").format(what=" ".join(filter(None, (plan.type.name, about)))),
        items=[
            Item(words=gettext("Move"), url=reverse("plan-move", args=[slug, plan.pk]), dialog=True),
            Item(words=gettext("Change"), url=reverse("plan-edit", args=[slug, plan.pk]), dialog=True),
            Item(words=gettext("Drop"), url=reverse("plan-drop", args=[slug, plan.pk]), dialog=True),
        ],
    )


def state(plan: PlannedActivity, *, today: date) -> tuple[str, str]:
    """What became of a plan, and the icon beside the words."""
    if plan.state == State.DONE:
        day = plan.activity.day if plan.activity else None
        if day is not None and not plan.first_on <= day <= plan.last_on:
            return gettext("Done {day}, not when it was planned").format(day=words.day(day, today=today)), "check"
        return gettext("Done"), "check"
    if plan.state == State.MOVED and plan.moved_to is not None:
        to = span_words(plan.moved_to, today=today)
        told = gettext("Moved to {day}: {why}") if plan.note else gettext("Moved to {day}")
        return told.format(day=to, why=plan.note), "going"
    if plan.state == State.DROPPED:
        return gettext("Dropped: {why}").format(why=plan.note), "x"
    if plan.last_on < today:
        return gettext("Not done"), "warn"
    return gettext("Planned"), "clock"


def span_words(plan: PlannedActivity, *, today: date) -> str:
    """When it is planned for."""
    if plan.span == Span.DAY:
        return words.day(plan.first_on, today=today)
    if plan.span == Span.MONTH:
        return words.month(plan.first_on)
    return gettext("the week of {day}").format(day=words.day(plan.first_on, today=today))


def weekday(day: date, *, today: date) -> str:
    """A day of the week: "Monday 24 Nov", and that it is today."""
    told = words.weekday(day)
    return gettext("{day}, today").format(day=told) if day == today else told


def kept_words(found: Kept) -> tuple[str, str]:
    """What was kept, and how sure that is: the interval, or what is missing for one."""
    if not found.planned:
        return "", gettext("Nothing of the last eight weeks was planned. What is kept of a plan will stand here.")
    told = gettext("{kept} of {planned} kept").format(
        kept=words.number(found.kept), planned=words.number(found.planned)
    )
    if (rate := found.rate) is None:
        missing = ngettext(
            "Not enough data for a rate, {n} more plan needed.",
            "Not enough data for a rate, {n} more plans needed.",
            found.more,
        ).format(n=words.number(found.more))
        return told, missing
    sure = gettext("{rate} ({range}), of all plans of the last eight weeks, moved and dropped ones too.").format(
        rate=words.percent(rate.value), range=words.percent_range(rate.low, rate.high)
    )
    return told, sure
