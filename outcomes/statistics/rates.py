"""The win rates that are plain shares of whole numbers, each with its own name.

There is no bare "win rate". The fifth, the chance to win within H, is `curves.cumulative_incidence`, and it
is the default: these three are shown only under their names.
"""

from __future__ import annotations

from collections.abc import Mapping

from outcomes.statistics.bins import CAUSES, WON, Bins
from outcomes.statistics.intervals import CONFIDENCE, Share, share


def won_of_closed(ends: Mapping[str, int], *, confidence: float = CONFIDENCE) -> Share:
    """Won of the deals closed in a period, by closing date; `ends` are the deals by cause, each of CAUSES
    required.

    All four causes stand below the line: leaving "no decision" out is the biggest inflation there is.
    Biased while intake changes or losers linger. Raises ValueError for a missing cause or no closed deal.
    """
    if missing := [cause for cause in CAUSES if cause not in ends]:
        raise ValueError(f"the deals ended {missing[0]} belong below the line")
    return share(ends[WON], sum(ends[cause] for cause in CAUSES), confidence=confidence)


def won_so_far(won: int, qualified: int, *, confidence: float = CONFIDENCE) -> Share:
    """Won so far of those qualified in a period: a floor, because open deals may still win."""
    return share(won, qualified, confidence=confidence)


def won_within(bins: Bins, horizon: int, *, confidence: float = CONFIDENCE) -> Share:
    """Won at age <= horizon of a finished cohort: an exact share, no model.

    Raises ValueError where the cohort is not finished (a deal was last seen open at age <= horizon) or was
    not seen from its first day (late entry): then only the curve can tell.
    """
    if bins.censored[: horizon + 1].any():
        raise ValueError("the cohort holds deals that are still open and not older than the horizon")
    if bins.entries[1:].any():
        raise ValueError("the cohort holds deals whose first days nobody recorded")
    won = int(bins.ends[: horizon + 1, CAUSES.index(WON)].sum())
    return share(won, bins.deals, confidence=confidence)
