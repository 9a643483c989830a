"""What became of qualified deals by their age: cumulative incidence as stacked areas of steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontend.charts.scale import apart, at, day_ticks, px

HEIGHT = 240
TOP = 14
#: More would be finer than a pixel on most screens and heavier than the rest of the page.
MOST_STEPS = 60
LABEL = 18
OPEN = "keep"


@dataclass(frozen=True, kw_only=True)
class Instant:
    """The state at one age in days: for each cause the share of deals that had ended so by then."""

    age: int
    ended: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A way to end. css: the class that colours it; name: what its label says."""

    key: str
    css: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Dot:
    """The share of the first cause at one age, with its interval."""

    age: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Stair:
    """One step of an area: from its age to the right edge, so that neighbours leave no seam."""

    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The area of one cause, with its share at the last age."""

    css: str
    name: str
    stairs: Sequence[Stair]
    share: float
    label_y: str
    swatch_y: str


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Positions for the drawing. Layers are in painting order: what lies behind comes first."""

    layers: Sequence[Layer]
    ages: Sequence[tuple[str, int]]
    lines: Sequence[tuple[str, float]]
    open: Layer
    dot_x: str = ""
    dot_y: str = ""
    low: str = ""
    high: str = ""
    height: int = HEIGHT
    floor: int = HEIGHT - 32


def cumulative_incidence(
    *, instants: Sequence[Instant], causes: Sequence[Cause], dot: Dot | None = None
) -> Curve | None:
    """Areas from the bottom in the order of the causes; nothing when no age is supported yet.

    instants: ascending ages, up to the last one that enough deals reached; dot: where the first cause is read.
    """
    if len(instants) < 2 or instants[-1].age <= 0:
        return None
    floor, last = HEIGHT - 32, instants[-1]
    tops = [stacked(instant, causes) for instant in thinned(instants)]
    ages = [instant.age / last.age for instant in thinned(instants)]
    ends = tops[-1]
    middles = [(lower + upper) / 2 for lower, upper in zip([0.0, *ends], [*ends, 1.0], strict=True)]
    # From the top of the drawing down: still open first, won last.
    wanted = [height_of(middle, floor) for middle in reversed(middles)]
    placed = list(reversed(apart(wanted, LABEL, TOP, floor - 2)))

    def layer(index: int, **told: Any) -> Layer:
        return Layer(label_y=px(placed[index] + 4), swatch_y=px(placed[index] - 5), **told)

    layers = [
        layer(
            index,
            css=cause.css,
            name=cause.name,
            stairs=stairs(ages, [top[index] for top in tops], floor),
            share=last.ended.get(cause.key, 0.0),
        )
        for index, cause in enumerate(causes)
    ]
    still = layer(-1, css=OPEN, name="", stairs=[], share=1 - ends[-1])
    return Curve(
        layers=list(reversed(layers)),
        ages=[(at(age / last.age), age) for age in day_ticks(last.age)],
        lines=[(px(height_of(share, floor)), share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        open=still,
        dot_x=at(dot.age / last.age) if dot else "",
        dot_y=px(height_of(dot.value, floor)) if dot else "",
        low=px(height_of(dot.low, floor)) if dot else "",
        high=px(height_of(dot.high, floor)) if dot else "",
        floor=floor,
    )


def thinned(instants: Sequence[Instant]) -> list[Instant]:
    """At most so many ages as can be told apart, always with the first and the last."""
    step = -(-len(instants) // MOST_STEPS)
    kept = list(instants[::step])
    return kept if kept[-1] is instants[-1] else [*kept, instants[-1]]


def stacked(instant: Instant, causes: Sequence[Cause]) -> list[float]:
    """The upper edge of each cause's area when they stand on each other."""
    tops, so_far = [], 0.0
    for cause in causes:
        so_far += instant.ended.get(cause.key, 0.0)
        tops.append(min(so_far, 1.0))
    return tops


def height_of(share: float, floor: int) -> float:
    """Where a share lies, in pixels from the top."""
    return floor - share * (floor - TOP)


def stairs(ages: Sequence[float], tops: Sequence[float], floor: int) -> list[Stair]:
    """The rectangles of an area that never falls; a step of less than half a pixel is not drawn."""
    drawn: list[Stair] = []
    reached = float(floor)
    for age, top in zip(ages, tops, strict=True):
        y = height_of(top, floor)
        if reached - y >= 0.5:
            drawn.append(Stair(x=at(age), width=at(1 - age), y=px(y), height=px(floor - y)))
            reached = y
    return drawn
