"""Search, and jumping to a deal, a person or a page: the palette, and a page of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts import queries as accounts
from accounts.models import Membership
from accounts.permissions import allows
from frontend import navigation, words
from frontend.access import may
from frontend.http import TenantRequest, page
from frontend.parts import Crumb
from strategy import customer_queries, lookups, queries
from strategy.lookups import Called
from strategy.models import Deal

#: As many of each kind as fit in one look.
DEALS, OTHERS, PEOPLE, DEEDS = 7, 4, 4, 6
LONGEST = 100


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something to jump to. marked: its words, cut into what stands before, in, and after what was typed.

    dialog: it opens over the page where there is a script; key: the single key that does the same.
    """

    marked: tuple[str, str, str]
    url: str
    icon: str
    beside: str = ""
    dialog: bool = False
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Hits of one kind."""

    key: str
    heading: str
    hits: Sequence[Hit]


@require_GET
@may("organisation.see")
def jump(request: TenantRequest) -> HttpResponse:
    """What is called like the words typed, among what the member may see; before any are typed, what is near."""
    typed = " ".join(request.GET.get("q", "").split())[:LONGEST]
    kinds = {lookups.DEALS: "deal.see", lookups.COMPANIES: "company.see", lookups.CONTACTS: "company.see"}
    seen = [kind for kind, capability in kinds.items() if allows(request.membership, capability)]
    near = lookups.called(typed, *seen) if typed and seen else None
    deals = deals_called(request, near)
    groups = [
        Group(key="deals", heading=gettext("Deals"), hits=[deal_hit(deal, typed, request) for deal in deals]),
        *customers(request, typed, near),
        Group(key="people", heading=gettext("People"), hits=people(request, typed)),
        Group(key="do", heading=gettext("Do"), hits=deeds(request, typed, deals)),
    ]
    found = [group for group in groups if group.hits]
    context = {
        "title": gettext("Search"),
        "crumbs": [Crumb(words=gettext("Search"))],
        "typed": typed,
        "longest": LONGEST,
        "groups": found,
        "nearest": queries.name_near(typed) if not found and allows(request.membership, "deal.see") else "",
        "jump_url": reverse("jump", args=[request.tenant.slug]),
    }
    return page(request, "search/palette.html", context, part="results" if "q" in request.GET else "dialog")


def deals_called(request: TenantRequest, near: Called | None) -> list[Deal]:
    """The newest deals that are called so; those that begin with the words first, open ones before."""
    if not allows(request.membership, "deal.see"):
        return []
    if near is None:
        return queries.latest_open_deals(owner=request.membership.pk, most=DEALS)
    found = queries.newest_called(near, most=DEALS * 3)
    return sorted(found, key=lambda deal: (not begins(deal, near.words), not deal.is_open))[:DEALS]


def begins(deal: Deal, typed: str) -> bool:
    """Whether the deal's or its company's name begins with the words."""
    names = (deal.name, deal.company.name if deal.company else "")
    return any(name.casefold().startswith(typed.casefold()) for name in names)


def deal_hit(deal: Deal, typed: str, request: TenantRequest) -> Hit:
    company = deal.company.name if deal.company and deal.company.name != deal.name else ""
    value = words.money(deal.amount, deal.currency) if deal.amount is not None else ""
    return Hit(
        marked=marked(f"{deal.name}, {company}" if company else deal.name, typed),
        url=reverse("deal", args=[request.tenant.slug, deal.pk]),
        icon="deals",
        beside=value if deal.is_open else str(deal.get_end_cause_display()),
    )


def customers(request: TenantRequest, typed: str, near: Called | None) -> list[Group]:
    """Companies, contacts and strategies called like this."""
    if near is None:
        return []
    slug, found = request.tenant.slug, []
    if allows(request.membership, "company.see"):
        firms = customer_queries.companies_called(near, most=OTHERS)
        hits = [hit(one.name, typed, reverse("company", args=[slug, one.pk]), "company", one.country) for one in firms]
        found.append(Group(key="companies", heading=gettext("Companies"), hits=hits))
        persons = customer_queries.contacts_called(near, most=OTHERS)
        hits = [
            hit(
                one.name,
                typed,
                reverse("contact", args=[slug, one.pk]),
                "meet",
                one.company.name if one.company else "",
            )
            for one in persons
        ]
        found.append(Group(key="contacts", heading=gettext("Contacts"), hits=hits))
    if allows(request.membership, "strategy.see"):
        found.append(Group(key="strategies", heading=gettext("Strategies"), hits=strategies(slug, typed)))
    return found


def strategies(slug: str, typed: str) -> list[Hit]:
    """Strategies called like this."""
    return [
        hit(one.name, typed, reverse("strategy", args=[slug, one.pk]), "strategy", str(one.get_state_display()))
        for one in customer_queries.strategies_called(typed, most=OTHERS)
    ]


def hit(name: str, typed: str, url: str, icon: str, beside: str) -> Hit:
    return Hit(marked=marked(name, typed), url=url, icon=icon, beside=beside)


def people(request: TenantRequest, typed: str) -> list[Hit]:
    """Members called like this, each with the way to the deals they own."""
    if not typed or not allows(request.membership, "member.see"):
        return []
    return [person(member, typed, request) for member in accounts.members_called(typed, most=PEOPLE)]


def person(member: Membership, typed: str, request: TenantRequest) -> Hit:
    url = reverse("deals", args=[request.tenant.slug])
    return Hit(
        marked=marked(member.name, typed),
        url=f"{url}?standing=all&whose={member.pk}",
        icon="meet",
        beside=str(member.get_role_display()),
    )


def deeds(request: TenantRequest, typed: str, deals: Sequence[Deal]) -> list[Hit]:
    """What the member may do, on the deal that was found first too, and the pages they may open."""
    slug, offered = request.tenant.slug, []
    about = next((deal for deal in deals if deal.is_open), None) if typed else None
    if about and allows(request.membership, "activity.log"):
        offered.append(
            done_on(
                gettext("Log activity on {deal}"),
                about,
                typed,
                f"{reverse('log', args=[slug])}?deal={about.pk}",
                "plus",
            )
        )
    if about and allows(request.membership, "milestone.record"):
        offered.append(
            done_on(
                gettext("Record an outcome on {deal}"),
                about,
                typed,
                reverse("milestone-new", args=[slug, about.pk]),
                "check",
            )
        )
    if allows(request.membership, "activity.log") and is_in(gettext("Log activity"), typed):
        url = reverse("log", args=[slug])
        offered.append(Hit(marked=marked(gettext("Log activity"), typed), url=url, icon="plus", dialog=True, key="L"))
    shelves = navigation.shelves(request) + (navigation.settings_shelves(request) if typed else [])
    places = [place for shelf in shelves for place in shelf.places if is_in(place.words, typed)]
    offered += [
        Hit(marked=marked(place.words, typed), url=place.url, icon=place.icon or "gear", beside=gettext("Page"))
        for place in places
    ]
    return offered[:DEEDS]


def done_on(sentence: str, deal: Deal, typed: str, url: str, icon: str) -> Hit:
    return Hit(marked=marked(sentence.format(deal=deal.name), typed), url=url, icon=icon, dialog=True)


def is_in(name: str, typed: str) -> bool:
    return typed.casefold() in name.casefold()


def marked(name: str, typed: str) -> tuple[str, str, str]:
    """The name in three pieces, the middle one being what was typed; all in the first where it is not found."""
    folded = name.lower()
    at = folded.find(typed.lower()) if typed and len(folded) == len(name) else -1
    if at < 0:
        return name, "", ""
    end = at + len(typed)
    return name[:at], name[at:end], name[end:]
