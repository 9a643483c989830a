"""Deals are opened, changed, moved, closed and opened again, one by one or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from frontend.access import may
from frontend.forms.deal_deeds import BulkForm, CompanyMixin, FactsForm, MoveForm, OpenDealForm, minor
from frontend.http import TenantRequest, done, key_of, page, told_in
from frontend.parts import Crumb
from frontend.views.deals import deal_or_404
from frontend.views.pipelines import status_of
from strategy import queries, services
from strategy.models import BulkEdit, Company, Deal, Stage
from strategy.requirements import Requirement, RequirementsMissing, Step, missing


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    return [Crumb(words=gettext("Deals"), url=reverse("deals", args=[request.tenant.slug])), *steps]


def back_of(request: TenantRequest, otherwise: str) -> str:
    """Where the member came from, on this site; else the usual page."""
    wanted = request.POST.get("back") or request.GET.get("back", "")
    is_ours = wanted.startswith(f"/o/{request.tenant.slug}/") and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if is_ours and len(wanted) <= 2000 else otherwise


def shown(request: TenantRequest, form: Any, *, title: str, button: str, back: str, lede: str = "") -> HttpResponse:
    context = {
        "title": title,
        "lede": lede,
        "crumbs": crumbs(request, Crumb(words=title)),
        "form": form,
        "button": button,
        "back_url": back,
        "dialog_url": request.path,
    }
    part = "form" if request.method == "POST" else "dialog"
    return page(request, "deals/deed.html", context, part=part, status=status_of(form))


def company_of(form: CompanyMixin, request: TenantRequest) -> Company | None:
    """The company that was named; a new one is written down. The form is told where the words are not clear."""
    found = form.settle_company(form.cleaned_data)
    if isinstance(found, str):
        return services.open_company(actor=request.membership, at=timezone.now(), name=found)
    return found


@require_http_methods(["GET", "POST"])
@may("deal.open")
def new(request: TenantRequest) -> HttpResponse:
    """Open a deal by hand."""
    member, slug = request.membership, request.tenant.slug
    known = key_of(request.GET.get("company", ""))
    company = Company.objects.filter(pk=known).first() if known else None
    form = OpenDealForm(
        request.POST if request.method == "POST" else None, member=member, company=company.name if company else ""
    )
    if form.is_bound and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
        given.pop("which", None)
        with told_in(form):
            given["company"] = company_of(form, request)
            if not form.errors:
                given["amount"] = minor(given.get("amount"), form.currency)
                deal = services.open_deal(actor=member, at=timezone.now(), **given)
                said = gettext("{deal} opened").format(deal=deal.name)
                return done(request, reverse("deal", args=[slug, deal.pk]), said)
    back = back_of(request, reverse("deals", args=[slug]))
    return shown(request, form, title=gettext("Open a deal"), button=gettext("Open the deal"), back=back)


@require_http_methods(["GET", "POST"])
@may("deal.move")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Change what is known of a deal."""
    deal, member = deal_or_404(pk), request.membership
    form = FactsForm(request.POST if request.method == "POST" else None, member=member, deal=deal)
    url = reverse("deal", args=[request.tenant.slug, pk])
    if form.is_bound and form.is_valid():
        given = dict(form.cleaned_data)
        version, on = given.pop("version"), given.pop("on")
        with told_in(form):
            given["company"] = company_of(form, request)
            if not form.errors:
                given["amount"] = minor(given["amount"], deal.currency)
                changed = {name: value for name, value in given.items() if name in form.changed_data or name == "name"}
                services.change_deal(deal=deal, actor=member, at=timezone.now(), on=on, version=version, **changed)
                return done(request, url, gettext("Saved"))
    return shown(request, form, title=deal_or_404(pk).name, button=gettext("Save the changes"), back=url)


def stages_for(deal: Deal) -> list[Stage]:
    """Where a deal can go: any other stage of its pipeline; one that is over back into an open one."""
    found = [one for one in queries.stages_of(deal.pipeline) if not one.is_archived]
    return [one for one in found if one.pk != deal.stage_id] if deal.is_open else [one for one in found if one.is_open]


def further(deal: Deal, stages: Sequence[Stage]) -> Stage | None:
    """The open stage after the deal's: where most go."""
    return next((one for one in stages if deal.is_open and one.is_open and one.position > deal.stage.position), None)


def asked(deal: Deal, to: Stage | None) -> list[Requirement]:
    """What the stage asks for that is not known, and that a form can supply."""
    return missing(Step(deal=deal, to=to)) if to is not None else []


@require_http_methods(["GET", "POST"])
@may("deal.move")
def move(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Move, close or open a deal again. What a stage asks for is supplied in the same step."""
    deal, member = deal_or_404(pk), request.membership
    stages = stages_for(deal)
    wanted = request.POST.get("stage") or request.GET.get("stage", "")
    to = next((one for one in stages if str(one.pk) == wanted), None if wanted else further(deal, stages))
    given = request.POST if request.method == "POST" else None
    form = MoveForm(given, deal=deal, stages=stages, to=to, missing=asked(deal, to), member=member)
    back = back_of(request, reverse("deal", args=[request.tenant.slug, pk]))
    if form.is_bound and form.is_valid() and to is not None and not asks_first(request, to):
        with told_in(form):
            try:
                moved = step(request, deal, to, form)
            except RequirementsMissing as refusal:
                if "because" not in form.fields or not set(refusal.fields) & form.fields.keys():
                    form.add_error(None, str(refusal))
                raise
            if moved:
                said = gettext("{deal} is in {stage}").format(deal=deal.name, stage=to.name)
                return done(request, back, said)
    elif form.is_bound and to is not None and not form.errors:
        # Its first look at an end: it asks why before it ends anything.
        form = MoveForm(None, deal=deal, stages=stages, to=to, missing=asked(deal, to), member=member)
    title = gettext("Move {deal}") if deal.is_open else gettext("Open {deal} again")
    return shown(
        request,
        form,
        title=title.format(deal=deal.name),
        lede=gettext("Now in {stage}.").format(stage=deal.stage.name),
        button=gettext("Move the deal") if deal.is_open else gettext("Open the deal again"),
        back=back,
    )


def asks_first(request: TenantRequest, to: Stage) -> bool:
    """Whether the form has not been seen with the fields of the end: a stage was chosen, and nothing else said."""
    return not to.is_open and "reason" not in request.POST


def step(request: TenantRequest, deal: Deal, to: Stage, form: MoveForm) -> bool:
    """The deed behind the form; False where the form was told of something first."""
    given, member, at = dict(form.cleaned_data), request.membership, timezone.now()
    beside = {"on": given["on"], "version": given["version"], "override_because": given.get("because", "")}
    supply = {name: given[name] for name in form.supplied if given.get(name) not in (None, "")}
    if "company" in supply:
        supply["company"] = company_of(form, request)
        if form.errors:
            return False
    if "amount" in supply:
        supply["amount"] = minor(supply["amount"], deal.currency)
    if not deal.is_open:
        services.reopen_deal(deal=deal, to=to, actor=member, at=at, supply=supply, **beside)
        return True
    ends = {name: given[name] for name in ("reason", "competitor") if given.get(name)}
    if "amount" in form.fields and "amount" not in supply:
        ends["amount"] = minor(given["amount"], deal.currency)
    services.move_deal(deal=deal, to=to, actor=member, at=at, supply=supply, **ends, **beside)
    return True


@require_http_methods(["POST"])
@may("deal.move")
def bulk(request: TenantRequest) -> HttpResponse:
    """Change the deals that were ticked: first what, then row by row what became of it."""
    keys = [key for text in request.POST.getlist("deal")[:1000] if (key := key_of(text))]
    is_asked = "ask" in request.POST
    form = BulkForm(request.POST if is_asked else None, member=request.membership)
    back = back_of(request, reverse("deals", args=[request.tenant.slug]))
    if form.is_bound and form.is_valid():
        with told_in(form):
            found = services.bulk_edit_deals(
                keys=keys, actor=request.membership, at=timezone.now(), **form.cleaned_data
            )
            return results(request, found, back, undo=True)
    title = ngettext("Change {n} deal", "Change {n} deals", len(keys)).format(n=len(keys))
    context = {
        "title": title,
        "crumbs": crumbs(request, Crumb(words=title)),
        "form": form,
        "keys": keys,
        "deals": queries.in_order(keys[:500]),
        "back_url": back,
    }
    return page(request, "deals/bulk.html", context, status=status_of(form))


def results(request: TenantRequest, found: Any, back: str, *, undo: bool) -> HttpResponse:
    """What became of each deal, and the way to take it back."""
    named = {deal.pk: deal for deal in queries.in_order([row.key for row in found.rows])}
    changed = sum(row.is_changed for row in found.rows)
    title = (
        ngettext("{n} deal changed", "{n} deals changed", changed)
        if undo
        else ngettext("{n} deal is as it was before", "{n} deals are as they were before", changed)
    ).format(n=changed)
    slug = request.tenant.slug
    context = {
        "title": title,
        "crumbs": crumbs(request, Crumb(words=title)),
        "rows": [
            (named[row.key].name, reverse("deal", args=[slug, row.key]), told(row))
            for row in found.rows
            if row.key in named
        ],
        "unseen": sum(row.key not in named for row in found.rows),
        "undo_url": reverse("deals-bulk-undo", args=[slug, found.edit.pk]) if undo and changed else "",
        "back_url": back,
    }
    return page(request, "deals/results.html", context)


def told(row: Any) -> str:
    if row.refusal is not None:
        said: Sequence[str] = list(row.refusal.fields.values())
        return str(said[0]) if said else str(row.refusal)
    return gettext("Changed") if row.is_changed else gettext("Was so already")


@require_POST
@may("deal.move")
def bulk_undo(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Take a change of many deals back, where nothing has changed since."""
    edit_found = BulkEdit.objects.filter(pk=pk).first()
    if edit_found is None:
        raise Http404(pk)
    found = services.undo_bulk_edit(edit=edit_found, actor=request.membership, at=timezone.now())
    return results(request, found, reverse("deals", args=[request.tenant.slug]), undo=False)
