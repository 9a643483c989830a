"""What can stand against a change of companies and contacts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class CustomerChangedMeanwhile(Refused):
    """Somebody else changed the company, the contact or the attribute after the caller last saw it."""

    code = "customer_changed_meanwhile"
    sentence = _("{name} was changed by somebody else. Look again and repeat what you meant.")


class WasMerged(Refused):
    """The row was merged into another one. `data` has its name; change that one."""

    code = "was_merged"
    sentence = _("{name} was merged into {into}. Change that one.")


class CompanyBelowItself(Refused):
    """A company cannot stand below itself, whatever is between."""

    code = "company_below_itself"
    status = 422
    sentence = _("{parent} stands below {company} already, or is the same.")


class AttributeInUse(Refused):
    """Rows have values of the attribute, so its kind stays, and so do the choices that they name. Archive it and
    define another one."""

    code = "attribute_in_use"
    sentence = _("{rows} rows have a value of “{name}” that would not fit. Archive it, and define another one.")


class SameRow(Refused):
    """A row cannot be merged with itself, or with one that was merged already."""

    code = "not_two_rows"
    status = 422
    sentence = _("Choose another one that was not merged yet.")


class MergeUndone(Refused):
    """The merge was undone before."""

    code = "merge_undone"
    sentence = _("This was undone already.")


class LaterMerge(Refused):
    """What stayed was merged itself later on. Undo that merge first."""

    code = "later_merge"
    sentence = _("{name} was merged itself later on. Undo that first.")
