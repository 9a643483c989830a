"""Deals that another system keeps: made or changed by its own ids, through the same deeds as everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.days import long_day
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import ExternalIdTaken, Invalid, Refused
from accounts.upserts import Line, Outcome, waiting
from accounts.visibility import of_everybody
from strategy.models import Deal
from strategy.services.customers.storing import refuse_merged
from strategy.services.deals.drafts import Draft, Run, held, store_all, store_new
from strategy.services.deals.facts import CHANGEABLE, plan_changes
from strategy.services.deals.moving import plan_move, plan_reopening
from strategy.services.deals.opening import plan_opening, plan_qualification
from strategy.services.refusals import AlreadyQualified, StageOfAnotherPipeline

#: What is said of an end, and is no change without one.
OF_ENDS = ("reason", "competitor")


def upsert_deals(*, lines: Sequence[Line], actor: Membership, at: datetime) -> None:
    """Make or change the deals that the lines name, each judged by itself, in a few statements for all.

    What is left out stays. `stage` moves, closes or opens again; `on` is the day from which the change holds. Raises
    NotAllowed.
    """
    require(actor, "deal.move")
    with transaction.atomic():
        known = _known(waiting(lines))
        run = Run(actor, at, [deal.pk for deal in known.values()])
        fresh: list[Draft] = []
        changed: list[Draft] = []
        for line in waiting(lines):
            deal = known.get((line.source, line.external_id))
            try:
                draft = _new(run, line) if deal is None else _changed(run, deal, line.given)
            except Refused as refusal:
                line.refuse(refusal)
                continue
            if deal is None:
                fresh.append(draft)
                line.settle(Outcome.CREATED, draft.deal.pk)
            elif draft.is_empty:
                line.settle(Outcome.UNCHANGED, deal.pk)
            else:
                changed.append(draft)
                line.settle(Outcome.UPDATED, deal.pk)
        store_new(fresh)
        store_all(changed)


def _known(lines: Sequence[Line]) -> dict[tuple[str, str], Deal]:
    """The deals of these ids, held. Those out of the actor's sight are there without a row: their id is taken."""
    named = Q()
    for source in {line.source for line in lines}:
        named |= Q(source=source, external_id__in=[line.external_id for line in lines if line.source == source])
    if not named:
        return {}
    # Said in so many words, or the index of names is not used for more than a hundred of them.
    named &= ~Q(external_id="")
    with of_everybody():
        taken = set(Deal.objects.filter(named).values_list("source", "external_id"))
    found = {(deal.source, deal.external_id): deal for deal in held(named).values()}
    for line in lines:
        if (name := (line.source, line.external_id)) in taken and name not in found:
            line.refuse(ExternalIdTaken(source=line.source, external_id=line.external_id))
    return found


def _new(run: Run, line: Line) -> Draft:
    given = dict(line.given)
    if "name" not in given:
        raise Invalid(fields={"name": _("A new one needs a name.")})
    stage, on = given.get("stage"), given.pop("on", None)
    ends = {name: given.pop(name) for name in OF_ENDS if name in given}
    if stage is None or stage.is_open:
        _refuse_ends(ends)
        return plan_opening(run, {**given, "source": line.source, "external_id": line.external_id})
    given |= {"stage": None, "pipeline": given.get("pipeline") or stage.pipeline}
    draft = plan_opening(run, {**given, "source": line.source, "external_id": line.external_id})
    draft.on = on or run.today
    plan_move(draft, stage, ends)
    return draft


def _changed(run: Run, deal: Deal, given: Mapping[str, Any]) -> Draft:
    draft = Draft(run, deal, given.get("on"))
    refuse_merged(deal)
    try:
        _plan(draft, given)
    except Refused:
        draft.restore()
        raise
    return draft


def _plan(draft: Draft, given: Mapping[str, Any]) -> None:
    deal = draft.deal
    pipeline, stage = given.get("pipeline"), given.get("stage")
    if pipeline is not None and pipeline.pk != deal.pipeline_id:
        raise StageOfAnotherPipeline(stage=pipeline.name, pipeline=deal.pipeline.name)
    if given.get("opened_on") not in (None, deal.opened_on):
        raise Invalid(fields={"opened_on": _("It was opened on %(day)s, which stays.") % _opened(deal)})
    facts = {name: given[name] for name in CHANGEABLE if name in given and name not in OF_ENDS}
    ends = {name: given[name] for name in OF_ENDS if given.get(name) is not None}
    if "owner" in facts and facts["owner"] is None:
        del facts["owner"]
    moves = stage is not None and stage.pk != deal.stage_id
    if stage is not None and moves and not deal.is_open and stage.is_open:
        plan_reopening(draft, stage, {})
    plan_changes(draft, {name: value for name, value in facts.items() if not (moves and name == "amount")})
    _plan_qualification(draft, given)
    if stage is not None and moves and stage.pk != draft.deal.stage_id:
        plan_move(draft, stage, {**ends, **({"amount": facts["amount"]} if "amount" in facts else {})})
    elif moves and "amount" in facts:
        plan_changes(draft, {"amount": facts["amount"]})


def _opened(deal: Deal) -> dict[str, str]:
    return {"day": long_day(deal.opened_on) if deal.opened_on else "–"}


def _plan_qualification(draft: Draft, given: Mapping[str, Any]) -> None:
    day = given.get("qualified_on")
    if day is None or day == draft.deal.qualified_on:
        return
    if draft.deal.qualified_on is not None:
        raise AlreadyQualified(deal=draft.deal.name, day=draft.deal.qualified_on)
    on, draft.on = draft.on, day
    plan_qualification(draft, note=given.get("qualification_note") or "", rate=given.get("rate"))
    draft.on = on


def _refuse_ends(ends: Mapping[str, Any]) -> None:
    if wrong := [name for name, value in ends.items() if value is not None]:
        raise Invalid(fields=dict.fromkeys(wrong, _("This belongs to the end of a deal.")))
