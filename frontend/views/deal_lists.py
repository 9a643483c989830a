"""The list of deals as a table, as a file, and under names that members give it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import queries as accounts
from accounts.models import SavedView, Tenant
from accounts.permissions import allows
from accounts.services.saved_views import change_view, remove_view, save_view
from frontend import deal_table
from frontend.access import may
from frontend.deal_table import Column
from frontend.forms.deals import DealFilterForm, SaveViewForm
from frontend.http import TenantRequest, done, long_csv_file, more_url, page, told_in
from frontend.parts import Crumb, Tab
from frontend.views import board
from frontend.views.organisation import import_url
from frontend.views.pipelines import status_of
from outcomes.queries import path as outcomes
from strategy import queries
from strategy.queries import Spot

#: As many rows as fit on two screens.
ROWS = 50
#: A file is read and sent in parts of so many rows, however long it is.
PART = 500
#: The other way to look at the same deals.
BOARD = "board"
#: What of an address is about this one look at the list, and not kept with a view.
OF_THIS_LOOK = ("after",)


def filter_form(request: TenantRequest) -> DealFilterForm:
    return DealFilterForm(request.GET, stages=queries.stages(), member=request.membership)


@require_GET
@may("deal.see")
def listing(request: TenantRequest) -> HttpResponse:
    """Deals as a table, narrowed, ordered and with the columns that the address asks for."""
    form = filter_form(request)
    if request.GET.get("view") == BOARD:
        return board.shown(request, form, frame(request, form))
    after = Spot.parse(request.GET.get("after", ""), form.order_given)
    found = queries.page_of(queries.narrowed(form.wanted()), after=after, size=ROWS, order=form.order_given)
    context = frame(request, form) | {
        "columns": form.columns,
        "rows": deal_table.rows(found.deals, request.tenant, form.columns),
        "more_url": more_url(request, found.more),
        "is_first": "after" not in request.GET,
        "ticks": allows(request.membership, "deal.move"),
    }
    return page(request, "deals/list.html", context, part="more" if "after" in request.GET else "found")


def frame(request: TenantRequest, form: DealFilterForm) -> dict[str, Any]:
    """What stands around the table and the board alike."""
    slug, kept = request.tenant.slug, kept_query(request)
    url, asked = reverse("deals", args=[slug]), request.GET.copy()
    for name in ("view", "after"):
        asked.pop(name, None)
    is_board = request.GET.get("view") == BOARD
    board_query = asked.copy()
    board_query["view"] = BOARD
    may_open = allows(request.membership, "deal.open")
    return {
        "title": gettext("Deals"),
        "crumbs": [Crumb(words=gettext("Deals"))],
        "form": form,
        "is_narrowed": form.is_narrowed(),
        "import_url": import_url(request),
        "views": view_tabs(request, form, kept),
        "save_url": f"{reverse('view-new', args=[slug])}?{kept}",
        "csv_url": f"{reverse('deals-csv', args=[slug])}?{kept}",
        "looks": [
            Tab(words=gettext("Table"), url=f"{url}?{asked.urlencode()}", chosen=not is_board),
            Tab(words=gettext("Board"), url=f"{url}?{board_query.urlencode()}", chosen=is_board),
        ],
        "is_board": is_board,
        "new_url": reverse("deal-new", args=[slug]) if may_open else "",
        "bulk_url": reverse("deals-bulk", args=[slug]),
        "here": request.get_full_path(),
    }


def kept_query(request: TenantRequest) -> str:
    """What the address asks for, without what is about this one look."""
    query = request.GET.copy()
    for name in OF_THIS_LOOK:
        query.pop(name, None)
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]
    return query.urlencode()


def view_tabs(request: TenantRequest, form: DealFilterForm, kept: str) -> list[Tab]:
    """The views that the member may choose, and the list without any."""
    url = reverse("deals", args=[request.tenant.slug])
    if not form.views:
        return []
    tabs = [Tab(words=one.name, url=f"{url}?{one.asks}", chosen=one.asks == kept) for one in form.views]
    return [Tab(words=gettext("All deals"), url=url, chosen=not kept), *tabs]


@require_GET
@may("deal.see")
def numbers(request: TenantRequest) -> HttpResponseBase:
    """Every row of the list as a file, with the columns that are shown."""
    return long_csv_file("deals", parts_of_file(request.tenant, filter_form(request)))


def parts_of_file(tenant: Tenant, form: DealFilterForm) -> Iterator[list[list[Any]]]:
    """The lines of the file, some at a time: no more of them are kept than one part has."""
    shown, wanted, after = form.columns, queries.narrowed(form.wanted()), None
    money = any(column.key in ("value", "then") for column in shown)
    beside = [gettext("Currency")] if money else []
    yield [[gettext("Deal"), gettext("Company"), *(str(column.head) for column in shown), *beside]]
    types = outcomes.milestone_types()
    while True:
        found = queries.page_of(wanted, after=after, size=PART, order=form.order_given)
        yield [line(one, shown, money=money) for one in deal_table.told(found.deals, tenant, types=types)]
        if found.more is None:
            return
        after = found.more


def line(one: deal_table.Told, shown: Sequence[Column], *, money: bool) -> list[Any]:
    deal = one.deal
    company = deal.company.name if deal.company else ""
    cells = [value if (value := column.plain(one)) is not None else "" for column in shown]
    return [deal.name, company, *cells, *([deal.currency] if money else [])]


@require_http_methods(["GET", "POST"])
@may("deal.see")
def view_new(request: TenantRequest) -> HttpResponse:
    """Keep the list of the address under a name."""
    member = request.membership
    form = SaveViewForm(request.POST if request.method == "POST" else None, may_share=allows(member, "deal.open"))
    url = f"{reverse('deals', args=[request.tenant.slug])}?{kept_query(request)}"
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            save_view(
                page=SavedView.Page.DEALS,
                name=given["name"],
                query=kept_query(request),
                is_shared=given.get("is_shared", False),
                actor=member,
                at=timezone.now(),
            )
            return done(request, url, gettext("{name} saved").format(name=given["name"]))
    return view_page(request, form, gettext("Save this view"), url)


def view_page(
    request: TenantRequest, form: SaveViewForm, title: str, back_url: str, remove_url: str = ""
) -> HttpResponse:
    context = {
        "title": title,
        "crumbs": [
            Crumb(words=gettext("Deals"), url=reverse("deals", args=[request.tenant.slug])),
            Crumb(words=title),
        ],
        "form": form,
        "button": gettext("Save the view"),
        "back_url": back_url,
        "remove_url": remove_url,
        "remove_words": gettext("Remove the view"),
    }
    return page(request, "deals/form.html", context, status=status_of(form))


def view_or_404(request: TenantRequest, pk: UUID) -> SavedView:
    found = next((one for one in accounts.saved_views(request.membership, SavedView.Page.DEALS) if one.pk == pk), None)
    if found is None:
        raise Http404(pk)
    return found


@require_GET
@may("deal.see")
def views(request: TenantRequest) -> HttpResponse:
    """The views that the member may choose, with the way to change their own."""
    slug = request.tenant.slug
    found = accounts.saved_views(request.membership, SavedView.Page.DEALS)
    context = {
        "title": gettext("Views"),
        "crumbs": [Crumb(words=gettext("Deals"), url=reverse("deals", args=[slug])), Crumb(words=gettext("Views"))],
        "rows": [
            (
                one.name,
                gettext("Everybody sees it") if one.is_shared else gettext("Only you see it"),
                f"{reverse('deals', args=[slug])}?{one.query}",
                reverse("view", args=[slug, one.pk]) if one.member_id == request.membership.pk else "",
            )
            for one in found
        ],
    }
    return page(request, "deals/views.html", context)


@require_http_methods(["GET", "POST"])
@may("deal.see")
def view(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Rename a view, share it, or remove it."""
    found, member, slug = view_or_404(request, pk), request.membership, request.tenant.slug
    given = request.POST if request.method == "POST" else None
    form = SaveViewForm(given, may_share=allows(member, "deal.open"), view=found)
    back, title = reverse("views", args=[slug]), found.name
    if form.is_bound and form.is_valid():
        given_name, shared = form.cleaned_data["name"], form.cleaned_data.get("is_shared", False)
        with told_in(form):
            change_view(view=found, name=given_name, is_shared=shared, actor=member, at=timezone.now())
            return done(request, back, gettext("Saved"))
    return view_page(request, form, title, back, reverse("view-remove", args=[slug, pk]))


@require_POST
@may("deal.see")
def view_remove(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Remove a view; the toast takes it back."""
    found, slug = view_or_404(request, pk), request.tenant.slug
    kept = signing.dumps(
        [str(request.membership.pk), found.name, found.query, found.is_shared], salt="view", compress=True
    )
    remove_view(view=found, actor=request.membership, at=timezone.now())
    undo, said = f"{reverse('view-restore', args=[slug])}?kept={kept}", gettext("{name} removed")
    return done(request, reverse("views", args=[slug]), said.format(name=found.name), undo_url=undo)


@require_POST
@may("deal.see")
def view_restore(request: TenantRequest) -> HttpResponse:
    """Take the removal of a view back."""
    try:
        member, name, query, is_shared = signing.loads(request.GET.get("kept", ""), salt="view")
    except signing.BadSignature as error:
        raise Http404 from error
    if member != str(request.membership.pk):
        raise Http404
    save_view(
        page=SavedView.Page.DEALS,
        name=name,
        query=query,
        is_shared=is_shared,
        actor=request.membership,
        at=timezone.now(),
    )
    url = reverse("views", args=[request.tenant.slug])
    return done(request, url, gettext("{name} is back").format(name=name))
