"""Bringing in an export: choose files, check what was understood, watch, and read what became of every row."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.imports import report, services
from accounts.models import ImportFile, ImportRun
from accounts.permissions import allows
from frontend import imports as told
from frontend import words
from frontend.access import may
from frontend.forms.imports import AnswersForm, FilesForm
from frontend.http import TenantRequest, csv_file, done, page, told_in, wants_part
from frontend.parts import Action, Crumb
from strategy.queries import came_without

#: A long import is asked after less often once it has run for a minute.
SOON, LATER, LONG = 1, 3, 60
REFUSED_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Line:
    """One import in the list."""

    name: str
    url: str
    state: str
    rows: str
    when: str
    who: str


@require_GET
@may("import.see")
def listing(request: TenantRequest) -> HttpResponse:
    """Imports, newest first."""
    context = {
        "title": gettext("Imports"),
        "crumbs": [Crumb(words=gettext("Imports"))],
        "lines": [line(run, request) for run in report.runs()],
        "new_action": new_action(request),
    }
    return page(request, "imports/list.html", context)


def line(run: ImportRun, request: TenantRequest) -> Line:
    """One import, by the names of its files."""
    return Line(
        name=words.listed([file.name for file in run.files.all()]),
        url=reverse("import", args=[request.tenant.slug, run.pk]),
        state=str(run.get_state_display()),
        rows=told.rows(run.rows_total),
        when=words.moment(run.created_at, zone=request.tenant.zone, now=timezone.now()),
        who=run.actor.name if run.actor else "",
    )


def new_action(request: TenantRequest) -> Action | None:
    """The way to a new import, for those who may."""
    if not allows(request.membership, "import.run"):
        return None
    url = reverse("import-new", args=[request.tenant.slug])
    return Action(words=gettext("Import an export"), url=url, icon="upload", solid=True)


@require_http_methods(["GET", "POST"])
@may("import.run")
def new(request: TenantRequest) -> HttpResponse:
    """Choose the files of an export. They are judged by their content; what is of no use is named."""
    form = FilesForm(request if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            run = services.receive_files(actor=request.membership, uploads=form.uploads(), at=timezone.now())
            return done(request, reverse("import", args=[request.tenant.slug, run.pk]))
    context = {
        "title": gettext("Import an export"),
        "crumbs": crumbs(request, gettext("New")),
        "form": form,
        "steps": told.steps(None),
        "known": [str(preset.title) for preset in report.known_presets()],
    }
    return page(request, "imports/new.html", context, status=status_of(form))


def crumbs(request: TenantRequest, last: str) -> list[Crumb]:
    return [Crumb(words=gettext("Imports"), url=reverse("imports", args=[request.tenant.slug])), Crumb(words=last)]


def status_of(form: Any) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


def run_or_404(key: UUID) -> ImportRun:
    """The import of an address; one of another organisation does not exist."""
    try:
        return report.run_of(key)
    except ImportRun.DoesNotExist as error:
        raise Http404(key) from error


@require_GET
@may("import.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One import as it stands. Asked again for its part, it answers 204 while nothing has changed."""
    run = run_or_404(pk)
    if wants_part(request) and request.GET.get("seen") == seen(run):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    form = AnswersForm(run=run, tenant=request.tenant) if run.state == ImportRun.State.UPLOADED else None
    return show(request, run, form)


def seen(run: ImportRun) -> str:
    """What a reader has seen of a run: when this is another, there is something new to show."""
    return f"{run.state}-{run.rows_done}-{int(run.stop_asked)}"


def show(request: TenantRequest, run: ImportRun, form: AnswersForm | None) -> HttpResponse:
    """The page of an import in whatever state it is."""
    sheets = report.sheets(run)
    url = reverse("import", args=[request.tenant.slug, run.pk])
    context = {
        "title": told.title(run),
        "window_title": told.window_title(run),
        "lede": told.lede(run, sheets),
        "crumbs": crumbs(request, words.listed([sheet.file.name for sheet in sheets])),
        "steps": told.steps(run),
        "run": run,
        "url": url,
        "sheets": sheets,
        "left_out": report.left_out(run),
        "may_run": allows(request.membership, "import.run"),
        "is_part": wants_part(request),
    }
    if form is not None:
        context |= {
            "form": form,
            "asked": [(field, words.number(rows)) for field, rows in form.asked()],
            "missing": report.missing(run),
            "start_words": gettext("Import {rows}").format(rows=told.rows(run.rows_total)),
        }
    else:
        context |= standing(run, sheets, url) | findings(request, run, sheets)
    return page(request, "imports/run.html", context, part="run", status=status_of(form) if form else HTTPStatus.OK)


def standing(run: ImportRun, sheets: list[report.Sheet], url: str) -> dict[str, Any]:
    """The box with the bar: how far the run is."""
    every = LATER if run.started_at and (timezone.now() - run.started_at).total_seconds() > LONG else SOON
    return {
        "progress": told.progress(run),
        "phases": told.phases(sheets, run),
        "polls": run.is_under_way,
        "poll_url": f"{url}?seen={seen(run)}",
        "poll_every": every,
        "refresh_after": LATER,
        "may_stop": run.is_under_way and not run.stop_asked,
        "may_go_on": run.state in (ImportRun.State.FAILED, ImportRun.State.CANCELLED) and run.queued_at is not None,
    }


def findings(request: TenantRequest, run: ImportRun, sheets: list[report.Sheet]) -> dict[str, Any]:
    """Rows that need a person, and what is worth knowing of the others."""
    refused = report.refused_rows(run)
    slug = request.tenant.slug
    return {
        "refused": refused,
        "refused_words": gettext("{rows} for you to correct").format(rows=told.rows(refused)),
        "refusals": told.refusals(run) if refused else [],
        "refused_rows": [told.refused_row(row) for row in report.first_refused(run, REFUSED_SHOWN)] if refused else [],
        "downloads": [
            Action(
                words=gettext("Download the {n} of {file}").format(
                    n=words.number(sheet.count("refused")), file=sheet.file.name
                ),
                url=reverse("import-refused", args=[slug, run.pk, sheet.file.pk]),
            )
            for sheet in sheets
            if sheet.count("refused")
        ],
        "notes": told.notes(run),
        "besides": told.besides(run),
        "lacking": [told.lacking(one, slug) for one in came_without(run.pk)] if run.is_over else [],
        "deals_url": reverse("deals", args=[slug]),
        "execution_url": reverse("execution", args=[slug]),
    }


@require_POST
@may("import.run")
def start(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Start an import with what its person answered."""
    run = run_or_404(pk)
    if run.state != ImportRun.State.UPLOADED:
        return done(request, reverse("import", args=[request.tenant.slug, run.pk]))
    form = AnswersForm(request.POST, run=run, tenant=request.tenant)
    if form.is_valid():
        with told_in(form):
            services.start_import(run=run, actor=request.membership, at=timezone.now(), **form.answers())
            return done(request, reverse("import", args=[request.tenant.slug, run.pk]))
    return show(request, run, form)


@require_POST
@may("import.run")
def stop(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Stop an import after the batch under way, or give up one that was not started."""
    run = run_or_404(pk)
    services.stop_import(run=run, actor=request.membership, at=timezone.now())
    return done(request, reverse("import", args=[request.tenant.slug, run.pk]), gettext("The import stops."))


@require_POST
@may("import.run")
def go_on(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Go on with an import that was stopped or failed."""
    run = run_or_404(pk)
    services.continue_import(run=run, actor=request.membership, at=timezone.now())
    return done(request, reverse("import", args=[request.tenant.slug, run.pk]), gettext("The import goes on."))


@require_GET
@may("import.see")
def refused(request: TenantRequest, pk: UUID, file: UUID) -> HttpResponse:
    """The refused rows of one file as CSV, to correct and send again."""
    run = run_or_404(pk)
    found = ImportFile.objects.filter(run=run, pk=file).first()
    if found is None:
        raise Http404(file)
    name = slugify(found.name.rsplit(".", 1)[0]) or "rows"
    return csv_file(f"{name}-refused", report.refused_table(found))
