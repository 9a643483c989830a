"""Questions about what customers were asked by links, and what came of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Count, Value
from django.db.models.functions import Cast, Concat

from accounts.integrations.tokens import digest
from accounts.models import Membership
from outcomes.models import Confirmation, ConfirmationAnswer, Milestone, MilestoneEvent
from strategy.customer_queries import buying_roles
from strategy.models import Contact, Deal

#: As many people are offered as a person reads.
MOST_OFFERED = 100
PAIR = (Cast("deal_id", CharField()), Value(" "), Cast("type_id", CharField()))
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Found(NamedTuple):
    """Where a link leads, before any organisation is known."""

    tenant_id: int
    confirmation_id: UUID


def link_behind(secret: str) -> Found | None:
    """What a link's secret opens, also where it is over; None for anything else."""
    if not SECRET.fullmatch(secret):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, confirmation_id FROM gate.confirmation(%s)", [digest(secret)])
        row = cursor.fetchone()
    return Found(*row) if row else None


def confirmation(key: UUID) -> Confirmation:
    """What was asked, with what its page says of it. Raises Confirmation.DoesNotExist."""
    return Confirmation.objects.select_related("deal", "type", "asked_by__tenant", "contact").get(pk=key)


def last_answer(asked: Confirmation) -> ConfirmationAnswer | None:
    """What the holder of the link said last."""
    return ConfirmationAnswer.objects.filter(confirmation=asked).order_by("answered_at", "pk").last()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How many outcomes were recorded, and how many of these customers were asked about and answered.

    Only together they say something: who asks friends alone has many answers and few questions.
    """

    recorded: int = 0
    asked: int = 0
    answered: int = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What was asked on a deal, with its answers in their order, and the answers of which the ledger tells."""

    asked: Confirmation
    answers: Sequence[ConfirmationAnswer]
    in_ledger: frozenset[UUID]


def asked_on(deals: Iterable[UUID], *, most: int) -> list[Standing]:
    """What was asked on a deal and on those `with_merged`, the last first."""
    rows = Confirmation.objects.filter(deal__in=list(deals)).select_related("type")
    return _with_answers(list(rows.order_by("-pk")[:most]))


def _with_answers(found: Sequence[Confirmation]) -> list[Standing]:
    if not found:
        return []
    keys = [one.pk for one in found]
    said = ConfirmationAnswer.objects.filter(confirmation__in=keys).order_by("answered_at", "pk")
    answers: dict[UUID, list[ConfirmationAnswer]] = defaultdict(list)
    for one in said:
        answers[one.confirmation_id].append(one)
    told = frozenset(
        MilestoneEvent.objects.filter(answer__confirmation__in=keys).values_list("answer_id", flat=True)
        if answers
        else ()
    )
    return [Standing(asked=one, answers=answers[one.pk], in_ledger=told) for one in found]


def asked_page(*, after: UUID | None, size: int) -> tuple[list[Confirmation], bool]:
    """A page of all that customers were asked, the last first, and whether there is more."""
    rows = Confirmation.objects.select_related("type", "deal", "asked_by")
    found = list((rows.filter(pk__lt=after) if after else rows).order_by("-pk")[: size + 1])
    return found[:size], len(found) > size


def figures_of(standings: Sequence[Standing], *, recorded: int) -> Figures:
    """The figures of one deal, whose questions are at hand."""
    about: dict[UUID, bool] = {}
    for one in standings:
        if one.asked.type_id:
            about[one.asked.type_id] = about.get(one.asked.type_id, False) or bool(one.answers)
    return Figures(recorded=max(recorded, len(about)), asked=len(about), answered=sum(about.values()))


def figures_by_owner(*, since: datetime) -> list[tuple[str, Figures]]:
    """Of each owner of deals in sight what was recorded since a moment, and what of it customers were asked."""
    recorded = Milestone.objects.filter(recorded_at__gte=since, deal__merged_into=None).values("deal__owner")
    asked = Confirmation.objects.filter(asked_at__gte=since, purpose=Confirmation.Purpose.MILESTONE)
    answered = asked.exclude(answered_at=None)
    counts: dict[Any, dict[str, int]] = defaultdict(dict)
    each: list[tuple[str, Any]] = [("recorded", recorded), ("asked", asked), ("answered", answered)]
    for name, rows in each:
        # A question that was asked twice is one: the same outcome of the same deal.
        what = Count("pk") if name == "recorded" else Count(Concat(*PAIR), distinct=True)
        for owner, count in rows.values("deal__owner").annotate(n=what).values_list("deal__owner", "n"):
            counts[owner][name] = count
    names = dict(Membership.objects.filter(pk__in=[key for key in counts if key]).values_list("pk", "name"))
    told = [(names.get(owner, ""), Figures(**found)) for owner, found in counts.items()]
    return sorted(told, key=lambda one: (-one[1].recorded, one[0]))


def reason_given(deal: UUID) -> ConfirmationAnswer | None:
    """Why a deal ended as the customer told last."""
    told = ConfirmationAnswer.objects.filter(deal=deal, confirmation__purpose=Confirmation.Purpose.END_REASON)
    return told.order_by("answered_at", "pk").last()


def askable(deal: Deal) -> list[Contact]:
    """Who can be asked about a deal: who decides about it, then the others of its company, by name."""
    deciding = [one.contact for one in buying_roles(deal, limit=MOST_OFFERED) if one.contact.merged_into_id is None]
    rows: Any = Contact.objects.filter(company=deal.company_id, merged_into=None) if deal.company_id else []
    known = {one.pk for one in deciding}
    others = sorted((one for one in rows[:MOST_OFFERED] if one.pk not in known), key=lambda one: one.name)
    return [*deciding, *others]
