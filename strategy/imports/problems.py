"""What can be wrong with rows of companies and deals, and what is worth knowing about those that came in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.imports.problems import declare, rows

# Refused
declare(
    "unknown_stage",
    _("“{value}” was not among the stages when the files were read. Send the files again."),
    rows("{n} deal in a stage that nobody explained", "{n} deals in stages that nobody explained"),
)
declare(
    "over_without_day",
    _("This deal is over and has no “{column}”. Fill it in."),
    rows("{n} deal is over and has no “{column}”", "{n} deals are over and have no “{column}”"),
)
declare(
    "open_with_end",
    _("This deal is open and ended on {value}. Empty “{column}” or give it the stage it ended in."),
    rows("{n} open deal with a “{column}”", "{n} open deals with a “{column}”"),
)
declare(
    "ends_before_it_began",
    _("{value} is before the day the deal was qualified. Correct one of the two."),
    rows("{n} deal ended before it was qualified", "{n} deals ended before they were qualified"),
)
declare(
    "in_the_future",
    _("{value} has not come yet. Correct it."),
    rows("{n} “{column}” in the future", "{n} values of “{column}” in the future"),
)
declare(
    "after_the_window",
    _("{value} is after the last day you said this export knows of. Correct one of the two."),
    rows(
        "{n} “{column}” after the last day the export knows of",
        "{n} values of “{column}” after the last day the export knows of",
    ),
)
declare(
    "closed_period",
    _("Figures are closed up to a later day, and “{column}” of this row would change them. Open them again first."),
    rows("{n} deal would change figures that are closed", "{n} deals would change figures that are closed"),
)
declare(
    "year_unlikely",
    _("“{value}” is not a year a company was founded in."),
    rows("{n} unlikely year of founding", "{n} unlikely years of founding"),
)
declare(
    "own_parent",
    _("A company cannot be its own parent. Empty “{column}”."),
    rows("{n} company is its own parent", "{n} companies are their own parents"),
)

# Noted
declare(
    "product_joined",
    _("“{value}” is “{to}” in the price list; only spaces or case differ."),
    rows(
        "{n} deal of “{value}” was matched to “{to}” in the price list",
        "{n} deals of “{value}” were matched to “{to}” in the price list",
    ),
)
declare(
    "company_joined",
    _("“{value}” is “{to}” here: only spaces or case differ, or the two were made one."),
    rows(
        "{n} deal of “{value}” was matched to the company “{to}”",
        "{n} deals of “{value}” were matched to the company “{to}”",
    ),
)
declare(
    "parent_below",
    _("“{value}” itself stands below this company, so this company was put below nobody."),
    rows("{n} company would stand below itself", "{n} companies would stand below themselves"),
)
declare(
    "owner_joined",
    _("“{value}” is “{to}” here; only spaces or case differ."),
    rows("{n} deal owned by “{value}” was given to “{to}”", "{n} deals owned by “{value}” were given to “{to}”"),
)
declare(
    "price_unknown",
    _("“{value}” is not in the price list."),
    rows(
        "{n} deal of “{value}” has no amount at qualification", "{n} deals of “{value}” have no amount at qualification"
    ),
)
declare(
    "no_company",
    _("The file names no company. Link one when you know it."),
    rows("{n} deal without a company", "{n} deals without a company"),
)
declare(
    "not_qualified_yet",
    _("Open and without “{column}”, so they count in no rate yet."),
    rows("{n} deal is not qualified yet", "{n} deals are not qualified yet"),
)
declare(
    "never_qualified",
    _("Over and without “{column}”, so they count in no rate."),
    rows("{n} deal ended without having been qualified", "{n} deals ended without having been qualified"),
)
declare(
    "before_the_window",
    _("Others that ended then are not in the file, so these count in no rate."),
    rows(
        "{n} deal ended before the first day from which ends were recorded",
        "{n} deals ended before the first day from which ends were recorded",
    ),
)
declare(
    "member_joined",
    _("“{value}” is somebody here already."),
    rows(
        "{n} row of “{value}” was given to the member of that name",
        "{n} rows of “{value}” were given to the member of that name",
    ),
)
