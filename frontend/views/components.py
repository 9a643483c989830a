"""Every component in the state that is hardest to get right, made of the real templates. For developers only."""

from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from frontend.access import public
from frontend.forms.pick import Pick, Ticks
from frontend.parts import Action, Crumb, Head, Item, Menu, Place, Shelf, Tab
from frontend.views.search import Group, Hit

HERE = "/components/"
SWATCHES = (
    "canvas surface inset hover line control ink3 ink2 ink outcomesoft outcome wastesoft waste error focus"
    " loss1 loss2 loss3 loss4 loss5 cat1 cat2 cat3 cat4"
)


class Agreed(forms.Form):
    """A form whose words and day cannot be used."""

    goal = forms.CharField(
        label=_("What did they agree?"),
        help_text=_("In their words. They will read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the goal in the customer's words")},
    )
    who = forms.ChoiceField(label=_("Who agreed?"), choices=[("1", "Ingrid Falk, COO")])
    on = forms.DateField(
        label=_("They decide by"),
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric"}),
        error_messages={"invalid": _("Give a date after 24 November 2026")},
    )
    gave = forms.ChoiceField(
        label=_("And it gave"),
        widget=Pick(drawn={"output": {"mark": "output", "mark_css": "mk"}}),
        choices=[("nothing", _("Nothing yet")), ("output", _("An output"))],
    )
    may = forms.MultipleChoiceField(
        label=_("It may"), widget=Ticks, choices=[("read", _("Read deals")), ("write", _("Move deals"))]
    )
    told = forms.BooleanField(label=_("Tell them when it was opened"), required=False)


@public(because="it shows made-up things, and only where DEBUG is on")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    return render(request, "components.html", layout() | pieces())


def layout() -> dict[str, Any]:
    """What the layout of an organisation asks for, without one."""
    first, last = Place(words=_("Deals"), url=HERE, icon="deals"), Place(words=_("Settings"), url=HERE, icon="gear")
    return {
        "title": _("Components and states"),
        "crumbs": [Crumb(words=_("Components and states"))],
        "organisation": SimpleNamespace(name="Halden Controls", slug="halden"),
        "member": SimpleNamespace(name="Priya Raman", user_id=""),
        "shelves": [Shelf(places=[first]), Shelf(heading=_("Workspace"), places=[last])],
        "tabs_around_log": ([first], [last]),
        "jump_url": HERE,
        "log_url": "",
    }


def pieces() -> dict[str, Any]:
    """One of each, in its hardest state."""
    form = Agreed({"goal": "", "who": "1", "on": "18 12 2025", "gave": "output", "may": ["read"]})
    return {
        "swatches": SWATCHES.split(),
        "buttons": [
            Action(words=_("Log activity"), url=HERE, icon="plus", key="L", solid=True),
            Action(words=_("Record an outcome"), url=HERE, mark="outcome"),
            Action(words=_("Import past deals"), url=HERE, icon="upload"),
        ],
        "menu": Menu(key="brightwater", label=_("Move Brightwater Utilities"), items=moves()),
        "form": form,
        "groups": groups(),
        "example": "Brightwater Utilities",
        "jump_url": HERE,
        "heads": [Head(words=_("Deal")), Head(words=_("Value"), right=True), Head(words=_("Move"), silent=True)],
        "tabs": [Tab(words=_("All 23"), url=HERE, chosen=True), Tab(words=_("Outputs 7"), url=HERE)],
        "steps": [
            {"words": _("Upload"), "done": True},
            {"words": _("Check"), "here": True},
            {"words": _("Run")},
        ],
        "record": Action(words=_("Record the goal"), url=HERE),
        "import_action": Action(words=_("Import past deals"), url=HERE, icon="upload"),
        "settle": Action(words=_("See these deals"), url=HERE),
    }


def moves() -> list[Item]:
    return [
        Item(words=_("Record decision plan agreed"), url=HERE),
        Item(words=_("Take back workshop sponsored"), url=HERE, post=True),
        Item(words=_("Close this deal"), url=HERE),
    ]


def groups() -> list[Group]:
    """What "bri" finds."""
    deals = [
        Hit(marked=("", "Bri", "ghtwater Utilities"), url=HERE, icon="deals", beside="€184,000"),
        Hit(marked=("Cam", "bri", "an Dairy"), url=HERE, icon="deals", beside="€58,000"),
    ]
    people = [Hit(marked=("", "Bri", "gid Moran"), url=HERE, icon="meet", beside="Kestrel Foods")]
    deeds = [Hit(marked=(_("Log activity on "), "Bri", "ghtwater"), url=HERE, icon="plus", key="L")]
    return [
        Group(key="deals", heading=_("Deals"), hits=deals),
        Group(key="people", heading=_("People"), hits=people),
        Group(key="do", heading=_("Do"), hits=deeds),
    ]
