"""What the current generation says, to whom. Pages and API read its rows.

A member who does not see everybody's deals reads the same statistics of the deals that they see. Those are computed
when they are asked for, from the facts, which change in the commit of their generation: as many sets of people as
there are members, new ones with each change of a team, would be stored for nobody most of the time, and stale.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import Tenant
from accounts.tenancy.scope import current_tenant_id
from accounts.visibility import EVERYTHING, Sight, current_sight
from outcomes.models import StatisticGeneration, StatisticMark, StatisticResult
from outcomes.statistics import engine
from outcomes.statistics.metrics import METRICS
from outcomes.statistics.results import Result

#: A figure of fewer people tells of one of them.
FEWEST_PEOPLE = 3


class Whose(StrEnum):
    """Whose deals figures count."""

    EVERYBODY = "everybody"
    GROUP = "group"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Population:
    """Whose deals figures count. people: their keys, None for everybody's; held_back: they would have been those of
    too small a group, so they are the member's own instead."""

    whose: Whose = Whose.EVERYBODY
    people: frozenset[UUID] | None = None
    sight: Sight = EVERYTHING
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class Statistics:
    """One generation with its results by metric; `updating` while changes wait to be counted.

    Without a generation nothing has been computed yet.
    """

    generation: StatisticGeneration | None
    results: dict[str, StatisticResult]
    updating: bool
    population: Population = field(default_factory=Population)


def current() -> Statistics:
    """The statistics as they stand, of the deals that whoever asks sees."""
    sight = current_sight()
    if sight.people is None:
        rows = list(StatisticResult.objects.filter(generation__is_current=True, slice="").select_related("generation"))
        generation = rows[0].generation if rows else None
        return Statistics(generation, {row.metric: row for row in rows}, _is_updating())
    generation = StatisticGeneration.objects.filter(is_current=True).first()
    if generation is None:
        return Statistics(None, {}, _is_updating(), _own(sight))
    made, population = _sliced(sight, generation.as_of)
    return Statistics(generation, _as_stored(made, generation), _is_updating(), population)


def chance_to_win(as_of: date | None = None) -> tuple[StatisticResult | None, Population]:
    """The curve of winning alone, of the deals that whoever asks sees; None before the first figures. as_of: of which
    day the figures are, where that is known already."""
    sight = current_sight()
    if sight.people is None:
        rows = StatisticResult.objects.filter(generation__is_current=True, slice="", metric="chance_to_win")
        return rows.first(), Population()
    if as_of is None:
        as_of = StatisticGeneration.objects.filter(is_current=True).values_list("as_of", flat=True).first()
    if as_of is None:
        return None, _own(sight)
    made, population = _sliced(sight, as_of)
    return _as_stored(made, StatisticGeneration(as_of=as_of))["chance_to_win"], population


def _sliced(sight: Sight, as_of: date) -> tuple[list[Result], Population]:
    population = population_of(sight, as_of=as_of)
    return engine.slice_of(tenant_id=current_tenant_id(), as_of=as_of, people=population.people or ()), population


@dataclass(frozen=True, slots=True)
class Standing:
    """Of which day the figures are, and whose deals they count."""

    as_of: date
    population: Population


def standing_now() -> Standing | None:
    """What the figures stand on, without the figures; None before the first ones."""
    generation = StatisticGeneration.objects.filter(is_current=True).first()
    if generation is None:
        return None
    sight = current_sight()
    everybody = sight.people is None
    return Standing(generation.as_of, Population() if everybody else population_of(sight, as_of=generation.as_of))


def population_of(sight: Sight, *, as_of: date) -> Population:
    """Whose deals the figures of a day count for somebody who sees some people's.

    A figure of fewer than three people tells of each of them. It is shown to who manages the others, and to nobody
    where the organisation wants no figures about single people.
    """
    tenant_id, people = current_tenant_id(), sight.people or frozenset()
    if sight.is_own:
        return _own(sight)
    sellers = engine.sellers_among(tenant_id=tenant_id, as_of=as_of, people=people)
    others = sellers - {sight.me}
    if not others or len(sellers) >= FEWEST_PEOPLE:
        return Population(Whose.GROUP, people, sight)
    managed = others <= sight.managed
    if managed and not Tenant.objects.filter(pk=tenant_id, group_only=True).exists():
        return Population(Whose.GROUP, people, sight)
    return _own(sight, held_back=True)


def _own(sight: Sight, *, held_back: bool = False) -> Population:
    return Population(Whose.OWN, frozenset([sight.me] if sight.me else []), sight, held_back)


def _is_updating() -> bool:
    return StatisticMark.objects.exists()


def _as_stored(made: Iterable[Result], generation: StatisticGeneration) -> dict[str, StatisticResult]:
    """The results as rows that nobody stores, in the form in which stored ones are read."""
    return {
        result.metric: StatisticResult(
            generation=generation,
            metric=result.metric,
            as_of=generation.as_of,
            value=result.value,
            low=result.low,
            high=result.high,
            n=result.n,
            events=result.events,
            grade=result.grade,
            method=METRICS[result.metric].method,
            detail=json.loads(json.dumps(result.detail, cls=DjangoJSONEncoder)),
            not_enough=json.loads(json.dumps(result.not_enough, cls=DjangoJSONEncoder)),
        )
        for result in made
    }
