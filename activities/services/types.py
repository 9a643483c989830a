"""The organisation's own types of activities and outputs. One is archived and never removed: what was logged with it
goes on saying so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.refusals import Invalid
from accounts.services.turns import take_turn_as
from activities.models import ActivityType, OutputType
from activities.services.facts import MINUTES_A_DAY
from strategy.services.word_lists import change, new_word

LONGEST = 80
#: The icons that an activity type may have, by the names of their drawings.
ICONS = ("phone", "mail", "meet", "board", "chat", "file", "company", "strategy", "search", "clock", "upload")


def add_activity_type(
    *, name: str, actor: Membership, at: datetime, icon: str = ICONS[0], usual_minutes: int = 30, counts_as: str = ""
) -> ActivityType:
    """Add a type of activity, after the others. Raises Invalid, NameTaken, TooManyWords, NotAllowed."""
    counts_as = counts_as or ActivityType.CountsAs.CONTACT
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        _refuse_nonsense(icon=icon, usual_minutes=usual_minutes, counts_as=counts_as)
        made = ActivityType.objects.create(
            **new_word(name, list(ActivityType.objects.all()), longest=LONGEST),
            icon=icon,
            usual_minutes=usual_minutes,
            counts_as=counts_as,
        )
        audit.record(verb="activity_type.added", subject=made, actor=actor, at=at, name=made.name)
    return made


def change_activity_type(*, type: ActivityType, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Change name, icon, usual_minutes, counts_as, its place (`position`, from 1), or whether it is offered
    (`is_archived`). What is left out stays; what was logged keeps its minutes. Raises Invalid, NameTaken, NotAllowed.
    """
    own = {name: wanted.pop(name) for name in ("icon", "usual_minutes", "counts_as") if name in wanted}
    own = {name: value for name, value in own.items() if value is not None}
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        _refuse_nonsense(**own)
        changed = change(type, ActivityType.objects.all(), longest=LONGEST, **wanted)
        differs = {name: [getattr(type, name), value] for name, value in own.items() if getattr(type, name) != value}
        if differs:
            for name, (_before, value) in differs.items():
                setattr(type, name, value)
            type.save(update_fields=list(differs))
        if changed | differs:
            told = changed | differs
            audit.record(verb="activity_type.changed", subject=type, actor=actor, at=at, name=type.name, changed=told)


def add_output_type(*, name: str, actor: Membership, at: datetime) -> OutputType:
    """Add a type of output, after the others. Raises Invalid, NameTaken, TooManyWords, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        made = OutputType.objects.create(**new_word(name, list(OutputType.objects.all()), longest=LONGEST))
        audit.record(verb="output_type.added", subject=made, actor=actor, at=at, name=made.name)
    return made


def change_output_type(*, type: OutputType, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Rename, place, archive or take back, like `change_activity_type`. Raises Invalid, NameTaken, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        changed = change(type, OutputType.objects.all(), longest=LONGEST, **wanted)
        if changed:
            audit.record(verb="output_type.changed", subject=type, actor=actor, at=at, name=type.name, changed=changed)


def _refuse_nonsense(*, icon: str = ICONS[0], usual_minutes: int = 0, counts_as: str = "contact") -> None:
    wrong = {}
    if icon not in ICONS:
        wrong["icon"] = _("Choose one of the icons.")
    if not 0 <= usual_minutes <= MINUTES_A_DAY:
        wrong["usual_minutes"] = _("Give between 0 and 1440 minutes.")
    if counts_as not in ActivityType.CountsAs.values:
        wrong["counts_as"] = _("Say whether it is contact or preparation.")
    if wrong:
        raise Invalid(fields=wrong)
