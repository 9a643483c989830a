"""The pieces that a page hands to the shared templates in `templates/parts/`."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button that leads somewhere: a verb and its object.

    key: the single key that presses it; dialog: its page opens in a dialog where there is a script.
    """

    words: str
    url: str
    icon: str = ""
    mark: str = ""
    key: str = ""
    solid: bool = False
    dialog: bool = False


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of a menu: a link, or with `post` a deed that is done by pressing it.

    dialog: its page opens in a dialog where there is a script.
    """

    words: str
    url: str
    icon: str = ""
    post: bool = False
    dialog: bool = False


@dataclass(frozen=True, kw_only=True)
class Menu:
    """A button and what it offers, for `parts/menu.html`. key: unique on its page, such as `deal-7`.

    label: what it is about, heard by those who do not see the row it stands in: "Move Brightwater".
    """

    key: str
    label: str
    items: Sequence[Item]
    icon: str = "more"


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a column, for `{% table %}`. right: figures, at the right; silent: heard and not seen."""

    words: str
    right: bool = False
    silent: bool = False


@dataclass(frozen=True, kw_only=True)
class Crumb:
    """One step of the trail above a page; the last one is the page itself and has no address."""

    words: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One of a few ways to look at the same thing, each with its address. key: a word for programs, like a language."""

    words: str
    url: str
    chosen: bool = False
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page that the navigation leads to."""

    words: str
    url: str
    icon: str
    here: bool = False


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A group of places in the side bar."""

    places: Sequence[Place]
    heading: str = ""
