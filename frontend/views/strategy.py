"""What the organisation intends: all strategies, and one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import allows
from frontend import plan, plan_words, words
from frontend.access import may
from frontend.forms.strategy import BLANK, BeginForm
from frontend.http import TenantRequest, done, key_of, more_url, page, told_in
from frontend.parts import Action, Crumb, Item, Menu
from outcomes.queries.plan import types
from outcomes.services import begin_strategy
from strategy import strategies
from strategy.models import Strategy
from strategy.plan.document import Document
from strategy.plan.missing import Gap, gaps
from strategy.plan.templates import ABOUT, NAMES, Template
from strategy.strategies import Standing, working_text

#: As many retired strategies, or versions of one, as are read at once.
ROWS = 30


@dataclass(frozen=True, kw_only=True)
class Row:
    """One strategy in the list, in words."""

    name: str
    url: str
    title: str
    goal: str
    owner: str
    state: str
    beside: str
    must_be_true: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class GapLink:
    """Something missing, with the page where it is written."""

    words: str
    url: str


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    url = reverse("strategies", args=[request.tenant.slug]) if steps else ""
    return [Crumb(words=gettext("Strategy"), url=url), *steps]


def url_of(request: TenantRequest, name: str, strategy: Strategy, *more: Any) -> str:
    return reverse(name, args=[request.tenant.slug, strategy.pk, *more])


def today_of(request: TenantRequest) -> date:
    return request.tenant.day_of(timezone.now())


def standing_or_404(pk: UUID) -> Standing:
    """The strategy of an address; one of another organisation does not exist."""
    try:
        return strategies.strategy(pk)
    except Strategy.DoesNotExist as error:
        raise Http404(pk) from error


@require_GET
@may("strategy.see")
def listing(request: TenantRequest) -> HttpResponse:
    """The active strategies, drafts beside them as alternatives, and what has ended."""
    slug, may_edit = request.tenant.slug, allows(request.membership, "strategy.edit")
    over, more = strategies.retired(after=key_of(request.GET.get("after", "")), size=ROWS)
    new_url = reverse("strategy-new", args=[slug])
    active, drafts = strategies.active(), strategies.drafts()
    begin = Action(words=gettext("Write a strategy"), url=new_url, icon="plus", solid=True)
    context = {
        "title": gettext("Strategy"),
        "crumbs": crumbs(request),
        "active": [row(one, request) for one in active],
        "drafts": [row(one, request) for one in drafts],
        "over": [over_row(one, request) for one in over],
        "more_url": more_url(request, more),
        "actions": [begin] if may_edit else [],
        "is_empty": not (active or drafts or over) and "after" not in request.GET,
        "may_edit": may_edit,
        "templates": [(NAMES[one], ABOUT[one], f"{new_url}?template={one.value}") for one in Template],
        "blank_url": new_url,
    }
    return page(request, "strategy/list.html", context)


def row(of: Standing, request: TenantRequest) -> Row:
    text, strategy = of.text, of.strategy
    other = strategy.alternative_to
    missing = len(gaps(text)) if strategy.state == Strategy.State.DRAFT else 0
    return Row(
        name=strategy.name,
        url=url_of(request, "strategy", strategy),
        title=text.title or gettext("No goal yet"),
        goal=plan_words.goal(text.goal, today=today_of(request)),
        owner=strategy.owner.name,
        state=gettext("{n} missing").format(n=words.number(missing)) if missing else str(strategy.get_state_display()),
        beside=gettext("Alternative to {name}").format(name=other.name) if other else "",
        must_be_true=text.must_be_true,
    )


def over_row(strategy: Strategy, request: TenantRequest) -> Row:
    ended = request.tenant.day_of(strategy.retired_at) if strategy.retired_at else None
    return Row(
        name=strategy.name,
        url=url_of(request, "strategy", strategy),
        title="",
        goal=strategy.retired_because,
        owner=strategy.owner.name,
        state=words.day(ended, today=today_of(request)) if ended else "",
        beside="",
        must_be_true=[],
    )


@require_http_methods(["GET", "POST"])
@may("strategy.edit")
def new(request: TenantRequest) -> HttpResponse:
    """A name, and what to begin with."""
    given = request.POST if request.method == "POST" else None
    form = BeginForm(given, template=request.GET.get("template", ""))
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["begin_with"]
        with told_in(form):
            made = begin_strategy(
                actor=request.membership,
                name=form.cleaned_data["name"],
                at=timezone.now(),
                template=None if chosen == BLANK else Template(chosen),
            )
            told = gettext("Draft begun. Change what does not fit.")
            return done(request, url_of(request, "strategy", made), told)
    context = {
        "title": gettext("Write a strategy"),
        "crumbs": crumbs(request, Crumb(words=gettext("New"))),
        "form": form,
        "button": gettext("Begin the draft"),
        "back_url": reverse("strategies", args=[request.tenant.slug]),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "strategy/deed.html", context, status=status)


@require_GET
@may("strategy.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One strategy as it holds; of a draft, or for who changes it, the text that is being written."""
    standing = standing_or_404(pk)
    strategy = standing.strategy
    may_edit = allows(request.membership, "strategy.edit") and strategy.state != Strategy.State.RETIRED
    is_draft = strategy.state == Strategy.State.DRAFT
    writes = may_edit and (is_draft or request.GET.get("text") == "next")
    text = working_text(standing) if writes or is_draft else standing.text
    context = {
        **said(request, strategy, text),
        "title": text.title or strategy.name,
        "crumbs": crumbs(request, Crumb(words=strategy.name)),
        "standing": standing_words(request, standing, writes=writes),
        "map": plan.map_of(strategy, text, today=today_of(request), counts_from=request.tenant.counts_from_grade),
        "actions": actions(request, standing, writes=writes) if may_edit else [],
        "menu": menu(request, standing),
        "missing": gap_links(request, strategy, gaps(text)) if writes or is_draft else [],
        "edits": edit_urls(request, strategy) if writes else {},
        "waiting": waiting(request, standing) if may_edit and not writes else None,
        "versions_url": url_of(request, "strategy-versions", strategy) if standing.version else "",
    }
    return page(request, "strategy/read.html", context)


def said(request: TenantRequest, strategy: Strategy, text: Document) -> dict[str, Any]:
    """What a text says, in words."""
    known, today = types(), today_of(request)
    reached = [
        (gettext("What customers achieve"), text.customers_achieve),
        (gettext("What we do"), text.we_do),
        (gettext("Value created"), text.value_created),
    ]
    period = [words.long_day(one) for one in (text.starts_on, text.ends_on) if one]
    facts = [
        (gettext("How"), str(plan_words.MOTIONS[text.motion])),
        (gettext("Horizon"), str(plan_words.HORIZONS[text.horizon])),
        (gettext("Period"), " – ".join(period)),
        (gettext("Review"), words.long_day(text.review_on) if text.review_on else ""),
    ]
    return {
        "lede": plan_words.goal(text.goal, today=today),
        "reached": [(name, told) for name, told in reached if told],
        "facts": [(name, told) for name, told in facts if told],
        "text": text,
        "cards": plan.cards(text, known),
        "personas": [(one.name, words.listed(one.titles), words.listed(one.departments)) for one in text.personas],
    }


def standing_words(request: TenantRequest, of: Standing, *, writes: bool) -> str:
    """How a strategy stands, and who answers for it, in one line."""
    strategy, today = of.strategy, today_of(request)
    facts = {"state": strategy.get_state_display(), "owner": strategy.owner.name}
    if strategy.state == Strategy.State.RETIRED and strategy.retired_at:
        facts |= {"day": words.day(request.tenant.day_of(strategy.retired_at), today=today)}
        return gettext("Retired on {day}: {why} {owner} answered for it.").format(**facts, why=strategy.retired_because)
    if of.version is None:
        return gettext("{state}. {owner} answers for it.").format(**facts)
    facts |= {"day": words.day(request.tenant.day_of(of.version.published_at), today=today)}
    if writes:
        return gettext("What will be version {n}. Version {before} holds until then. {owner} answers for it.").format(
            **facts, n=of.version.number + 1, before=of.version.number
        )
    return gettext("{state}, version {n} of {day}. {owner} answers for it.").format(**facts, n=of.version.number)


def actions(request: TenantRequest, of: Standing, *, writes: bool) -> list[Action]:
    """The next step, for who may take it."""
    strategy = of.strategy
    if not writes:
        url = f"{url_of(request, 'strategy', strategy)}?text=next"
        return [Action(words=gettext("Edit strategy"), url=url)]
    if of.version is None:
        told = gettext("Activate")
    elif strategy.working is not None:
        told = gettext("Publish version {n}").format(n=of.version.number + 1)
    else:
        return []
    return [Action(words=told, url=url_of(request, "strategy-activate", strategy), icon="check", solid=True)]


def menu(request: TenantRequest, of: Standing) -> Menu | None:
    """What else can be done with a strategy."""
    strategy, slug = of.strategy, request.tenant.slug
    if not allows(request.membership, "strategy.edit"):
        return None
    named: list[tuple[str, str]] = [(gettext("Copy as an alternative"), "strategy-copy")]
    if strategy.state != Strategy.State.RETIRED:
        named.insert(0, (gettext("Name and owner"), "strategy-name"))
    if strategy.state == Strategy.State.ACTIVE:
        if strategy.working is not None:
            named.append((gettext("Throw the changes away"), "strategy-drop"))
        named.append((gettext("Retire"), "strategy-retire"))
    if strategy.state == Strategy.State.DRAFT:
        named.append((gettext("Throw the draft away"), "strategy-throw-away"))
    items = [Item(words=told, url=reverse(name, args=[slug, strategy.pk])) for told, name in named]
    return Menu(key="strategy", label=gettext("More for {name}").format(name=strategy.name), items=items)


def waiting(request: TenantRequest, of: Standing) -> Action | None:
    """The way to what is written and not published."""
    if of.version is None or of.strategy.working is None:
        return None
    return Action(words=gettext("See the changes"), url=f"{url_of(request, 'strategy', of.strategy)}?text=next")


EDITED = {
    "title": "goal",
    "goal": "goal",
    **dict.fromkeys(("customers_achieve", "we_do", "value_created"), "value"),
    **dict.fromkeys(("motion", "horizon", "starts_on", "ends_on", "review_on"), "time"),
    "must_be_true": "conditions",
    **{name: name for name in ("differences", "personas", "segments", "plays")},
}
PAGES = ("goal", "value", "time", "conditions", "differences", "personas", "segments", "plays")


def edit_urls(request: TenantRequest, strategy: Strategy) -> Mapping[str, str]:
    """The page of each part's form."""
    return {part: url_of(request, f"strategy-{part}", strategy) for part in PAGES}


def gap_links(request: TenantRequest, strategy: Strategy, missing: Sequence[Gap]) -> list[GapLink]:
    """What is missing, each with the page where it is written."""
    text = working_text(strategies.strategy(strategy.pk))
    found = []
    for gap in missing:
        part, *rest = gap.place.split("/")
        name = EDITED[part]
        if rest and name in ("segments", "plays"):
            key = getattr(text, name)[int(rest[0])].id
            url = url_of(request, f"strategy-{name}-one", strategy, key)
        else:
            url = url_of(request, f"strategy-{name}", strategy)
        found.append(GapLink(words=gap.words, url=url))
    return found
