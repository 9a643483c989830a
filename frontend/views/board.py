"""The board: the list of deals with a column for each stage of one pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.permissions import allows
from frontend import words
from frontend.forms.deals import DealFilterForm
from frontend.http import TenantRequest, page, wants_part
from strategy import board
from strategy.models import Deal, Stage

#: As many cards of a stage as a screen holds.
CARDS = 12


@dataclass(frozen=True, kw_only=True)
class Card:
    """A deal on the board."""

    key: str
    name: str
    url: str
    company: str
    value: str
    waits: str
    late: bool
    move_url: str
    version: int


@dataclass(frozen=True, kw_only=True)
class LaneShown:
    """A stage with its cards, in words."""

    key: str
    name: str
    ends: bool
    said: str
    cards: list[Card]
    more_url: str


def shown(request: TenantRequest, form: DealFilterForm, context: dict[str, object]) -> HttpResponse:
    """The board of the pipeline that was asked for, else of the first."""
    wanted = form.wanted()
    offered = [one for one in form.stages if not one.is_archived]
    of_these = [one for one in offered if not one.pipeline.is_archived]
    key = form.pipeline_key or (of_these[0].pipeline_id if of_these else None)
    stages = [one for one in offered if one.pipeline_id == key]
    here = request.get_full_path()
    lanes = board.lanes(stages[0].pipeline, stages, wanted, most=CARDS) if stages else []
    asked = request.GET.copy()
    asked.pop("view", None)
    context |= {
        "lanes": [lane(one, request, here, asked.copy()) for one in lanes],
        "may_move": allows(request.membership, "deal.move"),
        "here": here,
    }
    # The part that a filter changes is the list's own, which knows how a board looks.
    return page(request, "deals/list.html" if wants_part(request) else "deals/board.html", context, part="found")


def lane(one: board.Lane, request: TenantRequest, here: str, asked: object) -> LaneShown:
    slug = request.tenant.slug
    today = request.tenant.day_of(timezone.now())
    asked["stage"] = str(one.stage.pk)  # type: ignore[index]
    rest = one.many - len(one.deals)
    said = words.deals(one.many)
    if one.worth:
        said = gettext("{deals}, {money}").format(
            deals=said, money=words.short_money(one.worth, request.tenant.currency)
        )
    return LaneShown(
        key=str(one.stage.pk),
        name=one.stage.name,
        ends=not one.stage.is_open,
        said=said,
        cards=[card(deal, one.stage, slug, here, today) for deal in one.deals],
        more_url=f"{reverse('deals', args=[slug])}?{asked.urlencode()}" if rest > 0 else "",  # type: ignore[attr-defined]
    )


def waited(days: int | None) -> str:
    if not days:
        return "" if days is None else gettext("Here since today")
    return gettext("Here for {days}").format(days=words.days(days))


def card(deal: Deal, stage: Stage, slug: str, here: str, today: object) -> Card:
    stood = (today - deal.entered_stage_on).days if deal.entered_stage_on and deal.is_open else None  # type: ignore[operator]
    late = stood is not None and stage.patience_days is not None and stood > stage.patience_days
    return Card(
        key=str(deal.pk),
        name=deal.name,
        url=reverse("deal", args=[slug, deal.pk]),
        company=deal.company.name if deal.company else "",
        value=words.money(deal.amount, deal.currency) if deal.amount is not None else "",
        waits=waited(stood),
        late=late,
        move_url=f"{reverse('deal-move', args=[slug, deal.pk])}?{urlencode({'back': here})}",
        version=deal.version,
    )
