"""The plan of the week: what a member means to do, and the forms by which that is planned, moved and dropped."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts import people
from accounts.models import Membership
from accounts.permissions import DIRECTING, allows
from accounts.teams import members_below
from frontend import week, words
from frontend.access import may
from frontend.forms.plans import DropPlanForm, MovePlanForm, PlanForm
from frontend.http import TenantRequest, done, key_of, page, told_in
from frontend.parts import Action, Crumb, Tab
from frontend.views.deal_deeds import back_of, shown
from outcomes.models import PlannedActivity
from outcomes.queries import plans as queries
from outcomes.services import planned_activities
from strategy.models import Deal


def led_by(member: Membership) -> list[Membership]:
    """Those whose plans a member looks after, by name: everybody's for those who direct, a manager's own people."""
    if member.role in DIRECTING:
        return people.who_can_sign_in()
    if member.role != "manager":
        return [member]
    known = members_below(member)
    return [one for one in people.who_can_sign_in() if one.pk in known]


def day_of(text: str, otherwise: date) -> date:
    """A day from an address; another one for anything else, and for what no calendar shows."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if 1990 <= day.year <= 2099 else otherwise


@require_GET
@may("activity.see")
def page_of_week(request: TenantRequest) -> HttpResponse:
    """Seven days, the week and the month; for managers those of their people, too."""
    tenant, slug = request.tenant, request.tenant.slug
    today = tenant.day_of(timezone.now())
    first, last = planned_activities.span_of("week", day_of(request.GET.get("day", ""), today), tenant)
    offered = led_by(request.membership)
    wanted = key_of(request.GET.get("member", ""))
    whose = next((one for one in offered if one.pk == wanted), None) if wanted else request.membership
    if whose is None:
        raise Http404(wanted)
    is_own = whose.pk == request.membership.pk
    may_plan = is_own and allows(request.membership, "activity.log")
    plans = queries.plans_within(whose, first, last)
    days, longer = week.parts(plans, first=first, today=today, slug=slug, is_own=may_plan)
    kept, sure = week.kept_words(queries.kept(whose, today=today))
    title = gettext("Plan of the week") if is_own else gettext("Plan of {name}").format(name=whose.name)
    context = {
        "title": title,
        "lede": gettext("{first} to {last}").format(
            first=words.day(first, today=today), last=words.day(last, today=today)
        ),
        "crumbs": [Crumb(words=gettext("Plan"))],
        "actions": actions(slug),
        "tabs": tabs(first, today=today, slug=slug, member="" if is_own else str(whose.pk)),
        "days": days,
        "longer": longer,
        "nothing": nothing(request, whose) if not plans and not may_plan else None,
        "kept": kept,
        "sure": sure,
        "people": [(str(one.pk), one.name, one.pk == whose.pk) for one in offered] if len(offered) > 1 else [],
        "day": first.isoformat(),
    }
    return page(request, "plans/week.html", context)


def nothing(request: TenantRequest, whose: Membership) -> dict[str, Any]:
    """What stands where a week would that nobody fills here."""
    if whose.pk == request.membership.pk:
        heading = gettext("There is no plan of yours.")
        sentence = gettext("Whoever sells plans here what to do, and sees what of it was kept.")
    else:
        heading = gettext("{name} has planned nothing for this week.").format(name=whose.name)
        sentence = gettext("What {name} means to do will stand here, and what of it was kept.").format(name=whose.name)
    return {"heading": heading, "sentence": sentence}


def actions(slug: str) -> list[Action]:
    return [
        Action(words=gettext("Targets"), url=reverse("targets", args=[slug])),
        Action(words=gettext("Questions about later"), url=reverse("conversations", args=[slug])),
    ]


def tabs(first: date, *, today: date, slug: str, member: str) -> list[Tab]:
    """The week before, this one, and the one after."""
    url = reverse("plan", args=[slug])
    also = f"&member={member}" if member else ""
    step = timedelta(days=7)
    is_now = first <= today <= first + timedelta(days=6)
    return [
        Tab(words=gettext("Week before"), url=f"{url}?day={(first - step).isoformat()}{also}"),
        Tab(words=gettext("This week"), url=f"{url}?day={today.isoformat()}{also}", chosen=is_now),
        Tab(words=gettext("Week after"), url=f"{url}?day={(first + step).isoformat()}{also}"),
    ]


def own_plan(request: TenantRequest, key: UUID) -> PlannedActivity:
    related = ("type", "deal__company", "company", "contact", "play", "milestone", "member")
    found = PlannedActivity.objects.select_related(*related).filter(pk=key, member=request.membership).first()
    if found is None:
        raise Http404(key)
    return found


def week_url(request: TenantRequest, on: date) -> str:
    return f"{reverse('plan', args=[request.tenant.slug])}?day={on.isoformat()}"


@require_http_methods(["GET", "POST"])
@may("activity.log")
def new(request: TenantRequest) -> HttpResponse:
    """Plan an activity."""
    now = timezone.now()
    on = day_of(request.GET.get("on", ""), request.tenant.day_of(now))
    span = request.GET.get("span", "")
    known = key_of(request.GET.get("deal", ""))
    first: dict[str, Any] = {"on": on, "span": span if span in PlannedActivity.Span.values else "day"}
    first["deal"] = Deal.objects.filter(pk=known, merged_into=None).first() if known else None
    form = PlanForm(request.POST or None, member=request.membership, **first)
    if form.is_bound and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        with told_in(form):
            plan = planned_activities.plan_activity(actor=request.membership, at=now, **given)
            said = gettext("{what} is planned").format(what=plan.type.name)
            return done(request, back_of(request, week_url(request, plan.first_on)), said)
    back = back_of(request, week_url(request, on))
    return shown(request, form, title=gettext("Plan an activity"), button=gettext("Plan it"), back=back)


@require_http_methods(["GET", "POST"])
@may("activity.log")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Say something else of what is planned."""
    plan = own_plan(request, pk)
    form = PlanForm(request.POST or None, member=request.membership, plan=plan)
    back = week_url(request, plan.first_on)
    if form.is_bound and form.is_valid():
        with told_in(form):
            planned_activities.change_plan(plan=plan, actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, back, gettext("The plan is changed"))
    return shown(
        request,
        form,
        title=gettext("Change the plan"),
        lede=str(plan.type),
        button=gettext("Save the changes"),
        back=back,
    )


@require_http_methods(["GET", "POST"])
@may("activity.log")
def move(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Move what is planned to another day, week or month."""
    plan = own_plan(request, pk)
    today = request.tenant.day_of(timezone.now())
    first = {"span": plan.span, "on": max(today, plan.first_on) + timedelta(days=1), "version": plan.version}
    form = MovePlanForm(request.POST or None, initial=first)
    back = week_url(request, plan.first_on)
    if form.is_bound and form.is_valid():
        with told_in(form):
            new = planned_activities.move_plan(
                plan=plan, actor=request.membership, at=timezone.now(), **form.cleaned_data
            )
            to = week.span_words(new, today=today)
            return done(request, back, gettext("Moved to {day}").format(day=to))
    return shown(
        request,
        form,
        title=gettext("Move it"),
        lede=gettext("The plan stays as it was, and counts as not kept."),
        button=gettext("Move the plan"),
        back=back,
    )


@require_http_methods(["GET", "POST"])
@may("activity.log")
def drop(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Say that it is not going to be done, and why."""
    plan = own_plan(request, pk)
    form = DropPlanForm(request.POST or None, initial={"version": plan.version})
    back = week_url(request, plan.first_on)
    if form.is_bound and form.is_valid():
        with told_in(form):
            planned_activities.drop_plan(plan=plan, actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, back, gettext("{what} is dropped").format(what=plan.type.name))
    return shown(
        request,
        form,
        title=gettext("Drop it"),
        lede=gettext("The plan stays as it was, and counts as not kept."),
        button=gettext("Drop the plan"),
        back=back,
    )
