"""The organisation's own lists of words: reasons of ends, competitors, where deals come from, and its pipelines.

A word is archived and never removed: what was written with it goes on saying so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.names import NotAName, clean_name, folded
from accounts.refusals import Invalid
from accounts.services.turns import take_turn_as
from strategy.models import Competitor, DealSource, EndCause, EndReason
from strategy.services.refusals import NameTaken, TooManyWords

Word = EndReason | Competitor | DealSource
AnyRow = TypeVar("AnyRow", bound=Any)
#: More of a kind than this nobody chooses from.
MOST = 200


def add_reason(*, kind: str, name: str, actor: Membership, at: datetime) -> EndReason:
    """Add a reason for ends of a kind, after the others. Raises Invalid, NameTaken, TooManyWords, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        if kind not in EndCause.values:
            raise Invalid(fields={"kind": _("Choose the kind of end that this is a reason for.")})
        beside = list(EndReason.objects.filter(kind=kind))
        reason = EndReason.objects.create(kind=kind, **new_word(name, beside, longest=120))
        audit.record(verb="end_reason.added", subject=reason, actor=actor, at=at, name=reason.name, kind=kind)
    return reason


def add_competitor(*, name: str, actor: Membership, at: datetime) -> Competitor:
    """Add a competitor, after the others. Raises Invalid, NameTaken, TooManyWords, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        competitor = Competitor.objects.create(**new_word(name, list(Competitor.objects.all()), longest=120))
        audit.record(verb="competitor.added", subject=competitor, actor=actor, at=at, name=competitor.name)
    return competitor


def add_deal_source(*, name: str, actor: Membership, at: datetime) -> DealSource:
    """Add a place where deals come from, after the others. Raises Invalid, NameTaken, TooManyWords, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        source = DealSource.objects.create(**new_word(name, list(DealSource.objects.all()), longest=120))
        audit.record(verb="deal_source.added", subject=source, actor=actor, at=at, name=source.name)
    return source


def change_reason(*, reason: EndReason, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Rename a reason, put it into another place (`position`, from 1), archive it or take it back (`is_archived`).

    What is left out stays. Raises Invalid, NameTaken, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        changed = change(reason, EndReason.objects.filter(kind=reason.kind), longest=120, **wanted)
        if changed:
            audit.record(
                verb="end_reason.changed", subject=reason, actor=actor, at=at, name=reason.name, changed=changed
            )


def change_competitor(*, competitor: Competitor, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Change a competitor like `change_reason`. Raises Invalid, NameTaken, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        changed = change(competitor, Competitor.objects.all(), longest=120, **wanted)
        if changed:
            audit.record(
                verb="competitor.changed", subject=competitor, actor=actor, at=at, name=competitor.name, changed=changed
            )


def change_deal_source(*, source: DealSource, actor: Membership, at: datetime, **wanted: Any) -> None:
    """Change where deals come from, like `change_reason`. Raises Invalid, NameTaken, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        changed = change(source, DealSource.objects.all(), longest=120, **wanted)
        if changed:
            audit.record(
                verb="deal_source.changed", subject=source, actor=actor, at=at, name=source.name, changed=changed
            )


def free_name(name: str, others: Iterable[Any], *, longest: int) -> str:
    """The name in its one spelling. Two that differ only in how they are written would be taken for one.

    Raises Invalid, NameTaken.
    """
    try:
        name = clean_name(name, longest=longest)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error
    for other in others:
        if folded(other.name) == folded(name):
            taken = NameTaken(name=other.name)
            taken.fields = {"name": str(taken)}
            raise taken
    return name


def placed(row: AnyRow, beside: Iterable[AnyRow], position: int) -> list[AnyRow]:
    """The rows in the order in which `row` has this place, counted from 1; past the end is the end."""
    order = [other for other in beside if other.pk != row.pk]
    order.insert(max(position, 1) - 1, row)
    return order


def number(order: Iterable[Any]) -> None:
    """Write the places down, where they are not so already."""
    for place, row in enumerate(order, 1):
        if row.position != place:
            row.position = place
            row.save(update_fields=["position"])


def change(row: AnyRow, beside: Any, *, longest: int, **wanted: Any) -> dict[str, Any]:
    """Rename, place, archive: gives {field: [before, after]} of what differs. Raises Invalid, NameTaken."""
    row.refresh_from_db()
    rows, changed = list(beside), {}
    if (name := wanted.get("name")) is not None:
        name = free_name(name, (other for other in rows if other.pk != row.pk), longest=longest)
        if name != row.name:
            changed["name"], row.name = [row.name, name], name
    if (archived := wanted.get("is_archived")) is not None and archived != row.is_archived:
        changed["is_archived"], row.is_archived = [row.is_archived, archived], archived
    row.save(update_fields=["name", "is_archived"])
    if (position := wanted.get("position")) is not None:
        order = placed(row, rows, position)
        if [one.pk for one in order] != [one.pk for one in rows]:
            before = row.position
            number(order)
            changed["position"] = [before, row.position]
    return changed


def new_word(name: str, beside: list[Any], *, longest: int) -> dict[str, Any]:
    """Name and place of a word after the others. Raises Invalid, NameTaken, TooManyWords."""
    if len(beside) >= MOST:
        raise TooManyWords(most=MOST)
    return {
        "name": free_name(name, beside, longest=longest),
        "position": max((one.position for one in beside), default=0) + 1,
    }
