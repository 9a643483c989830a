"""Companies that may be one: those that share a name or a domain, making one of two, and two of one again."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontend import words
from frontend.access import may
from frontend.forms.customers import MergeForm
from frontend.http import TenantRequest, done, told_in
from frontend.parts import Crumb
from frontend.views.companies import company_or_404
from frontend.views.customers import (
    BESIDE,
    Cell,
    Row,
    companies_crumbs,
    differing,
    doubles_after,
    doubles_page,
    form_page,
    key_after,
    pick_page,
    undone_words,
)
from strategy import customer_queries as queries
from strategy import services
from strategy.models import Company, Merge
from strategy.services.customers import facts as clean
from strategy.services.customers.merging import COMPANY_FACTS


@require_GET
@may("company.merge")
def doubles(request: TenantRequest) -> HttpResponse:
    """Companies that may be the same, by what they share."""
    by, slug = "domain" if request.GET.get("by") == "domain" else "name", request.tenant.slug
    groups, after = queries.doubles(Company, by, after=doubles_after(request))
    known = {one.pk: one for one in queries.these_companies([key for group in groups for key in group.keys[:10]])}
    rows = []
    for group in groups:
        first, *others = [known[key] for key in group.keys[:10] if key in known]
        base = reverse("company-merge", args=[slug, first.pk])
        cells = [Cell(words=one.name, url=f"{base}?with={one.pk}") for one in others]
        url, beside = reverse("company", args=[slug, first.pk]), clean.shown_domain(first.domain)
        rows.append(Row(name=first.name, beside=beside, url=url, cells=cells))
    return doubles_page(
        request,
        title=gettext("Companies that may be the same"),
        crumbs=companies_crumbs(request, Crumb(words=gettext("Duplicates"))),
        by=by,
        tabs=[("name", gettext("Same name")), ("domain", gettext("Same domain"))],
        rows=rows,
        after=after,
    )


@require_http_methods(["GET", "POST"])
@may("company.merge")
def merge(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Make one of two companies: which one stays, and which facts of the other one hold."""
    one, slug = company_or_404(pk), request.tenant.slug
    if one.merged_into_id is not None:
        return HttpResponseRedirect(reverse("company-merge", args=[slug, one.merged_into_id]))
    key = key_after(request.GET.get("with", ""))
    if key is None or key == pk:
        return pick(request, one)
    other = company_or_404(key)
    rows = {str(row.pk): row for row in (one, other)}
    names = [(key, f"{row.name} {clean.shown_domain(row.domain)}".strip()) for key, row in rows.items()]
    form = MergeForm(request.POST or None, names=names, differing=differing(one, other, COMPANY_FACTS, fact_words))
    if request.method == "POST" and form.is_valid():
        keep = rows[form.cleaned_data["stays"]]
        gone = other if keep is one else one
        with told_in(form):
            wins = form.cleaned_data.get("wins", [])
            services.merge_companies(keep=keep, gone=gone, wins=wins, actor=request.membership, at=timezone.now())
            url = reverse("company", args=[slug, keep.pk])
            told = gettext("{gone} is part of {name} now").format(gone=gone.name, name=keep.name)
            return done(request, url, told, undo_url=reverse("company-unmerge", args=[slug, keep.pk]))
    return form_page(
        request,
        form,
        {
            "title": gettext("Make one of two"),
            "lede": gettext("Deals, contacts and subsidiaries of the other one move. It can be undone."),
            "crumbs": companies_crumbs(
                request, Crumb(words=one.name, url=reverse("company", args=[slug, pk])), Crumb(words=gettext("Merge"))
            ),
            "button": gettext("Make one of them"),
            "back_url": reverse("company", args=[slug, pk]),
        },
    )


def pick(request: TenantRequest, company: Company) -> HttpResponse:
    """Which other company it is the same as."""
    slug, words_said = request.tenant.slug, request.GET.get("q", "").strip()[:100]
    url, base = reverse("company", args=[slug, company.pk]), reverse("company-merge", args=[slug, company.pk])
    called = queries.companies_called(words_said, most=BESIDE) if words_said else queries.companies_like(company)
    return pick_page(
        request,
        title=gettext("Which company is the same as {name}?").format(name=company.name),
        crumbs=companies_crumbs(request, Crumb(words=company.name, url=url), Crumb(words=gettext("Merge"))),
        found=[
            Row(name=one.name, beside=clean.shown_domain(one.domain), url=f"{base}?with={one.pk}")
            for one in called
            if one.pk != company.pk
        ],
        words=words_said,
        back_url=url,
    )


def fact_words(company: Company, name: str) -> str:
    """A fact as people read it."""
    value = getattr(company, name)
    if name == "revenue":
        return words.money(value, company.revenue_currency) if company.revenue_currency else words.number(value)
    if name == "employees":
        return words.number(value)
    return clean.shown_domain(value) if name == "domain" else str(value)


@require_POST
@may("company.merge")
def unmerge(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Undo the last merge into a company."""
    company = company_or_404(pk)
    last = queries.last_merge(of=Merge.Of.COMPANY, kept=company.pk)
    if last is None:
        raise Http404(pk)
    undone = services.undo_merge(merge=last, actor=request.membership, at=timezone.now())
    return done(request, reverse("company", args=[request.tenant.slug, pk]), undone_words(undone.facts, undone.rows))
