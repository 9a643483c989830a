"""Settings → Outcomes: the milestones that the organisation watches for."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from frontend import words
from frontend.access import may
from frontend.forms.milestone_types import AddMilestoneTypeForm, MilestoneTypeForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb, Head
from frontend.views.pipelines import Entry, archive_deed, status_of
from outcomes.models import MilestoneType
from outcomes.services.milestones import types


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    slug = request.tenant.slug
    return [
        Crumb(words=gettext("Settings"), url=reverse("settings", args=[slug])),
        Crumb(words=gettext("Outcomes"), url=reverse("milestone-types", args=[slug]) if steps else ""),
        *steps,
    ]


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def listing(request: TenantRequest) -> HttpResponse:
    """The milestones, and a form for one more."""
    slug, form = request.tenant.slug, AddMilestoneTypeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with told_in(form):
            made = types.add_milestone_type(actor=request.membership, at=timezone.now(), **form.cleaned_data)
            said = gettext("{name} added").format(name=made.name)
            return done(request, reverse("milestone-types", args=[slug]), said)
    found = list(MilestoneType.objects.order_by("is_archived", "position"))
    asking = types.stages_that_require(found)
    rows = [
        Entry(
            name=one.name,
            url=reverse("milestone-type", args=[slug, one.pk]),
            facts=(words.listed([stage.name for stage in asking.get(one.pk, ())]),),
            note=gettext("Archived. {statement}").format(statement=one.statement) if one.is_archived else one.statement,
        )
        for one in found
    ]
    context = {
        "title": gettext("Outcomes"),
        "lede": gettext(
            "What customers do on the way to a decision: acts of theirs, objective, yes or no. At most {most}."
        ).format(most=types.MOST_TYPES),
        "crumbs": crumbs(request),
        "heads": [
            Head(words=gettext("Outcome")),
            Head(words=gettext("Needed to enter")),
        ],
        "rows": rows,
        "form": form,
        "form_heading": gettext("A new outcome"),
        "button": gettext("Add the outcome"),
    }
    return page(request, "settings/entries.html", context, status=status_of(form))


def type_or_404(pk: UUID) -> MilestoneType:
    found = MilestoneType.objects.filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One milestone: its words and its place."""
    found, slug = type_or_404(pk), request.tenant.slug
    given = request.POST if request.method == "POST" else None
    form = MilestoneTypeForm(given, beside=MilestoneType.objects.order_by("position"), row=found)
    if form.is_bound and form.is_valid():
        with told_in(form):
            types.change_milestone_type(type=found, actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, reverse("milestone-types", args=[slug]), gettext("Saved"))
    name = type_or_404(pk).name
    context = {
        "title": name,
        "lede": lede_of(found),
        "crumbs": crumbs(request, Crumb(words=name)),
        "form": form,
        "button": gettext("Save the changes"),
        "deed": archive_deed(reverse("milestone-type-archive", args=[slug, pk]), is_archived=found.is_archived),
    }
    return page(request, "settings/entry.html", context, status=status_of(form))


def lede_of(found: MilestoneType) -> str:
    """Whether it is watched for, and which stages ask for it."""
    if found.is_archived:
        return gettext("Archived: nobody records it any more, and what was recorded stays.")
    stages = types.stages_that_require([found]).get(found.pk, [])
    if not stages:
        return ""
    named = words.listed([gettext("{stage} ({pipeline})").format(stage=one, pipeline=one.pipeline) for one in stages])
    return gettext("Deals need it to enter {stages}.").format(stages=named)


@require_POST
@may("pipeline.edit")
def archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a milestone that no stage asks for, or take it back."""
    found = type_or_404(pk)
    wanted = not found.is_archived
    types.change_milestone_type(type=found, actor=request.membership, at=timezone.now(), is_archived=wanted)
    said = gettext("{name} archived") if wanted else gettext("{name} is back")
    undo = request.path if wanted else ""
    url = reverse("milestone-types", args=[request.tenant.slug])
    return done(request, url, said.format(name=found.name), undo_url=undo)
