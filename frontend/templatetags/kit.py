"""What every template of the pages may use: icons, marks and the words around a form's errors."""

import json
from collections.abc import Mapping, Sequence

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from frontend import drawings, words
from frontend.parts import Action, Head

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


@register.simple_block_tag
def section(
    content: str,
    key: str,
    heading: str,
    sentence: str = "",
    action: Action | None = None,
) -> str:
    """`{% section "look" _("Look") _("For you") %}…{% endsection %}`: a part of a page under its own heading."""
    context = {"key": key, "heading": heading, "sentence": sentence, "action": action, "content": content}
    return render_to_string("parts/section.html", context)


@register.simple_block_tag
def table(content: str, caption: str, heads: Sequence[Head], css: str = "") -> str:
    """`{% table title heads %}<tr>…</tr>{% endtable %}`: rows under their heads, in a box that scrolls by itself."""
    context = {"caption": caption, "heads": heads, "css": css, "rows": content}
    return render_to_string("parts/table.html", context)


@register.filter
def as_json(value: object) -> str:
    """For a script, inside a data attribute; quotes are escaped like those of any other text."""
    return json.dumps(value, separators=(",", ":"))


@register.filter
def initials(name: str) -> str:
    """One or two letters for the round sign of a person."""
    return words.initials(name)


@register.filter
def undo_address(message: Message) -> str:
    """Where a deed that was told by `done(…, undo_url=…)` is taken back; nothing for other messages."""
    _, _, address = (message.extra_tags or "").partition("undo ")
    return address


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
