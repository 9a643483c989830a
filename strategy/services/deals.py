"""The one place where a deal changes, whatever the door: page, API, task."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import ExternalIdTaken, Invalid
from accounts.visibility import sight_of
from strategy.models import Company, Deal, DealEvent, EndReason, OwnerSpan, Pipeline, Stage, StageSpan
from strategy.services.refusals import (
    AlreadyQualified,
    DealIsOpen,
    DealIsOver,
    DealMovedMeanwhile,
    StageOfAnotherPipeline,
)

# 10 million millions of minor units: above it somebody typed a wrong key.
LARGEST_AMOUNT = 10**15


def open_deal(
    *,
    actor: Membership,
    name: str,
    at: datetime,
    company: Company | None = None,
    pipeline: Pipeline | None = None,
    stage: Stage | None = None,
    owner: Membership | None = None,
    amount: int | None = None,
    currency: str = "",
    expected_close_on: date | None = None,
    qualified_on: date | None = None,
    qualification_note: str = "",
    opened_on: date | None = None,
    source: str = "",
    external_id: str = "",
) -> Deal:
    """Open a deal in the first open stage, or the named one; with `qualified_on` it is qualified too.

    `amount` is in minor units of `currency` (the organisation's own unless given). Raises Invalid with the
    fields that are wrong, StageOfAnotherPipeline, ExternalIdTaken, NotAllowed.
    """
    require(actor, "deal.open")
    if owner is not None and not sight_of(actor).includes(owner.pk):
        raise Invalid(fields={"owner": _("Choose somebody whose deals you see.")})
    today = actor.tenant.day_of(at)
    opened_on = opened_on or min(today, qualified_on or today)
    _refuse_nonsense(name=name, amount=amount, opened_on=opened_on, qualified_on=qualified_on, today=today)
    pipeline, stage = _place(pipeline, stage)
    deal = Deal(
        name=name.strip(),
        company=company,
        pipeline=pipeline,
        stage=stage,
        owner=owner or actor,
        amount=amount,
        currency=currency or actor.tenant.currency,
        opened_on=opened_on,
        entered_stage_on=opened_on,
        expected_close_on=expected_close_on,
        source=source,
        external_id=external_id,
    )
    with transaction.atomic():
        _save_new(deal)
        StageSpan.objects.create(deal=deal, stage=stage, entered_on=opened_on)
        OwnerSpan.objects.create(deal=deal, owner=deal.owner, from_on=opened_on)
        _note(deal, DealEvent.Kind.OPENED, actor=actor, at=at, on=opened_on, stage=[None, stage.name], amount=amount)
        audit.record(verb="deal.opened", subject=deal, actor=actor, at=at, name=deal.name)
        if qualified_on is not None:
            qualify_deal(deal=deal, actor=actor, at=at, on=qualified_on, note=qualification_note)
    return deal


def qualify_deal(*, deal: Deal, actor: Membership, at: datetime, on: date | None = None, note: str = "") -> Deal:
    """Say that a deal is worth pursuing: the day starts every clock, and its amount and owner are kept for rates.

    Raises AlreadyQualified, DealIsOver, Invalid for a day to come or before the deal was opened.
    """
    require(actor, "deal.move")
    today = actor.tenant.day_of(at)
    on = on or today
    if deal.qualified_on is not None:
        raise AlreadyQualified(deal=deal.name, day=deal.qualified_on)
    if not deal.is_open:
        raise DealIsOver(deal=deal.name)
    if on > today or (deal.opened_on is not None and on < deal.opened_on):
        raise Invalid(fields={"qualified_on": _("Give a day between the day it was opened and today.")})
    with transaction.atomic():
        _change(
            deal,
            at,
            qualified_on=on,
            qualified_by=actor,
            qualification_note=note.strip(),
            amount_at_qualification=deal.amount,
            owner_at_qualification_id=deal.owner_id,
            rate_date=on,
        )
        _note(deal, DealEvent.Kind.QUALIFIED, actor=actor, at=at, on=on, amount=[None, deal.amount])
        audit.record(verb="deal.qualified", subject=deal, actor=actor, at=at, on=on)
    return deal


def move_deal(
    *,
    deal: Deal,
    to: Stage,
    actor: Membership,
    at: datetime,
    on: date | None = None,
    reason: EndReason | None = None,
    amount: int | None = None,
) -> Deal:
    """Put a deal into another stage; a stage that ends deals closes it, with the cause of its kind.

    `on` is the day it happened (today unless given), `reason` one of the organisation's reasons for such an end,
    `amount` what it closed at. Raises DealIsOver, StageOfAnotherPipeline, DealMovedMeanwhile, Invalid, NotAllowed.
    """
    require(actor, "deal.move")
    on = on or actor.tenant.day_of(at)
    if not deal.is_open:
        raise DealIsOver(deal=deal.name)
    if to.pipeline_id != deal.pipeline_id:
        raise StageOfAnotherPipeline(stage=to.name, pipeline=deal.pipeline.name)
    if to.pk == deal.stage_id:
        return deal
    _refuse_day(deal, on, today=actor.tenant.day_of(at))
    if reason is not None and reason.kind != to.kind:
        raise Invalid(fields={"reason": _("This reason belongs to another kind of end.")})
    with transaction.atomic():
        left = deal.stage
        _leave_stage(deal, to, on)
        if to.is_open:
            _change(deal, at, stage=to, entered_stage_on=on)
            StageSpan.objects.create(deal=deal, stage=to, entered_on=on, episode=deal.episode)
            kind = DealEvent.Kind.MOVED
        else:
            closing: dict[str, Any] = {"end_cause": to.kind, "end_reason": reason, "closed_on": on}
            closed_at = {"amount": amount} if amount is not None else {}
            _change(deal, at, stage=to, entered_stage_on=on, closed_recorded_at=at, **closing, **closed_at)
            kind = DealEvent.Kind.CLOSED
        named = {"reason": reason.name} if reason else {}
        _note(deal, kind, actor=actor, at=at, on=on, stage=[left.name, to.name], **named)
        audit.record(verb=f"deal.{kind}", subject=deal, actor=actor, at=at, left=left.name, entered=to.name)
    return deal


def reopen_deal(*, deal: Deal, to: Stage, actor: Membership, at: datetime) -> Deal:
    """Begin another episode of a deal that was over. Its first qualification day stays.

    Raises DealIsOpen, StageOfAnotherPipeline, DealMovedMeanwhile, NotAllowed, Invalid when the stage ends deals.
    """
    require(actor, "deal.move")
    on = actor.tenant.day_of(at)
    if deal.is_open:
        raise DealIsOpen(deal=deal.name)
    if to.pipeline_id != deal.pipeline_id:
        raise StageOfAnotherPipeline(stage=to.name, pipeline=deal.pipeline.name)
    if not to.is_open:
        raise Invalid(fields={"stage": _("Choose a stage that does not end the deal.")})
    with transaction.atomic():
        ended = [deal.end_cause, str(deal.closed_on)]
        _change(
            deal,
            at,
            stage=to,
            entered_stage_on=on,
            end_cause="",
            end_reason=None,
            closed_on=None,
            closed_recorded_at=None,
            episode=deal.episode + 1,
        )
        StageSpan.objects.create(deal=deal, stage=to, entered_on=on, episode=deal.episode)
        _note(deal, DealEvent.Kind.REOPENED, actor=actor, at=at, on=on, ended=[ended, None], stage=[None, to.name])
        audit.record(verb="deal.reopened", subject=deal, actor=actor, at=at, entered=to.name)
    return deal


def watch_deal(deal: Deal) -> None:
    """An imported open deal that is worked here is watched from now on, not only up to its source's last day."""
    if deal.observed_until is not None and deal.is_open:
        Deal.objects.filter(pk=deal.pk).update(observed_until=None)
        deal.observed_until = None


def _place(pipeline: Pipeline | None, stage: Stage | None) -> tuple[Pipeline, Stage]:
    if stage is not None:
        if not stage.is_open:
            raise Invalid(fields={"stage": _("A deal begins in an open stage.")})
        if pipeline is not None and stage.pipeline_id != pipeline.pk:
            raise StageOfAnotherPipeline(stage=stage.name, pipeline=pipeline.name)
        return stage.pipeline, stage
    found = pipeline or Pipeline.objects.order_by("position").first()
    first = found.stages.filter(kind=Stage.Kind.OPEN).order_by("position").first() if found else None
    if found is None or first is None:
        raise Invalid(fields={"pipeline": _("Choose a pipeline that has an open stage.")})
    return found, first


def _refuse_nonsense(*, name: str, amount: int | None, opened_on: date, qualified_on: date | None, today: date) -> None:
    wrong: dict[str, str] = {}
    if not name.strip() or len(name.strip()) > 200:
        wrong["name"] = _("Say in up to 200 letters what the customer gets.")
    if amount is not None and not 0 <= amount <= LARGEST_AMOUNT:
        wrong["amount"] = _("Give an amount of zero or more.")
    if opened_on > today:
        wrong["opened_on"] = _("Give a day that is not to come.")
    if qualified_on is not None and not opened_on <= qualified_on <= today:
        wrong["qualified_on"] = _("Give a day between the day it was opened and today.")
    if wrong:
        raise Invalid(fields=wrong)


def _refuse_day(deal: Deal, on: date, *, today: date) -> None:
    earliest = max(filter(None, (deal.entered_stage_on, deal.qualified_on, deal.opened_on)), default=on)
    if not earliest <= on <= today:
        raise Invalid(fields={"on": _("Give a day between %(first)s and today.") % {"first": earliest}})


def _save_new(deal: Deal) -> None:
    try:
        with transaction.atomic():
            deal.save()
    except IntegrityError as error:
        if "external_id" not in str(error):
            raise
        raise ExternalIdTaken(source=deal.source, external_id=deal.external_id) from error


def _leave_stage(deal: Deal, to: Stage, on: date) -> None:
    """Close the open span with how it was left."""
    left = deal.stage
    between = Stage.objects.filter(
        pipeline_id=to.pipeline_id, kind=Stage.Kind.OPEN, position__gt=left.position, position__lt=to.position
    )
    if not to.is_open:
        exit_kind = to.kind
    elif to.position < left.position:
        exit_kind = StageSpan.Exit.BACK
    else:
        exit_kind = StageSpan.Exit.SKIP if between.exists() else StageSpan.Exit.ADVANCE
    StageSpan.objects.filter(deal=deal, left_on=None).update(left_on=on, exit_kind=exit_kind)


def _change(deal: Deal, at: datetime, **changed: Any) -> None:
    """Compare and set: nobody holds a lock while a person thinks, and the second of two is told."""
    changed |= {"observed_until": None, "version": deal.version + 1, "updated_at": at}
    if not Deal.objects.filter(pk=deal.pk, version=deal.version).update(**changed):
        raise DealMovedMeanwhile(deal=deal.name)
    for name, value in changed.items():
        setattr(deal, name, value)


def _note(deal: Deal, kind: DealEvent.Kind, *, actor: Membership, at: datetime, on: date, **data: Any) -> None:
    DealEvent.objects.create(deal=deal, kind=kind, effective_on=on, recorded_at=at, actor=actor, data=data)
