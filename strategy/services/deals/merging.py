"""Two deals that turned out to be one, and two again where that was wrong. What happened to each stays its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid
from strategy.models import BuyingRole, Deal, DealEvent, Merge
from strategy.past import REVISED
from strategy.services.customers.refusals import MergeUndone
from strategy.services.deals.drafts import Draft, Run, held, store_all
from strategy.services.refusals import DealMovedMeanwhile
from strategy.signals import deals_merged, deals_parted, heard

#: What the deal that stays learns from the one that goes, where it does not know it.
LEARNT = ("company", "came_from", "expected_close_on", "amount")
ROLES = "strategy.BuyingRole"


def merge_deals(*, keep: Deal, gone: Deal, actor: Membership, at: datetime) -> Merge:
    """Make one deal of two. Stage, owner and qualification are those of `keep`, which learns what it did not know;
    people and activities of `gone` are its own from now on. `gone` leaves lists and figures, and its history stays.

    Raises NotAllowed, Invalid for the same deal or one that was merged, FiguresClosed where `gone` was qualified in a
    closed period (the other way round it can be done), DealMovedMeanwhile.
    """
    require(actor, "deal.merge")
    versions = {keep.pk: keep.version, gone.pk: gone.version}
    with transaction.atomic():
        deals = held(pk__in=[keep.pk, gone.pk])
        if len(deals) < 2 or any(deal.merged_into_id for deal in deals.values()):
            raise Invalid(fields={"gone": _("Choose another deal, that was not merged.")})
        if any(deal.version != versions[key] for key, deal in deals.items()):
            raise DealMovedMeanwhile(deal=keep.name)
        keep, gone = deals[keep.pk], deals[gone.pk]
        run = Run(actor, at)
        stays, goes = Draft(run, keep), Draft(run, gone)
        _refuse_figures(run, gone)
        learnt = _learn(stays, gone)
        goes.set(merged_into=keep)
        revised = {name: [None, learnt[name]] for name in REVISED if name in learnt}
        for draft, data in ((stays, revised), (goes, {})):
            draft.note(DealEvent.Kind.MERGED, kept=keep.name, gone=gone.name, learnt=sorted(learnt), **data)
            draft.tell(verb="deal.merged", kept=keep.name, gone=gone.name)
        store_all([stays, goes])
        rows: dict[str, Any] = {ROLES: _move_roles(keep, gone)}
        rows |= heard(deals_merged.send(sender=Deal, kept=keep, gone=gone))
        moved = {"facts": learnt, "rows": rows}
        return Merge.objects.create(
            of=Merge.Of.DEAL, kept_id=keep.pk, gone_id=gone.pk, moved=moved, merged_at=at, merged_by=actor
        )


def undo_deal_merge(*, merge: Merge, actor: Membership, at: datetime) -> Merge:
    """Make two deals of one again: what was moved goes back, and what was learnt and has not been changed since is
    forgotten. Raises NotAllowed, MergeUndone, FiguresClosed.
    """
    require(actor, "deal.merge")
    with transaction.atomic():
        merge = Merge.objects.select_for_update(no_key=True).get(pk=merge.pk)
        deals = held(pk__in=[merge.kept_id, merge.gone_id])
        keep, gone = deals.get(merge.kept_id), deals.get(merge.gone_id)
        if merge.undone_at or not keep or not gone or keep.merged_into_id or gone.merged_into_id != keep.pk:
            raise MergeUndone
        run = Run(actor, at)
        stays, goes = Draft(run, keep), Draft(run, gone)
        _refuse_figures(run, gone)
        revised: dict[str, Any] = {}
        for column, value in merge.moved["facts"].items():
            if _plain(getattr(keep, column)) == value:
                if column == "amount" and not keep.is_open:
                    run.refuse_figures(keep.closed_on, field="keep")
                stays.set(**{column: None})
                revised |= {column: [value, None]} if column in REVISED else {}
        goes.set(merged_into=None)
        for draft, data in ((stays, revised), (goes, {})):
            draft.note(DealEvent.Kind.MERGED, kept=keep.name, gone=gone.name, undone=True, **data)
            draft.tell(verb="deal.unmerged", kept=keep.name, gone=gone.name)
        store_all([stays, goes])
        rows = merge.moved["rows"]
        BuyingRole.objects.filter(pk__in=rows.get(ROLES, []), deal=keep).update(deal=gone)
        deals_parted.send(sender=Deal, kept=keep, gone=gone, moved=rows)
        merge.undone_at, merge.undone_by = at, actor
        merge.save(update_fields=["undone_at", "undone_by"])
    return merge


def _learn(stays: Draft, gone: Deal) -> dict[str, Any]:
    """Give the deal that stays what it does not know; the columns with what they got."""
    learnt = {}
    for name in LEARNT:
        column = Deal._meta.get_field(name).attname  # type: ignore[union-attr]
        if name == "amount" and not _may_learn_amount(stays, gone):
            continue
        if getattr(stays.deal, column) is None and getattr(gone, column) is not None:
            stays.set(**{column: getattr(gone, column)})
            learnt[column] = _plain(getattr(gone, column))
    return learnt


def _may_learn_amount(stays: Draft, gone: Deal) -> bool:
    """Whether the amounts are of one currency, and it would not become the value of an end that is closed."""
    closed, ended = stays.run.actor.tenant.closed_until, stays.deal.closed_on
    is_closed = closed is not None and ended is not None and ended <= closed
    return stays.deal.currency == gone.currency and not is_closed


def _refuse_figures(run: Run, gone: Deal) -> None:
    """Raises FiguresClosed where the deal that goes, or comes back, is counted in a closed period."""
    if not gone.is_test:
        run.refuse_figures(gone.qualified_on, field="gone")


def _move_roles(keep: Deal, gone: Deal) -> list[str]:
    """People of `gone` who are not named in `keep` yet."""
    there = BuyingRole.objects.filter(deal=keep).values("contact_id")
    keys = list(BuyingRole.objects.filter(deal=gone).exclude(contact_id__in=there).values_list("pk", flat=True))
    BuyingRole.objects.filter(pk__in=keys).update(deal=keep)
    return [str(key) for key in keys]


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) or value is None else str(value)
