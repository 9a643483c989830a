"""The curves deal by deal in the most obvious way and in exact fractions: the measure of the product."""

from __future__ import annotations

from fractions import Fraction

CAUSES = ("won", "lost", "no_decision", "disqualified")
Deal = tuple[int, int, str]


def at_risk(deals: list[Deal], age: int) -> int:
    return sum(1 for entry, leave, _ in deals if entry <= age <= leave)


def ended_by(deals: list[Deal], age: int, start: int = 0) -> dict[str, Fraction]:
    """F_k(age) for each cause, and "open" for S(age)."""
    open_share = Fraction(1)
    ended = dict.fromkeys(CAUSES, Fraction(0))
    for day in range(start, age + 1):
        present = [deal for deal in deals if deal[0] <= day <= deal[1]]
        if not present:
            continue
        open_before = open_share
        for cause in CAUSES:
            ends = sum(1 for _, leave, end in present if leave == day and end == cause)
            ended[cause] += open_before * Fraction(ends, len(present))
            open_share -= open_before * Fraction(ends, len(present))
    return {**ended, "open": open_share}


def variance_of(deals: list[Deal], cause: str, age: int) -> Fraction:
    """Var F_k(age): the double sum as printed, no running sums."""
    curve = [ended_by(deals, day) for day in range(age + 1)]
    total = Fraction(0)
    for day in range(age + 1):
        n = at_risk(deals, day)
        leaving = [end for entry, leave, end in deals if entry <= day == leave and end != "open"]
        d, d_k = len(leaving), leaving.count(cause)
        if d == 0:
            continue
        open_before = curve[day - 1]["open"] if day else Fraction(1)
        later = curve[age][cause] - curve[day][cause]
        if n > d:
            total += later**2 * Fraction(d, n * (n - d))
        total += open_before**2 * Fraction(d_k * (n - d_k), n**3)
        total -= 2 * later * open_before * Fraction(d_k, n**2)
    return total
