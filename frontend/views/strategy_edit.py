"""Writing a strategy part by part: one form a page, and lists whose order can be changed."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.refusals import Invalid, Refused
from frontend import plan_words
from frontend.access import may
from frontend.forms.strategy import (
    ConditionsForm,
    DifferenceForm,
    GoalForm,
    ItemForm,
    PartForm,
    PersonaForm,
    TimeForm,
    ValueForm,
)
from frontend.forms.strategy_parts import PlayForm, SegmentForm
from frontend.http import TenantRequest, done, key_of, page
from frontend.parts import Action, Crumb
from frontend.views.strategy import crumbs, standing_or_404, today_of, url_of
from outcomes.queries.plan import types
from outcomes.services import write_strategy
from strategy.models import Attribute, Strategy
from strategy.plan.document import Document
from strategy.services.plan import StrategyChangedMeanwhile, StrategyIsOver
from strategy.strategies import Standing, working_text

FIELDS = {"value": ValueForm, "time": TimeForm, "conditions": ConditionsForm}
TITLES = {
    "goal": _("The goal"),
    "value": _("What customers achieve"),
    "time": _("How and when"),
    "conditions": _("What must be true"),
    "differences": _("Why us"),
    "personas": _("Personas"),
    "segments": _("Segments"),
    "plays": _("Plays"),
}
LEDES = {
    "goal": _("What do you want to reach, and how will you know?"),
    "value": _("A strategy begins with what is better for the customer."),
    "conditions": _("An alternative is judged by what would have to be true for it to work."),
    "differences": _("Reasons to buy from you and not from others, or not at all. The strongest first."),
    "personas": _("Whom you talk to, known by their titles and departments."),
    "segments": _("Whom you serve. A company belongs to a segment when every rule holds."),
    "plays": _("What you do for a segment, in order of importance."),
}
NEW = {
    "differences": _("Add a reason"),
    "personas": _("Add a persona"),
    "segments": _("Add a segment"),
    "plays": _("Add a play"),
}
#: Under which name a session keeps the part that it removed last.
REMOVED = "removed-part"
#: What a part that is removed is named by, in plays.
POINTED = {"segments": "segment", "differences": "difference", "personas": "persona"}


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """One part in the list of its kind."""

    key: str
    name: str
    beside: str
    url: str
    is_first: bool
    is_last: bool


def editable_or_404(pk: UUID) -> Standing:
    """The strategy of an address, unless it is over. Raises StrategyIsOver."""
    standing = standing_or_404(pk)
    if standing.strategy.state == Strategy.State.RETIRED:
        raise StrategyIsOver(strategy=standing.strategy.name)
    return standing


def back_url(request: TenantRequest, strategy: Strategy) -> str:
    """The page of the text that is being written."""
    url = url_of(request, "strategy", strategy)
    return url if strategy.state == Strategy.State.DRAFT else f"{url}?text=next"


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def fields(request: TenantRequest, pk: UUID, part: str) -> HttpResponse:
    """A part of which there is one: the goal, the value, the time, the conditions."""
    standing = editable_or_404(pk)
    text, strategy = working_text(standing), standing.strategy
    form = fields_form(request, part, text, strategy)
    if request.method == "POST" and form.is_valid() and written(request, standing, form):
        return done(request, back_url(request, strategy), gettext("Saved"))
    context = {
        "title": str(TITLES[part]),
        "lede": str(LEDES.get(part, "")),
        "crumbs": trail(request, strategy, Crumb(words=str(TITLES[part]))),
        "form": form,
        "button": gettext("Save the changes"),
        "back_url": back_url(request, strategy),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "strategy/deed.html", context, status=status)


def fields_form(request: TenantRequest, part: str, text: Document, strategy: Strategy) -> PartForm:
    given = request.POST if request.method == "POST" else None
    form: PartForm
    if part == "goal":
        form = GoalForm(given, text=text, currency=request.tenant.currency, today=today_of(request))
    else:
        form = FIELDS[part](given, text=text)
    form.initial["revision"] = strategy.revision
    return form


def trail(request: TenantRequest, strategy: Strategy, *steps: Crumb) -> list[Crumb]:
    return crumbs(request, Crumb(words=strategy.name, url=back_url(request, strategy)), *steps)


def written(request: TenantRequest, standing: Standing, form: PartForm, place: str = "") -> bool:
    """Store the text with the part as it was written, or tell in the form what stands against it."""
    strategy, text = standing.strategy, working_text(standing)
    whole = text.as_json()
    wanted = {**whole, **form.wanted(text)}
    try:
        store(request, strategy, wanted, form.cleaned_data["revision"])
    except StrategyChangedMeanwhile:
        told = gettext(
            "Somebody else has written on this strategy since you opened the page. Your words are kept here: look at"
            " what it says now, then save again."
        )
        form.add_error(None, told)
        form.read_again(strategy.revision)
    except Invalid as refusal:
        form.tell(refusal.fields, place)
    except Refused as refusal:
        form.add_error(None, str(refusal))
    return form.is_valid()


def store(request: TenantRequest, strategy: Strategy, wanted: Any, revision: int) -> None:
    """Write the text as it is wanted, as read at a revision."""
    write_strategy(strategy=strategy, content=wanted, actor=request.membership, at=timezone.now(), revision=revision)


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def parts(request: TenantRequest, pk: UUID, part: str) -> HttpResponse:
    """All parts of a kind in their order, which is changed here; each has a page of its own."""
    standing = editable_or_404(pk)
    strategy, problem = standing.strategy, ""
    if request.method == "POST":
        problem, removed = moved(request, standing, part)
        if removed:
            undo_url = url_of(request, f"strategy-{part}-put-back", strategy, UUID(removed["id"]))
            told = gettext("“{name}” is removed").format(name=removed["name"])
            return done(request, url_of(request, f"strategy-{part}", strategy), told, undo_url=undo_url)
        if not problem:
            return done(request, url_of(request, f"strategy-{part}", strategy))
        standing = editable_or_404(pk)
    text = working_text(standing)
    new_url = url_of(request, f"strategy-{part}-new", strategy)
    context = {
        "title": str(TITLES[part]),
        "lede": str(LEDES.get(part, "")),
        "crumbs": trail(request, strategy, Crumb(words=str(TITLES[part]))),
        "rows": part_rows(request, strategy, text, part),
        "revision": standing.strategy.revision,
        "actions": [Action(words=str(NEW[part]), url=new_url, icon="plus", solid=True)],
        "problem": problem,
        "needs_segment": part == "plays" and not text.segments,
        "segment_url": url_of(request, "strategy-segments-new", strategy),
        "back_url": back_url(request, strategy),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return page(request, "strategy/parts.html", context, status=status)


def part_rows(request: TenantRequest, strategy: Strategy, text: Document, part: str) -> list[PartRow]:
    found = getattr(text, part)
    return [
        PartRow(
            key=str(one.id),
            name=one.name,
            beside=beside(one, text, part),
            url=url_of(request, f"strategy-{part}-one", strategy, one.id),
            is_first=number == 0,
            is_last=number == len(found) - 1,
        )
        for number, one in enumerate(found)
    ]


def beside(one: Any, text: Document, part: str) -> str:
    """A few words about a part, in the list of its kind."""
    if part == "segments":
        return "; ".join(plan_words.rule(rule) for rule in one.rules)
    if part == "plays":
        return next((segment.name for segment in text.segments if segment.id == one.segment), "")
    return one.detail if part == "differences" else ", ".join([*one.titles, *one.departments])


def moved(request: TenantRequest, standing: Standing, part: str) -> tuple[str, dict[str, Any]]:
    """Move or remove the part that was pressed; what stands against it, in words, and what was removed."""
    deed, _colon, text_key = request.POST.get("do", "").partition(":")
    key, text = key_of(text_key), working_text(standing)
    revision = request.POST.get("revision", "")
    rows = list(text.as_json()[part])
    at = next((number for number, row in enumerate(rows) if row["id"] == str(key)), None)
    if at is None or deed not in ("up", "down", "remove") or not (revision.isascii() and revision.isdigit()):
        return gettext("This is no longer here. Look at the list and choose again."), {}
    removed: dict[str, Any] = {}
    if deed == "remove":
        if told := in_use(text, part, key):
            return told, {}
        removed = rows.pop(at)
    else:
        to = max(0, min(len(rows) - 1, at + (1 if deed == "down" else -1)))
        rows.insert(to, rows.pop(at))
    try:
        store(request, standing.strategy, {**text.as_json(), part: rows}, int(revision[:9]))
    except Refused as refusal:
        return str(refusal), {}
    if removed:
        kept = {"strategy": str(standing.strategy.pk), "part": part, "at": at, "row": removed}
        request.session[REMOVED] = kept
    return "", removed


@require_POST
@may("strategy.edit")
def put_back(request: TenantRequest, pk: UUID, part: str, row: UUID) -> HttpResponse:
    """Put the part back that this session removed last, in its place."""
    standing, kept = editable_or_404(pk), request.session.get(REMOVED)
    if not kept or (kept["strategy"], kept["part"], kept["row"]["id"]) != (str(pk), part, str(row)):
        raise Http404(row)
    whole, strategy = working_text(standing).as_json(), standing.strategy
    if all(one["id"] != str(row) for one in whole[part]):
        whole[part].insert(kept["at"], kept["row"])
        store(request, strategy, whole, strategy.revision)
    del request.session[REMOVED]
    told = gettext("“{name}” is back").format(name=kept["row"]["name"])
    return done(request, url_of(request, f"strategy-{part}", strategy), told)


def in_use(text: Document, part: str, key: UUID | None) -> str:
    """Which play still names a part, in words; nothing where none does."""
    name = POINTED.get(part, "")
    plays = [play.name for play in text.plays if name and getattr(play, name) == key]
    told = gettext("“{play}” is made for it. Change or remove that play first.")
    return told.format(play=plays[0]) if plays else ""


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def one(request: TenantRequest, pk: UUID, part: str, row: UUID | None = None) -> HttpResponse:
    """One part of a kind, or a new one. Its rows can be added without a script, and without storing."""
    standing = editable_or_404(pk)
    strategy, text = standing.strategy, working_text(standing)
    part_now = next((found for found in getattr(text, part) if found.id == row), None)
    if row is not None and part_now is None:
        raise Http404(row)
    grows = request.POST.get("do") == "add-rule"
    form = item_form(request, part, text, row, grows=grows)
    form.initial["revision"] = strategy.revision
    if (
        request.method == "POST"
        and not grows
        and form.is_valid()
        and written(request, standing, form, form.place(text))
    ):
        return done(request, url_of(request, f"strategy-{part}", strategy), gettext("Saved"))
    title = part_now.name if part_now else str(NEW[part])
    context = {
        "title": title,
        "crumbs": trail(
            request,
            strategy,
            Crumb(words=str(TITLES[part]), url=url_of(request, f"strategy-{part}", strategy)),
            Crumb(words=title),
        ),
        "form": form,
        "is_failed": bool(form.errors) and not grows,
        "button": gettext("Save the changes"),
        "back_url": url_of(request, f"strategy-{part}", strategy),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context["is_failed"] else HTTPStatus.OK
    template = {"segments": "strategy/segment.html", "plays": "strategy/play.html"}.get(part, "strategy/deed.html")
    return page(request, template, context, status=status)


def item_form(request: TenantRequest, part: str, text: Document, key: UUID | None, *, grows: bool) -> ItemForm:
    """The form of a part, with what was sent. A blank row more asks for nothing to be right yet."""
    given = request.POST if request.method == "POST" else None
    if part == "segments":
        attributes = Attribute.objects.filter(of=Attribute.Of.COMPANY, is_archived=False).order_by("position", "pk")
        return SegmentForm(
            given, text=text, key=key, attributes=attributes, currency=request.tenant.currency, more=grows
        )
    if part == "plays":
        return PlayForm(given, text=text, key=key, types=types())
    return {"differences": DifferenceForm, "personas": PersonaForm}[part](given, text=text, key=key)
