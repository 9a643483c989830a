"""The day of somebody who sells: the quick log, what to pursue next, and what came of the last weeks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from babel.dates import format_skeleton
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Membership
from accounts.permissions import allows
from frontend import today as told
from frontend import week, words
from frontend.access import may
from frontend.forms.log import LogForm
from frontend.forms.plans import AimForm
from frontend.http import TenantRequest, done, key_of, page, told_in
from frontend.parts import Action, Crumb
from frontend.path import reader_of
from frontend.views.deal_deeds import shown
from frontend.views.log import LIKELY, choices, choices_for
from outcomes.models import Milestone
from outcomes.queries import today as queries
from outcomes.queries.today import Pursuit
from outcomes.services.targets import aim_ahead
from strategy.models import Deal
from strategy.queries import latest_open_deals

WORKER = Path(__file__).resolve().parent.parent / "static" / "worker.js"


@require_GET
@may("activity.log")
def today(request: TenantRequest) -> HttpResponse:
    """The page of the day; the parts that an entry changes by themselves for htmx."""
    return page(request, "today/page.html", day_of(request), part="day")


@require_GET
@may("activity.log")
def shell(request: TenantRequest) -> HttpResponse:
    """What a device keeps of the page for when there is no signal: the log, with nothing of customers but the names of
    the deals that are most likely meant."""
    context = {
        "title": gettext("Today"),
        "crumbs": [Crumb(words=gettext("Today"))],
        "form": LogForm(choices=choices_for(request, people=False)),
        "log_here": True,
        "is_shell": True,
    }
    return render(request, "today/shell.html", context)


@require_GET
@may("activity.log")
def worker(request: TenantRequest) -> HttpResponse:
    """The script that keeps the page. Its address says which pages it stands before: those below this one alone."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")


def day_of(request: TenantRequest) -> dict[str, Any]:
    """Everything that the page shows."""
    member, reader = request.membership, reader_of(request)
    lately = queries.lately(member.pk)
    pursuit = queries.pursued(member.pk, today=reader.today)
    habit = queries.habit_from(lately)
    deals = likely([*(one.deal for one in lately), *(row.deal for row in pursuit.deals), *pursuit.open])
    offered = queries.offered(deal.pk for deal in deals)
    monday = first_of_week(reader.today, starts=request.tenant.week_starts)
    pursued = [row.deal.pk for row in pursuit.deals[: told.NEXTS]]
    aside = [key for text in request.GET.getlist("but") if (key := key_of(text))][-told.MOST_ASIDE :]
    beside = queries.beside(
        member.pk, pursued, today=reader.today, monday=monday, counts_from=reader.counts_from, but=aside
    )
    slug, currency = request.tenant.slug, request.tenant.currency
    return {
        "title": gettext("Today"),
        "heading": format_skeleton("MMMMEEEEd", reader.today, locale=words.locale()),
        "crumbs": [Crumb(words=gettext("Today"))],
        "state": told.state(pursuit, sum(on >= monday for on in beside.reached)),
        "form": LogForm(choices=choices(offered, habit, deals, None, reader.zone)),
        "log_here": True,
        "worker_url": reverse("today-worker", args=[slug]),
        "nexts": told.nexts(pursuit, offered.milestones, by_deal(beside.around), slug=slug, currency=currency),
        "order_words": order_words(pursuit),
        "nothing": nothing_to_pursue(request, pursuit),
        "logged": told.logged(lately, reader),
        "plan_url": reverse("plan", args=[slug]),
        "planned": [week.line(one, today=reader.today, slug=slug, is_own=True) for one in beside.planned],
        "horizon": told.horizons(beside.days.horizons, member.aims_ahead),
        "aim": aim_action(member, slug),
        "question": told.question(beside.question, may_say=allows(member, "company.edit"), aside=aside, slug=slug),
        "questions_url": reverse("conversations", args=[slug]),
        "eight": told.eight_weeks(beside.days.weeks, beside.reached, today=reader.today, monday=monday),
        "own_median": told.own_median(lately),
        "day_url": reverse("today", args=[slug]),
    }


def aim_action(member: Membership, slug: str) -> Action:
    said = gettext("Change the aim") if member.aims_ahead is not None else gettext("Set an aim")
    return Action(words=said, url=reverse("today-aim", args=[slug]), dialog=True)


@require_http_methods(["GET", "POST"])
@may("activity.log")
def aim(request: TenantRequest) -> HttpResponse:
    """How many conversations the member wants to look beyond the quarter."""
    form = AimForm(request.POST or None, initial={"number": request.membership.aims_ahead})
    back = reverse("today", args=[request.tenant.slug])
    if form.is_bound and form.is_valid():
        with told_in(form):
            aim_ahead(actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, back, gettext("Your aim is set"))
    return shown(
        request,
        form,
        title=gettext("Your aim for what lies ahead"),
        lede=gettext("For yourself alone. It stands beside what you had, and nobody else is shown it."),
        button=gettext("Set the aim"),
        back=back,
    )


def first_of_week(today: date, *, starts: int) -> date:
    """The day on which the organisation's week began. starts: 1 for Monday to 7 for Sunday."""
    return today - timedelta(days=(today.isoweekday() - starts) % 7)


def likely(deals: Iterable[Deal | None]) -> list[Deal]:
    """The open deals that are most likely meant; anybody's newest for a member without one."""
    known = {deal.pk: deal for deal in deals if deal is not None and deal.is_open}
    return list(known.values())[:LIKELY] or latest_open_deals(owner=None, most=LIKELY)


def by_deal(rows: Sequence[Milestone]) -> dict[UUID, dict[UUID, Milestone]]:
    """{deal: {type: milestone}}."""
    found: dict[UUID, dict[UUID, Milestone]] = defaultdict(dict)
    for row in rows:
        found[row.deal_id][row.type_id] = row
    return found


def order_words(pursuit: Pursuit) -> str:
    """By what the outcomes to pursue are ordered."""
    if pursuit.by_cost:
        return gettext("Ordered by what waiting costs: value × what another week takes from the chance to win")
    return gettext("Ordered by value × weeks of waiting. Too few deals are closed to say what waiting costs.")


def nothing_to_pursue(request: TenantRequest, pursuit: Pursuit) -> dict[str, Any] | None:
    """What stands where outcomes to pursue would, when there is none."""
    if pursuit.deals:
        return None
    slug = request.tenant.slug
    if pursuit.open:
        return {
            "heading": gettext("Every open deal moved this week."),
            "sentence": gettext("Look further out: ask a customer what will matter to them in two or three years."),
            "action": Action(words=gettext("Open the questions"), url=reverse("conversations", args=[slug])),
        }
    return {
        "heading": gettext("You have no open deal."),
        "sentence": gettext("Here will stand what your customers should agree to next, and what waiting costs."),
        "action": Action(words=gettext("Open a deal"), url=reverse("deal-new", args=[slug]), dialog=True),
    }
