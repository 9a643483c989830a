"""Who did what, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts import queries
from accounts.listings import AUDIT, AuditRow
from accounts.reading import Position
from accounts.services.operators import BY_OPERATORS
from frontend import words
from frontend.access import may
from frontend.audit_words import said
from frontend.forms.audit import AuditFilterForm
from frontend.http import TenantRequest, csv_file, more_url, page
from frontend.parts import Action, Crumb, Head

PAGE = 50
MOST_IN_A_FILE = 10_000
MOST_PEOPLE = 300
DEAL = "strategy.Deal"

#: What only the holder of a link does.
BY_HOLDERS = frozenset({"confirmation.answered", "milestone.confirmed", "milestone.contradicted"})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the audit, in words. about_url: everything that was done to the same row."""

    who: str
    by_member: bool
    did: str
    when: str
    datetime: str
    token: str
    request_id: str
    about_url: str
    deal_url: str


@require_GET
@may("audit.see")
def listing(request: TenantRequest) -> HttpResponse:
    """The entries, the newest first."""
    form = form_of(request)
    after = place(request.GET.get("after", ""))
    rows = AUDIT.page(limit=PAGE + 1, after=after, **form.wanted())
    more = rows[PAGE - 1].position if len(rows) > PAGE else None
    query = request.GET.copy()
    query.pop("after", None)
    csv_url = reverse("audit-csv", args=[request.tenant.slug]) + (f"?{query.urlencode()}" if query else "")
    context = {
        "title": gettext("Who did what"),
        "lede": gettext(
            "Every deed is written down with it and never changed, by nobody. Times are those of {zone}."
        ).format(zone=request.tenant.time_zone),
        "crumbs": [
            Crumb(words=gettext("Settings"), url=reverse("settings", args=[request.tenant.slug])),
            Crumb(words=gettext("Who did what")),
        ],
        "actions": [Action(words=gettext("Save as CSV"), url=csv_url, icon="file")],
        "form": form,
        "heads": [
            Head(words=gettext("When")),
            Head(words=gettext("Who")),
            Head(words=gettext("What")),
            Head(words=gettext("With")),
        ],
        "entries": [entry(row, request) for row in rows[:PAGE]],
        "more_url": more_url(request, written(more)),
        "is_narrowed": bool(form.wanted()) or after is not None,
    }
    return page(request, "audit/list.html", context, part="more" if after else "found")


@require_GET
@may("audit.see")
def numbers(request: TenantRequest) -> HttpResponse:
    """The newest entries as a file."""
    rows = AUDIT.page(limit=MOST_IN_A_FILE, **form_of(request).wanted())
    return csv_file("audit", lines(rows, request))


def lines(rows: list[AuditRow], request: TenantRequest) -> Iterator[list[Any]]:
    yield ["when", "when_utc", "who", "what", "verb", "subject_type", "subject", "data", "token", "request_id"]
    zone = request.tenant.zone
    for row in rows:
        yield [
            f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            row.at.astimezone(UTC).isoformat(timespec="microseconds"),
            who(row),
            said(row.verb, json.loads(row.data)),
            row.verb,
            row.subject_label,
            str(row.subject or ""),
            row.data,
            row.token_name or "",
            row.request_id,
        ]


def form_of(request: TenantRequest) -> AuditFilterForm:
    return AuditFilterForm(request.GET, tenant=request.tenant, people=queries.people_by_name(MOST_PEOPLE))


def entry(row: AuditRow, request: TenantRequest) -> Entry:
    slug, zone = request.tenant.slug, request.tenant.zone
    there = row.at.astimezone(zone)
    when = f"{words.day(there.date(), today=words.today_in(zone, timezone.now()))} {words.clock(there.time())}"
    about = reverse("audit", args=[slug]) + f"?about={row.subject}" if row.subject else ""
    return Entry(
        who=who(row),
        by_member=row.actor is not None,
        did=said(row.verb, json.loads(row.data)),
        when=when,
        datetime=there.isoformat(timespec="seconds"),
        token=row.token_name or "",
        request_id=row.request_id,
        about_url=about,
        deal_url=reverse("deal", args=[slug, row.subject]) if row.subject and row.subject_label == DEAL else "",
    )


def who(row: AuditRow) -> str:
    """Who did it: a member, an operator of the installation, a customer with a link, or the product itself."""
    if row.actor_name is not None:
        return row.actor_name
    if row.verb in BY_OPERATORS:
        named = json.loads(row.data).get("operator", "")
        return gettext("{name}, operator").format(name=named) if named else gettext("An operator")
    if row.verb in BY_HOLDERS:
        return gettext("The holder of the link sent to {name}").format(name=json.loads(row.data).get("to", "?"))
    return gettext("The system")


def place(text: str) -> Position | None:
    """The place in the list that an address carries; None for anything else."""
    at, _, key = text.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return Position(moment.astimezone(UTC), UUID(key)) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def written(position: Position | None) -> str | None:
    """The place as an address carries it."""
    return f"{position.at.astimezone(UTC).isoformat()}_{position.key.hex}" if position and position.at else None
