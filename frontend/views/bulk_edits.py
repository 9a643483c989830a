"""Deals are changed many at once: those that were ticked, row by row, and back where nothing has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import allows
from accounts.reading import Position
from frontend import words
from frontend.access import may
from frontend.forms.deal_deeds import BulkForm
from frontend.http import TenantRequest, key_of, more_url, page, told_in
from frontend.parts import Crumb
from frontend.views.deal_deeds import back_of, crumbs
from frontend.views.pipelines import status_of
from strategy import queries, services
from strategy.listings import BULK_EDITS, BulkEditRow
from strategy.models import BulkEdit

#: As many changes as a person looks back at once.
PAGE = 30
WHAT_UNDOING_DOES = _("Undo gives each deal what it had before, from today on. Deals that have changed since stay.")
#: What the facts of a change are called.
FACTS = {
    "amount": _("value"),
    "attributes": _("own attributes"),
    "came_from": _("source"),
    "company": _("company"),
    "currency": _("currency"),
    "expected_close_on": _("expected close"),
    "is_test": _("test deal or not"),
    "name": _("name"),
    "owner": _("owner"),
    "play": _("play"),
    "segment": _("segment"),
    "stage": _("stage"),
    "strategy": _("strategy"),
}


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
        "lede": str(WHAT_UNDOING_DOES) if undo and changed else "",
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


@dataclass(frozen=True, kw_only=True)
class Past:
    """A change of many deals, in words. undo_url: empty where it was undone, or the member may not."""

    title: str
    note: str
    undo_url: str


@require_GET
@may("deal.see")
def past(request: TenantRequest) -> HttpResponse:
    """Which changes of many deals there were, and back."""
    after = key_of(request.GET.get("after", ""))
    rows = BULK_EDITS.page(limit=PAGE + 1, after=Position(None, after) if after else None)
    shown = rows[:PAGE]
    context = {
        "title": gettext("Changes of many deals"),
        "lede": str(WHAT_UNDOING_DOES),
        "crumbs": crumbs(request, Crumb(words=gettext("Changes of many deals"))),
        "rows": [past_of(row, request) for row in shown],
        "more_url": more_url(request, shown[-1].key) if len(rows) > PAGE else "",
    }
    return page(request, "deals/past.html", context, part="more" if after else "")


def past_of(row: BulkEditRow, request: TenantRequest) -> Past:
    zone, now = request.tenant.zone, timezone.now()
    facts = words.listed([str(FACTS.get(name, name)) for name in row.fields])
    said = {"who": row.actor_name, "when": words.moment(row.made_at, zone=zone, now=now)}
    note = gettext("{who}, {when}").format(**said)
    if row.undone_at is not None:
        when = words.moment(row.undone_at, zone=zone, now=now)
        note = gettext("{who}, {when}. Undone {undone}").format(**said, undone=when)
    member = request.membership
    is_theirs = row.actor == member.pk or allows(member, "deal.merge")
    may_undo = row.undone_at is None and row.many and is_theirs and allows(member, "deal.move")
    title = ngettext("{n} deal: {facts}", "{n} deals: {facts}", row.many)
    return Past(
        title=title.format(n=words.number(row.many), facts=facts),
        note=note,
        undo_url=reverse("deals-bulk-undo", args=[request.tenant.slug, row.key]) if may_undo else "",
    )


@require_POST
@may("deal.move")
def undo(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Take a change of many deals back, where nothing has changed since."""
    edit = BulkEdit.objects.filter(pk=pk).first()
    if edit is None:
        raise Http404(pk)
    found = services.undo_bulk_edit(edit=edit, actor=request.membership, at=timezone.now())
    return results(request, found, reverse("deals", args=[request.tenant.slug]), undo=False)
