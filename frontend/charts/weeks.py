"""Activities of some weeks as bars, and the outcomes of each week as diamonds above its bar."""

from collections.abc import Sequence
from dataclasses import dataclass

from frontend.charts.scale import at, px

#: The line on which bars stand, how high the highest is, and what a diamond takes.
BASE, TALLEST, DIAMOND = 80, 44, 12
#: More diamonds than fit above a bar are told by the sentence below.
MOST_DIAMONDS = 3


@dataclass(frozen=True, kw_only=True)
class Week:
    """One bar: where it stands and how high it is, and from where its diamonds hang."""

    x: str
    y: str
    height: str
    diamonds: Sequence[str]


def weeks(activities: Sequence[int], outcomes: Sequence[int]) -> list[Week]:
    """The bars of some weeks, the oldest first, on a scale from zero."""
    most, count = max([*activities, 1]), len(activities)
    drawn = []
    for place, (done, reached) in enumerate(zip(activities, outcomes, strict=True)):
        height = TALLEST * done / most
        top = BASE - height - DIAMOND - 2
        drawn.append(
            Week(
                x=at((place + 0.5) / count),
                y=px(BASE - height),
                height=px(height),
                diamonds=[px(top - DIAMOND * number) for number in range(min(reached, MOST_DIAMONDS))],
            )
        )
    return drawn
