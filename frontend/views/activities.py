"""The page of one activity: all that was written down of it, its correction, and the way to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import allows
from activities import queries
from activities.models import Activity
from activities.services import Reach, change_activity, take_back_activity
from frontend import words
from frontend.access import may
from frontend.forms.activities import ActivityForm, output_words
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Action, Crumb
from frontend.path import Reader, reader_of
from frontend.timeline import with_whom
from strategy import customer_queries, strategies
from strategy.models import Contact
from strategy.queries import latest_open_deals

#: Deals and people that a correction offers.
MOST_DEALS, MOST_PEOPLE = 30, 60


def activity_or_404(key: UUID) -> Activity:
    try:
        return queries.activity(key)
    except Activity.DoesNotExist as error:
        raise Http404(key) from error


def crumbs(request: TenantRequest, activity: Activity, *steps: Crumb) -> list[Crumb]:
    """By way of what it was done for."""
    slug, above = request.tenant.slug, []
    if activity.deal is not None:
        above.append(Crumb(words=gettext("Deals"), url=reverse("deals", args=[slug])))
        above.append(Crumb(words=activity.deal.name, url=reverse("deal", args=[slug, activity.deal_id])))
    elif activity.company is not None:
        above.append(Crumb(words=gettext("Companies"), url=reverse("companies", args=[slug])))
        above.append(Crumb(words=activity.company.name, url=reverse("company", args=[slug, activity.company_id])))
    here = Crumb(words=activity.type.name, url=reverse("activity", args=[slug, activity.pk]) if steps else "")
    return [*above, here, *steps]


@require_GET
@may("activity.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One activity: with whom, for what, what it gave and how well it went."""
    activity, slug = activity_or_404(pk), request.tenant.slug
    is_theirs = allows(request.membership, "activity.log") and Reach(request.membership).includes(activity)
    context = {
        "title": with_whom(activity, activity.type.name),
        "crumbs": crumbs(request, activity),
        "activity": activity,
        "actions": [Action(words=gettext("Change"), url=reverse("activity-edit", args=[slug, pk]))]
        if is_theirs
        else [],
        "take_back_url": reverse("activity-take-back", args=[slug, pk]) if is_theirs else "",
        "when": words.moment(activity.at, zone=request.tenant.zone, now=timezone.now()),
        "outputs": [output_words(output) for output in activity.outputs.all()],
        "people": [
            (link.contact.name, link.contact.title, reverse("contact", args=[slug, link.contact_id]))
            for link in activity.with_contacts.all()
        ],
        "facts": facts(activity, slug, reader_of(request)),
    }
    return page(request, "activities/detail.html", context)


def facts(activity: Activity, slug: str, reader: Reader) -> list[tuple[str, str, str]]:
    """(name, words, address) of what is known."""
    answers = {True: gettext("Yes"), False: gettext("No"), None: ""}
    deal, company = activity.deal, activity.company
    play = activity.play.name if activity.play else gettext("None, it is unaligned")
    due = words.day(activity.next_step_on, today=reader.today) if activity.next_step_on else ""
    found = [
        (gettext("Who"), activity.member.name, ""),
        (gettext("How long"), words.minutes(activity.minutes), ""),
        (gettext("Counts as"), str(activity.type.get_counts_as_display()), ""),
        (gettext("Deal"), deal.name if deal else "", reverse("deal", args=[slug, deal.pk]) if deal else ""),
        (
            gettext("Company"),
            company.name if company else "",
            reverse("company", args=[slug, company.pk]) if company else "",
        ),
        (gettext("Play"), play, ""),
        (gettext("It looked at"), str(activity.get_horizon_display()) if activity.horizon else "", ""),
        (gettext("Prepared"), answers[activity.prepared], ""),
        (gettext("The right person"), answers[activity.right_person], ""),
        (gettext("Purpose reached"), answers[activity.purpose_reached], ""),
        (gettext("Next step agreed"), activity.next_step, ""),
        (gettext("By"), due, ""),
        (gettext("From"), " ".join(filter(None, (activity.source, activity.external_id))), ""),
    ]
    return [fact for fact in found if fact[1]]


@require_http_methods(["GET", "POST"])
@may("activity.log")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Correct what was written down."""
    activity = activity_or_404(pk)
    Reach(request.membership).refuse(activity)
    form = ActivityForm(request.POST if request.method == "POST" else None, activity=activity, **offered(activity))
    url = reverse("activity", args=[request.tenant.slug, pk])
    if form.is_bound and form.is_valid():
        with told_in(form):
            change_activity(
                activity=activity,
                actor=request.membership,
                recorded_at=timezone.now(),
                version=form.cleaned_data["version"],
                **form.changes(),
            )
            return done(request, url, gettext("Saved"))
    title = gettext("Change {what}").format(what=activity.type.name)
    context = {
        "title": title,
        "crumbs": crumbs(request, activity, Crumb(words=gettext("Change"))),
        "form": form,
        "button": gettext("Save the changes"),
        "back_url": url,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "deals/form.html", context, status=status)


def offered(activity: Activity) -> dict[str, Sequence[Any]]:
    """What can be chosen, with what was chosen already, whether it is still offered or not."""
    deal, company = activity.deal, activity.company_id
    deals = latest_open_deals(owner=activity.member_id, most=MOST_DEALS)
    people: list[Contact] = [link.contact for link in activity.with_contacts.all()]
    if company is not None:
        keys, _more = customer_queries.newest(customer_queries.contacts(company=company), after=None, size=MOST_PEOPLE)
        people += customer_queries.these_contacts(keys)
    plays = strategies.current_plays()
    return {
        "types": _with(activity.type, queries.activity_types()),
        "deals": _with(deal, deals),
        "people": list({one.pk: one for one in people}.values()),
        "plays": _with(activity.play, plays),
        "output_types": queries.output_types(),
    }


def _with(chosen: Any, rows: Sequence[Any]) -> list[Any]:
    return [*rows, chosen] if chosen is not None and chosen.pk not in {one.pk for one in rows} else [*rows]


@require_POST
@may("activity.log")
def take_back(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Take it back: it was not so, or stands there twice."""
    activity = activity_or_404(pk)
    take_back_activity(activity=activity, actor=request.membership, at=timezone.now())
    above = crumbs(request, activity)[:-1]
    url = above[-1].url if above else reverse("deals", args=[request.tenant.slug])
    return done(request, url, gettext("{kind} taken back").format(kind=activity.type.name))
