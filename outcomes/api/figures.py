"""What a statistic looks like outside: never a number without its doubt, its sample and the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.api import fields, ids
from accounts.api.shapes import ref
from outcomes.models import StatisticResult
from outcomes.queries.statistics import Statistics, Whose
from outcomes.statistics.grades import LETTERS
from outcomes.statistics.metrics import COUNT, SHARE, Metric
from strategy.models import EndReason, Stage

NAME = "[a-z][a-z_]{0,59}"


class Definition(fields.Output):
    """How it is computed. Another version may give another number for the same deals."""

    name = fields.Text(longest=60)
    version = fields.Text(longest=20)
    text = fields.Text(longest=1000)


class Shortage(fields.Output):
    """One thing of which there is too little; `days` until there is enough at the present pace, if known."""

    what = fields.Text(longest=40)
    have = fields.Whole()
    need = fields.Whole()
    days = fields.Whole(allow_null=True)


class NotEnoughData(fields.Output):
    """Why there is no number yet."""

    missing = Shortage(many=True)
    days = fields.Whole(allow_null=True)


class Links(fields.Output):
    """Where to go on: `rows` lists the deals that `n` counts."""

    self = fields.Text(longest=300)
    rows = fields.Text(longest=300)


class Statistic(fields.Output):
    """What one statistic says, with the interval it may lie in (95 %).

    `value`, `low` and `high` are null while there is not enough data, and `not_enough_data` says what is missing.
    `n` is the number of deals it rests on, `events` the number of ends (or other events) counted. `grade` says how
    far to trust it: A to D. A count has no interval.
    """

    id = fields.Name(NAME)
    title = fields.Text(longest=200)
    question = fields.Text(longest=300)
    unit = fields.OneOf([SHARE, COUNT], help_text="A share goes from 0 to 1")
    value = fields.Number(allow_null=True)
    low = fields.Number(allow_null=True)
    high = fields.Number(allow_null=True)
    n = fields.Whole()
    events = fields.Whole()
    grade = fields.OneOf(LETTERS, allow_null=True)
    as_of = fields.Day(allow_null=True, help_text="Null until the first figures are computed")
    updating = fields.Switch(help_text="Whether changes wait to be counted")
    whose = fields.OneOf(
        [*Whose],
        help_text="Whose deals it counts: everybody's, those of the group whose deals the token's member sees, or the"
        " member's own",
    )
    definition = Definition()
    not_enough_data = NotEnoughData(allow_null=True)
    links = Links()


class StatisticInDetail(Statistic):
    """A statistic with what it is made of.

    `detail` depends on the statistic: the horizon in days and the curve by age, the parts of the waste, or the cells
    of deals by milestone, stage, cause and reason with their value (minor units of the organisation's currency) and
    minutes.
    """

    detail = fields.Anything()


def statistic(metric: Metric, found: Statistics) -> dict[str, Any]:
    """One statistic as it stands; before the first figures everything is missing."""
    result = found.results.get(metric.name)
    name, _, version = metric.method.rpartition(" ")
    told = result.not_enough if result else {"missing": [], "days": None}
    return {
        "id": metric.name,
        "title": str(metric.title),
        "question": str(metric.question),
        "unit": metric.unit,
        "value": result.value if result else None,
        "low": result.low if result else None,
        "high": result.high if result else None,
        "n": result.n if result else 0,
        "events": result.events if result else 0,
        "grade": (result.grade or None) if result else None,
        "as_of": result.as_of if result else None,
        "updating": found.updating,
        "whose": found.population.whose,
        "definition": {"name": name, "version": version, "text": str(metric.definition)},
        "not_enough_data": {"missing": told["missing"], "days": told["days"]} if told else None,
        "links": {
            "self": f"/api/v1/statistics/{metric.name}",
            "rows": f"/api/v1/statistics/{metric.name}/rows",
        },
    }


def in_detail(metric: Metric, found: Statistics) -> dict[str, Any]:
    """One statistic with what it is made of."""
    result = found.results.get(metric.name)
    return statistic(metric, found) | {"detail": _detail(result) if result else {}}


def _detail(result: StatisticResult) -> dict[str, Any]:
    detail = dict(result.detail)
    if cells := detail.get("cells"):
        stages = {str(key): name for key, name in Stage.objects.values_list("pk", "name")}
        reasons = {str(key): name for key, name in EndReason.objects.values_list("pk", "name")}
        detail["cells"] = [
            cell
            | {
                "stage": _named(ids.STAGE, cell["stage"], stages),
                "reason": _named(ids.END_REASON, cell["reason"], reasons),
            }
            for cell in cells
        ]
    return detail


def _named(kind: str, key: str | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    return ref(kind, UUID(key), names.get(key, "")) if key else None
