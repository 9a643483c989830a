"""Changing many deals at once: each is judged by itself, all are stored in a few statements, and it can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership
from accounts.permissions import NotAllowed, allows, require
from accounts.refusals import Invalid, Refused
from strategy.models import BulkEdit, Deal
from strategy.services.customers.facts import own_differences
from strategy.services.deals.drafts import Draft, Run, held, store_all
from strategy.services.deals.facts import CHANGEABLE, plan_changes
from strategy.services.deals.moving import plan_move
from strategy.services.refusals import DealMovedMeanwhile

#: So many deals of one change at the most.
MOST = 500
EDITABLE = (*CHANGEABLE, "stage")
#: The columns that undoing can put back.
COLUMNS = {Deal._meta.get_field(name).attname: name for name in EDITABLE}  # type: ignore[union-attr]


class DealNotThere(Refused):
    """There is no such deal among those that the member sees."""

    code = "no_such_deal"
    status = 404
    sentence = gettext_lazy("There is no such deal.")


class BulkEditUndone(Refused):
    """The change was undone before; once is all that can be."""

    code = "bulk_edit_undone"
    sentence = gettext_lazy("This change was undone already.")


@dataclass(frozen=True)
class EditedRow:
    """What became of one deal: `refusal` says why it stays as it was, `is_changed` whether anything was written."""

    key: UUID
    is_changed: bool = False
    refusal: Refused | None = None


@dataclass(frozen=True)
class Edited:
    """A change of many deals, row by row in the order that was asked for."""

    edit: BulkEdit
    rows: Sequence[EditedRow]


def bulk_edit_deals(
    *, keys: Sequence[UUID], actor: Membership, at: datetime, on: date | None = None, **change: Any
) -> Edited:
    """Change the same facts of up to MOST deals, named one by one: some of EDITABLE, with `stage` an open one.

    A deal that refuses stays as it was and says why; the others are changed. Raises NotAllowed, Invalid for no deal,
    too many, or nothing to change.
    """
    require(actor, "deal.move")
    _refuse_nonsense(keys, change)
    with transaction.atomic():
        deals = held(pk__in=keys, merged_into=None)
        run = Run(actor, at, deals)
        drafts: list[Draft] = []
        rows = []
        for key in dict.fromkeys(keys):
            found = _planned(run, deals.get(key), change, on)
            rows.append(EditedRow(key, isinstance(found, Draft), found if isinstance(found, Refused) else None))
            drafts += [found] if isinstance(found, Draft) else []
        befores = [_before(draft) for draft in drafts]
        store_all(drafts)
        deed = {name: getattr(value, "pk", value) for name, value in change.items()}
        kept = [
            {"deal": draft.deal.pk, "version": draft.deal.version, "before": before}
            for draft, before in zip(drafts, befores, strict=True)
        ]
        edit = BulkEdit.objects.create(
            actor=actor, made_at=at, deed=deed | ({"on": on} if on else {}), rows=kept, many=len(kept)
        )
        audit.record(verb="deals.edited", subject=edit, actor=actor, at=at, deals=len(drafts), fields=sorted(change))
    return Edited(edit, rows)


def undo_bulk_edit(*, edit: BulkEdit, actor: Membership, at: datetime) -> Edited:
    """Give the deals of a change what they had before, from today on, where nothing has changed since; others are told.

    Undoing is a change like any other, with events of its own: past days go on saying what was so. A deal stays as it
    is where anything of it was changed since, where it has left the actor's sight, and where a rule stands against it
    (a stage that is archived, a closed period). What a stage asks for is not asked again.

    Raises BulkEditUndone, NotAllowed for somebody else's change where the actor does not lead, and DealNotThere where
    they do not see all of its deals: it is undone once, and half of it would stay.
    """
    require(actor, "deal.move")
    if edit.actor_id != actor.pk and not allows(actor, "deal.merge"):
        raise NotAllowed(capability="deal.merge")
    with transaction.atomic():
        edit = BulkEdit.objects.select_for_update(no_key=True).get(pk=edit.pk)
        if edit.undone_at is not None:
            raise BulkEditUndone
        deals = held(pk__in=[row["deal"] for row in edit.rows], merged_into=None)
        run = Run(actor, at, deals)
        if edit.actor_id != actor.pk and not _sees(edit):
            raise DealNotThere
        known, drafts, rows = _known(edit.rows), [], []
        for row in edit.rows:
            found = _put_back(run, deals.get(UUID(row["deal"])), row, known)
            rows.append(
                EditedRow(UUID(row["deal"]), isinstance(found, Draft), found if isinstance(found, Refused) else None)
            )
            drafts += [found] if isinstance(found, Draft) else []
        store_all(drafts)
        edit.undone_at = at
        edit.save(update_fields=["undone_at"])
        audit.record(verb="deals.edit_undone", subject=edit, actor=actor, at=at, deals=len(drafts))
    return Edited(edit, rows)


def _refuse_nonsense(keys: Sequence[UUID], change: Mapping[str, Any]) -> None:
    wrong = {}
    if not 1 <= len(keys) <= MOST:
        wrong["deals"] = _("Choose 1 to {most} deals.").format(most=MOST)
    if not change:
        wrong["change"] = _("Say what is to change.")
    wrong |= dict.fromkeys(sorted(change.keys() - set(EDITABLE)), _("This cannot be changed here."))
    stage = change.get("stage")
    if stage is not None and not stage.is_open:
        wrong["stage"] = _("Choose a stage that does not end deals: each end is a step of its own.")
    if wrong:
        raise Invalid(fields=wrong)


def _sees(edit: BulkEdit) -> bool:
    """Whether whoever acts sees every deal of a change."""
    return Deal.objects.filter(pk__in=[row["deal"] for row in edit.rows]).count() == len(edit.rows)


def _planned(run: Run, deal: Deal | None, change: Mapping[str, Any], on: date | None) -> Draft | Refused | None:
    """What is to be written of one deal; why it refuses; None where it is so already."""
    if deal is None:
        return DealNotThere()
    draft = Draft(run, deal, on)
    try:
        facts = dict(change)
        stage = facts.pop("stage", None)
        if stage is None:
            plan_changes(draft, facts)
        else:
            plan_move(draft, stage, facts)
    except Refused as refusal:
        draft.restore()
        return refusal
    return None if draft.is_empty else draft


def _before(draft: Draft) -> dict[str, Any]:
    """What stood in the columns that change; of own attributes those that do, None where there was no value."""
    before = {column: draft.before[column] for column in COLUMNS if column in draft.before}
    if "attributes" in before:
        was, now = own_differences(before["attributes"], draft.deal.attributes)
        before["attributes"] = {**dict.fromkeys(now), **was}
    return before


def _put_back(run: Run, deal: Deal | None, row: Mapping[str, Any], known: Mapping[str, Any]) -> Draft | Refused | None:
    if deal is None:
        return DealNotThere()
    if deal.version != row["version"]:
        return DealMovedMeanwhile(deal=deal.name)
    before = {COLUMNS[column]: value for column, value in row["before"].items()}
    wanted = {name: known[name].get(value) if name in known else _day(name, value) for name, value in before.items()}
    draft = Draft(run, deal)
    draft.puts_back = True
    try:
        stage = wanted.pop("stage", None)
        plan_changes(draft, wanted)
        if stage is not None:
            plan_move(draft, stage, {}, is_asked=False)
    except Refused as refusal:
        draft.restore()
        return refusal
    return None if draft.is_empty else draft


def _known(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, models.Model]]:
    """The rows that the values of before refer to, by field and key: one question for each field."""
    found: dict[str, dict[str, models.Model]] = {}
    for column, name in COLUMNS.items():
        if column == name:
            continue
        field: Any = Deal._meta.get_field(name)
        keys = {row["before"][column] for row in rows if row["before"].get(column)}
        table: Any = field.related_model
        found[name] = {str(one.pk): one for one in table._default_manager.filter(pk__in=keys)} if keys else {}
    return found


def _day(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name == "expected_close_on" and value else value
