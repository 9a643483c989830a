"""Logging an activity, and recording what a customer agreed."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from activities import queries as activities
from activities.models import Activity
from activities.services import Gave, log_activity
from activities.services.facts import LONGEST_LINE
from frontend.access import may
from frontend.forms.log import (
    COMPANY,
    MOST_MATCHES,
    NO,
    NO_DEAL,
    OTHER,
    YES,
    Choices,
    LogForm,
    deal_choices,
    offer,
    one_of,
)
from frontend.http import TenantRequest, done, key_of, page, told_in, wants_part
from frontend.parts import Crumb
from frontend.today import fact_words
from frontend.views import errors
from frontend.views.deals import parts_of
from outcomes.queries import today as day
from outcomes.queries.in_return import fact_after
from outcomes.queries.path import ledger_of
from outcomes.services import record_milestone, undo_entry
from outcomes.services.undo import recorded_with
from strategy import queries
from strategy.models import Company, Contact, Deal

ANSWERS = {YES: True, NO: False}
#: Deals that are offered without a search.
LIKELY = 4


@require_http_methods(["GET", "POST"])
@may("activity.log")
def log(request: TenantRequest) -> HttpResponse:
    """The quick log: its own page, and a dialog over every other one.

    What is stored already under the entry's key is told again, whatever has changed since.
    """
    if request.method == "POST":
        if request.POST.get("by", str(request.membership.pk)) != str(request.membership.pk):
            return errors.conflict(request, gettext("Somebody else wrote this entry. Sign in as they did."))
        if stored := entry_of(request):
            return logged(request, stored.deal, said_of(stored), stored)
    now = timezone.now()
    given = told_when(request.POST, now) if request.method == "POST" else None
    form = LogForm(given, choices=choices_for(request), initial=begun_with(request.GET))
    if request.method == "POST" and form.is_valid():
        deal = chosen_deal(form)
        if not form.errors:
            with told_in(form):
                stored = store(request, form, deal)
                told = filter(None, (said(form, deal), served(form, stored)))
                return logged(request, deal, ". ".join(told), stored)
    context = {
        "title": gettext("Log activity"),
        "crumbs": [Crumb(words=gettext("Log activity"))],
        "form": form,
        "back_url": reverse("deals", args=[request.tenant.slug]),
        "now": now,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "log/page.html", context, part="form" if form.is_bound else "dialog", status=status)


def entry_of(request: TenantRequest) -> Activity | None:
    """What the member has stored already under the key of the entry that is sent."""
    key = key_of(request.POST.get("entry_key", ""))
    return activities.entered(own_key(request, key)) if key else None


def own_key(request: TenantRequest, key: UUID) -> UUID:
    """The key under which an entry is stored: no two people share one, whatever their devices made."""
    return uuid5(request.membership.pk, key.hex)


def told_when(post: QueryDict, now: datetime) -> QueryDict:
    """The entry with the moment at which it happened, where it waited on its device: clocks there may be wrong, so it
    says for how many milliseconds."""
    waited = post.get("waited", "")
    if post.get("happened") or not (waited.isascii() and waited.isdigit() and len(waited) < 12):
        return post
    given = post.copy()
    given["happened"] = (now - timedelta(milliseconds=int(waited))).isoformat()
    return given


def begun_with(asked: QueryDict) -> dict[str, Any]:
    """What an address says of the entry that is to be made, as that of something planned does."""
    rows = {name: str(key) for name in ("kind", "play") if (key := key_of(asked.get(name, "")))}
    said = {"purpose": asked["purpose"][:LONGEST_LINE]} if "purpose" in asked else {}
    return {**rows, **said, "contacts": asked.getlist("contact")}


def choices_for(request: TenantRequest, *, people: bool = True) -> Choices:
    """What the blanks offer: the kind used last at this hour, the deals most likely meant, and their people; and what
    the address of the form names, or what was sent."""
    habit = activities.habit_of(request.membership.pk)
    asked = request.POST if request.method == "POST" else request.GET
    chosen = key_of(asked.get("deal", ""))
    deals = likely_deals(request.membership.pk, habit, chosen)
    offered = day.offered(deal.pk for deal in deals if people)
    named = {key for text in asked.getlist("contacts") + asked.getlist("contact") if (key := key_of(text))}
    if more := named - {who.contact for who in offered.people}:
        offered.people.extend(day.known(more))
    company = key_of(asked.get("company", "") or asked.get("deal", "").removeprefix(COMPANY))
    found = Company.objects.filter(pk=company, merged_into=None).first() if company not in (None, chosen) else None
    return choices(offered, habit, deals, chosen, request.tenant.zone, company=found)


def choices(
    offered: day.Offered,
    habit: activities.Habit,
    deals: list[Deal],
    chosen: UUID | None,
    zone: ZoneInfo,
    company: Company | None = None,
) -> Choices:
    """The blanks with their defaults."""
    kinds = offered.kinds
    return Choices(
        kinds=kinds,
        kind=habit.kind_at(timezone.now(), zone) or (kinds[0].pk if kinds else None),
        deals=deals,
        chosen=chosen,
        output_types=offered.outputs,
        milestone_types=offered.milestones,
        people=offered.people,
        plays=offered.plays,
        company=company,
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
    if given == NO_DEAL or form.company_chosen:
        return None
    if given == OTHER:
        return form.settle_other(queries.open_deals_called(form.cleaned_data["other"], most=MOST_MATCHES))
    return next(deal for deal in form.choices_given.deals if str(deal.pk) == given)


def store(request: TenantRequest, form: LogForm, deal: Deal | None) -> Activity:
    """The deeds behind the form. They share the request's transaction: both are done, or neither."""
    given, now = form.cleaned_data, timezone.now()
    output, milestone = form.output_chosen, form.milestone_chosen
    activity = log_activity(
        actor=request.membership,
        type=form.kind_chosen,
        at=given["at"] or given["happened"] or now,
        recorded_at=now,
        deal=deal,
        company=form.company_chosen,
        play=form.play_chosen,
        minutes=given["minutes"],
        outputs=[Gave(output, given["note"])] if output else [],
        note="" if output else given["note"],
        contacts=Contact.objects.filter(pk__in=given.get("contacts", [])),
        purpose=given["purpose"],
        prepared=ANSWERS.get(given["prepared"]),
        right_person=ANSWERS.get(given["right_person"]),
        purpose_reached=ANSWERS.get(given["purpose_reached"]),
        horizon=given["horizon"],
        next_step=given["next_step"],
        next_step_on=given["next_step_on"],
        took_seconds=seconds(request.POST.get("took", "")),
        entry_key=own_key(request, given["entry_key"]),
    )
    if milestone and deal:
        record_milestone(
            actor=request.membership,
            deal=deal,
            type=milestone,
            at=now,
            on=request.tenant.day_of(given["at"] or given["happened"] or now),
            words=given["words"],
            agreed_by=given["agreed_by"],
            evidence=given["evidence"],
            entry_key=own_key(request, given["entry_key"]),
        )
    return activity


def seconds(text: str) -> int | None:
    """How long writing it down took, as the script measured it; None for anything that is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


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


def served(form: LogForm, stored: Activity) -> str:
    """For which play it counts, where there are any."""
    if not form.choices_given.plays or stored.deal_id is None:
        return ""
    play = one_of(form.choices_given.plays, stored.play_id)
    return gettext("It serves “{play}”").format(play=play.name) if play else gettext("It serves no play")


def said_of(stored: Activity) -> str:
    """The same of an entry that was stored before."""
    if stored.deal is None:
        return gettext("{kind} logged").format(kind=stored.type.name)
    return gettext("{kind} logged on {deal}").format(kind=stored.type.name, deal=stored.deal.name)


def logged(request: TenantRequest, deal: Deal | None, sentence: str, activity: Activity | None = None) -> HttpResponse:
    """After an entry: the dialog closes, a toast says what was done, and the deal's page shows it if it is open."""
    slug = request.tenant.slug
    url = reverse("deal", args=[slug, deal.pk]) if deal else reverse("deals", args=[slug])
    undo_url = reverse("log-undo", args=[slug, activity.pk]) if activity else ""
    fact = in_return(request, deal, activity) if deal and activity else ""
    told = f"{sentence}. {fact}" if fact else sentence
    if not wants_part(request):
        return done(request, url, told, undo_url=undo_url)
    here = urlsplit(request.htmx.current_url_abs_path or "").path
    context: dict[str, Any] = {"sentence": told, "undo_url": undo_url}
    if here == reverse("today", args=[slug]):
        # Its form stands in the page: the next entry takes its place, and the day tells itself anew.
        context |= {"form": LogForm(choices=choices_for(request)), "stays": True}
    elif deal and here == url:
        context |= parts_of(request, deal, ledger_of(queries.with_merged([deal.pk])))
    elif here == reverse("log", args=[slug]) or here.endswith("/milestones/new/"):
        # Its own page has nothing behind it to go back to.
        return done(request, url, told, undo_url=undo_url)
    response = render(request, "log/logged.html", context)
    # The event of the page first: closing takes the form, from which both start, out of the page.
    response["HX-Trigger"] = "facts:changed" if "stays" in context else "facts:changed, dialog:close"
    return response


def in_return(request: TenantRequest, deal: Deal, activity: Activity) -> str:
    """One useful fact for whoever logged something."""
    event = recorded_with(activity)
    counts_from = request.tenant.counts_from_grade
    found = fact_after(deal=deal.pk, milestone=event.type_id if event else None, counts_from=counts_from)
    return fact_words(found) if found else ""


@require_POST
@may("activity.log")
def undo(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Take an entry back that was just made, with the outcome recorded in it."""
    activity = Activity.objects.filter(pk=pk).select_related("type", "deal").first()
    slug = request.tenant.slug
    if activity is None:
        return done(request, reverse("today", args=[slug]), gettext("There is nothing to take back any more."))
    undo_entry(activity=activity, actor=request.membership, at=timezone.now())
    url = reverse("deal", args=[slug, activity.deal_id]) if activity.deal_id else reverse("today", args=[slug])
    return done(request, url, gettext("{kind} taken back").format(kind=activity.type.name))


@require_GET
@may("activity.log")
def deals(request: TenantRequest) -> HttpResponse:
    """Deals that the words typed so far may mean, as choices of the log's form."""
    typed = request.GET.get("other", "").strip()
    form = LogForm(choices=choices_for(request), initial={"deal": OTHER})
    if len(typed) > 1:
        offer(form, "deal", deal_choices(queries.open_deals_called(typed, most=MOST_MATCHES)))
    return render(request, "log/deals.html", {"form": form})
