"""Waste drawn as a fall: from everything qualified to what was won, one row for each place where some of it ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from frontend.charts.scale import at

MIDDLE = 26


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What ended at one step for one reason. amount: deals, minor units or minutes, as the chart measures."""

    amount: float
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One place where deals ended. losses: one for each reason, in the order of the reasons.

    share: of what came in, the part that ended here, already in words; empty when there is too little to say so.
    """

    name: str
    losses: Sequence[Loss]
    share: str = ""
    interval: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A piece of a bar. label is empty when it would not fit; roomy ones are left out where the sheet is narrow."""

    css: str
    x: str
    width: str
    label: str = ""
    label_x: str = ""
    roomy: bool = False


@dataclass(frozen=True, kw_only=True)
class FallRow:
    """One row of the table with its drawing. spoken: the losses in words, for those who do not see the bar."""

    name: str
    came_in: str
    went_on: str
    lost: str
    share: str
    interval: str
    kept: str
    segments: Sequence[Segment]
    spoken: Sequence[tuple[str, str]]
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Key:
    """One entry of the legend, in the order of the marks."""

    css: str
    name: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Fall:
    """The whole chart; rows is empty when nothing has ended yet."""

    rows: Sequence[FallRow]
    legend: Sequence[Key]
    won: str = ""
    won_width: str = "0.0%"
    won_label_x: str = "0.0%"
    won_inside: bool = False
    largest: tuple[int, int] | None = field(default=None)


def waste_fall(
    *,
    steps: Sequence[Step],
    won: float,
    reasons: Sequence[tuple[str, str]],
    say: Callable[[float], str],
) -> Fall:
    """Positions for the fall.

    reasons: the class that colours it and its name, the same for every step; say: writes an amount in its unit.
    """
    total = won + sum(loss.amount for step in steps for loss in step.losses)
    if total <= 0:
        return Fall(rows=[], legend=[])
    rows, left = [], total
    for step in steps:
        rows.append(fall_row(step, came_in=left, total=total, reasons=reasons, say=say))
        left -= sum(loss.amount for loss in step.losses)
    by_reason = [sum(step.losses[index].amount for step in steps) for index in range(len(reasons))]
    legend = [
        Key(css=css, name=name, amount=say(sum_)) for (css, name), sum_ in zip(reasons, by_reason, strict=True) if sum_
    ]
    return Fall(
        rows=rows,
        legend=legend,
        won=say(won),
        won_width=at(won / total),
        won_label_x=at(won / total / 2),
        won_inside=fits(say(won), won / total),
        largest=largest_loss(steps),
    )


def fall_row(
    step: Step,
    *,
    came_in: float,
    total: float,
    reasons: Sequence[tuple[str, str]],
    say: Callable[[float], str],
) -> FallRow:
    """One step: what went on as a pale bar, and behind it what ended here, by reason."""
    lost = sum(loss.amount for loss in step.losses)
    start = came_in - lost
    segments, spoken = [], []
    for (css, name), loss in zip(reasons, step.losses, strict=True):
        if loss.amount > 0:
            segments.append(segment(css, start / total, loss.amount / total, say(loss.amount)))
            spoken.append((name, say(loss.amount)))
            start += loss.amount
    return FallRow(
        name=step.name,
        came_in=say(came_in),
        went_on=say(came_in - lost),
        lost=say(lost),
        share=step.share,
        interval=step.interval,
        kept=at((came_in - lost) / total),
        segments=segments,
        spoken=spoken,
        url=step.url,
    )


def segment(css: str, start: float, width: float, label: str) -> Segment:
    """A piece of a bar with its label where it fits."""
    return Segment(
        css=css,
        x=at(start),
        width=at(width),
        label=label if fits(label, width) else "",
        label_x=at(start + width / 2),
        roomy=width < 0.025 + 0.02 * len(label),
    )


def fits(label: str, width: float) -> bool:
    """Whether a label of 12 px can stand inside a piece of the bar on a wide sheet."""
    return width >= 0.015 + 0.01 * len(label)


def largest_loss(steps: Sequence[Step]) -> tuple[int, int] | None:
    """Which step and which reason lost most, for the sentence under the chart."""
    losses = [
        (loss.amount, row, column)
        for row, step in enumerate(steps)
        for column, loss in enumerate(step.losses)
        if loss.amount > 0
    ]
    if not losses:
        return None
    _, row, column = max(losses, key=lambda found: (found[0], -found[1], -found[2]))
    return row, column
