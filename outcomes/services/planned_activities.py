"""Deeds on what members plan to do: planned, changed, moved, dropped, and done by an activity.

A plan is never taken back: what was planned and not done is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership, Tenant
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from accounts.tenancy.scope import current_tenant_id
from accounts.visibility import of_everybody
from activities.models import Activity, ActivityType
from activities.signals import activities_corrected, activities_logged, activity_taken_back
from outcomes.models import MilestoneType, PlannedActivity
from outcomes.services.plan_facts import (
    at_company,
    held,
    moved_back,
    moved_rows,
    offered,
    refuse_stale,
    said,
    store,
    write,
)
from strategy.models import Company, Contact, Deal, PlanPart
from strategy.models.customers import kept
from strategy.services import refuse_merged
from strategy.signals import deals_merged, deals_parted

State, Span = PlannedActivity.State, PlannedActivity.Span
#: A plan further ahead is a wish.
FURTHEST = timedelta(days=400)
#: So long after its span something still does what was planned. It was not kept then.
LATE = timedelta(days=14)
#: What can be said anew of a plan. When it is to be done is not among it: that is a move, and is counted.
FACTS = ("deal", "company", "contact", "play", "milestone", "purpose")


class PlanIsSettled(Refused):
    """The planned activity is done, moved or dropped."""

    code = "plan_is_settled"
    sentence = gettext_lazy("This is {state} already. Plan it anew where it is still to be done.")


class NotYourPlan(Refused):
    """Each member plans for themselves."""

    code = "not_your_plan"
    status = 403
    sentence = gettext_lazy("This is the plan of somebody else. They change it themselves.")


def span_of(span: str, day: date, tenant: Tenant) -> tuple[date, date]:
    """The first and the last day of the day, week or month in which a day is; weeks begin as the organisation says."""
    if span == Span.DAY:
        return day, day
    if span == Span.WEEK:
        first = day - timedelta(days=(day.isoweekday() - tenant.week_starts) % 7)
        return first, first + timedelta(days=6)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def plan_activity(
    *,
    type: ActivityType,
    span: str,
    on: date,
    actor: Membership,
    at: datetime,
    deal: Deal | None = None,
    company: Company | None = None,
    contact: Contact | None = None,
    play: PlanPart | None = None,
    milestone: MilestoneType | None = None,
    purpose: str = "",
) -> PlannedActivity:
    """Plan to do something within the day, week or month of `on`. Raises NotAllowed, Invalid, WasMerged."""
    require(actor, "activity.log")
    offered(type=type, milestone=milestone)
    facts = _judged(deal=deal, company=company, contact=contact, play=play, milestone=milestone, purpose=purpose)
    first_on, last_on = _span(span, on, actor.tenant, at)
    with transaction.atomic():
        plan = PlannedActivity.objects.create(
            member=actor, type=type, span=span, first_on=first_on, last_on=last_on, planned_at=at, **facts
        )
        _tell("planned_activity.planned", plan, actor=actor, at=at, on=first_on)
    return plan


def change_plan(
    *, plan: PlannedActivity, actor: Membership, at: datetime, version: int | None = None, **given: Any
) -> PlannedActivity:
    """Say something else of what is planned; what is left out stays.

    Raises NotAllowed, NotYourPlan, PlanIsSettled, Invalid, PlanChangedMeanwhile, WasMerged.
    """
    with transaction.atomic():
        plan = _open(plan, actor, version)
        now = {name: getattr(plan, name) for name in FACTS}
        if "deal" in given and "company" not in given:
            now["company"] = None
        changed = write(plan, _judged(**now | given))
        if changed:
            store(plan, changed)
            _tell("planned_activity.changed", plan, actor=actor, at=at, changed=changed)
    return plan


def move_plan(
    *,
    plan: PlannedActivity,
    on: date,
    actor: Membership,
    at: datetime,
    span: str = "",
    note: str = "",
    version: int | None = None,
) -> PlannedActivity:
    """Move it to another day, week or month: the old plan stays as moved, and the new one is answered.

    Raises as `change_plan` does.
    """
    with transaction.atomic():
        plan = _open(plan, actor, version)
        span = span or plan.span
        first_on, last_on = _span(span, on, actor.tenant, at)
        if (span, first_on) == (plan.span, plan.first_on):
            raise Invalid(fields={"on": _("Choose another time than the one it is planned for.")})
        facts = {name: getattr(plan, name) for name in FACTS}
        new = PlannedActivity.objects.create(
            member=actor, type=plan.type, span=span, first_on=first_on, last_on=last_on, planned_at=at, **facts
        )
        note = said("note", note, longest=300)
        _settle(plan, State.MOVED, at=at, moved_to=new, note=note)
        _tell("planned_activity.moved", plan, actor=actor, at=at, on=[str(plan.first_on), str(first_on)])
    return new


def drop_plan(
    *, plan: PlannedActivity, note: str, actor: Membership, at: datetime, version: int | None = None
) -> PlannedActivity:
    """Say that it is not going to be done, and why. Raises as `change_plan` does."""
    with transaction.atomic():
        plan = _open(plan, actor, version)
        note = said("note", note, longest=300, needed=_("Say in a few words why not."))
        _settle(plan, State.DROPPED, at=at, note=note)
        _tell("planned_activity.dropped", plan, actor=actor, at=at, because=note)
    return plan


def _waiting(activities: Sequence[Activity]) -> list[UUID]:
    """The keys of what may have been done by activities: of their members, types and deals, for their days."""
    if not activities:
        return []
    days = [one.day for one in activities]
    # Asked for each activity that anybody logs, and mostly there is nothing: it locks nothing, and is no text that the
    # ORM has to write anew.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM outcomes_plannedactivity WHERE tenant_id = %s AND member_id = ANY (%s::uuid[])"
            " AND type_id = ANY (%s::uuid[]) AND state = 'planned' AND first_on <= %s AND last_on >= %s"
            " AND (deal_id = ANY (%s::uuid[]) OR deal_id IS NULL)",
            [
                current_tenant_id(),
                list({one.member_id for one in activities}),
                list({one.type_id for one in activities}),
                max(days),
                min(days) - LATE,
                list({one.deal_id for one in activities if one.deal_id is not None}),
            ],
        )
        return [key for (key,) in cursor]


def _is_like(activity: Activity, plan: PlannedActivity) -> bool:
    """Whether an activity is what was planned, in its span or not long after, and after it was planned."""
    same = (activity.member_id, activity.type_id, activity.deal_id) == (plan.member_id, plan.type_id, plan.deal_id)
    about = plan.deal_id is not None or activity.company_id == plan.company_id
    return same and about and plan.first_on <= activity.day <= plan.last_on + LATE and plan.planned_at <= activity.at


def _open(plan: PlannedActivity, actor: Membership, version: int | None) -> PlannedActivity:
    """The plan as it stands, held. Raises NotAllowed, NotYourPlan, PlanIsSettled, PlanChangedMeanwhile."""
    require(actor, "activity.log")
    if plan.member_id != actor.pk:
        raise NotYourPlan
    found: PlannedActivity = held(PlannedActivity, plan)
    if found.state != State.PLANNED:
        raise PlanIsSettled(state=found.get_state_display().lower())
    refuse_stale(found, version)
    return found


def _span(span: str, on: date, tenant: Tenant, at: datetime) -> tuple[date, date]:
    if span not in Span.values:
        raise Invalid(fields={"span": _("Choose a day, a week or a month.")})
    today = tenant.day_of(at)
    if on.year < 1900 or on > today + FURTHEST:
        raise Invalid(fields={"on": _("Plan for a day within the next year.")})
    first_on, last_on = span_of(span, on, tenant)
    if last_on < today:
        raise Invalid(fields={"on": _("Plan for today or a day to come.")})
    return first_on, last_on


def _judged(
    *,
    deal: Deal | None,
    company: Company | None,
    contact: Contact | None,
    play: PlanPart | None,
    milestone: MilestoneType | None,
    purpose: str,
) -> dict[str, Any]:
    if deal is not None:
        refuse_merged(deal)
        company = deal.company
    company = kept(company)
    contact = at_company("contact", contact, company.pk if company else None)
    if company is None and contact is not None and deal is None:
        company = contact.company
    if play is not None and play.kind != PlanPart.Kind.PLAY:
        raise Invalid(fields={"play": _("Choose a play.")})
    purpose = said("purpose", purpose, longest=200)
    facts: dict[str, Any] = {"deal": deal, "company": company, "contact": contact, "play": play}
    return facts | {"milestone": milestone, "purpose": purpose}


def _settle(plan: PlannedActivity, state: str, *, at: datetime, **facts: Any) -> None:
    plan.state, plan.settled_at = state, at
    for name, value in facts.items():
        setattr(plan, name, value)
    store(plan, ["state", "settled_at", *facts])


def _tell(verb: str, plan: PlannedActivity, *, actor: Membership | None, at: datetime, **data: Any) -> None:
    told = {name: str(value) if isinstance(value, date) else value for name, value in data.items()}
    audit.record(verb=verb, subject=plan, actor=actor, at=at, type=plan.type.name, **told)


@receiver(activities_logged)
def settle_what_was_planned(activities: Sequence[Activity], actor: Membership, at: datetime, **_: Any) -> None:
    """Whichever way activities are written down, they do what was planned: what is of the same type, with the same deal
    (or, without one, company), and in whose span they were done after it was planned. Of several the shortest span,
    then the oldest; where none is planned for their day, one whose span ended not long before.
    """
    keys = _waiting(activities)
    if not keys:
        return
    # What was planned is done whether or not its deal is in the actor's sight by now.
    with transaction.atomic(), of_everybody():
        waiting = PlannedActivity.objects.filter(pk__in=keys, state=State.PLANNED)
        plans = list(waiting.select_for_update(of=("self",), no_key=True).select_related("type"))
        plans.sort(key=lambda one: (one.last_on - one.first_on, one.pk))
        for activity in sorted(activities, key=lambda one: one.at):
            meant = [one for one in plans if _is_like(activity, one)]
            # The one of its day first; then what is late.
            if plan := min(meant, key=lambda one: one.last_on < activity.day, default=None):
                plans.remove(plan)
                _settle(plan, State.DONE, at=at, activity=activity)
                _tell("planned_activity.done", plan, actor=actor, at=at)


@receiver(activities_corrected)
def settle_what_was_corrected(activities: Sequence[Activity], actor: Membership, at: datetime, **_: Any) -> None:
    """What turns out to be something else than was planned does not do it; it may do what else was planned."""
    with transaction.atomic(), of_everybody():
        done = {one.activity_id: one for one in _done_by(activities)}
        free = [one for one in activities if one.pk not in done or not _is_like(one, done[one.pk])]
        for activity in free:
            if plan := done.get(activity.pk):
                _open_again(plan, actor=actor, at=at)
        settle_what_was_planned(activities=free, actor=actor, at=at)
        _look_for_others([done[one.pk] for one in free if one.pk in done], but=activities, actor=actor, at=at)


@receiver(activity_taken_back)
def settle_what_was_taken_back(activity: Activity, actor: Membership, at: datetime, **_: Any) -> None:
    """What an activity did that is taken back is still to be done, unless another one does it."""
    with transaction.atomic(), of_everybody():
        plans = _done_by([activity])
        for plan in plans:
            _open_again(plan, actor=actor, at=at)
        _look_for_others(plans, but=[activity], actor=actor, at=at)


def _done_by(activities: Sequence[Activity]) -> list[PlannedActivity]:
    """The plans that these activities did, held."""
    rows = PlannedActivity.objects.filter(activity__in=[one.pk for one in activities], state=State.DONE)
    return list(rows.select_for_update(of=("self",), no_key=True).select_related("type").order_by("pk"))


def _open_again(plan: PlannedActivity, *, actor: Membership, at: datetime) -> None:
    plan.state, plan.settled_at, plan.activity = State.PLANNED, None, None
    store(plan, ["state", "settled_at", "activity"])
    _tell("planned_activity.opened_again", plan, actor=actor, at=at)


def _look_for_others(
    plans: Sequence[PlannedActivity], *, but: Sequence[Activity], actor: Membership, at: datetime
) -> None:
    """Let what was done beside it, and did no plan, do what is open again."""
    for plan in plans:
        like = Activity.objects.filter(
            member=plan.member_id,
            type=plan.type_id,
            deal=plan.deal_id,
            day__gte=plan.first_on,
            day__lte=plan.last_on + LATE,
            at__gte=plan.planned_at,
        )
        did = PlannedActivity.objects.filter(activity=OuterRef("pk"))
        free = like.exclude(pk__in=[one.pk for one in but]).exclude(Exists(did)).order_by("at", "pk")
        settle_what_was_planned(activities=[one for one in free if _is_like(one, plan)][:1], actor=actor, at=at)


@receiver(deals_merged)
def follow_merge(kept: Deal, gone: Deal, **_: Any) -> dict[str, list[str]]:
    """What was planned for the deal that goes is planned for the one that stays."""
    return moved_rows(PlannedActivity, kept, gone)


@receiver(deals_parted)
def follow_parting(kept: Deal, gone: Deal, moved: dict[str, list[str]], **_: Any) -> None:
    """Each deal has again what was planned for it."""
    moved_back(PlannedActivity, kept, gone, moved)
