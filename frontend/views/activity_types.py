"""Settings → Types of activities, and Settings → Types of outputs: the words in which work is logged."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from activities.models import ActivityType, OutputType
from activities.services import add_activity_type, add_output_type
from frontend import words
from frontend.access import may
from frontend.forms.activity_types import ActivityTypeForm, AddActivityTypeForm, AddOutputTypeForm, OutputTypeForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Head
from frontend.views.pipelines import Entry, archived_words, status_of
from frontend.views.word_lists import Group, Lists, crumbs, entries, found_or_404, shown, turned, word_page

ACTIVITIES = Lists(
    name="activity-types",
    title=_("Types of activities"),
    lede=_("What people choose from when they log what they did. Preparation is work and counts as such."),
    button=_("Add the type"),
    form=AddActivityTypeForm,
)
OUTPUTS = Lists(
    name="output-types",
    title=_("Types of outputs"),
    lede=_("Tangible things that an activity leaves behind. An outcome is none: that is an act of the customer."),
    button=_("Add the type"),
    form=AddOutputTypeForm,
)


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def activity_types(request: TenantRequest) -> HttpResponse:
    """The types of activities, and a form for one more."""
    form, slug = AddActivityTypeForm(request.POST if request.method == "POST" else None), request.tenant.slug
    if form.is_bound and form.is_valid():
        with told_in(form):
            made = add_activity_type(actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, reverse(ACTIVITIES.name, args=[slug]), gettext("{name} added").format(name=made.name))
    rows = [
        Entry(
            name=one.name,
            url=reverse("activity-type", args=[slug, one.pk]),
            facts=(one.get_counts_as_display(), words.minutes(one.usual_minutes)),
            note=archived_words(one),
        )
        for one in ActivityType.objects.all()
    ]
    context = {
        "title": str(ACTIVITIES.title),
        "lede": str(ACTIVITIES.lede),
        "crumbs": crumbs(request, ACTIVITIES),
        "heads": [
            Head(words=gettext("Type")),
            Head(words=gettext("Counts as")),
            Head(words=gettext("Usually takes"), right=True),
        ],
        "rows": rows,
        "form": form,
        "form_heading": gettext("One more"),
        "button": str(ACTIVITIES.button),
    }
    return page(request, "settings/entries.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def activity_type(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One type of activity."""
    row = found_or_404(ActivityType, pk)
    url = reverse("activity-type-archive", args=[request.tenant.slug, pk])
    return word_page(request, ACTIVITIES, row, ActivityType.objects.all(), url, form_of=ActivityTypeForm)


@require_POST
@may("pipeline.edit")
def activity_type_archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a type of activity, or take it back."""
    return turned(request, ACTIVITIES, found_or_404(ActivityType, pk))


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def output_types(request: TenantRequest) -> HttpResponse:
    """The types of outputs, and a form for one more."""
    form, slug = AddOutputTypeForm(request.POST if request.method == "POST" else None), request.tenant.slug
    if form.is_bound and form.is_valid():
        with told_in(form):
            made = add_output_type(actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, reverse(OUTPUTS.name, args=[slug]), gettext("{name} added").format(name=made.name))
    rows = entries(list(OutputType.objects.all()), "output-type", slug)
    return shown(request, OUTPUTS, [Group(key="outputs", heading=gettext("Outputs"), rows=rows)], form)


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def output_type(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One type of output."""
    url = reverse("output-type-archive", args=[request.tenant.slug, pk])
    row = found_or_404(OutputType, pk)
    return word_page(request, OUTPUTS, row, OutputType.objects.all(), url, form_of=OutputTypeForm)


@require_POST
@may("pipeline.edit")
def output_type_archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a type of output, or take it back."""
    return turned(request, OUTPUTS, found_or_404(OutputType, pk))
