"""Where the side bar and the tab bar lead. Only pages that exist stand here."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.permissions import allows
from frontend.parts import Place, Shelf


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


DEALS = Way(words=_("Deals"), name="deals", icon="deals", capability="deal.see")
EXECUTION = Way(words=_("Execution"), name="execution", icon="exec", capability="statistics.see")
IMPORTS = Way(words=_("Imports"), name="imports", icon="upload", capability="import.see")
API = Way(
    words=_("API"),
    name="api-reference",
    icon="code",
    capability="token.own",
    of_organisation=False,
)
SETTINGS = Way(words=_("Settings"), name="settings", icon="gear", capability="settings.own")

SHELVES: Sequence[tuple[object, Sequence[Way]]] = (
    ("", (DEALS,)),
    (pgettext_lazy("navigation", "Team"), (EXECUTION,)),
    (pgettext_lazy("navigation", "Workspace"), (IMPORTS, API, SETTINGS)),
)
#: The tab bar of phones: two on each side of Log.
BEFORE_LOG, AFTER_LOG = (DEALS, IMPORTS), (EXECUTION, SETTINGS)


def place(way: Way, request: HttpRequest) -> Place:
    """The way as a link, marked when the reader stands there or below."""
    slug = request.tenant.slug
    url = reverse(way.name, args=[slug]) if way.of_organisation else reverse(way.name)
    return Place(words=str(way.words), url=url, icon=way.icon, here=request.path.startswith(url))


def places(ways: Sequence[Way], request: HttpRequest) -> list[Place]:
    """Those of the ways that the member may open."""
    return [place(way, request) for way in ways if allows(request.membership, way.capability)]


def shelves(request: HttpRequest) -> list[Shelf]:
    """The side bar of a member."""
    made = [Shelf(heading=str(heading), places=places(ways, request)) for heading, ways in SHELVES]
    return [shelf for shelf in made if shelf.places]
