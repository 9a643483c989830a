"""Making one of two deals that turned out to be the same, and two of one again."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from frontend import words
from frontend.access import may
from frontend.forms.customers import MergeForm
from frontend.http import TenantRequest, deal_or_404, done, key_of, told_in
from frontend.parts import Crumb
from frontend.views.customers import BESIDE, Row, form_page, pick_page, undone_words
from frontend.views.deal_deeds import crumbs
from strategy import customer_queries, lookups, queries, services
from strategy.models import Deal, Merge


@require_http_methods(["GET", "POST"])
@may("deal.merge")
def merge(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Make one of two deals: which one stays."""
    one, slug = deal_or_404(pk), request.tenant.slug
    if one.merged_into_id is not None:
        return HttpResponseRedirect(reverse("deal", args=[slug, pk]))
    key = key_of(request.GET.get("with", ""))
    if key is None or key == pk:
        return pick(request, one)
    other = deal_or_404(key)
    if other.merged_into_id is not None:
        return pick(request, one)
    rows = {str(row.pk): row for row in (one, other)}
    names = [(key, ", ".join((row.name, beside(row)))) for key, row in rows.items()]
    form = MergeForm(request.POST if request.method == "POST" else None, names=names, differing=[])
    if form.is_bound and form.is_valid():
        keep = rows[form.cleaned_data["stays"]]
        gone = other if keep is one else one
        with told_in(form):
            services.merge_deals(keep=keep, gone=gone, actor=request.membership, at=timezone.now())
            told = gettext("{gone} is part of {name} now").format(gone=gone.name, name=keep.name)
            undo_url = reverse("deal-unmerge", args=[slug, keep.pk])
            return done(request, reverse("deal", args=[slug, keep.pk]), told, undo_url=undo_url)
    url = reverse("deal", args=[slug, pk])
    return form_page(
        request,
        form,
        {
            "title": gettext("Make one of two"),
            "lede": gettext(
                "Stage, owner and value are those of the one that stays. People and activities of the other one move. "
                "It can be undone."
            ),
            "crumbs": crumbs(request, Crumb(words=one.name, url=url), Crumb(words=gettext("Merge"))),
            "button": gettext("Make one of them"),
            "back_url": url,
        },
    )


def pick(request: TenantRequest, deal: Deal) -> HttpResponse:
    """Which other deal it is the same as; and the way back from the last merge into it."""
    slug, words_said = request.tenant.slug, request.GET.get("q", "").strip()[:100]
    url, base = reverse("deal", args=[slug, deal.pk]), reverse("deal-merge", args=[slug, deal.pk])
    if words_said:
        called = queries.newest_called(lookups.called(words_said, lookups.DEALS), most=BESIDE)
    else:
        called = queries.deals_like(deal, most=BESIDE)
    last = customer_queries.last_merge(of=Merge.Of.DEAL, kept=deal.pk)
    gone = Deal.objects.filter(pk=last.gone_id).first() if last else None
    return pick_page(
        request,
        title=gettext("Which deal is the same as {name}?").format(name=deal.name),
        crumbs=crumbs(request, Crumb(words=deal.name, url=url), Crumb(words=gettext("Merge"))),
        found=[
            Row(name=one.name, beside=beside(one), url=f"{base}?with={one.pk}") for one in called if one.pk != deal.pk
        ],
        words=words_said,
        back_url=url,
        undo=(gone.name, reverse("deal-unmerge", args=[slug, deal.pk])) if gone else None,
    )


def beside(deal: Deal) -> str:
    """By what two deals of one name are told apart."""
    value = words.money(deal.amount, deal.currency) if deal.amount is not None else ""
    return ", ".join(filter(None, (deal.company.name if deal.company else "", value, deal.stage.name)))


@require_POST
@may("deal.merge")
def unmerge(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Undo the last merge into a deal."""
    deal = deal_or_404(pk)
    last = customer_queries.last_merge(of=Merge.Of.DEAL, kept=deal.pk)
    if last is None:
        raise Http404(pk)
    services.undo_deal_merge(merge=last, actor=request.membership, at=timezone.now())
    return done(request, reverse("deal", args=[request.tenant.slug, pk]), undone_words([], 0))
