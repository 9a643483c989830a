"""What to do about a value that cannot be used, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: By the validator's name for what is wrong; filled with what it says was expected.
SENTENCES = {
    "missing": gettext_lazy("This is needed."),
    "extra_forbidden": gettext_lazy("There is no such part. Leave it out."),
    "string_too_long": gettext_lazy("Use at most {max_length} characters."),
    "string_too_short": gettext_lazy("Write something here."),
    "string_type": gettext_lazy("Write a text."),
    "too_long": gettext_lazy("Give at most {max_length}."),
    "too_short": gettext_lazy("Give at least {min_length}."),
    "enum": gettext_lazy("Choose one of {expected}."),
    "literal_error": gettext_lazy("Choose one of {expected}."),
    "union_tag_invalid": gettext_lazy("Choose one of {expected_tags}."),
    "union_tag_not_found": gettext_lazy("Say what is compared and how."),
    "greater_than": gettext_lazy("Give a number above {gt}."),
    "greater_than_equal": gettext_lazy("Give a number of at least {ge}."),
    "less_than_equal": gettext_lazy("Give a number of at most {le}."),
    "finite_number": gettext_lazy("Give a number."),
    "int_type": gettext_lazy("Give a whole number."),
    "int_parsing": gettext_lazy("Give a whole number."),
    "int_from_float": gettext_lazy("Give a whole number."),
    "float_type": gettext_lazy("Give a number."),
    "float_parsing": gettext_lazy("Give a number."),
    "uuid_parsing": gettext_lazy("Give the id of a part."),
    "uuid_type": gettext_lazy("Give the id of a part."),
    "list_type": gettext_lazy("Give a list."),
    "string_pattern_mismatch": gettext_lazy("Write it as in {pattern}."),
}


def sentence_for(problem: Mapping[str, Any]) -> str:
    """What to do, for one error of the validator."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind.startswith("date"):
        return _("Give a day as YYYY-MM-DD.")
    if kind == "value_error":
        return str(context.get("error", ""))
    if kind in SENTENCES:
        return str(SENTENCES[kind]).format(**context)
    return _("This cannot be used here.")
