"""The page of one deal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET

from accounts.imports import layouts
from accounts.permissions import allows
from activities import queries as activities
from frontend import mutual_plan, words
from frontend.access import may
from frontend.http import TenantRequest, deal_or_404, page, wants_part
from frontend.milestones import evidence_of
from frontend.parts import Action, Crumb, Item, Menu, Tab
from frontend.path import Reader, outcome_path, reader_of
from frontend.timeline import lines
from frontend.views import confirmations
from frontend.views.contacts import deciding
from frontend.views.customers import own_facts
from outcomes.models import MilestoneEvent
from outcomes.queries import path as outcomes
from strategy import queries
from strategy.models import Deal

#: As many entries of a timeline as a person reads at once.
ENTRIES = 30


@require_GET
@may("deal.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One deal: its facts, what the customer agreed, and what happened."""
    deal, reader = deal_or_404(pk), reader_of(request)
    same = queries.with_merged([deal.pk])
    ledger = outcomes.ledger_of(same)
    if wants_part(request):
        part = "entries" if "from" in request.GET else "timeline"
        context = timeline_of(request, deal, reader, activities.ticks_of(deal.pk), ledger)
        return page(request, "deals/detail.html", context, part=part)
    context = {
        "title": deal.name,
        "crumbs": [
            Crumb(words=gettext("Deals"), url=reverse("deals", args=[request.tenant.slug])),
            Crumb(words=deal.company.name if deal.company else deal.name),
        ],
        "facts": facts(deal, reader, request.tenant.slug),
        "actions": actions(request, deal),
        "menu": menu(request, deal),
        "about": about(deal, reader),
        **deciding(request, deal),
        "shown": evidence_of(ledger, reader, request.tenant.slug),
        **confirmations.part_of(request, deal, same, reader),
        "serves": serves(deal),
        "move": move(request, deal),
        "serve_url": edit_url(request, deal) if deal.segment is None else "",
        **now_part_of(request, deal),
        **mutual_plan.part(request, deal, today=reader.today),
    }
    return page(request, "deals/detail.html", context | parts_of(request, deal, ledger))


def now_part_of(request: TenantRequest, deal: Deal) -> dict[str, Any]:
    """What is said of a deal that turned out to be another one; of that one only to those who see it."""
    if deal.merged_into_id is None:
        return {"now_part_of": "", "kept": None}
    told: dict[str, Any] = {"now_part_of": gettext("This deal is part of another one now"), "kept": None}
    if kept := Deal.objects.filter(pk=deal.merged_into_id).first():
        told["now_part_of"] = gettext("This deal is part of {name} now").format(name=kept.name)
        told["kept"] = Action(words=gettext("Go there"), url=reverse("deal", args=[request.tenant.slug, kept.pk]))
    return told


def edit_url(request: TenantRequest, deal: Deal) -> str:
    """Where what is known of the deal is changed; empty where it cannot be."""
    if deal.merged_into_id is not None or not allows(request.membership, "deal.move"):
        return ""
    return reverse("deal-edit", args=[request.tenant.slug, deal.pk])


def move(request: TenantRequest, deal: Deal) -> Action | None:
    """The way into another stage, beside the one in which the deal is."""
    if not edit_url(request, deal):
        return None
    return Action(words=move_words(deal), url=reverse("deal-move", args=[request.tenant.slug, deal.pk]), dialog=True)


def parts_of(request: TenantRequest, deal: Deal, ledger: Sequence[MilestoneEvent]) -> dict[str, Any]:
    """The parts of a deal's page that an entry changes: its path, and what happened."""
    reader, ticks = reader_of(request), activities.ticks_of(deal.pk)
    nodes = outcome_path(deal, *outcomes.path_of(deal.pk), ticks, reader)
    return {"deal": deal, "nodes": nodes, **timeline_of(request, deal, reader, ticks, ledger)}


def timeline_of(
    request: TenantRequest,
    deal: Deal,
    reader: Reader,
    ticks: Sequence[activities.Tick],
    ledger: Sequence[MilestoneEvent],
) -> dict[str, Any]:
    """The part of the timeline that an address asks for."""
    show = request.GET.get("show", activities.ALL)
    show = show if show in outcomes.SHOWS else activities.ALL
    start = whole_number(request.GET.get("from", "0"))
    found = outcomes.what_happened(
        deal.pk, ledger=ledger, ticks=ticks, show=show, start=start, size=ENTRIES, zone=reader.zone
    )
    url = reverse("deal", args=[request.tenant.slug, deal.pk])
    left = found.counts[show] - start - ENTRIES
    return {
        "lines": lines(found.entries, reader),
        "tabs": tabs(found.counts, show, url),
        "tabs_label": gettext("Show"),
        "earlier_url": f"{url}?show={show}&from={start + ENTRIES}#timeline" if found.more else "",
        "earlier_words": ngettext("Show {n} earlier", "Show {n} earlier", left).format(n=words.number(left)),
        "is_filtered": show != activities.ALL,
    }


def whole_number(text: str) -> int:
    """A count from an address; 0 for anything that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def tabs(counts: Mapping[str, int], shown: str, url: str) -> list[Tab]:
    """The ways to look at the timeline, each with how much it holds."""
    named = {
        activities.ALL: gettext("All {n}"),
        activities.OUTPUTS: gettext("Outputs {n}"),
        outcomes.OUTCOMES: gettext("Outcomes {n}"),
        activities.NO_RESULT: gettext("No result {n}"),
    }
    return [
        Tab(
            words=sentence.format(n=words.number(counts[show])),
            url=f"{url}?show={show}#timeline",
            chosen=show == shown,
        )
        for show, sentence in named.items()
    ]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The line under a deal's title."""

    company: str
    company_url: str
    value: str
    due: str
    owner: str
    stage: str


def facts(deal: Deal, reader: Reader, slug: str) -> Facts:
    """What a deal is, in one line."""
    return Facts(
        company=deal.company.name if deal.company else "",
        company_url=reverse("company", args=[slug, deal.company_id]) if deal.company_id else "",
        value=words.money(deal.amount, deal.currency) if deal.amount is not None else "",
        due=words.day(deal.expected_close_on, today=reader.today) if deal.expected_close_on and deal.is_open else "",
        owner=deal.owner.name if deal.owner else "",
        stage=(gettext("CRM stage: {stage}") if deal.source else gettext("Stage: {stage}")).format(
            stage=deal.stage.name
        ),
    )


def about(deal: Deal, reader: Reader) -> list[tuple[str, str]]:
    """Facts that stand beside the timeline: names with what they are."""
    known: list[tuple[str, date | str | None]] = [
        (gettext("Qualified"), deal.qualified_on),
        (gettext("Value then"), money_then(deal)),
        (gettext("Criteria"), deal.qualification_note),
        (gettext("In this stage"), deal.entered_stage_on if deal.is_open else None),
        (gettext("Expected"), deal.expected_close_on if deal.is_open else None),
        (gettext("Ended"), deal.closed_on),
        (gettext("How"), deal.get_end_cause_display() if deal.end_cause else ""),
        (gettext("Reason"), end_reason(deal)),
        (gettext("Reason, by the customer"), confirmations.reason_told(deal) if deal.end_cause else ""),
        (gettext("Lost to"), deal.competitor.name if deal.competitor else ""),
        (gettext("Source"), deal.came_from.name if deal.came_from else ""),
        (gettext("Came from"), source_name(deal.source)),
        (gettext("Number there"), deal.external_id),
    ]
    told = [
        (name, words.day(fact, today=reader.today) if isinstance(fact, date) else fact) for name, fact in known if fact
    ]
    return told + own_facts(queries.attributes_of_deals() if deal.attributes else [], deal.attributes)


def serves(deal: Deal) -> list[tuple[str, str]]:
    """What of the strategy a deal serves."""
    known = [
        (gettext("Strategy"), deal.strategy),
        (gettext("Segment"), deal.segment),
        (gettext("Play"), deal.play),
    ]
    return [(name, row.name) for name, row in known if row is not None]


def source_name(source: str) -> str:
    """What people call a system that rows came from; its own short name where no preset knows it."""
    return next((str(known.title) for known in layouts.presets() if known.name == source), source)


def money_then(deal: Deal) -> str:
    """The value at qualification, where it differs from today's."""
    then = deal.amount_at_qualification
    return words.money(then, deal.currency) if then is not None and then != deal.amount else ""


def end_reason(deal: Deal) -> str:
    if not deal.end_cause or deal.end_cause == "won":
        return ""
    return deal.end_reason.name if deal.end_reason else gettext("Not recorded")


def actions(request: TenantRequest, deal: Deal) -> list[Action]:
    """What the member does on a deal every day; the rest is in the menu."""
    slug, offered = request.tenant.slug, []
    if deal.merged_into_id is not None:
        return []
    if deal.is_open and allows(request.membership, "milestone.record"):
        offered.append(
            Action(
                words=gettext("Record an outcome"),
                url=reverse("milestone-new", args=[slug, deal.pk]),
                mark="outcome",
                dialog=True,
            )
        )
    if allows(request.membership, "activity.log"):
        offered.append(
            Action(
                words=gettext("Log activity"),
                url=f"{reverse('log', args=[slug])}?deal={deal.pk}",
                icon="plus",
                key="L",
                solid=True,
                dialog=True,
            )
        )
    return offered


def menu(request: TenantRequest, deal: Deal) -> Menu | None:
    """What else can be done with a deal."""
    slug, items = request.tenant.slug, []
    if deal.merged_into_id is not None:
        return None
    if url := edit_url(request, deal):
        items.append(Item(words=move_words(deal), url=reverse("deal-move", args=[slug, deal.pk]), dialog=True))
        items.append(Item(words=gettext("Change"), url=url))
    if allows(request.membership, "deal.merge"):
        items.append(Item(words=gettext("Merge"), url=reverse("deal-merge", args=[slug, deal.pk])))
    return Menu(key="deal", label=gettext("More for {name}").format(name=deal.name), items=items) if items else None


def move_words(deal: Deal) -> str:
    return gettext("Move or close") if deal.is_open else gettext("Open again")
