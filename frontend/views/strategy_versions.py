"""What a strategy said before, and what differs between two of its texts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts.permissions import allows
from frontend import plan_words, words
from frontend.access import may
from frontend.http import TenantRequest, more_url, page
from frontend.parts import Crumb, Head
from frontend.views.strategy import ROWS, crumbs, said, standing_or_404, today_of, url_of
from outcomes.queries.plan import types
from strategy import strategies
from strategy.models import Strategy, StrategyVersion
from strategy.plan.document import Document, read
from strategy.strategies import working_text


@require_GET
@may("strategy.see")
def versions(request: TenantRequest, pk: UUID) -> HttpResponse:
    """What a strategy said, newest first."""
    strategy, today = standing_or_404(pk).strategy, today_of(request)
    before = request.GET.get("after", "")
    at = int(before) if before.isascii() and before.isdigit() and len(before) < 9 else None
    rows, more = strategies.versions(strategy, before=at, size=ROWS)
    context = {
        "title": gettext("Versions of {name}").format(name=strategy.name),
        "crumbs": crumbs(
            request,
            Crumb(words=strategy.name, url=url_of(request, "strategy", strategy)),
            Crumb(words=gettext("Versions")),
        ),
        "heads": [Head(words=told) for told in (gettext("Version"), gettext("Why"), gettext("By"), gettext("On"))]
        + [Head(words=gettext("What changed"), silent=True)],
        "rows": [
            {
                "number": one.number,
                "url": url_of(request, "strategy-version", strategy, one.number),
                "note": one.note,
                "by": one.published_by.name,
                "on": words.day(request.tenant.day_of(one.published_at), today=today),
                "changes_url": changes_url(request, strategy, one.number),
            }
            for one in rows
        ],
        "more_url": more_url(request, more),
    }
    return page(request, "strategy/versions.html", context)


def changes_url(request: TenantRequest, strategy: Strategy, number: int) -> str:
    """The differences between a version and the one before it; nothing for the first."""
    url = url_of(request, "strategy-differences-between", strategy)
    return f"{url}?from={number - 1}&to={number}" if number > 1 else ""


def version_or_404(strategy: Strategy, number: int) -> StrategyVersion:
    try:
        return strategies.version(strategy, number)
    except StrategyVersion.DoesNotExist as error:
        raise Http404(number) from error


@require_GET
@may("strategy.see")
def version(request: TenantRequest, pk: UUID, number: int) -> HttpResponse:
    """What a strategy said under one number."""
    if number >= 2**31:
        raise Http404(number)
    strategy = standing_or_404(pk).strategy
    found = version_or_404(strategy, number)
    text, today = read(found.content), today_of(request)
    told = gettext("Version {n}, published by {who} on {day}.").format(
        n=found.number,
        who=found.published_by.name,
        day=words.day(request.tenant.day_of(found.published_at), today=today),
    )
    context = {
        **said(request, strategy, text),
        "title": text.title,
        "crumbs": crumbs(
            request,
            Crumb(words=strategy.name, url=url_of(request, "strategy", strategy)),
            Crumb(words=gettext("Versions"), url=url_of(request, "strategy-versions", strategy)),
            Crumb(words=gettext("Version {n}").format(n=number)),
        ),
        "standing": f"{told} {found.note}".strip(),
        "segments": [(one.name, one.why, [plan_words.rule(rule) for rule in one.rules]) for one in text.segments],
    }
    return page(request, "strategy/read.html", context)


@require_GET
@may("strategy.see")
def between(request: TenantRequest, pk: UUID) -> HttpResponse:
    """What differs between two versions; `to=next` is what is being written."""
    standing = standing_or_404(pk)
    strategy = standing.strategy
    before = numbered(request, strategy, request.GET.get("from", ""))
    is_next = request.GET.get("to") == "next" and allows(request.membership, "strategy.edit")
    after = working_text(standing) if is_next else numbered(request, strategy, request.GET.get("to", ""))
    context = {
        "title": gettext("What changed in {name}").format(name=strategy.name),
        "lede": gettext("From version {before} to {after}.").format(
            before=request.GET["from"], after=gettext("what is being written") if is_next else request.GET["to"]
        ),
        "crumbs": crumbs(
            request,
            Crumb(words=strategy.name, url=url_of(request, "strategy", strategy)),
            Crumb(words=gettext("Versions"), url=url_of(request, "strategy-versions", strategy)),
            Crumb(words=gettext("What changed")),
        ),
        **changed(before, after, request),
    }
    return page(request, "strategy/between.html", context)


def changed(before: Document, after: Document, request: TenantRequest) -> dict[str, Any]:
    """The table of what differs between two texts."""
    return {
        "heads": [Head(words=told) for told in (gettext("What"), gettext("Before"), gettext("After"))],
        "differences": plan_words.differences(before, after, types=types(), today=today_of(request)),
    }


def numbered(request: TenantRequest, strategy: Strategy, number: str) -> Document:
    """The text of the version that an address names."""
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404(number)
    return read(version_or_404(strategy, int(number)).content)
