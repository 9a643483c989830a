"""What a deal was on a past day: by what took effect until then, with everything that is known of it now.

So a change that is recorded today for last month shows in last month. Spans give stage, owner, strategy, segment and
play; events give the value and the expected close, each from what stood there before the first change after the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.tenancy.scope import current_tenant_id
from accounts.visibility import of_everybody
from strategy.listings import DEALS_PAST, DealRow
from strategy.lookups import FEW
from strategy.models import Deal, DealEvent, EndCause, OwnerSpan, PlanSpan, Stage, StageSpan

REVISED = ("amount", "expected_close_on")
#: Deals that may have been so on some day, for what no index knows of a day: who had them, and how they had ended.
EVER = {
    "owner": (
        "SELECT span.deal_id FROM strategy_ownerspan AS span"
        " WHERE span.tenant_id = %(tenant)s AND span.owner_id = %(owner)s"
        " UNION ALL SELECT deal.id FROM strategy_deal AS deal"
        " WHERE deal.tenant_id = %(tenant)s AND deal.owner_id = %(owner)s"
    ),
    "end_cause": (
        "SELECT span.deal_id FROM strategy_stagespan AS span"
        " WHERE span.tenant_id = %(tenant)s AND span.exit_kind = %(end_cause)s"
        " AND span.exit_kind IN ('won', 'lost', 'no_decision', 'disqualified')"
        " UNION ALL SELECT deal.id FROM strategy_deal AS deal"
        " WHERE deal.tenant_id = %(tenant)s AND deal.end_cause = %(end_cause)s"
    ),
    "is_open": (
        "SELECT span.deal_id FROM strategy_stagespan AS span"
        " WHERE span.tenant_id = %(tenant)s"
        " AND span.exit_kind IN ('won', 'lost', 'no_decision', 'disqualified')"
        " UNION ALL SELECT deal.id FROM strategy_deal AS deal"
        " WHERE deal.tenant_id = %(tenant)s AND deal.end_cause <> ''"
    ),
}


def amount_on(deal: Deal, day: date) -> int | None:
    """What a deal was worth at the end of a day, in minor units of its currency."""
    later = _first_after(deal, day, "amount")
    return deal.amount if later is None else later.data["amount"][0]


def owner_on(deal: Deal, day: date) -> UUID | None:
    """Who had a deal at the end of a day; before its first owner, that one."""
    spans = list(OwnerSpan.objects.filter(deal=deal).order_by("from_on", "pk").values_list("owner_id", "from_on"))
    had = [owner for owner, since in spans if since <= day]
    if had:
        return had[-1]
    return spans[0][0] if spans else deal.owner_id


def _first_after(deal: Deal, day: date, fact: str) -> Any:
    return _revisions(day, fact).filter(deal=deal).order_by("effective_on", "recorded_at", "pk").first()


def page(day: date, **wanted: Any) -> list[DealRow]:
    """A page of the deals as they were at the end of a day.

    Where few deals can have been so on any day, only those are judged. Otherwise the next of them are soon found by
    judging each.
    """
    for name, text in EVER.items():
        if wanted.get(name) is None or (name == "is_open" and wanted[name]):
            continue
        with connection.cursor() as cursor:
            given = {"tenant": current_tenant_id(), name: wanted[name], "most": FEW + 1}
            cursor.execute(f"{text} LIMIT %(most)s", given)
            keys = [key for (key,) in cursor.fetchall()]
        if len(keys) <= FEW:
            wanted["keys"] = keys
            break
    return replayed(DEALS_PAST.page(as_of=day, **wanted), day)


def replayed(rows: Sequence[DealRow], day: date) -> list[DealRow]:
    """The deals as they were at the end of a day, with the same number of questions however many they are.

    Name, company, source, attributes and what else has no day of its own are as they are now.
    """
    keys = [row.key for row in rows]
    # Whoever sees a deal sees all of its past.
    with of_everybody():
        stays = _last_of(StageSpan, keys, entered_on__lte=day)
        owners = _last_of(OwnerSpan, keys, from_on__lte=day)
        plans = _last_of(PlanSpan, keys, from_on__lte=day)
        revised = {fact: _before(keys, day, fact) for fact in REVISED}
        ends = _ends(rows)
    found = []
    for row in rows:
        row = _qualified(row, day)._replace(
            **{fact: before[row.key] for fact, before in revised.items() if row.key in before}
        )
        found.append(_planned(_owned(_staged(row, stays.get(row.key), ends, day), owners), plans, day))
    return found


def _staged(row: DealRow, span: StageSpan | None, ends: dict[tuple[UUID, str], Stage], day: date) -> DealRow:
    if row.closed_on is not None and row.closed_on <= day:
        return row
    is_open: dict[str, Any] = {"end_cause": "", "closed_on": None, "end_reason": None, "end_reason_name": None}
    lost_to: dict[str, Any] = {"competitor": None, "competitor_name": None}
    if span is None:
        first = ends.get((row.pipeline, Stage.Kind.OPEN))
        at: dict[str, Any] = (
            {"stage": first.pk, "stage_name": first.name, "stage_kind": first.kind} if first and row.end_cause else {}
        )
        return row._replace(**is_open, **lost_to, **at)
    stage, entered = span.stage, span.entered_on
    ended: dict[str, Any] = {}
    if span.left_on is not None and span.left_on <= day and span.exit_kind in EndCause.values:
        stage, entered = span.left_for or ends.get((row.pipeline, span.exit_kind), stage), span.left_on
        ended = {"end_cause": span.exit_kind, "closed_on": span.left_on}
    stands = {
        "stage": stage.pk,
        "stage_name": stage.name,
        "stage_kind": stage.kind,
        "entered_stage_on": entered,
    }
    return row._replace(**{**is_open, **lost_to, **stands, **ended, "episode": span.episode})


def _owned(row: DealRow, owners: dict[UUID, Any]) -> DealRow:
    span = owners.get(row.key)
    return row._replace(owner=span.owner_id, owner_name=span.owner.name) if span else row


def _planned(row: DealRow, plans: dict[UUID, Any], day: date) -> DealRow:
    span = plans.get(row.key)
    if span is not None and span.until_on is not None and span.until_on <= day:
        span = None
    told: dict[str, Any] = {}
    for name in ("strategy", "segment", "play"):
        one = getattr(span, name) if span else None
        told |= {name: one.pk if one else None, f"{name}_name": one.name if one else None}
    return row._replace(**told)


def _qualified(row: DealRow, day: date) -> DealRow:
    if row.qualified_on is None or row.qualified_on <= day:
        return row
    return row._replace(qualified_on=None, amount_at_qualification=None, rate=None, rate_date=None)


def _last_of(kind: Any, keys: Sequence[UUID], **until: date) -> dict[UUID, Any]:
    """The last span of each deal that had begun by then."""
    since = next(iter(until)).removesuffix("__lte")
    beside = {StageSpan: ["stage", "left_for"], OwnerSpan: ["owner"], PlanSpan: ["strategy", "segment", "play"]}[kind]
    rows = kind.objects.filter(deal__in=keys, **until).select_related(*beside)
    return {span.deal_id: span for span in rows.order_by("deal", f"-{since}", "-pk").distinct("deal")}


def _before(keys: Sequence[UUID], day: date, fact: str) -> dict[UUID, Any]:
    """What stood there before the first change after the day, of the deals that have one."""
    rows = _revisions(day, fact).filter(deal__in=keys).order_by("deal", "effective_on", "recorded_at", "pk")
    found = {event.deal_id: event.data[fact][0] for event in rows.distinct("deal")}
    if fact == "expected_close_on":
        return {key: date.fromisoformat(value) if value else None for key, value in found.items()}
    return found


def _revisions(day: date, fact: str) -> Any:
    changes = DealEvent.objects.filter(effective_on__gt=day, data__has_key=fact)
    return changes.exclude(Q(kind=DealEvent.Kind.QUALIFIED) | Q(kind=DealEvent.Kind.OPENED))


def _ends(rows: Iterable[DealRow]) -> dict[tuple[UUID, str], Stage]:
    """The first stage of each kind, by pipeline: for a deal before its first stay, and for stays of which it is not
    known what they were left for."""
    stages = Stage.objects.filter(pipeline__in={row.pipeline for row in rows}).order_by("-position")
    return {(stage.pipeline_id, stage.kind): stage for stage in stages}
