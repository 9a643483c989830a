"""Settings → Pipelines: what deals go through."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from activities.models import ActivityType
from frontend import words
from frontend.access import may
from frontend.forms.pipelines import AddPipelineForm, PipelineForm, StageForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb, Head
from strategy import queries
from strategy.models import Pipeline, Stage
from strategy.services import pipelines


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of a list of the settings, in words."""

    name: str
    url: str
    facts: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A button below a form that does one thing."""

    words: str
    url: str


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    slug = request.tenant.slug
    return [
        Crumb(words=gettext("Settings"), url=reverse("settings", args=[slug])),
        Crumb(words=gettext("Pipelines"), url=reverse("pipelines", args=[slug]) if steps else ""),
        *steps,
    ]


def archived_words(row: Pipeline | Stage | ActivityType) -> str:
    return gettext("Archived") if row.is_archived else ""


def status_of(form: BaseForm | None) -> int:
    return 422 if form is not None and form.errors else 200


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def listing(request: TenantRequest) -> HttpResponse:
    """The pipelines, and a form for one more."""
    slug, form = request.tenant.slug, AddPipelineForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with told_in(form):
            made = pipelines.add_pipeline(actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, reverse("pipeline", args=[slug, made.pk]), gettext("{name} added").format(name=made))
    stages = queries.stages()
    rows = [
        Entry(
            name=one.name,
            url=reverse("pipeline", args=[slug, one.pk]),
            facts=(
                words.listed(
                    [stage.name for stage in stages if stage.pipeline_id == one.pk and stage.is_open]
                    or [gettext("None")]
                ),
            ),
            note=archived_words(one),
        )
        for one in queries.pipelines()
    ]
    context = {
        "title": gettext("Pipelines"),
        "lede": gettext("What deals go through. Each has its own stages and its own ends."),
        "crumbs": crumbs(request),
        "heads": [Head(words=gettext("Pipeline")), Head(words=gettext("Open stages"))],
        "rows": rows,
        "form": form,
        "form_heading": gettext("A new pipeline"),
        "button": gettext("Add the pipeline"),
    }
    return page(request, "settings/entries.html", context, status=status_of(form))


def pipeline_or_404(pk: UUID) -> Pipeline:
    found = Pipeline.objects.filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One pipeline: its stages, and a form for its name and place."""
    pipeline, slug = pipeline_or_404(pk), request.tenant.slug
    given = request.POST if request.method == "POST" else None
    form = PipelineForm(given, beside=queries.pipelines(), row=pipeline)
    here = reverse("pipeline", args=[slug, pk])
    if form.is_bound and form.is_valid():
        with told_in(form):
            pipelines.change_pipeline(
                pipeline=pipeline, actor=request.membership, at=timezone.now(), **form.cleaned_data
            )
            return done(request, here, gettext("Saved"))
    context = {
        "title": pipeline.name,
        "lede": gettext("Archived: nobody chooses it any more, and its deals stay.") if pipeline.is_archived else "",
        "crumbs": crumbs(request, Crumb(words=pipeline.name)),
        "heads": [
            Head(words=gettext("Stage")),
            Head(words=gettext("Kind")),
            Head(words=gettext("Patience"), right=True),
        ],
        "rows": [stage_row(stage, slug) for stage in queries.stages_of(pipeline)],
        "add_url": reverse("stage-new", args=[slug, pk]),
        "add_words": gettext("Add a stage"),
        "form": form,
        "form_heading": gettext("Change"),
        "button": gettext("Save the changes"),
        "deed": archive_deed(reverse("pipeline-archive", args=[slug, pk]), is_archived=pipeline.is_archived),
    }
    return page(request, "settings/entries.html", context, status=status_of(form))


def archive_deed(url: str, *, is_archived: bool) -> Deed:
    return Deed(words=gettext("Offer it again") if is_archived else gettext("Archive it"), url=url)


def stage_row(stage: Stage, slug: str) -> Entry:
    return Entry(
        name=stage.name,
        url=reverse("stage", args=[slug, stage.pk]),
        facts=(stage.get_kind_display(), words.days(stage.patience_days) if stage.patience_days else ""),
        note=archived_words(stage),
    )


@require_POST
@may("pipeline.edit")
def archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a pipeline, or take it back."""
    pipeline = pipeline_or_404(pk)
    wanted = not pipeline.is_archived
    pipelines.change_pipeline(pipeline=pipeline, actor=request.membership, at=timezone.now(), is_archived=wanted)
    said = gettext("{name} archived") if wanted else gettext("{name} is back")
    undo = reverse("pipeline-archive", args=[request.tenant.slug, pk]) if wanted else ""
    return done(
        request, reverse("pipelines", args=[request.tenant.slug]), said.format(name=pipeline.name), undo_url=undo
    )


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def stage_new(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One more stage of a pipeline."""
    pipeline, slug = pipeline_or_404(pk), request.tenant.slug
    form = StageForm(request.POST if request.method == "POST" else None, beside=queries.stages_of(pipeline))
    if form.is_bound and form.is_valid():
        with told_in(form):
            stage = pipelines.add_stage(
                pipeline=pipeline, actor=request.membership, at=timezone.now(), **form.cleaned_data
            )
            url = reverse("pipeline", args=[slug, pk])
            return done(request, url, gettext("{name} added").format(name=stage.name))
    above = Crumb(words=pipeline.name, url=reverse("pipeline", args=[slug, pk]))
    context = {
        "title": gettext("A new stage"),
        "crumbs": crumbs(request, above, Crumb(words=gettext("A new stage"))),
        "form": form,
        "button": gettext("Add the stage"),
    }
    return page(request, "settings/entry.html", context, status=status_of(form))


def stage_or_404(pk: UUID) -> Stage:
    found = Stage.objects.select_related("pipeline").filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def stage(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One stage."""
    found, slug = stage_or_404(pk), request.tenant.slug
    given = request.POST if request.method == "POST" else None
    form = StageForm(given, beside=queries.stages_of(found.pipeline), stage=found)
    above = Crumb(words=found.pipeline.name, url=reverse("pipeline", args=[slug, found.pipeline_id]))
    if form.is_bound and form.is_valid():
        with told_in(form):
            pipelines.change_stage(stage=found, actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, above.url, gettext("Saved"))
    context = {
        "title": stage_or_404(pk).name,
        "lede": gettext("Archived: no deal enters it any more.") if found.is_archived else "",
        "crumbs": crumbs(request, above, Crumb(words=found.name)),
        "form": form,
        "button": gettext("Save the changes"),
        "deed": archive_deed(reverse("stage-archive", args=[slug, pk]), is_archived=found.is_archived),
    }
    return page(request, "settings/entry.html", context, status=status_of(form))


@require_POST
@may("pipeline.edit")
def stage_archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a stage in which no open deal stands, or take it back."""
    found = stage_or_404(pk)
    wanted = not found.is_archived
    pipelines.change_stage(stage=found, actor=request.membership, at=timezone.now(), is_archived=wanted)
    said = gettext("{name} archived") if wanted else gettext("{name} is back")
    undo = reverse("stage-archive", args=[request.tenant.slug, pk]) if wanted else ""
    url = reverse("pipeline", args=[request.tenant.slug, found.pipeline_id])
    return done(request, url, said.format(name=found.name), undo_url=undo)
