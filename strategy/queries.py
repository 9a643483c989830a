"""Questions about deals that a page or a program asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value

from accounts.visibility import of_everybody
from strategy.models import Company, Deal, Pipeline, Stage
from strategy.models.customers import name_key
from strategy.models.deals import DealQuerySet

OPEN, ALL = "open", "all"
#: As many deals of a name are looked up by their keys.
FEW = 500
#: For a name that was probably meant: the letters that are taken to be right, the deals that are looked at, and the
#: share of letters that must agree.
SURE, NEAR, LIKE_ENOUGH = 3, 100, 0.75


def before(*pair: Any) -> Func:
    """(a, b) < (x, y) as one comparison, which the index that yields the order can answer."""
    a, b, x, y = pair
    sides = Func(a, b, function="ROW"), Func(x, y, function="ROW")
    return Func(*sides, template="%(expressions)s", arg_joiner=" < ", output_field=BooleanField())


class Spot(NamedTuple):
    """A place in a list of deals, newest first: right after this deal."""

    created_at: datetime
    id: UUID

    @classmethod
    def parse(cls, text: str) -> Spot | None:
        """The spot that an address carries; None for anything else."""
        moment, _, key = text.partition("_")
        try:
            return cls(datetime.fromisoformat(moment), UUID(key)) if moment.endswith("+00:00") else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.created_at.isoformat()}_{self.id.hex}"


@dataclass(frozen=True, kw_only=True)
class DealFilter:
    """Which deals a list shows. standing: OPEN, ALL or an end cause; words: part of a deal's or a company's name."""

    standing: str = OPEN
    stage: UUID | None = None
    owner: UUID | None = None
    words: str = ""


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
    if wanted.stage:
        deals = deals.filter(stage_id=wanted.stage)
    if wanted.owner:
        deals = deals.filter(owner_id=wanted.owner)
    if wanted.words:
        deals = deals.filter(named_like(wanted.words))
    return deals


def named_like(words: str) -> Q:
    """Deals whose own name or whose company's name contains the words, whatever the case and the spaces.

    One or two letters are the beginning of a name: no index knows where in the middle so few of them stand.
    """
    own, company = "".join(words.lower().split()), name_key(words)
    anywhere = len(own) > 2
    near = called(own, company, anywhere=anywhere)
    if len(near) <= FEW:
        return Q(pk__in=near)
    # So many that the newest of them are soon found by looking at each.
    how = "name_key__contains" if anywhere else "name_key__startswith"
    return Q((how, own)) | Q(company_id__in=Company.objects.filter(Q((how, company))).values("pk"))


def called(own: str, company: str, *, anywhere: bool) -> list[UUID]:
    """The deals with this key in their name or in their company's; more than FEW of them where there are more.

    Behind the wall no index answers LIKE: the operator may not see a row before the wall has let it through. The
    function reads the index, of the tenant of this transaction alone.
    """
    patterns = [f"{'%' if anywhere else ''}{to_the_letter(key)}%" for key in (own, company)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT deal_id FROM gate.deals_called(%s, %s, %s)", [*patterns, FEW + 1])
        return [key for (key,) in cursor.fetchall()]


def name_near(words: str) -> str:
    """The name that was probably meant, of those that begin with the same letters and that a list would show."""
    typed = words.casefold()
    deals = page_of(narrowed(DealFilter(standing=ALL, words=typed[:SURE])), after=None, size=NEAR).deals
    names = {deal.name for deal in deals} | {deal.company.name for deal in deals if deal.company}

    def likeness(name: str) -> float:
        # Only so much of the name as was typed: somebody stopped when nothing was found.
        return SequenceMatcher(None, typed, name.casefold()[: len(typed) + 1]).ratio()

    nearest = max(sorted(names), key=likeness, default="")
    return nearest if nearest and likeness(nearest) >= LIKE_ENOUGH else ""


def to_the_letter(key: str) -> str:
    """The key as LIKE takes it by the letter."""
    return key.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def page_of(deals: DealQuerySet, *, after: Spot | None, size: int) -> DealPage:
    """One page of deals, newest first, with what a row shows.

    The keys first, from an index; the rows and their company, stage and owner for those only.
    """
    if after:
        deals = deals.filter(before(F("created_at"), F("pk"), Value(after.created_at), Value(after.id)))
    newest = list(deals.order_by("-created_at", "-pk").values_list("created_at", "pk")[: size + 1])
    shown = newest[:size]
    return DealPage(
        deals=in_order([key for _, key in shown]),
        more=Spot(*shown[-1]) if len(newest) > size else None,
    )


def in_order(keys: list[UUID]) -> list[Deal]:
    """The deals of these keys, in their order, with company, stage and owner at hand."""
    rows = Deal.objects.filter(pk__in=keys).select_related("company", "stage", "owner")
    found = {deal.pk: deal for deal in rows}
    return [found[key] for key in keys if key in found]


def deal(key: UUID) -> Deal:
    """One deal with what its page shows. Raises Deal.DoesNotExist."""
    return Deal.objects.select_related("company", "stage", "owner", "end_reason").get(pk=key)


def stages() -> list[Stage]:
    """Every stage, in the order of the pipelines."""
    return list(Stage.objects.select_related("pipeline").order_by("pipeline__position", "position"))


def stages_of(pipeline: Pipeline) -> list[Stage]:
    """The stages of a pipeline, archived ones too, in order."""
    return list(Stage.objects.filter(pipeline=pipeline).order_by("position"))


def pipelines() -> list[Pipeline]:
    """Every pipeline, archived ones too, in order."""
    return list(Pipeline.objects.order_by("position", "name"))


def open_deals_called(words: str, *, most: int) -> list[Deal]:
    """Open deals to choose from by a part of their name; an exact name comes first."""
    found = Deal.objects.real().open().filter(named_like(words))
    near = list(found.select_related("company").order_by("-created_at", "-pk")[: most * 4])
    return sorted(near, key=lambda deal: deal.name.casefold() != words.strip().casefold())[:most]


def latest_open_deals(*, owner: UUID | None, most: int) -> list[Deal]:
    """A member's newest open deals, or everybody's."""
    deals = Deal.objects.real().open()
    if owner:
        deals = deals.filter(owner_id=owner)
    return list(deals.select_related("company").order_by("-created_at", "-pk")[:most])


def has_deals() -> bool:
    """Whether the organisation has any deal at all, seen or not: otherwise it is still at its beginning."""
    with of_everybody():
        return Deal.objects.exists()


def how_many_open_deals_of(owner: UUID) -> int:
    """How many open deals a member has, of those that whoever asks sees."""
    return Deal.objects.real().open().filter(owner_id=owner).count()
