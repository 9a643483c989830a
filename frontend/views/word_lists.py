"""Settings → Reasons, and Settings → Competitors and sources: the words in which deals are described."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Membership
from activities.models import ActivityType, OutputType
from activities.services import change_activity_type, change_output_type
from frontend.access import may
from frontend.forms.pipelines import AddBesideForm, AddReasonForm, PlacedForm, WordForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb
from frontend.views.pipelines import Entry, archive_deed, status_of
from strategy.models import Competitor, DealSource, EndCause, EndReason
from strategy.services import word_lists


@dataclass(frozen=True, kw_only=True)
class Group:
    """Words of one kind under their heading."""

    key: str
    heading: str
    rows: Sequence[Entry]


@dataclass(frozen=True, kw_only=True)
class Lists:
    """A page of the settings with the words of a few kinds. name: of its addresses."""

    name: str
    title: object
    lede: object
    button: object
    form: type[Form]


REASONS = Lists(
    name="reasons",
    title=_("Reasons"),
    lede=_("Why deals end, in your own words."),
    button=_("Add the reason"),
    form=AddReasonForm,
)
BESIDE = Lists(
    name="competitors",
    title=_("Competitors and sources"),
    lede=_("Whom you lose deals to, and where deals come from."),
    button=_("Add it"),
    form=AddBesideForm,
)
Word = word_lists.Word | ActivityType | OutputType
Change = Callable[[Membership, datetime, dict[str, Any]], None]


def entries(rows: Sequence[Any], address: str, slug: str) -> list[Entry]:
    return [
        Entry(
            name=one.name,
            url=reverse(address, args=[slug, one.pk]),
            facts=(),
            note=gettext("Archived") if one.is_archived else "",
        )
        for one in rows
    ]


def crumbs(request: TenantRequest, of: Lists, *steps: Crumb) -> list[Crumb]:
    slug = request.tenant.slug
    return [
        Crumb(words=gettext("Settings"), url=reverse("settings", args=[slug])),
        Crumb(words=str(of.title), url=reverse(of.name, args=[slug]) if steps else ""),
        *steps,
    ]


def shown(request: TenantRequest, of: Lists, groups: Sequence[Group], form: Form) -> HttpResponse:
    context = {
        "title": str(of.title),
        "lede": str(of.lede),
        "crumbs": crumbs(request, of),
        "groups": groups,
        "form": form,
        "form_heading": gettext("One more"),
        "button": str(of.button),
    }
    return page(request, "settings/words.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def reasons(request: TenantRequest) -> HttpResponse:
    """Reasons by the kind of end, and a form for one more."""
    form = AddReasonForm(request.POST if request.method == "POST" else None, initial={"of": EndCause.LOST})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            made = word_lists.add_reason(
                kind=given["of"], name=given["name"], actor=request.membership, at=timezone.now()
            )
            url = reverse("reasons", args=[request.tenant.slug])
            return done(request, url, gettext("{name} added").format(name=made.name))
    slug, found = request.tenant.slug, list(EndReason.objects.all())
    groups = [
        Group(
            key=kind,
            heading=str(label),
            rows=entries([one for one in found if one.kind == kind], "reason", slug),
        )
        for kind, label in EndCause.choices
    ]
    return shown(request, REASONS, groups, form)


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def competitors(request: TenantRequest) -> HttpResponse:
    """Competitors and sources of deals, and a form for one more."""
    form = AddBesideForm(request.POST if request.method == "POST" else None, initial={"of": "competitor"})
    slug, actor = request.tenant.slug, request.membership
    if form.is_bound and form.is_valid():
        add = word_lists.add_competitor if form.cleaned_data["of"] == "competitor" else word_lists.add_deal_source
        with told_in(form):
            made = add(name=form.cleaned_data["name"], actor=actor, at=timezone.now())
            return done(request, reverse("competitors", args=[slug]), gettext("{name} added").format(name=made.name))
    groups = [
        Group(
            key="competitors",
            heading=gettext("Competitors"),
            rows=entries(list(Competitor.objects.all()), "competitor", slug),
        ),
        Group(
            key="sources",
            heading=gettext("Sources of deals"),
            rows=entries(list(DealSource.objects.all()), "deal-source", slug),
        ),
    ]
    return shown(request, BESIDE, groups, form)


def changes(row: Word) -> Change:
    """The deed that changes a word of this kind."""
    deeds: Mapping[type[Any], tuple[str, Callable[..., None]]] = {
        EndReason: ("reason", word_lists.change_reason),
        Competitor: ("competitor", word_lists.change_competitor),
        DealSource: ("source", word_lists.change_deal_source),
        ActivityType: ("type", change_activity_type),
        OutputType: ("type", change_output_type),
    }
    name, deed = deeds[type(row)]
    return lambda actor, at, wanted: deed(**{name: row}, actor=actor, at=at, **wanted)


def word_page(
    request: TenantRequest,
    of: Lists,
    row: Word,
    beside: Any,
    archive_url: str,
    *,
    form_of: type[PlacedForm] = WordForm,
) -> HttpResponse:
    """One word: its name and place, and whether it is still offered."""
    form = form_of(request.POST if request.method == "POST" else None, beside=beside, row=row)
    name = row.name
    if form.is_bound and form.is_valid():
        with told_in(form):
            changes(row)(request.membership, timezone.now(), form.cleaned_data)
            return done(request, reverse(of.name, args=[request.tenant.slug]), gettext("Saved"))
    context = {
        "title": name,
        "lede": gettext("Archived: nobody chooses it any more.") if row.is_archived else "",
        "crumbs": crumbs(request, of, Crumb(words=name)),
        "form": form,
        "button": gettext("Save the changes"),
        "deed": archive_deed(archive_url, is_archived=row.is_archived),
    }
    return page(request, "settings/entry.html", context, status=status_of(form))


def turned(request: TenantRequest, of: Lists, row: Word) -> HttpResponse:
    """Archive a word, or take it back."""
    wanted = not row.is_archived
    changes(row)(request.membership, timezone.now(), {"is_archived": wanted})
    said = gettext("{name} archived") if wanted else gettext("{name} is back")
    url = reverse(of.name, args=[request.tenant.slug])
    return done(request, url, said.format(name=row.name), undo_url=request.path if wanted else "")


def found_or_404(table: Any, pk: UUID) -> Any:
    found = table.objects.filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def reason(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One reason."""
    row = found_or_404(EndReason, pk)
    url = reverse("reason-archive", args=[request.tenant.slug, pk])
    return word_page(request, REASONS, row, EndReason.objects.filter(kind=row.kind), url)


@require_POST
@may("pipeline.edit")
def reason_archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a reason, or take it back."""
    return turned(request, REASONS, found_or_404(EndReason, pk))


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def competitor(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One competitor."""
    url = reverse("competitor-archive", args=[request.tenant.slug, pk])
    return word_page(request, BESIDE, found_or_404(Competitor, pk), Competitor.objects.all(), url)


@require_POST
@may("pipeline.edit")
def competitor_archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a competitor, or take it back."""
    return turned(request, BESIDE, found_or_404(Competitor, pk))


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def deal_source(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One source of deals."""
    url = reverse("deal-source-archive", args=[request.tenant.slug, pk])
    return word_page(request, BESIDE, found_or_404(DealSource, pk), DealSource.objects.all(), url)


@require_POST
@may("pipeline.edit")
def deal_source_archive(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Archive a source of deals, or take it back."""
    return turned(request, BESIDE, found_or_404(DealSource, pk))
