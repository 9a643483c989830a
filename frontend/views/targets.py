"""Activity targets: how many, what for, and what stands beside it. Nobody is ranked by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts import people, teams
from accounts.models import Membership, Tenant
from accounts.permissions import DIRECTING, allows
from frontend import words
from frontend.access import may
from frontend.forms.plans import TargetForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Action, Crumb
from frontend.views.deal_deeds import shown
from frontend.views.plan import led_by
from outcomes.models import ActivityTarget
from outcomes.queries import plans as queries
from outcomes.queries.plans import Progress
from outcomes.services import targets
from outcomes.services.planned_activities import span_of

#: As many weeks or months as stand beside each other, this one among them.
PERIODS = 4
#: A group of fewer people would tell of one of them.
FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class TargetLine:
    """A target in words, with what was done and agreed in the last weeks or months."""

    whom: str
    what: str
    why: str
    since: str
    now: str
    before: str
    reached: str
    url: str


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    return [Crumb(words=gettext("Plan"), url=reverse("plan", args=[request.tenant.slug])), *steps]


@require_GET
@may("activity.see")
def listing(request: TenantRequest) -> HttpResponse:
    """One's own targets, those of one's people, of one's teams, and of the organisation."""
    member, slug = request.membership, request.tenant.slug
    today = request.tenant.day_of(timezone.now())
    directs = member.role in DIRECTING
    led = None if directs else [one.pk for one in led_by(member)]
    managed = teams.teams_managed_by(member)
    near = None if directs else {*managed, *([member.team_id] if member.team_id else [])}
    found = queries.targets_on(today, people=led, teams=near)
    spans, members = {one.pk: periods(one, today, request.tenant) for one in found}, queries.whose(found)
    rows = queries.progress(found, members, spans, counts_from=request.tenant.counts_from_grade)
    active = frozenset(one.pk for one in people.who_can_sign_in())
    may_aim, aim, lines = allows(member, "activity.log"), targets.Aim(member), []
    for one in found:
        is_known = directs or one.member_id is not None or one.team_id in managed
        is_seen = is_known or is_group(members[one.pk], active)
        may_change = may_aim and aim.includes(one.member_id, one.team_id)
        lines.append(
            line(one, rows[one.pk], is_seen=is_seen, may_change=may_change, today=today, tenant=request.tenant)
        )
    url = reverse("target-new", args=[slug])
    add = Action(words=gettext("Set a target"), url=url, icon="plus", solid=True, dialog=True)
    context = {
        "title": gettext("Targets"),
        "lede": gettext("What is done, beside what customers agreed to in the same time."),
        "crumbs": crumbs(request, Crumb(words=gettext("Targets"))),
        "actions": [add] if may_aim else [],
        "lines": lines,
    }
    return page(request, "plans/targets.html", context)


def line(
    target: ActivityTarget, rows: list[Progress], *, is_seen: bool, may_change: bool, today: date, tenant: Tenant
) -> TargetLine:
    whom = target.member or target.team
    per_week = target.per == ActivityTarget.Per.WEEK
    what = gettext("{n} a week: {type}") if per_week else gettext("{n} a month: {type}")
    return TargetLine(
        whom=whom.name if whom else gettext("Everybody"),
        what=what.format(n=words.number(target.number), type=target.type.name),
        why=gettext("For “{outcome}”: {why}").format(outcome=target.milestone.name, why=target.why),
        since=since(target, today=today),
        now=now_words(target, rows[-1]) if is_seen else "",
        before=before_words(target, rows[:-1])
        if is_seen
        else gettext("Fewer than three people: only their manager sees what was done."),
        reached=reached_words(target, rows) if is_seen else "",
        url=reverse("target-edit", args=[tenant.slug, target.pk]) if may_change else "",
    )


def is_group(members: frozenset[UUID] | None, active: frozenset[UUID]) -> bool:
    """Whether what is counted is of so many people that it tells of none of them."""
    return len(active if members is None else active & members) >= FEWEST


def periods(target: ActivityTarget, today: date, tenant: Tenant) -> list[tuple[date, date]]:
    """The last weeks or months up to today's, the oldest first."""
    found, day = [], today
    for _number in range(PERIODS):
        first, last = span_of(target.per, day, tenant)
        found.append((first, last))
        day = first - timedelta(days=1)
    return found[::-1]


def since(target: ActivityTarget, *, today: date) -> str:
    first = words.day(target.from_on, today=today)
    setter = target.set_by.name
    if target.until_on is None:
        return gettext("From {first}, set by {name}").format(first=first, name=setter)
    last = words.day(target.until_on, today=today)
    return gettext("From {first} until {last}, set by {name}").format(first=first, last=last, name=setter)


def now_words(target: ActivityTarget, row: Progress) -> str:
    per_week = target.per == ActivityTarget.Per.WEEK
    told = gettext("{done} of {number} this week") if per_week else gettext("{done} of {number} this month")
    return told.format(done=words.number(row.done), number=words.number(target.number))


def before_words(target: ActivityTarget, rows: list[Progress]) -> str:
    per_week = target.per == ActivityTarget.Per.WEEK
    told = gettext("The three weeks before: {counts}") if per_week else gettext("The three months before: {counts}")
    return told.format(counts=", ".join(words.number(row.done) for row in rows))


def reached_words(target: ActivityTarget, rows: list[Progress]) -> str:
    """What customers agreed to in the same time; how many are counted by the organisation's own rule."""
    n = sum(row.reached for row in rows)
    told = ngettext("“{outcome}” {n} time in the same time", "“{outcome}” {n} times in the same time", n)
    return told.format(outcome=target.milestone.name, n=words.number(n))


def whom_choices(member: Membership) -> list[tuple[str, object]]:
    """For whom a member sets targets: themselves first."""
    found: list[tuple[str, object]] = [(f"member:{member.pk}", gettext("Yourself"))]
    found += [(f"member:{one.pk}", one.name) for one in led_by(member) if one.pk != member.pk]
    managed = teams.teams_managed_by(member)
    for branch in teams.tree():
        if member.role in DIRECTING or (member.role == "manager" and branch.team.pk in managed):
            found.append((f"team:{branch.team.pk}", gettext("Team {name}").format(name=branch.team.name)))
    if member.role in DIRECTING:
        found.append(("all", gettext("Everybody")))
    return found


@require_http_methods(["GET", "POST"])
@may("activity.log")
def new(request: TenantRequest) -> HttpResponse:
    """Set a target."""
    now, url = timezone.now(), reverse("targets", args=[request.tenant.slug])
    first = span_of("week", request.tenant.day_of(now), request.tenant)[0]
    form = TargetForm(request.POST or None, whom=whom_choices(request.membership), from_on=first)
    if form.is_bound and form.is_valid():
        given: dict[str, Any] = {
            name: value for name, value in form.cleaned_data.items() if name not in ("whom", "version")
        }
        with told_in(form):
            targets.set_target(actor=request.membership, at=now, **given, **form.for_whom())
            return done(request, url, gettext("The target is set"))
    return shown(request, form, title=gettext("Set a target"), button=gettext("Set the target"), back=url)


@require_http_methods(["GET", "POST"])
@may("activity.log")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Change a target, or end it."""
    related = ("member", "team", "type", "milestone", "set_by")
    target = ActivityTarget.objects.select_related(*related).filter(pk=pk).first()
    if target is None or not targets.Aim(request.membership).includes(target.member_id, target.team_id):
        raise Http404(pk)
    url = reverse("targets", args=[request.tenant.slug])
    form = TargetForm(request.POST or None, target=target)
    if form.is_bound and form.is_valid():
        with told_in(form):
            targets.change_target(target=target, actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, url, gettext("The target is changed"))
    whom = target.member or target.team
    return shown(
        request,
        form,
        title=gettext("Change the target"),
        lede=gettext("{type}, for {whom}").format(
            type=target.type.name, whom=whom.name if whom else gettext("everybody")
        ),
        button=gettext("Save the changes"),
        back=url,
    )
