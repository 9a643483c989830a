"""What is said of a strategy's plays, for programs."""

from __future__ import annotations

from typing import Any

from accounts.api import fields
from outcomes.queries.plays import Judging
from outcomes.queries.statistics import Whose
from outcomes.statistics.plays import Verdict
from strategy.plan.document import Document


class PlayVerdict(fields.Output):
    """Whether a play works, and what that rests on.

    `share` is won so far of its qualified deals with the interval it may lie in (95 %), `expected` what all qualified
    deals of the organisation give at the same ages. It works when its whole interval lies above, it does not when the
    whole interval lies below. While fewer than 20 of its deals have closed, `verdict` is `too_few`, `share` null and
    `more_to_close` says how many are missing; it is `unknown` while too little is known of all deals.
    """

    play = fields.Uuid(help_text="Its id in the strategy's text")
    name = fields.Text(longest=120)
    verdict = fields.OneOf([*Verdict])
    qualified = fields.Whole()
    closed = fields.Whole()
    won = fields.Whole()
    share = fields.Number(allow_null=True)
    low = fields.Number(allow_null=True)
    high = fields.Number(allow_null=True)
    expected = fields.Number(allow_null=True)
    more_to_close = fields.Whole()
    whose = fields.OneOf([*Whose], help_text="Whose deals it counts, as in statistics")


def verdicts(text: Document, found: Judging) -> list[dict[str, Any]]:
    """The plays of a text in order of importance."""
    rows = []
    for play in text.plays:
        of = found.of(play.id)
        rows.append(
            {
                "play": str(play.id),
                "name": play.name,
                "verdict": of.verdict,
                "qualified": of.tally.qualified,
                "closed": of.tally.ended,
                "won": of.tally.won,
                "share": of.share.value if of.share else None,
                "low": of.share.low if of.share else None,
                "high": of.share.high if of.share else None,
                "expected": of.tally.expected,
                "more_to_close": of.more,
                "whose": found.population.whose,
            }
        )
    return rows
