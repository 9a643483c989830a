"""Companies: the table, also as a file, the page of one, and its form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import allows
from activities.queries import done_with
from frontend import words
from frontend.access import may
from frontend.forms.customers import CompanyForm, FilterForm
from frontend.http import TenantRequest, done, long_csv_file, more_url, page, told_in
from frontend.parts import Action, Crumb, Head
from frontend.path import reader_of
from frontend.views import conversations
from frontend.views.customers import (
    BESIDE,
    MOST_DONE,
    ROWS,
    Cell,
    Part,
    Row,
    companies_crumbs,
    done_part,
    form_page,
    key_after,
    own_facts,
)
from strategy import customer_queries as queries
from strategy import services, strategies
from strategy.customer_queries import CompanyFilter
from strategy.models import Attribute, Company, Deal, Merge
from strategy.plan.rules import Answer
from strategy.services.customers import facts as clean

#: A file is read and sent in parts of so many rows, however long it is.
PART = 500
NO_DEALS = queries.Counts(0, 0)


@require_GET
@may("company.see")
def listing(request: TenantRequest) -> HttpResponseBase:
    """Companies, the newest first, narrowed by industry, country, owner and name; the same as a file."""
    form = FilterForm(
        request.GET,
        {
            "industry": (gettext("Industry"), gettext("Any industry"), queries.words_in_use("industry")),
            "country": (gettext("Country"), gettext("Any country"), queries.words_in_use("country")),
        },
    )
    rows = queries.companies(wanted(form, request))
    if request.GET.get("format") == "csv":
        return long_csv_file("companies", parts_of_file(rows))
    keys, more = queries.newest(rows, after=key_after(request.GET.get("after", "")), size=ROWS)
    context = {
        "title": gettext("Companies"),
        "crumbs": companies_crumbs(request),
        "form": form,
        "heads": heads(),
        "rows": company_rows(queries.these_companies(keys), request.tenant.slug),
        "more_url": more_url(request, keys[-1] if more else None),
        "actions": actions(request),
        "file_url": file_url(request),
        "nothing": gettext("No company fits") if request.GET else gettext("No companies yet"),
        "nothing_more": gettext("Nothing with these filters.")
        if request.GET
        else gettext("Whom you sell to will stand here: added one by one, imported, or with their first deal."),
    }
    return page(request, "customers/list.html", context, part="more" if "after" in request.GET else "found")


def wanted(form: FilterForm, request: TenantRequest) -> CompanyFilter:
    return CompanyFilter(
        words=form.wanted("q"),
        industry=form.wanted("industry"),
        country=form.wanted("country"),
        owner=key_after(request.GET.get("owner", "")),
    )


def file_url(request: TenantRequest) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    query["format"] = "csv"
    return f"{request.path}?{query.urlencode()}"


def parts_of_file(rows: QuerySet[Company]) -> Iterator[list[list[object]]]:
    """The lines of a file with all that the list shows, some at a time."""
    named: list[object] = [str(head.words) for head in heads()]
    yield [[*named[:1], gettext("Domain"), *named[1:]]]
    after, more = None, True
    while more:
        keys, more = queries.newest(rows, after=after, size=PART)
        counts = queries.deal_counts(keys)
        yield [file_line(one, counts.get(one.pk, NO_DEALS)) for one in queries.these_companies(keys)]
        after = keys[-1] if more else None


def file_line(one: Company, counts: queries.Counts) -> list[object]:
    owner = one.owner.name if one.owner else ""
    return [one.name, one.domain, one.industry, one.country, owner, counts.open, counts.won]


def heads() -> list[Head]:
    return [
        *(Head(words=told) for told in (gettext("Name"), gettext("Industry"), gettext("Country"), gettext("Owner"))),
        Head(words=gettext("Open deals"), right=True),
        Head(words=gettext("Won"), right=True),
    ]


def company_rows(companies: Sequence[Company], slug: str) -> list[Row]:
    """The rows of some companies, with the deals that the reader sees."""
    counts = queries.deal_counts([one.pk for one in companies])
    return [company_row(one, counts.get(one.pk, NO_DEALS), slug) for one in companies]


def company_row(company: Company, counts: queries.Counts, slug: str) -> Row:
    return Row(
        name=company.name,
        beside=clean.shown_domain(company.domain),
        url=reverse("company", args=[slug, company.pk]),
        cells=[
            Cell(words=company.industry),
            Cell(words=company.country),
            Cell(words=company.owner.name if company.owner else ""),
            Cell(words=words.number(counts.open) if counts.open else "", right=True, before=gettext("Open deals")),
            Cell(words=words.number(counts.won) if counts.won else "", right=True, before=gettext("Won")),
        ],
    )


def actions(request: TenantRequest) -> list[Action]:
    slug, member, found = request.tenant.slug, request.membership, []
    found.append(Action(words=gettext("Contacts"), url=reverse("contacts", args=[slug])))
    if allows(member, "company.merge"):
        found.append(Action(words=gettext("Duplicates"), url=reverse("company-doubles", args=[slug])))
    if allows(member, "company.edit"):
        url = reverse("company-new", args=[slug])
        found.append(Action(words=gettext("Add a company"), url=url, icon="plus", solid=True))
    return found


def company_or_404(key: UUID) -> Company:
    found = Company.objects.select_related("parent", "owner", "merged_into").filter(pk=key).first()
    if found is None:
        raise Http404(key)
    return found


@require_GET
@may("company.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One company: its facts, its people, the deals that the reader sees, what belongs to it, and its segments."""
    company, slug = company_or_404(pk), request.tenant.slug
    if company.merged_into_id is not None:
        return HttpResponseRedirect(reverse("company", args=[slug, company.merged_into_id]))
    known = list(Attribute.objects.filter(of=Attribute.Of.COMPANY).order_by("position", "pk"))
    context: dict[str, Any] = {
        "title": company.name,
        "crumbs": companies_crumbs(request, Crumb(words=company.name)),
        "actions": actions_on(company, request),
        "facts": facts_of(company, slug) + [(name, told, "") for name, told in own_facts(known, company.attributes)],
        "parts": [
            people(company, request),
            deals(company, request),
            done_part(done_with(company=company.pk, most=MOST_DONE), reader_of(request)),
            subsidiaries(company, slug),
        ],
        **conversations.part(request, company),
        "segments": segments(company) if allows(request.membership, "strategy.see") else [],
    }
    if allows(request.membership, "company.merge"):
        context |= {"like": like(company, slug), "undo": undo_of(company, slug)}
    return page(request, "customers/detail.html", context)


def actions_on(company: Company, request: TenantRequest) -> list[Action]:
    slug, found = request.tenant.slug, []
    if allows(request.membership, "company.merge"):
        found.append(Action(words=gettext("Merge"), url=reverse("company-merge", args=[slug, company.pk])))
    if allows(request.membership, "company.edit"):
        found.append(Action(words=gettext("Change"), url=reverse("company-edit", args=[slug, company.pk])))
    return found


def facts_of(company: Company, slug: str) -> list[tuple[str, str, str]]:
    """(name, words, address) of what is known."""
    money = words.money(company.revenue, company.revenue_currency) if company.revenue is not None else ""
    above = reverse("company", args=[slug, company.parent_id]) if company.parent_id else ""
    found = [
        (gettext("Domain"), clean.shown_domain(company.domain), ""),
        (gettext("Industry"), company.industry, ""),
        (gettext("Country"), company.country, ""),
        (gettext("Region"), company.region, ""),
        (gettext("Tags"), ", ".join(company.tags), ""),
        (gettext("Employees"), words.number(company.employees) if company.employees is not None else "", ""),
        (gettext("Revenue a year"), money, ""),
        (gettext("Founded in"), str(company.founded or ""), ""),
        (gettext("Belongs to"), company.parent.name if company.parent else "", above),
        (gettext("Owner"), company.owner.name if company.owner else "", ""),
        (gettext("From"), " ".join(filter(None, (company.source, company.external_id))), ""),
    ]
    return [fact for fact in found if fact[1]]


def one_more(company: Company, request: TenantRequest, told: str, name: str, capability: str) -> Action | None:
    """The way to one more of what belongs to the company."""
    if not allows(request.membership, capability):
        return None
    url = f"{reverse(name, args=[request.tenant.slug])}?company={company.pk}"
    return Action(words=told, url=url, icon="plus")


def people(company: Company, request: TenantRequest) -> Part:
    slug = request.tenant.slug
    keys, more = queries.newest(queries.contacts(company=company.pk), after=None, size=BESIDE)
    rows = [
        Row(name=one.name, beside=one.title, url=reverse("contact", args=[slug, one.pk]), cells=[Cell(words=one.email)])
        for one in queries.these_contacts(keys)
    ]
    url = f"{reverse('contacts', args=[slug])}?company={company.pk}" if more else ""
    nothing = gettext("Nobody is known here yet.")
    return Part(
        key="people",
        heading=gettext("Contacts"),
        nothing=nothing,
        rows=rows,
        url=url,
        url_words=gettext("All of them"),
        action=one_more(company, request, gettext("Add a contact"), "contact-new", "company.edit"),
    )


def deals(company: Company, request: TenantRequest) -> Part:
    """The newest of its deals that the reader sees, and the way to all of them in the table."""
    slug = request.tenant.slug
    rows = Deal.objects.real().filter(company=company).select_related("stage", "owner").order_by("-created_at", "-pk")
    found = list(rows[: BESIDE + 1])
    shown = [
        Row(
            name=one.name,
            url=reverse("deal", args=[slug, one.pk]),
            beside=one.stage.name,
            cells=[
                Cell(words=words.money(one.amount, one.currency) if one.amount is not None else "", right=True),
                Cell(words=one.owner.name if one.owner else ""),
            ],
        )
        for one in found[:BESIDE]
    ]
    url = f"{reverse('deals', args=[slug])}?standing=all&company={company.pk}" if len(found) > BESIDE else ""
    nothing = gettext("No deal that you see.")
    return Part(
        key="deals",
        heading=gettext("Deals"),
        nothing=nothing,
        rows=shown,
        url=url,
        url_words=gettext("All of them"),
        action=one_more(company, request, gettext("Open a deal"), "deal-new", "deal.open"),
    )


def subsidiaries(company: Company, slug: str) -> Part:
    found = Company.objects.filter(parent=company, merged_into=None).order_by("-pk")[:BESIDE]
    rows = [
        Row(name=one.name, url=reverse("company", args=[slug, one.pk]), cells=[Cell(words=one.country)])
        for one in found
    ]
    return Part(key="below", heading=gettext("Belong to it"), nothing=gettext("No company."), rows=rows)


def segments(company: Company) -> list[dict[str, Any]]:
    """How it stands to each segment of the active strategies, and why."""
    told = {Answer.IN: gettext("In"), Answer.OUT: gettext("Out"), Answer.UNKNOWN: gettext("Not known")}
    return [
        {
            "name": one.segment.name,
            "strategy": one.strategy.name,
            "answer": told[one.judgement.answer],
            "reasons": [reason.words for reason in one.judgement.reasons],
        }
        for one in strategies.segments_of(company)
    ]


def like(company: Company, slug: str) -> list[tuple[str, str]]:
    """(name, address of the merge) of companies that may be the same."""
    base = reverse("company-merge", args=[slug, company.pk])
    return [(one.name, f"{base}?with={one.pk}") for one in queries.companies_like(company)]


def undo_of(company: Company, slug: str) -> tuple[str, str] | None:
    """(name of what was merged into it last, address that undoes it)."""
    last = queries.last_merge(of=Merge.Of.COMPANY, kept=company.pk)
    gone = Company.objects.filter(pk=last.gone_id).first() if last else None
    return (gone.name, reverse("company-unmerge", args=[slug, company.pk])) if gone else None


@require_http_methods(["GET", "POST"])
@may("company.edit")
def new(request: TenantRequest) -> HttpResponse:
    """Add a company."""
    known = list(Attribute.objects.filter(of=Attribute.Of.COMPANY).order_by("position", "pk"))
    form = CompanyForm(request.POST or None, known=known, company=None, actor=request.membership)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            made = services.open_company(actor=request.membership, at=timezone.now(), **form.given())
            url = reverse("company", args=[request.tenant.slug, made.pk])
            return done(request, url, gettext("{name} added").format(name=made.name))
    title = gettext("Add a company")
    return form_page(
        request,
        form,
        {
            "title": title,
            "crumbs": companies_crumbs(request, Crumb(words=title)),
            "button": gettext("Add the company"),
            "back_url": reverse("companies", args=[request.tenant.slug]),
        },
    )


@require_http_methods(["GET", "POST"])
@may("company.edit")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Change what is known of a company."""
    company, slug = company_or_404(pk), request.tenant.slug
    known = list(Attribute.objects.filter(of=Attribute.Of.COMPANY).order_by("position", "pk"))
    form = CompanyForm(request.POST or None, known=known, company=company, actor=request.membership)
    url = reverse("company", args=[slug, pk])
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            services.edit_company(company=company, actor=request.membership, at=timezone.now(), **form.given())
            return done(request, url, gettext("{name} changed").format(name=company.name))
    return form_page(
        request,
        form,
        {
            "title": gettext("Change {name}").format(name=company.name),
            "crumbs": companies_crumbs(request, Crumb(words=company.name, url=url), Crumb(words=gettext("Change"))),
            "button": gettext("Save the changes"),
            "back_url": url,
        },
    )
