"""Questions about deals that a page or a program asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Count, Exists, F, Func, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Cast

from accounts.models import Membership, SavedView, Team
from accounts.teams import teams_below
from accounts.visibility import of_everybody, sight_of
from strategy.lookups import DEALS, Called, called
from strategy.models import Attribute, BuyingRole, Company, Deal, DealEvent, DealSource, Pipeline, PlanPart, Stage
from strategy.models.deals import LARGEST_WORTH, DealQuerySet
from strategy.requirements import asked_by

OPEN, ALL = "open", "all"
#: More people than this are not listed to choose from.
MOST_PEOPLE = 200
#: For a name that was probably meant: the letters that are taken to be right, the deals that are looked at, and the
#: share of letters that must agree.
SURE, NEAR, LIKE_ENOUGH = 3, 100, 0.75
#: The events by which a deal comes into a stage, and as many deals are named as a sentence holds.
ARRIVALS = (DealEvent.Kind.OPENED, DealEvent.Kind.MOVED, DealEvent.Kind.CLOSED, DealEvent.Kind.REOPENED)
MOST_NAMED = 5


def before(*pair: Any) -> Func:
    """(a, b) < (x, y) as one comparison, which the index that yields the order can answer."""
    a, b, x, y = pair
    sides = Func(a, b, function="ROW"), Func(x, y, function="ROW")
    return Func(*sides, template="%(expressions)s", arg_joiner=" < ", output_field=BooleanField())


#: The orders of a list, each with its column and whether the largest comes first. An index yields each.
NEWEST, VALUE, CLOSE = "newest", "value", "close"
ORDERS: dict[str, tuple[str, bool]] = {NEWEST: ("created_at", True), VALUE: ("worth", True), CLOSE: ("due_on", False)}


class Spot(NamedTuple):
    """A place in a list of deals: right after this one. at: what the list is ordered by."""

    at: Any
    id: UUID

    @classmethod
    def parse(cls, text: str, order: str = NEWEST) -> Spot | None:
        """The spot that an address carries; None for anything else."""
        value, _, key = text.partition("_")
        try:
            if order == NEWEST:
                return cls(datetime.fromisoformat(value), UUID(key)) if value.endswith("+00:00") else None
            if order == CLOSE:
                return cls(date.fromisoformat(value), UUID(key))
            number = int(value) if len(value) < 20 else LARGEST_WORTH
            return cls(number, UUID(key)) if -1 <= number <= LARGEST_WORTH else None
        except ValueError:
            return None

    def __str__(self) -> str:
        at = self.at if isinstance(self.at, int) else self.at.isoformat()
        return f"{at}_{self.id.hex}"


@dataclass(frozen=True, kw_only=True)
class DealFilter:
    """Which deals a list shows. standing: OPEN, ALL or an end cause; words: part of a deal's or a company's name."""

    standing: str = OPEN
    stage: UUID | None = None
    owner: UUID | None = None
    # Also those of the teams below it.
    team: UUID | None = None
    words: str = ""
    pipeline: UUID | None = None
    company: UUID | None = None
    segment: UUID | None = None
    play: UUID | None = None
    came_from: UUID | None = None
    qualified_from: date | None = None
    qualified_until: date | None = None


class DealPage(NamedTuple):
    """One page of a list. more: where the next one begins, None after the last."""

    deals: list[Deal]
    more: Spot | None


def narrowed(wanted: DealFilter) -> DealQuerySet:
    """The deals that a filter lets through, test deals and merged ones left out."""
    deals = Deal.objects.real()
    if wanted.standing == OPEN:
        deals = deals.open()
    elif wanted.standing != ALL:
        deals = deals.filter(end_cause=wanted.standing)
    for name in ("stage", "owner", "pipeline", "company", "segment", "play", "came_from"):
        if key := getattr(wanted, name):
            deals = deals.filter(**{f"{name}_id": key})
    if wanted.team:
        deals = deals.filter(owner__in=Membership.objects.filter(team__in=teams_below([wanted.team])))
    if wanted.qualified_from:
        deals = deals.filter(qualified_on__gte=wanted.qualified_from)
    if wanted.qualified_until:
        deals = deals.filter(qualified_on__lte=wanted.qualified_until)
    if wanted.words:
        deals = deals.filter(called(wanted.words, DEALS).deals)
    return deals


def name_near(words: str) -> str:
    """The name that was probably meant, of those that begin with the same letters and that a list would show."""
    typed = words.casefold()
    deals = newest_called(called(typed[:SURE], DEALS), most=NEAR)
    names = {deal.name for deal in deals} | {deal.company.name for deal in deals if deal.company}

    def likeness(name: str) -> float:
        # Only so much of the name as was typed: somebody stopped when nothing was found.
        return SequenceMatcher(None, typed, name.casefold()[: len(typed) + 1]).ratio()

    nearest = max(sorted(names), key=likeness, default="")
    return nearest if nearest and likeness(nearest) >= LIKE_ENOUGH else ""


def page_of(deals: DealQuerySet, *, after: Spot | None, size: int, order: str = NEWEST) -> DealPage:
    """One page of deals in one of the ORDERS, with what a row shows.

    The keys first, from an index; the rows and their company, stage and owner for those only.
    """
    column, largest_first = ORDERS[order]
    if after:
        here, there = (F(column), F("pk")), (Value(after.at), Value(after.id))
        deals = deals.filter(before(*here, *there) if largest_first else before(*there, *here))
    turn = "-" if largest_first else ""
    found = list(deals.order_by(f"{turn}{column}", f"{turn}pk").values_list(column, "pk")[: size + 1])
    shown = found[:size]
    return DealPage(
        deals=in_order([key for _, key in shown]),
        more=Spot(*shown[-1]) if len(found) > size else None,
    )


def in_order(keys: list[UUID]) -> list[Deal]:
    """The deals of these keys, in their order, with what a row names and how many `people` are named on each."""
    beside = ("company", "stage", "owner", "pipeline", "came_from", "strategy", "segment", "play", "end_reason")
    named = BuyingRole.objects.filter(deal=OuterRef("pk")).order_by().values("deal").annotate(many=Count("pk"))
    rows = Deal.objects.filter(pk__in=keys).select_related(*beside).annotate(people=Subquery(named.values("many")))
    found = {deal.pk: deal for deal in rows}
    return [found[key] for key in keys if key in found]


def deal(key: UUID) -> Deal:
    """One deal with what its page shows. Raises Deal.DoesNotExist."""
    beside = ("company", "stage", "pipeline", "owner", "end_reason", "competitor", "came_from")
    return Deal.objects.select_related(*beside, "strategy", "segment", "play").get(pk=key)


def with_merged(deals: Iterable[UUID]) -> dict[UUID, UUID]:
    """Some deals and all that turned out to be one of them: {deal: which of them it is now}.

    Also those that others had: whoever sees a deal sees all of its past.
    """
    found = {key: key for key in deals}
    fresh = set(found)
    with of_everybody():
        while fresh:
            rows: dict[UUID, Any] = dict(Deal.objects.filter(merged_into__in=fresh).values_list("pk", "merged_into"))
            fresh = rows.keys() - found.keys()
            found |= {key: found[rows[key]] for key in fresh}
    return found


class Lacking(NamedTuple):
    """Deals that stand in a stage without something it asks for: how many, and some of them."""

    stage: Stage
    name: str
    number: int
    some: list[Deal]


def came_without(run: UUID) -> list[Lacking]:
    """What stages ask for and deals have not that an import brought there, as far as they have it not by now.

    Imports bring what their source has: nobody is asked on the way in.
    """
    arrived = DealEvent.objects.filter(deal=OuterRef("pk"), import_run=run, kind__in=ARRIVALS)
    found = []
    for stage in Stage.objects.exclude(requires=[]).order_by("pipeline__position", "position"):
        deals = Deal.objects.filter(Exists(arrived), stage=stage, merged_into=None)
        for asked in asked_by(stage):
            rows = asked.lacking(deals) if asked.lacking else Deal.objects.none()
            if number := rows.count():
                found.append(Lacking(stage, str(asked.name), number, list(rows.order_by("-pk")[:MOST_NAMED])))
    return found


def attributes_of_deals() -> list[Attribute]:
    """The organisation's own facts of deals, in order."""
    return list(Attribute.objects.filter(of=Attribute.Of.DEAL).order_by("position", "pk"))


def stages() -> list[Stage]:
    """Every stage, in the order of the pipelines."""
    return list(Stage.objects.select_related("pipeline").order_by("pipeline__position", "position"))


def stages_of(pipeline: Pipeline) -> list[Stage]:
    """The stages of a pipeline, archived ones too, in order."""
    return list(Stage.objects.filter(pipeline=pipeline).order_by("position"))


def pipelines() -> list[Pipeline]:
    """Every pipeline, archived ones too, in order."""
    return list(Pipeline.objects.order_by("position", "name"))


def newest_called(near: Called, *, most: int) -> list[Deal]:
    """The newest deals that are called so, each with its company."""
    found = Deal.objects.real().filter(near.deals)
    return list(found.select_related("company", "stage").order_by("-created_at", "-pk")[:most])


def deals_like(deal: Deal, *, most: int) -> list[Deal]:
    """Other deals with the same company, the newest first; none for a deal without one."""
    found = Deal.objects.real().filter(company=deal.company_id, company__isnull=False).exclude(pk=deal.pk)
    return list(found.select_related("company", "stage").order_by("-created_at", "-pk")[:most])


def open_deals_called(words: str, *, most: int) -> list[Deal]:
    """Open deals to choose from by a part of their name; an exact name comes first."""
    found = Deal.objects.real().open().filter(called(words, DEALS).deals)
    near = list(found.select_related("company").order_by("-created_at", "-pk")[: most * 4])
    return sorted(near, key=lambda deal: deal.name.casefold() != words.strip().casefold())[:most]


def latest_open_deals(*, owner: UUID | None, most: int) -> list[Deal]:
    """A member's newest open deals, or everybody's."""
    deals = Deal.objects.real().open()
    if owner:
        deals = deals.filter(owner_id=owner)
    return list(deals.select_related("company").order_by("-created_at", "-pk")[:most])


class Choice(NamedTuple):
    """Something that a list can be narrowed by. kind: "segment", "play", "source", "company", "owner", "team", "view".

    asks: what stands after the ? in the address of a view.
    """

    kind: str
    key: UUID
    name: str
    asks: str = ""


def choices(*, member: Membership, page: str, company: UUID | None, owner: UUID | None) -> list[Choice]:
    """The segments, plays and sources that deals are narrowed by, the people and teams whose deals the member sees, the
    names of one company and one member, and the member's views of the page. One question for all of them: each alone
    is small, and a page asks few.

    Of more than MOST_PEOPLE nobody is named: an organisation may have thousands.
    """
    people, teams = _people_seen_by(member)
    views = SavedView.objects.filter(Q(member=member) | Q(is_shared=True), page=page)
    named: list[Any] = [
        _chosen(PlanPart.objects.filter(is_current=True, kind__in=("segment", "play")), F("kind")),
        _chosen(DealSource.objects.all(), "source"),
        _chosen(Company.objects.filter(pk__in=[company] if company else []), "company"),
        _chosen(Membership.objects.filter(Q(pk__in=people) | Q(pk__in=[owner] if owner else [])), "owner"),
        _chosen(teams, "team"),
        _chosen(views, "view", F("query")),
    ]
    first, *rest = named
    found = [Choice(*one) for one in first.union(*rest, all=True)]
    if sum(one.kind == "owner" for one in found) > MOST_PEOPLE:
        found = [one for one in found if one.kind != "owner" or one.key == owner]
    return sorted(found, key=lambda one: one.name.casefold())


def _people_seen_by(member: Membership) -> tuple[Any, Any]:
    """Who may have a deal that the member sees, and the teams of those people."""
    sight = sight_of(member)
    people, teams = Membership.objects.filter(merged_into=None), Team.objects.all()
    if sight.people is not None:
        keys = list(sight.people)
        people, teams = people.filter(pk__in=keys), teams.filter(members__in=keys)
    # One more than are named, so that it is known that there are too many.
    return people.values("pk")[: MOST_PEOPLE + 1], Team.objects.filter(pk__in=teams.values("pk")[:MOST_PEOPLE])


def _chosen(rows: Any, kind: Any, asks: Any = "") -> Any:
    """The rows in the columns of a Choice, in one type each."""
    written = [Cast(one if isinstance(one, F) else Value(one), TextField()) for one in (kind, F("name"), asks)]
    return rows.order_by().values_list(written[0], "pk", written[1], written[2])


def has_deals() -> bool:
    """Whether the organisation has any deal at all, seen or not: otherwise it is still at its beginning."""
    with of_everybody():
        return Deal.objects.exists()


def how_many_open_deals_of(owner: UUID) -> int:
    """How many open deals a member has, of those that whoever asks sees."""
    return Deal.objects.real().open().filter(owner_id=owner).count()
