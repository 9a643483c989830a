"""The deals behind a figure: the same rows that were counted, so that their number is the figure's sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, DateField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest, Least

from accounts.visibility import current_sight
from outcomes.models import DealFact
from outcomes.queries.statistics import population_of
from strategy import queries as deals
from strategy.models import Deal, EndCause
from strategy.queries import before

QUALIFIED, WATCHED, CLOSED, PRICED, WON, WASTED, OPEN = (
    "qualified",
    "watched",
    "closed",
    "priced",
    "won",
    "wasted",
    "open",
)
#: Which deals a figure counts, by name.
ROWS = (QUALIFIED, WATCHED, CLOSED, PRICED, WON, WASTED, OPEN)
NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Behind:
    """Which of the deals that statistics count.

    rows: one of ROWS; "watched" leaves out those of which nothing could have been recorded (see `bins.sql`).
    milestone, stage, reason: a key, "none" for deals without one, or empty for any.
    """

    rows: str = QUALIFIED
    milestone: str = ""
    stage: str = ""
    cause: str = ""
    reason: str = ""


class Spot(NamedTuple):
    """A place in the list, latest qualification first: right after this deal."""

    qualified_on: date
    id: UUID

    @classmethod
    def parse(cls, text: str) -> Spot | None:
        """The spot that an address carries; None for anything else."""
        day, _, key = text.partition("_")
        try:
            return cls(date.fromisoformat(day), UUID(key))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.qualified_on.isoformat()}_{self.id.hex}"


def facts_behind(wanted: Behind, *, as_of: date) -> QuerySet[DealFact]:
    """The facts that a figure of that day counts for whoever asks."""
    facts = DealFact.objects.filter(qualified_on__lte=as_of)
    sight = current_sight()
    if not sight.is_all:
        people = population_of(sight, as_of=as_of).people or frozenset()
        if people != sight.people:
            facts = facts.filter(deal_id__in=Deal.objects.filter(owner_id__in=people).values("pk"))
    closed = Q(closed_on__lte=as_of)
    narrowed = {
        QUALIFIED: Q(),
        WATCHED: Q(),
        CLOSED: closed,
        PRICED: closed & Q(amount__gt=0),
        WON: closed & Q(end_cause=EndCause.WON),
        WASTED: closed & ~Q(end_cause=EndCause.WON),
        OPEN: ~closed | Q(closed_on=None),
    }
    facts = facts.filter(narrowed[wanted.rows])
    if wanted.rows == WATCHED:
        facts = watched(facts, as_of)
    for field, key in (
        ("milestone_type_id", wanted.milestone),
        ("stage_id", wanted.stage),
        ("end_reason_id", wanted.reason),
    ):
        if key:
            facts = facts.filter(**{field: None if key == NONE else key})
    return facts.filter(end_cause=wanted.cause) if wanted.cause else facts


def watched(facts: QuerySet[DealFact], as_of: date) -> QuerySet[DealFact]:
    """Those that had not left before anybody began to record ends."""
    today = Value(as_of, output_field=DateField())
    left = Case(
        When(closed_on__lte=as_of, then=F("closed_on")), default=Least(today, Coalesce("observed_until", today))
    )
    entered = Greatest("qualified_on", Coalesce("observed_from", "qualified_on"))
    return facts.alias(left_on=left, entered_on=entered).filter(left_on__gte=F("entered_on"))


def count_behind(wanted: Behind, *, as_of: date) -> int:
    """How many deals a figure counts."""
    return facts_behind(wanted, as_of=as_of).count()


def page_behind(wanted: Behind, *, as_of: date, after: Spot | None, size: int) -> tuple[list[Deal], Spot | None]:
    """One page of the deals behind a figure, latest qualification first; and where the next one begins."""
    facts = facts_behind(wanted, as_of=as_of)
    if after:
        facts = facts.filter(before(F("qualified_on"), F("deal_id"), Value(after.qualified_on), Value(after.id)))
    keys = list(facts.order_by("-qualified_on", "-deal_id").values_list("qualified_on", "deal_id")[: size + 1])
    shown = keys[:size]
    return deals.in_order([key for _, key in shown]), Spot(*shown[-1]) if len(keys) > size else None
