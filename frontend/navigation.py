"""Where the side bar and the tab bar lead. Only pages that exist stand here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.permissions import allows
from frontend.parts import Place, Shelf

if TYPE_CHECKING:
    from django.http import HttpRequest

    from frontend.http import TenantRequest


@dataclass(frozen=True, kw_only=True)
class Way:
    """A page of the organisation that the navigation offers to those who may open it.

    below: pages whose address begins with this one's also count as being there.
    """

    words: object
    name: str
    icon: str
    capability: str
    of_organisation: bool = True


TODAY = Way(words=_("Today"), name="today", icon="today", capability="activity.log")
DEALS = Way(words=_("Deals"), name="deals", icon="deals", capability="deal.see")
COMPANIES = Way(words=_("Companies"), name="companies", icon="company", capability="company.see")
PLAN = Way(words=_("Plan"), name="plan", icon="clock", capability="activity.see")
EXECUTION = Way(words=_("Execution"), name="execution", icon="exec", capability="statistics.see")
STRATEGY = Way(words=_("Strategy"), name="strategies", icon="strategy", capability="strategy.see")
IMPORTS = Way(words=_("Imports"), name="imports", icon="upload", capability="import.see")
IMPORT_NEW = Way(words=_("Import"), name="import-new", icon="upload", capability="import.run")
API = Way(
    words=_("API"),
    name="api-reference",
    icon="code",
    capability="organisation.see",
    of_organisation=False,
)
SETTINGS = Way(words=_("Settings"), name="settings", icon="gear", capability="organisation.see")

#: The pages of the settings by heading, each one form or one list; `settings/` itself lists them.
YOURS = (
    Way(words=_("Profile"), name="account", icon="", capability="organisation.see", of_organisation=False),
    Way(
        words=_("Password"),
        name="account_change_password",
        icon="",
        capability="organisation.see",
        of_organisation=False,
    ),
    Way(words=_("Two-step sign-in"), name="mfa_index", icon="", capability="organisation.see", of_organisation=False),
    Way(words=_("Sessions"), name="usersessions_list", icon="", capability="organisation.see", of_organisation=False),
    Way(words=_("API tokens"), name="tokens", icon="", capability="token.make"),
)
OF_ORGANISATION = (
    Way(words=_("General"), name="settings-general", icon="", capability="organisation.edit"),
    Way(words=_("Statistics and visibility"), name="settings-figures", icon="", capability="organisation.edit"),
    Way(words=_("People"), name="people", icon="", capability="member.see"),
    Way(words=_("Teams"), name="teams", icon="", capability="team.see"),
    Way(words=_("Sign-in rules"), name="settings-sign-in", icon="", capability="organisation.secure"),
    Way(words=_("Webhooks"), name="webhooks", icon="", capability="webhook.edit"),
    Way(words=_("Who did what"), name="audit", icon="", capability="audit.see"),
    Way(words=_("Operators who looked"), name="operators-who-looked", icon="", capability="audit.see"),
)
OF_DEALS = (
    Way(words=_("Pipelines"), name="pipelines", icon="", capability="pipeline.edit"),
    Way(words=_("Outcomes"), name="milestone-types", icon="", capability="pipeline.edit"),
    Way(words=_("Reasons"), name="reasons", icon="", capability="pipeline.edit"),
    Way(words=_("Competitors and sources"), name="competitors", icon="", capability="pipeline.edit"),
    Way(words=_("Attributes"), name="attributes", icon="", capability="pipeline.edit"),
    Way(words=_("Exchange rates"), name="exchange-rates", icon="", capability="pipeline.edit"),
)
OF_WORK = (
    Way(words=_("Types of activities"), name="activity-types", icon="", capability="pipeline.edit"),
    Way(words=_("Types of outputs"), name="output-types", icon="", capability="pipeline.edit"),
)
SETTINGS_SHELVES: Sequence[tuple[object, Sequence[Way]]] = (
    (_("You"), YOURS),
    (_("Organisation"), OF_ORGANISATION),
    (_("Deals"), OF_DEALS),
    (_("Activities"), OF_WORK),
)

SHELVES: Sequence[tuple[object, Sequence[Way]]] = (
    ("", (TODAY, PLAN, DEALS, COMPANIES)),
    (pgettext_lazy("navigation", "Team"), (EXECUTION, STRATEGY)),
    (pgettext_lazy("navigation", "Workspace"), (IMPORTS, API, SETTINGS)),
)
#: The tab bar of phones, in order; what does not fit beside Log is in the side bar and in the settings.
TABS = (TODAY, DEALS, STRATEGY, EXECUTION, IMPORTS, API, SETTINGS)
BESIDE_LOG = 4
#: What gives way first where there are more: work at a desk, which is also found by searching.
AT_A_DESK = (API, IMPORTS, STRATEGY)


def place(way: Way, request: TenantRequest) -> Place:
    """The way as a link, marked when the reader stands there or below."""
    url = address_of(way, request.tenant.slug)
    return Place(words=str(way.words), url=url, icon=way.icon, here=request.path.startswith(url))


def address_of(way: Way, slug: str = "x") -> str:
    """The address of a page; empty where the site map has no such page."""
    try:
        return reverse(way.name, args=[slug] if way.of_organisation else [])
    except NoReverseMatch:
        return ""


def places(ways: Sequence[Way], request: TenantRequest) -> list[Place]:
    """Those of the ways that the member may open."""
    return [place(way, request) for way in ways if allows(request.membership, way.capability) and address_of(way)]


def tabs(request: TenantRequest) -> tuple[list[Place], list[Place]]:
    """The tab bar of a member: what stands before Log, and what after it. Log is in the middle."""
    found = places(TABS, request)
    for way in AT_A_DESK:
        if len(found) > BESIDE_LOG:
            found = [tab for tab in found if tab.icon != way.icon]
    middle = len(found) // 2
    return found[:middle], found[middle:]


def beside_tabs(request: TenantRequest) -> list[Place]:
    """What a phone has no tab for: the settings lead there."""
    before, after = tabs(request)
    known = {tab.url for tab in (*before, *after)}
    return [place for _heading, ways in SHELVES for place in places(ways, request) if place.url not in known]


def shelves(request: TenantRequest) -> list[Shelf]:
    """The side bar of a member."""
    return shelved(SHELVES, request)


def settings_shelves(request: TenantRequest) -> list[Shelf]:
    """The pages of the settings that a member may open."""
    return at_one_place(shelved(SETTINGS_SHELVES, request))


def own_shelves(request: HttpRequest) -> list[Shelf]:
    """The pages of the settings that are a person's own, on a page outside of any organisation."""
    heading, ways = SETTINGS_SHELVES[0]
    found = [(way, address_of(way)) for way in ways if not way.of_organisation]
    places = [
        Place(words=str(way.words), url=url, icon=way.icon, here=request.path.startswith(url))
        for way, url in found
        if url
    ]
    return at_one_place([Shelf(heading=str(heading), places=places)])


def at_one_place(shelves: Sequence[Shelf]) -> list[Shelf]:
    """The shelves with the reader at one place only: the address of one page may begin that of another."""
    here = max((place.url for shelf in shelves for place in shelf.places if place.here), key=len, default="")
    return [
        replace(shelf, places=[replace(place, here=place.url == here) for place in shelf.places]) for shelf in shelves
    ]


def shelved(of: Sequence[tuple[object, Sequence[Way]]], request: TenantRequest) -> list[Shelf]:
    made = [Shelf(heading=str(heading), places=places(ways, request)) for heading, ways in of]
    return [shelf for shelf in made if shelf.places]
