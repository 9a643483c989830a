"""Logging an activity, and recording what a customer agreed."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from activities import queries as activities
from activities.services import Gave, log_activity
from frontend.access import may
from frontend.forms.log import (
    MOST_MATCHES,
    NO_DEAL,
    OTHER,
    Choices,
    LogForm,
    deal_choices,
    offer,
)
from frontend.http import TenantRequest, done, key_of, page, told_in, wants_part
from frontend.parts import Crumb
from frontend.views.deals import parts_of
from outcomes.queries import path as outcomes
from outcomes.services import record_milestone
from strategy import queries
from strategy.models import Deal

#: Deals that are offered without a search.
LIKELY = 4


@require_http_methods(["GET", "POST"])
@may("activity.log")
def log(request: TenantRequest) -> HttpResponse:
    """The quick log: its own page, and a dialog over every other one."""
    now = timezone.now()
    form = LogForm(request.POST or None, choices=choices_for(request, request.GET.get("deal", "")))
    if request.method == "POST" and form.is_valid():
        deal = chosen_deal(form)
        if not form.errors:
            with told_in(form):
                store(request, form, deal)
                return logged(request, deal, said(form, deal))
    context = {
        "title": gettext("Log activity"),
        "crumbs": [Crumb(words=gettext("Log activity"))],
        "form": form,
        "back_url": reverse("deals", args=[request.tenant.slug]),
        "now": now,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "log/page.html", context, part="form" if form.is_bound else "dialog", status=status)


def choices_for(request: TenantRequest, wanted: str) -> Choices:
    """What the blanks offer: the kind used last at this hour, and the deals that are most likely meant."""
    habit = activities.habit_of(request.membership.pk)
    kinds = activities.activity_types()
    posted = request.POST.get("deal", "")
    chosen = key_of(posted) or key_of(wanted)
    return Choices(
        kinds=kinds,
        kind=habit.kind_at(timezone.now(), request.tenant.zone) or (kinds[0].pk if kinds else None),
        deals=likely_deals(request.membership.pk, habit, chosen),
        chosen=chosen,
        output_types=activities.output_types(),
        milestone_types=outcomes.milestone_types(),
    )


def likely_deals(member: UUID, habit: activities.Habit, chosen: UUID | None) -> list[Deal]:
    """The deal that was asked for, then those worked on last, then the member's newest, then anybody's."""
    keys = list(dict.fromkeys(key for key in (chosen, *habit.deals[: LIKELY * 2]) if key))
    found = [deal for deal in queries.in_order(keys) if deal.is_open or deal.pk == chosen]
    for owner in (member, None):
        if len(found) < LIKELY:
            known = {deal.pk for deal in found}
            latest = queries.latest_open_deals(owner=owner, most=LIKELY * 2)
            found += [deal for deal in latest if deal.pk not in known]
    return found[:LIKELY]


def chosen_deal(form: LogForm) -> Deal | None:
    """The deal of the entry; None for none, or after the form was told that the words are not clear."""
    given = form.cleaned_data["deal"]
    if given == NO_DEAL:
        return None
    if given == OTHER:
        return form.settle_other(queries.open_deals_called(form.cleaned_data["other"], most=MOST_MATCHES))
    return next(deal for deal in form.choices_given.deals if str(deal.pk) == given)


def store(request: TenantRequest, form: LogForm, deal: Deal | None) -> None:
    """The deeds behind the form. They share the request's transaction: both are done, or neither."""
    given, now = form.cleaned_data, timezone.now()
    output, milestone = form.output_chosen, form.milestone_chosen
    log_activity(
        actor=request.membership,
        type=form.kind_chosen,
        at=given["at"] or now,
        recorded_at=now,
        deal=deal,
        minutes=given["minutes"],
        outputs=[Gave(output, given["note"])] if output else [],
        note="" if output else given["note"],
        horizon=given["horizon"],
        next_step=given["next_step"],
        next_step_on=given["next_step_on"],
        entry_key=given["entry_key"],
    )
    if milestone and deal:
        record_milestone(
            actor=request.membership,
            deal=deal,
            type=milestone,
            at=now,
            on=request.tenant.day_of(given["at"] or now),
            words=given["words"],
            agreed_by=given["agreed_by"],
            evidence=given["evidence"],
            entry_key=given["entry_key"],
        )


def said(form: LogForm, deal: Deal | None) -> str:
    """What was done, for the toast."""
    kind = form.kind_chosen.name
    if deal is None:
        return gettext("{kind} logged").format(kind=kind)
    if milestone := form.milestone_chosen:
        return gettext("{kind} logged on {deal}, with “{outcome}”").format(
            kind=kind, deal=deal.name, outcome=milestone.name
        )
    return gettext("{kind} logged on {deal}").format(kind=kind, deal=deal.name)


def logged(request: TenantRequest, deal: Deal | None, sentence: str) -> HttpResponse:
    """After an entry: the dialog closes, a toast says what was done, and the deal's page shows it if it is open."""
    slug = request.tenant.slug
    url = reverse("deal", args=[slug, deal.pk]) if deal else reverse("deals", args=[slug])
    if not wants_part(request):
        return done(request, url, sentence)
    here = urlsplit(request.htmx.current_url_abs_path or "").path
    context: dict[str, Any] = {"sentence": sentence}
    if deal and here == url:
        context |= parts_of(request, deal)
    elif here == reverse("log", args=[slug]) or here.endswith("/milestones/new/"):
        # Its own page has nothing behind it to go back to.
        return done(request, url, sentence)
    response = render(request, "log/logged.html", context)
    # The event of the page first: closing takes the form, from which both start, out of the page.
    response["HX-Trigger"] = "facts:changed, dialog:close"
    return response


@require_GET
@may("activity.log")
def deals(request: TenantRequest) -> HttpResponse:
    """Deals that the words typed so far may mean, as choices of the log's form."""
    typed = request.GET.get("other", "").strip()
    form = LogForm(choices=choices_for(request, ""), initial={"deal": OTHER})
    if len(typed) > 1:
        offer(form, "deal", deal_choices(queries.open_deals_called(typed, most=MOST_MATCHES)))
    return render(request, "log/deals.html", {"form": form})
