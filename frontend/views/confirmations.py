"""Asking customers from a deal, taking a link back, and what all of them were asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import allows
from frontend import confirmations as told
from frontend import words
from frontend.access import may
from frontend.forms.confirmations import AskForm
from frontend.http import TenantRequest, deal_or_404, done, key_of, more_url, page, told_in
from frontend.parts import Action, Crumb, Head
from frontend.path import Reader, reader_of
from frontend.views.customers import Cell, Row
from frontend.views.pipelines import status_of
from outcomes import services
from outcomes.languages import guessed
from outcomes.models import Confirmation, Grade, Milestone, MilestoneType
from outcomes.queries import confirmations as queries
from outcomes.queries import path as outcomes
from outcomes.queries.confirmations import Standing
from outcomes.services.answers import is_alive
from outcomes.services.confirmation_letters import drafted
from outcomes.services.confirmations import Asked
from outcomes.words_for_customers import first_name
from strategy.models import Contact, Deal, EndCause

Purpose, Channel = Confirmation.Purpose, Confirmation.Channel

#: Of one deal as many questions as a person reads, and of all as many as fit a page.
BESIDE, ROWS = 12, 50
PERIOD = timedelta(days=90)
#: Before a key in an address: it names a place in the list, and not a row.
BELOW = "below-"


@dataclass(frozen=True, kw_only=True)
class Open:
    """An outcome about which nobody was asked yet."""

    name: str
    words: str
    url: str


def part_of(request: TenantRequest, deal: Deal, same: Iterable[UUID], reader: Reader) -> dict[str, Any]:
    """What the part “Asked of the customer” of a deal's page shows; same: it and what was merged into it."""
    found = queries.asked_on(same, most=BESIDE)
    may_ask = deal.merged_into_id is None and allows(request.membership, "confirmation.ask")
    rows = Milestone.objects.filter(deal=deal, state=Milestone.State.REACHED).select_related("type", "contact")
    reached = list(rows.order_by("type__position"))
    return {
        "questions": [told.question(one, reader) for one in found],
        "asked_figures": told.figures_words(queries.figures_of(found, recorded=len(reached))),
        "to_ask": to_ask(request, deal, reached, awaited(found, reader)) if may_ask else [],
        "may_revoke": may_ask,
    }


def awaited(found: Sequence[Standing], reader: Reader) -> set[UUID | None]:
    """Of which outcomes an answer is awaited; None for why the deal ended. Whoever asks them again nags them."""
    waiting = (one.asked for one in found if not one.answers and is_alive(one.asked, reader.now))
    return {one.type_id for one in waiting if one.purpose != Purpose.PLAN}


def to_ask(
    request: TenantRequest, deal: Deal, reached: list[Milestone], waiting: Collection[UUID | None]
) -> list[Open]:
    """The buttons: of each outcome that nobody confirmed and of which no answer is awaited, or why a deal ended."""
    url = reverse("deal-ask", args=[request.tenant.slug, deal.pk])
    unconfirmed = [one for one in reached if one.grade < Grade.E3 and one.type_id not in waiting]
    if (deal.is_open and not unconfirmed) or deal.end_cause == EndCause.WON or (not deal.is_open and None in waiting):
        return []
    if deal.is_open:
        return [
            Open(
                name=one.type.name,
                words=gettext("Send to {name} to confirm").format(name=called(one, deal)),
                url=f"{url}?type={one.type_id}",
            )
            for one in unconfirmed
        ]
    who = who_decides(deal)
    return [Open(name=gettext("How it ended"), words=gettext("Ask {name} why").format(name=who), url=f"{url}?why=1")]


def called(milestone: Milestone, deal: Deal) -> str:
    """Who agreed, else who decides first."""
    name = milestone.contact.name if milestone.contact else milestone.agreed_by
    return first_name(name) if name.strip() else who_decides(deal)


def who_decides(deal: Deal) -> str:
    people = queries.askable(deal)
    return first_name(people[0].name) if people else gettext("the customer")


def reason_told(deal: Deal) -> str:
    """The customer's own reason, to stand beside the seller's."""
    given = queries.reason_given(deal.pk)
    if given is None:
        return ""
    return " ".join(part for part in (told.answer_words(given) + ".", words.quoted(given.words)) if part)


@require_http_methods(["GET", "POST"])
@may("confirmation.ask")
def ask(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Draft a question to a customer, and send it or make its link."""
    deal = deal_or_404(pk)
    url = reverse("deal", args=[request.tenant.slug, pk])
    if deal.merged_into_id is not None:
        return HttpResponseRedirect(url)
    asks_why = not deal.is_open
    types = None if asks_why else outcomes.milestone_types()
    looking = "look" in request.POST
    form = AskForm(
        request.POST if request.method == "POST" and not looking else None,
        types=types,
        people=queries.askable(deal),
        url=request.get_full_path(),
        said=draft(request, deal, types),
    )
    if form.is_bound and form.is_valid():
        with told_in(form):
            return asked(request, deal, form, url)
    title = gettext("Ask why it ended") if asks_why else gettext("Ask the customer to confirm")
    context = {
        "title": title,
        "lede": deal.name,
        "crumbs": [
            Crumb(words=gettext("Deals"), url=reverse("deals", args=[request.tenant.slug])),
            Crumb(words=deal.name, url=url),
            Crumb(words=title),
        ],
        "form": form,
        "here": request.get_full_path(),
        "back_url": url,
    }
    return page(request, "confirmations/ask.html", context, part="form" if looking else "", status=status_of(form))


def asked(request: TenantRequest, deal: Deal, form: AskForm, url: str) -> HttpResponse:
    """The deed behind the form. A link is shown this once; a letter is on its way."""
    given = {name: value for name, value in form.cleaned_data.items() if name != "drafted"}
    purpose = Purpose.MILESTONE if deal.is_open else Purpose.END_REASON
    made = services.ask(actor=request.membership, deal=deal, at=timezone.now(), purpose=purpose, **given)
    name = made.confirmation.to_name
    if made.confirmation.channel == Channel.MAIL or not made.secret:
        return done(request, url, gettext("{name} is asked").format(name=name))
    return link_page(request, made, Action(words=gettext("Back to the deal"), url=url))


def link_page(request: TenantRequest, made: Asked, back: Action) -> HttpResponse:
    """The link, shown this once; a form that htmx sent is given it in its own place."""
    asked = made.confirmation
    context = {
        "title": gettext("The link for {name}").format(name=asked.to_name),
        "crumbs": [Crumb(words=asked.deal.name, url=back.url), Crumb(words=gettext("Link"))],
        "link": settings.SITE_URL.rstrip("/") + reverse("link", args=[made.secret]),
        "back": back,
    }
    return page(request, "confirmations/link.html", context, part="told")


def draft(request: TenantRequest, deal: Deal, types: list[MilestoneType] | None) -> dict[str, Any]:
    """What the form begins with, and what it shows after another choice. What the member wrote themself stays."""
    given = {name: str(value) for name, value in request.POST.items()}
    known = {one.type_id: one for one in Milestone.objects.filter(deal=deal, state=Milestone.State.REACHED)}
    wanted = key_of(given.get("type") or request.GET.get("type", ""))
    kind = next((one for one in types or () if one.pk == wanted), types[0] if types else None)
    milestone = known.get(kind.pk) if kind else None
    people = queries.askable(deal)
    contact = chosen_of(given, milestone, people)
    language = given.get("language") or guessed(deal.company.country if deal.company else "")
    statement = ((milestone.words if milestone else "") or kind.statement) if kind else deal.name
    message = drafted(
        language=language,
        purpose=Purpose.MILESTONE if types is not None else Purpose.END_REASON,
        name=contact.name if contact else given.get("name", "").strip(),
        stated_on=milestone.reached_on if milestone else None,
        today=request.tenant.day_of(timezone.now()),
    )
    before = given.get("drafted", "").replace("\r\n", "\n")
    said: dict[str, Any] = {**given, "type": kind.pk if kind else "", "contact": contact.pk if contact else ""}
    for name, proposed in (("statement", statement), ("message", message)):
        written = given.get(name, "").replace("\r\n", "\n").strip()
        said[name] = written if written and written not in before else proposed
    return {**said, "language": language, "drafted": f"{statement}\n\n{message}"}


def chosen_of(given: dict[str, str], milestone: Milestone | None, people: list[Contact]) -> Contact | None:
    """Whom the form names: who was chosen, who agreed, or who decides first."""
    if "contact" in given:
        return next((one for one in people if str(one.pk) == given["contact"]), None)
    agreed = next((one for one in people if milestone and milestone.contact_id == one.pk), None)
    return agreed or (people[0] if people else None)


@require_POST
@may("confirmation.ask")
def revoke(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Let a link open nothing any longer."""
    found = Confirmation.objects.filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    services.revoke_confirmation(confirmation=found, actor=request.membership, at=timezone.now())
    url = reverse("deal", args=[request.tenant.slug, found.deal_id])
    return done(request, url, gettext("The link for {name} was taken back").format(name=found.to_name))


@require_GET
@may("milestone.see")
def listing(request: TenantRequest) -> HttpResponse:
    """Everything that customers were asked, the last first, and how much of what was recorded that is."""
    reader = reader_of(request)
    after = place_of(request.GET.get("after", ""))
    found, more = queries.asked_page(after=after, size=ROWS)
    context = {
        "title": gettext("Asked of customers"),
        "lede": gettext("A link asks one person about one outcome. Silence is no answer, and never a no."),
        "crumbs": [Crumb(words=gettext("Asked of customers"))],
        "figures": [] if after else queries.figures_by_owner(since=reader.now - PERIOD),
        "heads": [
            Head(words=one) for one in (gettext("Deal"), gettext("About"), gettext("Asked by"), gettext("State"))
        ],
        "rows": [row_of(one, reader) for one in found],
        "more_url": more_url(request, f"{BELOW}{found[-1].pk}" if more else None),
    }
    return page(request, "confirmations/list.html", context, part="more" if after else "")


def place_of(text: str) -> UUID | None:
    """The place in the list that an address carries; None for anything else, a bare key among it."""
    return key_of(text.removeprefix(BELOW)) if text.startswith(BELOW) else None


def row_of(asked: Confirmation, reader: Reader) -> Row:
    state = told.state(asked, reader)
    if asked.answered_at is not None:
        state = gettext("{state}, answered {day}").format(state=state, day=told.day(asked.answered_at, reader))
    return Row(
        name=asked.deal.name,
        beside=asked.to_name,
        url=reverse("deal", args=[reader.slug, asked.deal_id]),
        cells=[Cell(words=told.about(asked)), Cell(words=asked.asked_by.name), Cell(words=state)],
    )
