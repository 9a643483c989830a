"""The registry of statistics: what each one answers, over whom, and under which version of its method."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from outcomes.statistics import curves

SHARE, COUNT = "share", "count"


@dataclass(frozen=True, slots=True)
class Metric:
    """A statistic as data. `unit` is "share" (0 to 1) or "count"; `rows` names the deals that `n` counts, as the
    deal list's filter of that name shows them."""

    name: str
    title: str | Promise
    question: str | Promise
    definition: str | Promise
    unit: str
    rows: str
    method: str = curves.METHOD


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "deals_qualified",
            _("Qualified opportunities"),
            _("How many opportunities did we decide to pursue?"),
            _("Deals with a qualification day, without tests and merged duplicates."),
            COUNT,
            "qualified",
            "count 1",
        ),
        Metric(
            "chance_to_win",
            _("Chance to win"),
            _("What share of what we qualify do we win within the horizon?"),
            _("Cumulative incidence of won at the horizon; open deals are censored, other ends compete."),
            SHARE,
            "watched",
        ),
        Metric(
            "opportunity_waste",
            _("Opportunity waste"),
            _("What share of what we qualify is not won within the horizon?"),
            _("One minus the chance to win: lost, no decision, disqualified and still open add up to it."),
            SHARE,
            "watched",
        ),
        Metric(
            "incidence_lost",
            _("Lost"),
            _("What share of what we qualify is lost within the horizon?"),
            _("Cumulative incidence of lost at the horizon; open deals are censored, other ends compete."),
            SHARE,
            "watched",
        ),
        Metric(
            "incidence_no_decision",
            _("No decision"),
            _("What share of what we qualify ends without a decision within the horizon?"),
            _("Cumulative incidence of no decision at the horizon; open deals are censored, other ends compete."),
            SHARE,
            "watched",
        ),
        Metric(
            "incidence_disqualified",
            _("Disqualified"),
            _("What share of what we qualify do we disqualify within the horizon?"),
            _("Cumulative incidence of disqualified at the horizon; open deals are censored, other ends compete."),
            SHARE,
            "watched",
        ),
        Metric(
            "still_open",
            _("Still open"),
            _("What share of what we qualify is still open at the horizon?"),
            _("One minus the cumulative incidences of all ends."),
            SHARE,
            "watched",
        ),
        Metric(
            "won_of_closed",
            _("Won, of the deals closed"),
            _("What share of the closed deals was won?"),
            _("Won of all closed. Biased while intake changes or losers linger; read the chance to win first."),
            SHARE,
            "closed",
            "share 1",
        ),
        Metric(
            "won_so_far",
            _("Won so far, of all qualified"),
            _("What share of the qualified deals is won by now?"),
            _("Won of qualified: a floor, because open deals may still win."),
            SHARE,
            "qualified",
            "share 1",
        ),
        Metric(
            "waste_deals",
            _("Closed deals not won"),
            _("What share of the closed deals was not won?"),
            _("Lost, no decision and disqualified of all closed deals."),
            SHARE,
            "closed",
            "share 1",
        ),
        Metric(
            "waste_value",
            _("Value not won"),
            _("What share of the value of closed deals was not won?"),
            _("By the amount at qualification; deals without an amount are left out."),
            SHARE,
            "priced",
            "ratio 1",
        ),
        Metric(
            "waste_effort",
            _("Effort on deals not won"),
            _("What share of the minutes on closed deals went into those not won?"),
            _("Logged minutes of everybody on deals that ended not won, of those on all closed deals."),
            SHARE,
            "closed",
            "ratio 1",
        ),
        Metric(
            "effort_after_progress",
            _("Effort after the last progress"),
            _("What share of the minutes on lost deals came after anything moved?"),
            _("Minutes after the last milestone or stage advance, of all minutes on deals that ended not won."),
            SHARE,
            "wasted",
            "ratio 1",
        ),
    )
}
