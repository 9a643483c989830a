"""What a customer agreed on a deal: recorded, shown, checked, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import allows
from accounts.streams import kept_file
from activities import queries as activities
from activities.models import Activity
from frontend import words
from frontend.access import may
from frontend.forms import milestones as forms
from frontend.forms.milestones import EntryForm
from frontend.http import TenantRequest, deal_or_404, done, page, told_in
from frontend.milestones import told_of
from frontend.parts import Crumb
from frontend.path import NEXT, Reader, reader_of, state_of, state_words, states
from frontend.views.log import logged
from frontend.views.pipelines import status_of
from outcomes.models import EvidenceFile, Milestone, MilestoneEvent
from outcomes.queries import path as outcomes
from outcomes.rules import since_it_holds, tellers
from outcomes.services import milestones
from outcomes.services.milestones.files import content_of
from strategy.models import Deal
from strategy.queries import with_merged

#: What was done in so many days may have led to an outcome; as many of it are offered.
LATELY, MOST_OFFERED = timedelta(days=60), 12


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that a member says of a milestone. `open_to` is the state in which it can be said."""

    words: str | Promise
    done: str | Promise
    form: Callable[..., EntryForm]
    does: Callable[..., Milestone]
    needs: str = "milestone.record"
    only_reached: bool = True


DEEDS = {
    "evidence": Deed(
        words=_("Add evidence"),
        done=_("Evidence added for “{outcome}”"),
        form=forms.EvidenceForm,
        does=milestones.add_evidence,
    ),
    "check": Deed(
        words=_("Check it"),
        done=_("“{outcome}” checked"),
        form=forms.CheckForm,
        does=milestones.check_milestone,
        needs="milestone.check",
    ),
    "contradict": Deed(
        words=_("The customer says otherwise"),
        done=_("“{outcome}” contradicted"),
        form=forms.ContradictForm,
        does=milestones.contradict_milestone,
    ),
    "lapse": Deed(
        words=_("It no longer holds"),
        done=_("“{outcome}” no longer holds"),
        form=forms.LapseForm,
        does=milestones.lapse_milestone,
    ),
    "correct": Deed(
        words=_("Take it back"),
        done=_("“{outcome}” taken back"),
        form=forms.CorrectForm,
        does=milestones.correct_milestone,
        only_reached=False,
    ),
}


@require_http_methods(["GET", "POST"])
@may("milestone.record")
def new(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Record what the customer agreed on a deal."""
    deal, types, reader = deal_or_404(pk), outcomes.milestone_types(), reader_of(request)
    form = forms.MilestoneForm(
        request.POST or None,
        request.FILES or None,
        types=types,
        expected=expected(deal, types),
        today=reader.today,
        people=forms.people_of(deal),
        done=done_lately(deal, reader),
        told=lambda activity: activity_words(activity, reader),
    )
    if form.is_bound and is_whole(request, form) and form.is_valid():
        said = form.said() | {"type": form.milestone_chosen}
        del said["milestone"]
        with told_in(form):
            milestones.record_milestone(actor=request.membership, deal=deal, at=timezone.now(), **said)
            sentence = gettext("“{outcome}” recorded on {deal}").format(outcome=said["type"].name, deal=deal.name)
            return logged(request, deal, sentence)
    context = {
        "title": gettext("Record an outcome"),
        "crumbs": crumbs(request, deal, gettext("Record an outcome")),
        "form": form,
        "deal": deal,
        "back_url": reverse("deal", args=[request.tenant.slug, deal.pk]),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "milestones/new.html", context, part="form" if form.is_bound else "dialog", status=status)


def is_whole(request: TenantRequest, form: EntryForm) -> bool:
    """Whether all of the files came; else the form says that they were too large to be read to the end."""
    if not getattr(request, "upload_too_large", False) or "uploads" not in form.fields:
        return True
    form.add_error("uploads", gettext("The files are too large together. Give fewer, or smaller ones."))
    return False


def crumbs(request: TenantRequest, deal: Deal, *steps: str) -> list[Crumb]:
    slug = request.tenant.slug
    above = [
        Crumb(words=gettext("Deals"), url=reverse("deals", args=[slug])),
        Crumb(words=deal.name, url=reverse("deal", args=[slug, deal.pk])),
    ]
    return [*above, *(Crumb(words=step) for step in steps)]


def expected(deal: Deal, types: list[Any]) -> UUID | None:
    """The outcome that is probably meant: the next one, or the last when all are reached."""
    reached = outcomes.milestones_on([deal.pk]).get(deal.pk, {})
    found = states(deal, types, reached)
    if NEXT in found:
        return types[found.index(NEXT)].pk  # type: ignore[no-any-return]
    return types[-1].pk if types else None


def done_lately(deal: Deal, reader: Reader) -> list[Activity]:
    """What was done on the deal in the last days, the newest first."""
    found = activities.activities_of(deal.pk, show=activities.ALL, most=MOST_OFFERED)
    return [one for one in found if one.at >= reader.now - LATELY]


def activity_words(activity: Activity, reader: Reader) -> str:
    """An activity in one line."""
    said = {"what": activity.purpose or activity.type.name, "day": words.day(activity.day, today=reader.today)}
    return gettext("{what}, {day}, {who}").format(**said, who=activity.member.name)


def milestone_or_404(pk: UUID) -> Milestone:
    found = Milestone.objects.select_related("deal", "type").filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_GET
@may("milestone.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One outcome on one deal: how well it is known, all that was written down of it, and what can be said now."""
    found, reader = milestone_or_404(pk), reader_of(request)
    deal = deal_or_404(found.deal_id)
    outcomes.name_those_who_stay([found])
    told = [event for event in outcomes.ledger_of(with_merged([deal.pk])) if event.type_id == found.type_id]
    state = state_of(found.grade) if found.state == Milestone.State.REACHED else NEXT
    context = {
        "title": found.type.name,
        "deal": deal,
        "crumbs": crumbs(request, deal, found.type.name),
        "statement": found.type.statement,
        "state": state_words(state, found, reader),
        "grade": gettext("Grade E{n}: {words}").format(n=found.grade, words=found.get_grade_display())
        if found.state == Milestone.State.REACHED
        else "",
        "lines": [told_of(event, reader, request.tenant.slug) for event in told],
        "deeds": deeds_on(request, found, deal, told),
        "back_url": reverse("deal", args=[request.tenant.slug, deal.pk]),
    }
    return page(request, "milestones/detail.html", context, part="dialog")


def deeds_on(
    request: TenantRequest, found: Milestone, deal: Deal, told: Sequence[MilestoneEvent]
) -> list[dict[str, Any]]:
    """What the member can say of a milestone as it stands; told: its events, the last first. Nobody checks their own
    word."""
    if not deal.is_open or deal.merged_into_id is not None:
        return []
    is_reached, is_gone = found.state == Milestone.State.REACHED, found.state == Milestone.State.WITHDRAWN
    own = request.membership.pk in tellers(since_it_holds(one for one in reversed(told) if one.deal_id == deal.pk))
    return [
        {"words": deed.words, "url": reverse(f"milestone-{name}", args=[request.tenant.slug, found.pk])}
        for name, deed in DEEDS.items()
        if allows(request.membership, deed.needs)
        and (is_reached or not (deed.only_reached or is_gone))
        and not (own and deed.does is milestones.check_milestone)
    ]


@require_http_methods(["GET", "POST"])
@may("milestone.record")
def deed(request: TenantRequest, pk: UUID, deed: str) -> HttpResponse:
    """Say something of a milestone: add evidence, check it, end it or take it back."""
    found, meant, reader = milestone_or_404(pk), DEEDS[deed], reader_of(request)
    deal = deal_or_404(found.deal_id)
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = meant.form(*given, today=reader.today, people=forms.people_of(deal))
    back = reverse("deal", args=[request.tenant.slug, deal.pk])
    if form.is_bound and is_whole(request, form) and form.is_valid():
        with told_in(form):
            said = {"note": ""} | form.said() if "note" in form.fields else form.said()
            meant.does(milestone=found, actor=request.membership, at=timezone.now(), **said)
            return done(request, back, str(meant.done).format(outcome=found.type.name))
    context = {
        "title": meant.words,
        "lede": lede(request, found, deal, meant),
        "crumbs": crumbs(request, deal, found.type.name),
        "form": form,
        "button": meant.words,
        "back_url": back,
        "dialog_url": request.path,
    }
    part = "form" if form.is_bound else "dialog"
    return page(request, "milestones/deed.html", context, part=part, status=status_of(form))


def lede(request: TenantRequest, found: Milestone, deal: Deal, meant: Deed) -> str:
    """Of which outcome it is said; and what it costs where somebody shows what they checked themself."""
    about = gettext("“{outcome}” on {deal}").format(outcome=found.type.name, deal=deal.name)
    if meant.does is milestones.add_evidence and has_checked(request.membership.pk, found, deal):
        return gettext("{about}. You checked it: with evidence of your own, somebody else has to check it.").format(
            about=about
        )
    return about


def has_checked(member: UUID, found: Milestone, deal: Deal) -> bool:
    """Whether it is known by this member's check."""
    held = since_it_holds(reversed([one for one in outcomes.ledger_of([deal.pk]) if one.type_id == found.type_id]))
    return any(one.kind == one.Kind.CHECKED and one.actor_id == member for one in held)


@require_GET
@may("milestone.see")
def evidence(request: TenantRequest, pk: UUID) -> HttpResponse:
    """A file that shows an outcome, to keep: no browser shows it as a page of ours."""
    found = EvidenceFile.objects.filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    content = content_of(found)
    if content is None:
        raise Http404(pk)
    return kept_file(content, kind=found.kind, name=found.name)
