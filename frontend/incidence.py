"""How qualified deals end by their age: the curve in words, positions and as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext, pgettext_lazy

from frontend import words
from frontend.charts.curve import Cause, Curve, Dot, Instant, cumulative_incidence
from frontend.charts.scale import day_ticks
from outcomes.models import StatisticResult
from strategy.models import EndCause

#: From the bottom of the drawing up: what we won, what we rightly let go, and then the losses.
ORDER = (
    (EndCause.WON, "won", pgettext_lazy("how a deal ended", "Won")),
    (EndCause.DISQUALIFIED, "l4", pgettext_lazy("how a deal ended", "Disqualified")),
    (EndCause.NO_DECISION, "l1", pgettext_lazy("how a deal ended", "No decision")),
    (EndCause.LOST, "l3", pgettext_lazy("how a deal ended", "Lost")),
)


@dataclass(frozen=True, kw_only=True)
class Label:
    """A label beside the end of an area."""

    css: str
    swatch_y: str
    y: str
    words: str


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """The shares at one age, in words."""

    age: str
    shares: Sequence[str]
    at_risk: str


@dataclass(frozen=True, kw_only=True)
class Incidence:
    """The chart; without a curve it says what is missing."""

    finding: str
    sentence: str
    curve: Curve | None
    labels: Sequence[Label]
    ages: Sequence[tuple[str, str, bool]]
    lines: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[TableRow]
    missing: str = ""


def incidence(result: StatisticResult, *, missing: str) -> Incidence:
    """The chart from the result of the chance to win, which carries the whole curve."""
    drawn = result.detail.get("curve") or {}
    instants = up_to(
        result.detail.get("horizon"),
        [
            Instant(age=age, ended={str(cause): drawn[cause][place] for cause, _, _ in ORDER})
            for place, age in enumerate(drawn.get("age", []))
        ],
    )
    # A way to end that nobody took has no area, so it needs no name beside it.
    causes = [
        Cause(key=str(cause), css=css, name=str(name))
        for cause, css, name in ORDER
        if cause == EndCause.WON or (instants and instants[-1].ended[str(cause)] > 0)
    ]
    curve = cumulative_incidence(instants=instants, causes=causes, dot=dot_of(result))
    return Incidence(
        finding=finding(result),
        sentence=about(result),
        curve=curve,
        labels=labels(curve) if curve else [],
        # On a narrow sheet every second age is left out.
        ages=[(x, age_words(age), place % 2 == 1) for place, (x, age) in enumerate(curve.ages)] if curve else [],
        lines=[(y, words.percent(share)) for y, share in curve.lines if share] if curve else [],
        columns=[*(str(name) for _, _, name in ORDER), gettext("Still open")],
        rows=table(drawn) if curve else [],
        missing=missing or ("" if curve else gettext("Not enough data, no age with enough deals")),
    )


def up_to(horizon: int | None, instants: list[Instant]) -> list[Instant]:
    """The curve up to the age at which figures are read, so that the names at its end say what the figures say."""
    if horizon is None:
        return instants
    kept = [instant for instant in instants if instant.age <= horizon]
    if kept and kept[-1].age < horizon:
        kept.append(Instant(age=horizon, ended=kept[-1].ended))
    return kept


def dot_of(result: StatisticResult) -> Dot | None:
    """Where the chance to win is read."""
    if result.value is None or result.low is None or result.high is None:
        return None
    return Dot(age=result.detail["horizon"], value=result.value, low=result.low, high=result.high)


def finding(result: StatisticResult) -> str:
    """The title: what becomes of a hundred."""
    horizon = result.detail.get("horizon")
    if result.value is None or horizon is None:
        return gettext("How opportunities end, by their age")
    return gettext("Of 100 qualified, {won} are won within {days}").format(
        won=words.number(result.value * 100), days=words.days(horizon)
    )


def about(result: StatisticResult) -> str:
    """Population, how to read it, and what is known of the records."""
    detail = result.detail
    sentences = [
        ngettext(
            "{n} qualified opportunity by its age in days; open ones count for as long as they were seen.",
            "{n} qualified opportunities by their age in days; open ones count for as long as they were seen.",
            result.n,
        ).format(n=words.number(result.n))
    ]
    if result.low is not None and result.high is not None:
        sentences.append(
            gettext("At the dot, 95% interval: {interval} won.").format(
                interval=words.percent_range(result.low, result.high)
            )
        )
    if late := detail.get("entered_late"):
        sentences.append(
            ngettext(
                "{n} was qualified before ends were recorded and enters at the age it had then.",
                "{n} were qualified before ends were recorded and enter at the age they had then.",
                late,
            ).format(n=words.number(late))
        )
    if old := detail.get("older_than_any_end"):
        sentences.append(
            ngettext(
                "{n} open deal is older than any that ever closed.",
                "{n} open deals are older than any that ever closed.",
                old,
            ).format(n=words.number(old))
        )
    return " ".join(sentences)


def age_words(age: int) -> str:
    """The label of an age on the axis."""
    return words.days(age) if age else "0"


def labels(curve: Curve) -> list[Label]:
    """The names of the areas with their shares at the end, from the top down."""
    ends = [
        Label(
            css=curve.open.css,
            swatch_y=curve.open.swatch_y,
            y=curve.open.label_y,
            words=gettext("Still open {share}").format(share=words.percent(curve.open.share)),
        )
    ]
    ends += [
        Label(
            css=layer.css,
            swatch_y=layer.swatch_y,
            y=layer.label_y,
            words=gettext("{name} {share}").format(name=layer.name, share=words.percent(layer.share)),
        )
        for layer in curve.layers
    ]
    return ends


def table(drawn: Mapping[str, Any]) -> list[TableRow]:
    """The curve at round ages and at its end."""
    ages: list[int] = drawn["age"]
    wanted = sorted({*day_ticks(ages[-1])[1:], ages[-1]})
    rows = []
    for age in wanted:
        place = max(index for index, known in enumerate(ages) if known <= age)
        shares = [with_interval(drawn, str(cause), place) for cause, _, _ in ORDER]
        rows.append(
            TableRow(
                age=words.days(age),
                shares=[*shares, words.percent(drawn["open"][place])],
                at_risk=words.number(drawn["at_risk"][place]),
            )
        )
    return rows


def with_interval(drawn: Mapping[str, Any], cause: str, place: int) -> str:
    """A share with its interval, as a cell of the table."""
    value = drawn[cause][place]
    if not value:
        return words.percent(0)
    said = words.percent_range(drawn[f"{cause}_low"][place], drawn[f"{cause}_high"][place])
    return gettext("{share} ({interval})").format(share=words.percent(value), interval=said)
