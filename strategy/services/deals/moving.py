"""Moving a deal through its stages, to its end, and into another episode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid
from strategy.models import BuyingRole, Competitor, Contact, Deal, DealEvent, EndReason, Stage, StageSpan
from strategy.services.deals import facts
from strategy.services.deals.drafts import Draft, drafted
from strategy.services.deals.opening import plan_qualification, require_of
from strategy.services.refusals import DealIsOpen, DealIsOver, StageOfAnotherPipeline

#: Buying roles that can be named in a step: the key, and the role that the contact gets.
ROLES = {
    "contact": BuyingRole.Role.OTHER,
    "champion": BuyingRole.Role.CHAMPION,
    "economic_buyer": BuyingRole.Role.ECONOMIC_BUYER,
}
#: What can be supplied in the same step: facts of the deal, its qualification, a contact, and why it ended.
SUPPLIES = (*facts.CHANGEABLE, "qualified_on", "rate", "reason", *ROLES)
#: What apps above this one take in the same step: each plans it in the draft, and refuses what cannot be.
SUPPLIERS: dict[str, Callable[[Draft, Any], None]] = {}


def move_deal(
    *,
    deal: Deal,
    to: Stage,
    actor: Membership,
    at: datetime,
    on: date | None = None,
    reason: EndReason | None = None,
    competitor: Competitor | None = None,
    amount: int | None = None,
    supply: Mapping[str, Any] | None = None,
    override_because: str = "",
    version: int | None = None,
) -> Deal:
    """Put a deal into another stage; a stage that ends deals closes it, with the cause of its kind.

    `on` is the day it happened (today unless given), `reason` one of the organisation's reasons for such an end,
    `competitor` whom it was lost to, `amount` what it is worth with the step. `supply` is stored with it, so that
    what the stage asks for can be given in the same step: some of SUPPLIES and SUPPLIERS. `override_because` passes
    all the same. `version` is the one that the caller decided upon. Raises RequirementsMissing, DealIsOver,
    StageOfAnotherPipeline, DealMovedMeanwhile, PeriodClosed, Invalid, NotAllowed.
    """
    require(actor, "deal.move")
    given = {"reason": reason, "competitor": competitor, "amount": amount}
    known = {name: value for name, value in given.items() if value is not None}
    with drafted(deal, actor=actor, at=at, on=on, version=version) as draft:
        plan_move(draft, to, {**(supply or {}), **known}, because=override_because)
    return deal


def reopen_deal(
    *,
    deal: Deal,
    to: Stage,
    actor: Membership,
    at: datetime,
    on: date | None = None,
    supply: Mapping[str, Any] | None = None,
    override_because: str = "",
    version: int | None = None,
) -> Deal:
    """Begin another episode of a deal that was over. Its first qualification day stays.

    Raises DealIsOpen, StageOfAnotherPipeline, RequirementsMissing, DealMovedMeanwhile, PeriodClosed, NotAllowed,
    Invalid when the stage ends deals or the day is before the end.
    """
    require(actor, "deal.move")
    with drafted(deal, actor=actor, at=at, on=on, version=version) as draft:
        plan_reopening(draft, to, supply or {}, because=override_because)
    return deal


def plan_move(draft: Draft, to: Stage, supply: Mapping[str, Any], *, because: str = "", is_asked: bool = True) -> None:
    """Another stage, with what is supplied in the same step. `is_asked`: whether the stage's requirements count."""
    deal = draft.deal
    if not deal.is_open:
        raise DealIsOver(deal=deal.name)
    if to.pipeline_id != deal.pipeline_id:
        raise StageOfAnotherPipeline(stage=to.name, pipeline=deal.pipeline.name)
    left = deal.stage
    if to.pk != left.pk:
        if to.is_archived:
            raise Invalid(fields={"stage": _("This stage is no longer used. Choose another one.")})
        earliest = (deal.entered_stage_on, deal.qualified_on, deal.opened_on)
        draft.run.refuse_day(draft.on, earliest=max((day for day in earliest if day), default=None))
    rest = _plan_supply(draft, supply, is_end=not to.is_open)
    if to.pk == left.pk:
        _refuse_rest(rest)
        return
    if to.is_open:
        _enter(draft, left, to, rest)
    else:
        _close(draft, left, to, rest)
    if is_asked:
        require_of(draft, to, because=because)


def plan_reopening(draft: Draft, to: Stage, supply: Mapping[str, Any], *, because: str = "") -> None:
    """Another episode, from the day on, which is not before the end."""
    deal = draft.deal
    if deal.is_open:
        raise DealIsOpen(deal=deal.name)
    if to.pipeline_id != deal.pipeline_id:
        raise StageOfAnotherPipeline(stage=to.name, pipeline=deal.pipeline.name)
    if not to.is_open or to.is_archived:
        raise Invalid(fields={"stage": _("Choose a stage that does not end the deal.")})
    draft.run.refuse_day(draft.on, earliest=deal.closed_on)
    ended = [deal.end_cause, str(deal.closed_on)]
    draft.set(
        stage=to,
        entered_stage_on=draft.on,
        end_cause="",
        end_reason=None,
        competitor=None,
        closed_on=None,
        closed_recorded_at=None,
        episode=deal.episode + 1,
    )
    draft.is_news = True
    draft.begun.append(StageSpan(deal=deal, stage=to, entered_on=draft.on, episode=deal.episode))
    _refuse_rest(_plan_supply(draft, supply))
    draft.note(DealEvent.Kind.REOPENED, ended=[ended, None], stage=[None, to.name])
    draft.tell(verb="deal.reopened", entered=to.name)
    require_of(draft, to, because=because)


def _plan_supply(draft: Draft, supply: Mapping[str, Any], *, is_end: bool = False) -> dict[str, Any]:
    """Plan what comes with the step; returns what belongs to an end."""
    given = dict(supply)
    if unknown := given.keys() - set(SUPPLIES) - SUPPLIERS.keys():
        raise Invalid(fields=dict.fromkeys(sorted(unknown), _("This cannot be supplied here.")))
    rest: dict[str, Any] = {name: given.pop(name) for name in ("reason", "competitor") if name in given}
    if is_end and given.get("amount") is not None:
        rest["amount"] = given.pop("amount")  # told with the end
    rate, qualified_on = given.pop("rate", None), given.pop("qualified_on", None)
    roles = {name: given.pop(name) for name in ROLES if given.get(name) is not None}
    others = {name: given.pop(name) for name in SUPPLIERS if name in given}
    facts.plan_changes(draft, {name: value for name, value in given.items() if name not in ROLES})
    if qualified_on is not None:
        on, draft.on = draft.on, qualified_on
        if qualified_on > on:
            raise Invalid(fields={"qualified_on": _("Give a day that is not after the step.")})
        plan_qualification(draft, rate=rate)
        draft.on = on
    # The weaker role first: somebody who is named twice is the stronger one.
    for name, contact in roles.items():
        _plan_role(draft, contact, ROLES[name])
    for name, value in others.items():
        SUPPLIERS[name](draft, value)
    return {name: value for name, value in rest.items() if value is not None}


def _plan_role(draft: Draft, contact: Contact, role: BuyingRole.Role) -> None:
    if contact.merged_into is not None:
        contact = contact.merged_into
    draft.roles.append(BuyingRole(deal=draft.deal, contact=contact, role=role))
    draft.tell(verb="buying_role.given", contact=contact.name, deal=draft.deal.name, role=[None, str(role)])


def _enter(draft: Draft, left: Stage, to: Stage, rest: Mapping[str, Any]) -> None:
    _refuse_rest(rest)
    draft.end(StageSpan, left_on=draft.on, exit_kind=_exit(draft, left, to), left_for=to)
    draft.set(stage=to, entered_stage_on=draft.on)
    draft.is_news = True
    draft.begun.append(StageSpan(deal=draft.deal, stage=to, entered_on=draft.on, episode=draft.deal.episode))
    draft.note(DealEvent.Kind.MOVED, stage=[left.name, to.name])
    draft.tell(verb="deal.moved", left=left.name, entered=to.name)


def _close(draft: Draft, left: Stage, to: Stage, rest: Mapping[str, Any]) -> None:
    reason, competitor = rest.get("reason"), rest.get("competitor")
    if reason is not None and reason.kind != to.kind:
        raise Invalid(fields={"reason": _("This reason belongs to another kind of end.")})
    if competitor is not None and to.kind != Stage.Kind.LOST:
        raise Invalid(fields={"competitor": _("Only a deal that was lost was won by a competitor.")})
    facts.refuse_archived(draft, reason=reason, competitor=competitor)
    amount, was = rest.get("amount", draft.deal.amount), draft.deal.amount
    facts.refuse_amount(amount)
    if amount != was:
        draft.run.refuse_day(draft.on, earliest=facts.since(draft, "amount"))
    draft.end(StageSpan, left_on=draft.on, exit_kind=to.kind, left_for=to)
    draft.set(
        amount=amount,
        stage=to,
        entered_stage_on=draft.on,
        end_cause=to.kind,
        end_reason=reason,
        competitor=competitor,
        closed_on=draft.on,
        closed_recorded_at=draft.run.at,
    )
    draft.is_news = True
    told: dict[str, Any] = {"reason": reason.name} if reason else {}
    told |= {"competitor": competitor.name} if competitor else {}
    told |= {"amount": [was, amount]} if amount != was else {}
    draft.note(DealEvent.Kind.CLOSED, stage=[left.name, to.name], **told)
    draft.tell(verb="deal.closed", left=left.name, entered=to.name)


def _refuse_rest(rest: Mapping[str, Any]) -> None:
    """A reason and a competitor belong to an end."""
    if rest:
        raise Invalid(fields=dict.fromkeys(rest, _("This belongs to the end of a deal.")))


def _exit(draft: Draft, left: Stage, to: Stage) -> StageSpan.Exit:
    """How a stage is left for another open one."""
    if to.position < left.position:
        return StageSpan.Exit.BACK
    between = [
        stage
        for stage in draft.run.stages(to.pipeline_id)
        if stage.is_open and not stage.is_archived and left.position < stage.position < to.position
    ]
    return StageSpan.Exit.SKIP if between else StageSpan.Exit.ADVANCE
