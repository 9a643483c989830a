"""What can be wrong with rows of companies and deals, and what is worth knowing about those that came in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.imports.problems import declare

# Refused
declare(
    "unknown_stage",
    _("“{value}” was not among the stages when the files were read. Send the files again."),
    _("deals in a stage that nobody explained"),
)
declare(
    "over_without_day",
    _("This deal is over and has no “{column}”. Fill it in."),
    _("deals that are over and have no “{column}”"),
)
declare(
    "open_with_end",
    _("This deal is open and ended on {value}. Empty “{column}” or give it the stage it ended in."),
    _("open deals with a “{column}”"),
)
declare(
    "ends_before_it_began",
    _("{value} is before the day the deal was qualified. Correct one of the two."),
    _("deals that ended before they were qualified"),
)
declare("in_the_future", _("{value} has not come yet. Correct it."), _("values of “{column}” in the future"))
declare(
    "after_the_window",
    _("{value} is after the last day you said this export knows of. Correct one of the two."),
    _("values of “{column}” after the last day the export knows of"),
)
declare("year_unlikely", _("“{value}” is not a year a company was founded in."), _("unlikely years of founding"))
declare(
    "own_parent", _("A company cannot be its own parent. Empty “{column}”."), _("companies that are their own parent")
)

# Noted
declare(
    "product_joined",
    _("“{value}” is “{to}” in the price list; only spaces or case differ."),
    _("deals of “{value}” were matched to “{to}” in the price list"),
)
declare(
    "price_unknown",
    _("“{value}” is not in the price list, so these deals have no amount at qualification."),
    _("deals of “{value}”, which is not in the price list, have no amount at qualification"),
)
declare("no_company", _("No company is named. Link one when you know it."), _("deals without a company"))
declare(
    "not_qualified_yet",
    _("Open and without “{column}”: not qualified yet, so not counted in any rate."),
    _("deals not qualified yet: they have no “{column}” and count in no rate"),
)
declare(
    "never_qualified",
    _("Over and without “{column}”: never qualified as far as we know, so not counted in any rate."),
    _("deals that ended without having been qualified, and count in no rate"),
)
declare(
    "before_the_window",
    _("Ended before the first day from which ends were recorded, so not counted in any rate."),
    _("deals that ended before the first day from which ends were recorded, and count in no rate"),
)
declare(
    "member_joined",
    _("“{value}” is somebody here; their rows were given to them."),
    _("rows of “{value}” were given to the member of that name"),
)
