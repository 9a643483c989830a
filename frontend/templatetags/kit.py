"""What every template of the pages may use: icons, marks and the words around a form's errors."""

from collections.abc import Mapping

from django import template
from django.forms import BaseForm, BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from frontend import drawings, words

register = template.Library()

TO_FIX: Mapping[int, object] = {
    1: _("One thing to fix"),
    2: _("Two things to fix"),
    3: _("Three things to fix"),
    4: _("Four things to fix"),
}


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """`{% icon "phone" %}`: an icon beside words, silent to a screen reader."""
    return drawings.icon(name, size, css)


@register.simple_tag
def mark(name: str, css: str = "", words: bool = True) -> SafeString:
    """`{% mark "confirmed" %}`: a mark with its name; `words=False` where the name stands beside it."""
    return drawings.mark(name, css, words)


@register.filter
def initials(name: str) -> str:
    """One or two letters for the round sign of a person."""
    return words.initials(name)


@register.filter
def anchor(field: BoundField) -> str:
    """The id of the control that a person must go to, for a link in the summary of errors."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.simple_tag
def things_to_fix(form: BaseForm) -> str:
    """The heading over the errors of a form."""
    count = sum(len(errors) for errors in form.errors.values())
    if count in TO_FIX:
        return str(TO_FIX[count])
    return ngettext("{n} thing to fix", "{n} things to fix", count).format(n=count)
