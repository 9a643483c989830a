"""From whole numbers to what people read: each statistic with its interval, sample, grade, or what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np

from outcomes.statistics import minimum, rates, waste
from outcomes.statistics.bins import CAUSES, WON, Bins
from outcomes.statistics.curves import Incidence, Reading, cumulative_incidence
from outcomes.statistics.digest import inputs_hash
from outcomes.statistics.grades import Grade, Records, grade_reading, grade_share
from outcomes.statistics.intervals import Share
from outcomes.statistics.metrics import METRICS
from outcomes.statistics.minimum import NotEnough, Pace

# Counted up when the text of a result changes though its inputs did not.
RESULT_VERSION = "1"
PACE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Inputs:
    """All whole numbers that one slice's results are computed from."""

    as_of: date
    bins: Bins
    cells: Sequence[waste.Cell]
    milestones: int
    records: Records
    qualified_lately: int
    closed_lately: int
    observed_from: date | None
    observed_until: date | None
    entered_late: int

    def digest(self) -> str:
        """Equal when every number below is; see `digest.inputs_hash`."""
        return inputs_hash(
            RESULT_VERSION,
            self.as_of.isoformat(),
            self.bins,
            list(self.cells),
            self.milestones,
            [str(value) for value in asdict(self.records).values()],
            self.qualified_lately,
            self.closed_lately,
            str(self.observed_from),
            str(self.observed_until),
            self.entered_late,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One statistic of one slice, as `StatisticResult` stores it."""

    metric: str
    n: int
    events: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    grade: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    not_enough: dict[str, Any] | None = None


def compute(inputs: Inputs) -> list[Result]:
    """Every statistic of the registry for one slice, in the registry's order."""
    made = {result.metric: result for part in (_curves, _closed) for result in part(inputs)}
    return [made[name] for name in METRICS]


def _curves(inputs: Inputs) -> Iterator[Result]:
    bins = inputs.bins
    curve = cumulative_incidence(bins)
    horizon = curve.horizon
    yield Result("deals_qualified", n=bins.deals + bins.excluded, events=bins.deals, value=bins.deals + bins.excluded)
    reading = curve.at(horizon) if horizon is not None else None
    shared = _about(inputs, curve)
    names = ("chance_to_win", "incidence_lost", "incidence_no_decision", "incidence_disqualified")
    for name, cause in zip(names, CAUSES, strict=True):
        detail = {**shared, "curve": _drawn(curve)} if cause == WON else shared
        yield _of_curve(name, inputs, curve, cause, reading.ended[cause] if reading else None, detail)
    # The same estimate as the chance to win, mirrored, so it needs the same sample.
    parts = _parts(reading) if reading else {}
    yield _of_curve(
        "opportunity_waste", inputs, curve, WON, reading.waste if reading else None, {**shared, "parts": parts}
    )
    yield _of_curve("still_open", inputs, curve, WON, reading.open if reading else None, shared)


def _of_curve(
    name: str,
    inputs: Inputs,
    curve: Incidence,
    cause: str,
    share: Share | None,
    detail: dict[str, Any],
) -> Result:
    missing = minimum.for_incidence(
        curve,
        inputs.bins,
        cause,
        curve.horizon,
        qualified=Pace(inputs.qualified_lately, PACE_DAYS),
        ends=Pace(inputs.closed_lately, PACE_DAYS),
    )
    if curve.horizon is None or share is None or missing is not None:
        events = int(curve.ends[-1, CAUSES.index(cause)])
        return Result(name, n=curve.deals, events=events, detail=detail, not_enough=_told(missing))
    reading = curve.at(curve.horizon)
    weaknesses = inputs.records.weaknesses()
    if share == reading.open:
        ended = sum(part.events for part in reading.ended.values())
        return _graded(name, share, grade_share(share, known_not=ended, weaknesses=weaknesses), detail)
    return _graded(name, share, grade_reading(reading, cause, weaknesses=weaknesses), detail)


def _closed(inputs: Inputs) -> Iterator[Result]:
    """Where the closed deals stopped: exact counts, biased while young deals are missing, named "closed"."""
    by_cause = waste.cut(inputs.cells, "cause")
    ends = {cause: by_cause.get((cause,), waste.Tally()).deals for cause in CAUSES}
    closed, qualified = sum(ends.values()), waste.total(inputs.cells).deals
    pace = Pace(inputs.closed_lately, PACE_DAYS)
    missing = minimum.for_close_rate(ends, pace=pace)
    won = rates.won_of_closed(ends) if closed else None
    yield _of_share("won_of_closed", inputs, won, missing, n=closed, events=ends[WON])
    so_far = rates.won_so_far(ends[WON], qualified) if qualified else None
    too_few = minimum.for_percentage(qualified, pace=Pace(inputs.qualified_lately, PACE_DAYS))
    yield _of_share("won_so_far", inputs, so_far, too_few, n=qualified, events=ends[WON])
    cube = {"cells": [_cell(cell) for cell in inputs.cells], "milestones": inputs.milestones}
    not_won = waste.count_waste(inputs.cells)
    yield _of_share("waste_deals", inputs, not_won, missing, n=closed, events=closed - ends[WON], detail=cube)
    lost = waste.total(inputs.cells, lambda cell: cell.wasted)
    portions = (
        ("waste_value", waste.value_waste(inputs.cells), lost.priced),
        ("waste_effort", waste.effort_waste(inputs.cells), lost.deals),
        ("effort_after_progress", waste.effort_after_progress(inputs.cells), lost.deals),
    )
    for name, portion, events in portions:
        yield _of_portion(name, inputs, portion, events=events, pace=pace)


def _of_share(
    name: str,
    inputs: Inputs,
    share: Share | None,
    missing: NotEnough | None,
    *,
    n: int,
    events: int,
    detail: dict[str, Any] | None = None,
) -> Result:
    if share is None or missing is not None:
        return Result(name, n=n, events=events, detail=detail or {}, not_enough=_told(missing))
    return _graded(name, share, grade_share(share, weaknesses=inputs.records.weaknesses()), detail or {})


def _of_portion(name: str, inputs: Inputs, portion: waste.Portion | None, *, events: int, pace: Pace) -> Result:
    """A share of value or effort over deals; without any amount or minute on record there is nothing to divide."""
    if portion is None:
        return Result(name, n=0, events=events, not_enough={"statistic": name, "missing": [], "days": None})
    detail: dict[str, Any] = {"part": portion.part, "whole": portion.whole}
    missing = minimum.for_percentage(portion.n, pace=pace)
    if missing is not None:
        return Result(name, n=portion.n, events=events, detail=detail, not_enough=_told(missing))
    share = Share(portion.value, portion.low, portion.high, events, portion.n)
    # Effort after progress is taken over lost deals alone: none of them is a non-event.
    known_not = portion.n if name == "effort_after_progress" else portion.n - events
    return _graded(name, share, grade_share(share, known_not=known_not, weaknesses=inputs.records.weaknesses()), detail)


def _graded(name: str, share: Share, grade: Grade, detail: dict[str, Any]) -> Result:
    reasons = [asdict(reason) for reason in grade.reasons]
    told = {**detail, "reasons": reasons}
    return Result(name, share.n, share.events, share.value, share.low, share.high, grade.letter, told)


def _about(inputs: Inputs, curve: Incidence) -> dict[str, Any]:
    """What every reading of the curve is to be read with."""
    return {
        "horizon": curve.horizon,
        "support": curve.support,
        "gap": asdict(curve.gap) if curve.gap else None,
        "excluded": inputs.bins.excluded,
        "older_than_any_end": inputs.bins.older_than_any_end,
        "entered_late": inputs.entered_late,
        "observed_from": inputs.observed_from,
        "observed_until": inputs.observed_until,
        "ends": inputs.records.ends,
        "ends_without_reason": inputs.records.ends_without_cause,
    }


def _parts(reading: Reading) -> dict[str, dict[str, float | int]]:
    """What the waste consists of; with the won they add up to one."""
    shares = {**{cause: reading.ended[cause] for cause in CAUSES if cause != WON}, "open": reading.open}
    return {name: asdict(share) for name, share in shares.items()}


def _drawn(curve: Incidence) -> dict[str, list[Any]]:
    """The curve at the ages where something ended, up to its support: steps need no more."""
    last = curve.support
    if last is None:
        return {"age": [], "at_risk": [], "open": [], **{cause: [] for cause in CAUSES}}
    ends = np.diff(curve.ends[: last + 1].sum(axis=1), prepend=0) > 0
    ages = sorted({0, *np.flatnonzero(ends).tolist(), last})
    drawn: dict[str, list[Any]] = {
        "age": ages,
        "at_risk": curve.at_risk[ages].tolist(),
        "open": curve.still_open[ages].tolist(),
    }
    for column, cause in enumerate(CAUSES):
        drawn[cause] = curve.ended[ages, column].tolist()
        drawn[f"{cause}_low"] = curve.low[ages, column].tolist()
        drawn[f"{cause}_high"] = curve.high[ages, column].tolist()
    return drawn


def _cell(cell: waste.Cell) -> dict[str, Any]:
    tally = cell.tally
    return {
        "milestone": cell.milestone,
        "stage": cell.stage,
        "cause": cell.cause,
        "reason": cell.reason,
        "deals": tally.deals,
        "priced": tally.priced,
        "value": tally.value,
        "minutes": tally.minutes,
        "idle": tally.idle,
    }


def _told(missing: NotEnough | None) -> dict[str, Any] | None:
    return {**asdict(missing), "days": missing.days} if missing else None
