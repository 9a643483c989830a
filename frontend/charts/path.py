"""What lies between two outcomes, as a strip: a tick for each activity, a hollow square for each output."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from frontend.charts.scale import at

#: More would be a grey line, not ticks.
MOST_MARKS = 40


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Positions along the strip in percent. base: "done" up to a known outcome, "wait" up to a claimed one."""

    base: str
    ticks: Sequence[str]
    outputs: Sequence[str]
    activities: int
    given: int
    days: int


def strip(*, base: str, done: Iterable[tuple[datetime, bool]], start: datetime, end: datetime) -> Strip:
    """The strip from one outcome to the next, or to now.

    done: moments with whether they gave an output. What happened on the very edge is held inside the strip.
    """
    inside = [(moment, gave) for moment, gave in done if start <= moment < end]
    span = max((end - start).total_seconds(), 1.0)
    shown = thinned(inside)
    places = [(at(0.03 + 0.94 * (moment - start).total_seconds() / span), gave) for moment, gave in shown]
    return Strip(
        base=base,
        ticks=list(dict.fromkeys(place for place, gave in places if not gave)),
        outputs=list(dict.fromkeys(place for place, gave in places if gave)),
        activities=len(inside),
        given=sum(gave for _, gave in inside),
        days=max((end - start).days, 0),
    )


def thinned(inside: Sequence[tuple[datetime, bool]]) -> Sequence[tuple[datetime, bool]]:
    """At most so many marks as can be told apart; those that gave something are kept first."""
    if len(inside) <= MOST_MARKS:
        return inside
    given = [one for one in inside if one[1]][-MOST_MARKS:]
    plain = [one for one in inside if not one[1]]
    room = MOST_MARKS - len(given)
    return given + [plain[index * len(plain) // room] for index in range(room)] if room and plain else given
