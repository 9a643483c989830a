"""Opening a deal, and saying that it is worth pursuing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid
from strategy import past, requirements
from strategy.models import (
    Company,
    Deal,
    DealEvent,
    DealSource,
    OwnerSpan,
    Pipeline,
    PlanPart,
    Stage,
    StageSpan,
    Strategy,
)
from strategy.models.customers import kept
from strategy.services.customers.storing import told_of_taken
from strategy.services.deals import facts
from strategy.services.deals.drafts import Draft, Run, drafted, store_history
from strategy.services.refusals import AlreadyQualified, DealIsOver, StageOfAnotherPipeline


class Opening(TypedDict, total=False):
    """What can be said of a deal when it is opened."""

    company: Company | None
    pipeline: Pipeline | None
    stage: Stage | None
    owner: Membership | None
    amount: int | None
    currency: str
    rate: Decimal | None
    expected_close_on: date | None
    qualified_on: date | None
    qualification_note: str
    opened_on: date | None
    came_from: DealSource | None
    strategy: Strategy | None
    segment: PlanPart | None
    play: PlanPart | None
    attributes: Mapping[str, Any]
    is_test: bool
    source: str
    external_id: str
    override_because: str


def open_deal(*, actor: Membership, name: str, at: datetime, **said: Unpack[Opening]) -> Deal:
    """Open a deal in the first open stage, or the named one; with `qualified_on` it is qualified too.

    `amount` is in minor units of `currency` (the organisation's own unless given), `rate` what one unit was worth on
    the day of qualification, where the organisation has not written it down. Raises Invalid with the fields that are
    wrong, RequirementsMissing, PeriodClosed, StageOfAnotherPipeline, ExternalIdTaken, NotAllowed.
    """
    draft = plan_opening(Run(actor, at), {**said, "name": name})
    with transaction.atomic():
        _save_new(draft.deal)
        store_history([draft])
    return draft.deal


def qualify_deal(
    *,
    deal: Deal,
    actor: Membership,
    at: datetime,
    on: date | None = None,
    note: str = "",
    rate: Decimal | None = None,
    version: int | None = None,
) -> Deal:
    """Say that a deal is worth pursuing: the day starts every clock, and its amount, owner and rate are kept.

    `rate` is what one unit of its currency was worth on the day, where the organisation has not written it down.
    Raises AlreadyQualified, DealIsOver, RequirementsMissing (`rate`), PeriodClosed, DealMovedMeanwhile, Invalid for a
    day to come or before the deal was opened.
    """
    require(actor, "deal.move")
    with drafted(deal, actor=actor, at=at, on=on, version=version) as draft:
        plan_qualification(draft, note=note, rate=rate)
    return deal


def plan_opening(run: Run, said: Mapping[str, Any]) -> Draft:
    """A new deal, in memory, with the history that begins with it."""
    require(run.actor, "deal.open")
    given = {name: value for name, value in said.items() if value is not None}
    qualified_on = given.get("qualified_on")
    opened_on = given.get("opened_on") or min(run.today, qualified_on or run.today)
    _refuse_nonsense(run, given, opened_on=opened_on, qualified_on=qualified_on)
    pipeline, stage = _place(run, given.get("pipeline"), given.get("stage"))
    deal = Deal(
        name=given["name"].strip(),
        company=kept(given.get("company")),
        pipeline=pipeline,
        stage=stage,
        owner=given.get("owner") or run.actor,
        amount=given.get("amount"),
        currency=given.get("currency") or run.actor.tenant.currency,
        opened_on=opened_on,
        entered_stage_on=opened_on,
        expected_close_on=given.get("expected_close_on"),
        came_from=given.get("came_from"),
        attributes=facts.tidied_attributes(run, {}, given["attributes"]) if given.get("attributes") else {},
        is_test=given.get("is_test", False),
        source=given.get("source", ""),
        external_id=given.get("external_id", ""),
    )
    draft = Draft(run, deal, opened_on)
    facts.refuse_archived(draft, came_from=deal.came_from)
    draft.begun = [
        StageSpan(deal=deal, stage=stage, entered_on=opened_on),
        OwnerSpan(deal=deal, owner=deal.owner, from_on=opened_on),
    ]
    _tell_opening(draft)
    facts.plan_plan(draft, {name: given[name] for name in facts.PLAN if name in given})
    if qualified_on is not None:
        draft.on = qualified_on
        plan_qualification(draft, note=given.get("qualification_note", ""), rate=given.get("rate"))
    require_of(draft, stage, because=given.get("override_because", ""))
    return draft


def plan_qualification(draft: Draft, *, note: str = "", rate: Decimal | None = None) -> None:
    """Time zero of the deal, with what it was worth and whose it was on that day."""
    deal, run, on = draft.deal, draft.run, draft.on
    if deal.qualified_on is not None:
        raise AlreadyQualified(deal=deal.name, day=deal.qualified_on)
    if not deal.is_open:
        raise DealIsOver(deal=deal.name)
    if on > run.today or (deal.opened_on is not None and on < deal.opened_on):
        raise Invalid(fields={"qualified_on": _("Give a day between the day it was opened and today.")})
    run.refuse_day(on, earliest=None, field="qualified_on")
    worth = facts.plan_rate(draft, on, rate)
    if worth is None:
        raise requirements.RequirementsMissing(missing=[requirements.RATE], deal=deal.name, stage=deal.stage.name)
    amount, owner = deal.amount, deal.owner_id
    if draft.is_backdated and not deal._state.adding:
        amount, owner = past.amount_on(deal, on), past.owner_on(deal, on)
    draft.set(
        qualified_on=on,
        qualified_by=run.actor,
        qualification_note=note.strip(),
        amount_at_qualification=amount,
        owner_at_qualification_id=owner,
        rate=worth,
        rate_date=on,
    )
    draft.is_news = True
    draft.note(DealEvent.Kind.QUALIFIED, amount=[None, amount])
    draft.tell(verb="deal.qualified", on=on)


def require_of(draft: Draft, to: Stage, *, because: str = "") -> None:
    """Hold the deal against what a stage asks for; a reason lets it pass, told in the event and in the audit.

    Raises RequirementsMissing, or NotAllowed for a reason of somebody who may not override.
    """
    because = because.strip()
    if because:
        require(draft.run.actor, "deal.override")
        if len(because) > 300:
            raise Invalid(fields={"override_because": _("Say it in up to 300 letters.")})
    roles = frozenset(role.role for role in draft.roles)
    step = requirements.Step(draft.deal, to, roles, draft.supplied)
    missing = requirements.missing(step, draft.run.asked_by(to))
    if missing and not because:
        raise requirements.RequirementsMissing(missing=missing, deal=draft.deal.name, stage=to.name)
    if missing:
        keys = [one.key for one in missing]
        draft.events[-1].data["overridden"] = {"missing": keys, "because": because}
        draft.tell(verb="deal.overridden", stage=to.name, because=because, missing=keys)


def _tell_opening(draft: Draft) -> None:
    deal = draft.deal
    expected: dict[str, Any] = {"expected_close_on": [None, deal.expected_close_on]} if deal.expected_close_on else {}
    draft.note(DealEvent.Kind.OPENED, stage=[None, deal.stage.name], amount=deal.amount, **expected)
    draft.tell(verb="deal.opened", name=deal.name)


def _place(run: Run, pipeline: Pipeline | None, stage: Stage | None) -> tuple[Pipeline, Stage]:
    if stage is not None:
        if not stage.is_open:
            raise Invalid(fields={"stage": _("A deal begins in an open stage.")})
        if pipeline is not None and stage.pipeline_id != pipeline.pk:
            raise StageOfAnotherPipeline(stage=stage.name, pipeline=pipeline.name)
        if stage.is_archived or stage.pipeline.is_archived:
            raise Invalid(fields={"stage": _("This stage is no longer used. Choose another one.")})
        return stage.pipeline, stage
    found = pipeline or run.usual_pipeline()
    offered = [one for one in run.stages(found.pk) if one.is_open and not one.is_archived] if found else []
    if found is None or found.is_archived or not offered:
        raise Invalid(fields={"pipeline": _("Choose a pipeline that has an open stage.")})
    return found, offered[0]


def _refuse_nonsense(run: Run, given: Mapping[str, Any], *, opened_on: date, qualified_on: date | None) -> None:
    """Everything that is wrong at once, each at its field."""
    wrong: dict[str, str] = {}
    expected, currency = given.get("expected_close_on"), given.get("currency") or run.actor.tenant.currency
    checks: list[Callable[[], Any]] = [
        partial(facts.tidied_name, given["name"]),
        partial(facts.refuse_amount, given.get("amount")),
        partial(facts.refuse_currency, currency),
        partial(facts.refuse_expected, expected, opened_on=opened_on, today=run.today),
        partial(facts.refuse_owner, given.get("owner") or run.actor, actor=run.actor),
    ]
    for check in checks:
        try:
            check()
        except Invalid as refusal:
            wrong |= refusal.fields
    if opened_on > run.today:
        wrong["opened_on"] = _("Give a day that is not to come.")
    if qualified_on is not None and not opened_on <= qualified_on <= run.today:
        wrong["qualified_on"] = _("Give a day between the day it was opened and today.")
    if wrong:
        raise Invalid(fields=wrong)
    run.refuse_day(opened_on, earliest=None, field="opened_on")


def _save_new(deal: Deal) -> None:
    with told_of_taken(Deal, [deal]):
        deal.save(force_insert=True)
