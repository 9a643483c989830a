"""The execution report: what becomes of the opportunities that were qualified; and the deals behind each number."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET

from frontend import basis, deal_table, execution, words
from frontend.access import may
from frontend.execution import COUNT, CUTS, EFFORT, MEASURES, MILESTONE, STAGE, VALUE, View
from frontend.http import TenantRequest, csv_file, key_of, more_url, page, wants_part
from frontend.incidence import incidence
from frontend.parts import Crumb, Tab
from frontend.views.deal_lists import ROWS
from frontend.views.organisation import import_url
from outcomes.queries import behind
from outcomes.queries.behind import Behind, Spot
from outcomes.queries.names import names
from outcomes.queries.statistics import Population, Statistics, Whose, current, standing_now
from outcomes.statistics.metrics import METRICS


@require_GET
@may("statistics.see")
def report(request: TenantRequest) -> HttpResponse:
    """Leading figures, the waste fall, and how deals end by their age.

    While something waits to be counted, the report asks for itself again; `watch` keeps it asking.
    """
    found = current()
    view = view_of(request, first=execution.first_cut(found))
    number = found.generation.number if found.generation else 0
    seen = f"{number}{'u' if found.updating else ''}"
    if wants_part(request) and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {
        "title": gettext("Execution"),
        "crumbs": [Crumb(words=gettext("Execution"))],
        **report_of(request, found, view),
        "poll_url": address(request, view, seen=seen, watch=request.GET.get("watch", "")),
        "polls": found.updating or "watch" in request.GET,
    }
    return page(request, "execution/report.html", context, part="report")


def view_of(request: TenantRequest, *, first: str) -> View:
    """How the reader wants it; what is not understood falls back to the first cut and to the count."""
    by, measure = request.GET.get("by", first), request.GET.get("measure", COUNT)
    return View(
        by=by if by in CUTS else first,
        measure=measure if measure in MEASURES else COUNT,
        currency=request.tenant.currency,
        deals_url=reverse("execution-deals", args=[request.tenant.slug]),
    )


def address(request: TenantRequest, view: View, **more: str) -> str:
    """The report's address as it is now looked at. It names the cut, for the first one depends on what is on record."""
    wanted = {"by": view.by, "measure": view.measure if view.measure != COUNT else "", **more}
    kept = {name: value for name, value in wanted.items() if value}
    query = request.GET.copy()
    query.clear()
    query.update(kept)
    return f"{request.path}?{query.urlencode()}"


def report_of(request: TenantRequest, found: Statistics, view: View) -> dict[str, Any]:
    """What the report shows: all of it, or what is missing for a first one."""
    slug, today = request.tenant.slug, request.tenant.day_of(timezone.now())
    context: dict[str, Any] = {
        "freshness": basis.freshness(found, counts_from=request.tenant.counts_from_grade, today=today),
        "whose": basis.population_words(found.population),
    }
    closed = basis.too_few_closed(found)
    if closed is not None:
        return context | {"closed": closed, "start_words": start_words(closed), "import_url": import_url(request)}
    csv_url = reverse("execution-csv", args=[slug])
    missing = found.results["chance_to_win"]
    return context | {
        "closed": None,
        "figures": execution.figures(found, view),
        "waste": execution.waste(found, names(), view),
        "incidence": incidence(missing, missing=execution.missing_words(missing) if missing.value is None else ""),
        "measures": measures(request, view),
        "cuts": cuts(request, view),
        "figures_csv": csv_url,
        "waste_csv": f"{csv_url}?chart=waste&by={view.by}",
        "incidence_csv": f"{csv_url}?chart=incidence",
    }


def start_words(closed: int) -> str:
    """How much there is, while that is too little."""
    return ngettext("You have {n}.", "You have {n}.", closed).format(n=closed)


def measures(request: TenantRequest, view: View) -> list[Tab]:
    """The units in which waste can be read."""
    named = {COUNT: gettext("Count"), VALUE: gettext("Value"), EFFORT: gettext("Effort")}
    return [
        Tab(
            words=name,
            url=address(request, View(by=view.by, measure=key, currency="", deals_url="")),
            chosen=key == view.measure,
        )
        for key, name in named.items()
    ]


def cuts(request: TenantRequest, view: View) -> list[Tab]:
    """The rows into which waste can be cut."""
    named = {MILESTONE: gettext("By outcome"), STAGE: gettext("By stage")}
    return [
        Tab(
            words=name,
            url=address(request, View(by=key, measure=view.measure, currency="", deals_url="")),
            chosen=key == view.by,
        )
        for key, name in named.items()
    ]


@require_GET
@may("statistics.see")
def deals(request: TenantRequest) -> HttpResponse:
    """The deals that a number counts. Their count is the number's sample."""
    standing = standing_now()
    if standing is None:
        raise Http404("nothing is counted yet")
    wanted, as_of = behind_of(request), standing.as_of
    shown, more = behind.page_behind(wanted, as_of=as_of, after=Spot.parse(request.GET.get("after", "")), size=ROWS)
    count = behind.count_behind(wanted, as_of=as_of)
    execution_url = reverse("execution", args=[request.tenant.slug])
    context = {
        "title": behind_words(wanted),
        "lede": lede(count, as_of, standing.population),
        "crumbs": [Crumb(words=gettext("Execution"), url=execution_url), Crumb(words=behind_words(wanted))],
        "columns": deal_table.columns(()),
        "rows": deal_table.rows(shown, request.tenant, deal_table.columns(())),
        "more_url": more_url(request, more),
        "count": count,
    }
    return page(request, "execution/deals.html", context, part="more")


def lede(count: int, as_of: date, population: Population) -> str:
    """How many deals a list of deals behind a number has, of which day, and whose they are."""
    said = {"n": words.number(count), "day": words.long_day(as_of)}
    told = ngettext("{n} deal, as of {day}.", "{n} deals, as of {day}.", count).format(**said)
    return f"{told} {basis.population_words(population)}".rstrip()


def behind_of(request: TenantRequest) -> Behind:
    """Which deals an address asks for; what it does not know is no filter."""
    given = request.GET
    rows = given.get("rows", "")
    return Behind(
        rows=rows if rows in behind.ROWS else behind.QUALIFIED,
        milestone=key_or_none(given.get(MILESTONE, "")),
        stage=key_or_none(given.get(STAGE, "")),
        cause=given.get("cause", "")[:12],
        reason=key_or_none(given.get("reason", "")),
    )


def key_or_none(text: str) -> str:
    """A key, or the word for none; empty for anything else."""
    return text if text == behind.NONE else str(key_of(text) or "")


def behind_words(wanted: Behind) -> str:
    """What the deals of a list have in common."""
    return {
        behind.QUALIFIED: gettext("Qualified deals"),
        behind.WATCHED: gettext("Qualified deals"),
        behind.CLOSED: gettext("Closed deals"),
        behind.PRICED: gettext("Closed deals with an amount"),
        behind.WON: gettext("Won deals"),
        behind.WASTED: gettext("Deals that were not won"),
        behind.OPEN: gettext("Open deals"),
    }[wanted.rows]


@require_GET
@may("statistics.see")
def numbers(request: TenantRequest) -> HttpResponse:
    """The numbers of the report, or of one of its charts, as CSV."""
    found = current()
    if found.generation is None:
        raise Http404("nothing is counted yet")
    chart = request.GET.get("chart", "")
    made = {"": figures_rows, "waste": waste_rows, "incidence": incidence_rows}.get(chart)
    if made is None:
        raise Http404(chart)
    name = f"{chart or 'execution'}-{found.generation.as_of}"
    whose = found.population.whose
    return csv_file(name if whose == Whose.EVERYBODY else f"{name}-{whose}", made(found))


def figures_rows(found: Statistics) -> Iterable[Sequence[Any]]:
    yield "metric", "title", "value", "low", "high", "n", "events", "grade", "as_of", "not_enough", "whose"
    whose = basis.population_words(found.population) or gettext("Everybody's deals.")
    for name, metric in METRICS.items():
        if result := found.results.get(name):
            missing = "" if result.not_enough is None else execution.missing_words(result)
            yield (
                name, metric.title, result.value, result.low, result.high, result.n, result.events, result.grade,
                result.as_of, missing, whose,
            )  # fmt: skip


def waste_rows(found: Statistics) -> Iterable[Sequence[Any]]:
    known = names()
    milestones = ["", *(kind.name for kind in known.milestones)]
    yield "last_milestone", "stage", "cause", "reason", "deals", "value_minor_units", "minutes"
    for cell in found.results["waste_deals"].detail["cells"]:
        stage = known.stages.get(cell["stage"])
        yield (
            milestones[cell["milestone"]],
            stage.name if stage else "",
            cell["cause"],
            known.reasons.get(cell["reason"] or "", ""),
            cell["deals"],
            cell["value"],
            cell["minutes"],
        )


def incidence_rows(found: Statistics) -> Iterable[Sequence[Any]]:
    curve = found.results["chance_to_win"].detail.get("curve") or {"age": []}
    names_ = list(curve)
    yield names_
    yield from zip(*(curve[name] for name in names_), strict=True)
