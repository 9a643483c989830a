"""The execution report in words and positions, made from the results of one generation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext, ngettext

from frontend import words
from frontend.basis import SHARE_FROM, with_outcomes
from frontend.charts.fall import Fall, Loss, Step, waste_fall
from frontend.charts.figure import FigureBar, figure_bar
from outcomes.models import StatisticResult
from outcomes.queries import behind
from outcomes.queries.names import Names
from outcomes.queries.statistics import Statistics
from outcomes.statistics.intervals import share
from outcomes.statistics.metrics import METRICS
from strategy.models import EndCause

COUNT, VALUE, EFFORT = "count", "value", "effort"
MEASURES = (COUNT, VALUE, EFFORT)
MILESTONE, STAGE = "milestone", "stage"
CUTS = (MILESTONE, STAGE)
#: More reasons than this are told together: a fifth class is always "not recorded".
MOST_REASONS = 4
NOT_RECORDED = "l5"


@dataclass(frozen=True, kw_only=True)
class View:
    """How the reader wants it: by what, in what unit; and where they are."""

    by: str
    measure: str
    currency: str
    deals_url: str

    def behind(self, **which: str) -> str:
        """The address of the deals behind a number."""
        return f"{self.deals_url}?{urlencode({name: value for name, value in which.items() if value})}"

    def say(self, amount: float) -> str:
        """An amount of the chosen measure."""
        if self.measure == VALUE:
            return words.short_money(round(amount), self.currency)
        return words.hours(amount) if self.measure == EFFORT else words.number(amount)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A leading figure: its name, the number with its interval and sample, or what is missing."""

    name: str
    url: str
    value: str = ""
    interval: str = ""
    grade: str = ""
    bar: FigureBar | None = None
    missing: str = ""


def figures(found: Statistics, view: View) -> list[Figure]:
    """The four figures that lead the page."""
    horizon = found.results["chance_to_win"].detail.get("horizon") if found.results else None
    won = gettext("Won, of all qualified, in {days}").format(days=words.days(horizon)) if horizon else None
    wasted = gettext("Not won, of all qualified, in {days}").format(days=words.days(horizon)) if horizon else None
    named = (
        ("chance_to_win", won or gettext("Won, of all qualified")),
        ("opportunity_waste", wasted or gettext("Not won, of all qualified")),
        ("waste_value", gettext("Value not won, of the closed")),
        ("waste_effort", gettext("Effort on what was not won")),
    )
    return [
        figure(found.results[metric], name, view.behind(rows=METRICS[metric].rows, figure=metric))
        for metric, name in named
        if metric in found.results
    ]


def figure(result: StatisticResult, name: str, url: str) -> Figure:
    """One figure from its result."""
    if result.value is None or result.low is None or result.high is None:
        return Figure(name=name, url=url if result.n else "", missing=missing_words(result))
    said = {
        "interval": words.percent_range(result.low, result.high),
        "deals": ngettext("{n} opportunity", "{n} opportunities", result.n).format(n=words.number(result.n)),
    }
    return Figure(
        name=name,
        url=url,
        value=words.percent(result.value, fine=True),
        interval=gettext("{interval}, {deals}").format(**said),
        grade=gettext("grade {letter}").format(letter=result.grade) if result.grade else "",
        bar=figure_bar(value=result.value, low=result.low, high=result.high, end=1),
    )


def missing_words(result: StatisticResult) -> str:
    """What is missing for a number, and how much of it there is."""
    sentences = {
        "deals": gettext("Not enough data, {have} of {need} opportunities"),
        "closed_not_won": gettext("Not enough data, no loss on record"),
        "at_risk": gettext("Not enough data, {have} of {need} this old"),
        "ends": gettext("Not enough data, {have} of {need} ends"),
        "wins": gettext("Not enough data, {have} of {need} won"),
        "young_deals": gettext("Not enough data, too few seen from their first day"),
    }
    missing = (result.not_enough or {}).get("missing", [])
    for part in missing:
        if part["what"] in sentences:
            return sentences[part["what"]].format(have=words.number(part["have"]), need=words.number(part["need"]))
    nothing = {
        "waste_value": gettext("Not enough data, no amounts on record"),
        "waste_effort": gettext("Not enough data, no work logged on closed deals"),
    }
    return nothing.get(result.metric, gettext("Not enough data"))


@dataclass(frozen=True)
class Reason:
    """A way to end that is told apart: a cause with a reason, or several that are too small to stand alone."""

    css: str
    name: str
    pairs: frozenset[tuple[str, str | None]]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Some deals of the waste cube. place: where they stopped, counted from 0 in the order of the rows."""

    place: int
    cause: str
    reason: str | None
    deals: int
    value: int
    minutes: int

    def amount(self, measure: str) -> int:
        """How much of the chosen measure."""
        return {COUNT: self.deals, VALUE: self.value, EFFORT: self.minutes}[measure]


@dataclass(frozen=True, kw_only=True)
class Waste:
    """The waste fall with its finding and its words; fall.rows is empty while nothing of the measure has ended."""

    finding: str
    sentence: str
    fall: Fall
    unit: str
    won_share: str
    won_interval: str
    won_url: str
    largest: str
    largest_url: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the fall: what it is called in the table and in a sentence, and the key of its deals."""

    name: str
    lost: str
    key: str


def rows_of(cube: Sequence[Mapping[str, Any]], names: Names, by: str) -> list[Row]:
    """Where deals can stop: before each milestone and at the decision, or in each open stage."""
    if by == STAGE:
        # Pipelines without a deal would be rows of nothing.
        used = {names.stages[cell["stage"]].pipeline_id for cell in cube if cell["stage"] in names.stages}
        return [
            Row(name=stage.name, lost=gettext("in the stage {stage}").format(stage=stage.name), key=key)
            for key, stage in names.stages.items()
            if stage.is_open and stage.pipeline_id in used
        ]
    keys = [behind.NONE, *(str(kind.pk) for kind in names.milestones)]
    before = [
        (
            gettext("Before {what}").format(what=kind.before or kind.name),
            gettext("before {what}").format(what=kind.before or kind.name),
        )
        for kind in names.milestones
    ]
    last = (gettext("At the decision"), gettext("at the decision"))
    return [Row(name=name, lost=lost, key=key) for (name, lost), key in zip([*before, last], keys, strict=True)]


def cells_of(cube: Sequence[Mapping[str, Any]], rows: Sequence[Row], by: str) -> list[Cell]:
    """The closed deals of the cube, each with the row it belongs to."""
    place = {row.key: index for index, row in enumerate(rows)}
    return [
        Cell(
            place=min(cell["milestone"], len(rows) - 1) if by == MILESTONE else place.get(cell["stage"], 0),
            cause=cell["cause"],
            reason=cell["reason"],
            deals=cell["deals"],
            value=cell["value"],
            minutes=cell["minutes"],
        )
        for cell in cube
        if cell["cause"] != "open"
    ]


def reasons_of(cells: Iterable[Cell], names: Names, measure: str) -> list[Reason]:
    """The reasons that are told apart, largest first on the ramp; losses nobody gave a reason for come last."""
    sums: dict[tuple[str, str | None], int] = {}
    for cell in cells:
        if cell.cause != EndCause.WON:
            sums[cell.cause, cell.reason] = sums.get((cell.cause, cell.reason), 0) + cell.amount(measure)
    unknown = (str(EndCause.LOST), None)
    known = sorted((pair for pair in sums if pair != unknown), key=lambda pair: (-sums[pair], str(pair)))
    alone = known if len(known) <= MOST_REASONS else known[: MOST_REASONS - 1]
    told = [
        Reason(f"l{place}", reason_name(pair, names), frozenset([pair])) for place, pair in enumerate(alone, start=1)
    ]
    if rest := known[len(alone) :]:
        told.append(Reason(f"l{MOST_REASONS}", gettext("Other reasons"), frozenset(rest)))
    if unknown in sums:
        told.append(Reason(NOT_RECORDED, gettext("Reason not recorded"), frozenset([unknown])))
    return told


def reason_name(pair: tuple[str, str | None], names: Names) -> str:
    """The organisation's own reason, or the cause where none was given."""
    cause, reason = pair
    return names.reasons.get(reason or "") or str(EndCause(cause).label)


def first_cut(found: Statistics) -> str:
    """By what the fall is cut first: by outcome as soon as outcomes are on record, before that by stage."""
    return MILESTONE if with_outcomes(found) >= SHARE_FROM else STAGE


def waste(found: Statistics, names: Names, view: View) -> Waste:
    """The fall of all closed deals. Without outcomes on record nobody knows before which of them a deal stopped."""
    recorded = with_outcomes(found)
    if view.by == MILESTONE and recorded < SHARE_FROM:
        return unknown_waste(found.results["waste_deals"].n, recorded)
    result = found.results["waste_deals"]
    cube = result.detail.get("cells", [])
    rows = rows_of(cube, names, view.by)
    cells = cells_of(cube, rows, view.by)
    reasons = reasons_of(cells, names, view.measure)
    steps = [step(row, index, cells, reasons, view) for index, row in enumerate(rows)]
    won_cells = [cell for cell in cells if cell.cause == EndCause.WON]
    won, closed = sum(cell.deals for cell in won_cells), sum(cell.deals for cell in cells)
    fall = waste_fall(
        steps=steps,
        won=sum(cell.amount(view.measure) for cell in won_cells),
        reasons=[(reason.css, reason.name) for reason in reasons],
        say=view.say,
    )
    won_share, won_interval = share_words(won, closed) if view.measure == COUNT else rest_words(found, view.measure)
    largest, largest_url = largest_words(fall, rows, reasons, cells, view)
    return Waste(
        finding=finding(steps, rows, cells, view),
        sentence=about(result, closed=closed, won=won, view=view),
        fall=fall,
        unit={COUNT: gettext("Count"), VALUE: gettext("Value"), EFFORT: gettext("Effort")}[view.measure],
        won_share=won_share,
        won_interval=won_interval,
        won_url=view.behind(rows=behind.WON),
        largest=largest,
        largest_url=largest_url,
    )


def unknown_waste(closed: int, recorded: int) -> Waste:
    """What is said instead of a fall by outcome while too few closed deals have one on record."""
    said = {"closed": words.number(closed), "recorded": words.number(recorded), "need": words.number(SHARE_FROM)}
    if recorded:
        title = gettext("Too few outcomes are on record to say before which one opportunities stop")
        have = gettext("{recorded} of the {closed} closed opportunities have an outcome on record.").format(**said)
    else:
        title = gettext("No outcome is on record for the opportunities that closed")
        have = gettext("{closed} qualified opportunities were closed, none of them with an outcome on record.")
    need = gettext("From {need} on, this shows before which outcome the others stopped. By stage it can be read now.")
    return Waste(
        finding=title,
        sentence=f"{have} {need}".format(**said),
        fall=Fall(rows=[], legend=[]),
        unit="",
        won_share="",
        won_interval="",
        won_url="",
        largest="",
        largest_url="",
    )


def step(row: Row, index: int, cells: Sequence[Cell], reasons: Sequence[Reason], view: View) -> Step:
    """One row of the fall, with the share of what came in that stopped here."""
    here = [cell for cell in cells if cell.place == index and cell.cause != EndCause.WON]
    arrived = [cell for cell in cells if cell.place >= index or cell.cause == EndCause.WON]
    lost_deals = sum(cell.deals for cell in here)
    if view.measure == COUNT:
        told, interval = share_words(lost_deals, sum(cell.deals for cell in arrived))
    else:
        # An interval of amounts needs sums of squares, which no result carries; so say how many deals.
        whole = sum(cell.amount(view.measure) for cell in arrived)
        lost = sum(cell.amount(view.measure) for cell in here)
        told, interval = (words.percent(lost / whole) if whole else ""), words.deals(lost_deals)
    return Step(
        name=row.name,
        losses=[
            Loss(amount=sum(cell.amount(view.measure) for cell in here if (cell.cause, cell.reason) in reason.pairs))
            for reason in reasons
        ],
        share=told,
        interval=interval,
        url=view.behind(rows=behind.WASTED, **{view.by: row.key}) if lost_deals else "",
    )


def share_words(events: int, n: int) -> tuple[str, str]:
    """A share with its interval; "3 of 9" where the sample is too small for a percentage."""
    if n == 0:
        return "", ""
    if n < SHARE_FROM:
        return gettext("{events} of {n}").format(events=events, n=n), ""
    found = share(events, n)
    return words.percent(found.value), interval_words(found.low, found.high)


def rest_words(found: Statistics, measure: str) -> tuple[str, str]:
    """The share of value or effort that was won: what is left of the one that was not."""
    lost = found.results["waste_value" if measure == VALUE else "waste_effort"]
    if lost.value is None or lost.low is None or lost.high is None:
        return "", ""
    return words.percent(1 - lost.value), interval_words(1 - lost.high, 1 - lost.low)


def interval_words(low: float, high: float) -> str:
    """An interval beside a percentage: "22–33", with a decimal where it would otherwise be from nothing to nothing."""
    digits = 1 if high < 0.01 else 0
    return f"{words.number(low * 100, digits)}–{words.number(high * 100, digits)}"


def finding(steps: Sequence[Step], rows: Sequence[Row], cells: Sequence[Cell], view: View) -> str:
    """The title of the fall: how much was lost where most was."""
    amounts = [sum(loss.amount for loss in one.losses) for one in steps]
    whole = sum(cell.amount(view.measure) for cell in cells)
    if not whole:
        return gettext("Nothing of this is on record for the closed deals yet")
    if not any(amounts):
        return gettext("Nothing that closed was lost")
    place = max(range(len(amounts)), key=lambda index: amounts[index])
    said = {"share": words.percent(amounts[place] / whole), "where": rows[place].lost}
    sentences = {
        COUNT: gettext("{share} of the opportunities that closed were lost {where}"),
        VALUE: gettext("{share} of the value that closed was lost {where}"),
        EFFORT: gettext("{share} of the effort on closed deals went into those lost {where}"),
    }
    if view.measure == COUNT and 0.475 <= amounts[place] / whole <= 0.525:
        return gettext("Half of the opportunities that closed were lost {where}").format(**said)
    return sentences[view.measure].format(**said)


def about(result: StatisticResult, *, closed: int, won: int, view: View) -> str:
    """The population of the fall, and how to read it."""
    said = {"closed": words.number(closed), "won": words.number(won), "day": words.long_day(result.as_of)}
    read = {
        MILESTONE: gettext("Each row shows where the others stopped, and the reason on record."),
        STAGE: gettext("Each row shows the stage in which the others ended, and the reason on record."),
    }[view.by]
    counted = gettext("{closed} qualified opportunities were closed by {day}. {won} were won.").format(**said)
    return f"{counted} {read}"


def largest_words(
    fall: Fall, rows: Sequence[Row], reasons: Sequence[Reason], cells: Sequence[Cell], view: View
) -> tuple[str, str]:
    """The largest single loss as a sentence, with the address of its deals where one reason stands behind it."""
    if fall.largest is None:
        return "", ""
    row, reason = rows[fall.largest[0]], reasons[fall.largest[1]]
    found = [cell for cell in cells if cell.place == fall.largest[0] and (cell.cause, cell.reason) in reason.pairs]
    said = {
        "reason": reason.name,
        "where": row.lost,
        "deals": words.deals(sum(cell.deals for cell in found)),
        "value": words.short_money(sum(cell.value for cell in found), view.currency),
    }
    if reason.css == NOT_RECORDED:
        sentence = gettext("Largest single loss: {deals} {where}, worth {value}, reason not recorded.")
    else:
        sentence = gettext("Largest single loss: {deals} {where}, worth {value}, for the reason “{reason}”.")
    sentence = sentence.format(**said)
    if len(reason.pairs) > 1:
        return sentence, ""
    ((cause, key),) = reason.pairs
    which = {view.by: row.key, "cause": cause, "reason": key or behind.NONE}
    return sentence, view.behind(rows=behind.WASTED, **which)
