"""What the example organisation means to do: a plan that a customer shares, the week, targets, and talks about 2028."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import Membership, Team
from activities.models import Activity, ActivityType
from activities.services import log_activity
from outcomes.models import Conversation, MilestoneType, PlannedActivity
from outcomes.services.conversations import keep_question
from outcomes.services.mutual_steps import add_step, change_step
from outcomes.services.planned_activities import drop_plan, move_plan, plan_activity
from outcomes.services.targets import set_target
from strategy.models import Company, Contact, Deal

#: Days from today on which a step is due, what it is, and which milestone it is for.
STEPS = (
    (-12, "Loss map of three regions, read together", 0),
    (-4, "Workshop with operations and finance", 1),
    (-1, "Security questions answered in writing", None),
    (8, "Payback for each region, seen by the CFO", 2),
    (15, "Board decides", 3),
    (60, "First region live", None),
    (150, "A tenth less loss in the first region", None),
)
#: So long ago the plan was begun, on a deal that was there by then.
SHARED_SINCE = 20
#: Days from Monday, type, what for, and the milestone it is for.
WEEK = (
    (0, "Preparation", "Their own figures for the workshop", 1),
    (0, "Call", "Ask who signs for security", 2),
    (1, "Meeting", "Read the decision plan line by line", 2),
    (2, "Call", "Hear what finance still needs", 2),
    (3, "Meeting", "Agree on what they want and why", 0),
    (4, "Email", "Send what was agreed, in their words", 0),
)
TALKS: Sequence[tuple[str, str, str, Sequence[str]]] = (
    (
        "challenges",
        "What will the 2029 limits on loss ask of you?",
        "They must prove loss by district.",
        ["2029 rules"],
    ),
    (
        "whom",
        "Who in your house owns the 2029 targets?",
        "A new head of asset risk, from spring.",
        ["2029 rules", "People"],
    ),
    ("think", "What would you do if meters had to be read every hour?", "", ["Metering"]),
    (
        "incite",
        "May we show you what Denmark did with the same rules?",
        "Yes, in January, with their COO.",
        ["2029 rules"],
    ),
    ("markets", "Which of your neighbours will you buy or join by 2028?", "", ["Mergers"]),
    ("engage", "Who advises the regulator on measuring loss?", "", ["2029 rules", "People"]),
)


def look_ahead(owner: Membership, team: Team, sellers: Sequence[Membership], *, today: date) -> None:
    """Tell what is to come, as of a day."""
    types = {kind.name: kind for kind in ActivityType.objects.all()}
    milestones = list(MilestoneType.objects.order_by("position"))
    deals = list(
        Deal.objects.filter(end_cause="").select_related("company", "owner").order_by("-qualified_on", "pk")[:8]
    )
    begun = today - timedelta(days=SHARED_SINCE)
    shared = Deal.objects.filter(end_cause="", opened_on__lt=begun).select_related("company", "owner")
    if old_enough := shared.order_by("-qualified_on", "pk").first():
        _share_a_plan(old_enough, milestones, today=today)
    if deals:
        _plan_the_week(owner, deals, types, milestones, today=today)
    for seller in sellers[:3]:
        _look_back(seller, today=today)
    _aim(owner, team, sellers, types, milestones, today=today)
    for number, company in enumerate(Company.objects.order_by("pk")[:3]):
        _ask(owner, company, TALKS[number * 2 :] if number else TALKS, today=today)


def _share_a_plan(deal: Deal, milestones: Sequence[MilestoneType], *, today: date) -> None:
    seller, buyer = deal.owner, Contact.objects.filter(company=deal.company).first()
    if seller is None:
        return
    for days, name, place in STEPS:
        step = add_step(
            deal=deal,
            name=name,
            due_on=today + timedelta(days=days),
            our_owner=seller,
            their_owner=buyer,
            type=milestones[place] if place is not None else None,
            actor=seller,
            at=_noon(today - timedelta(days=SHARED_SINCE)),
        )
        if days < -1:
            done_on = today + timedelta(days=days)
            change_step(step=step, done_on=done_on, actor=seller, at=_noon(today))


def _plan_the_week(
    owner: Membership,
    deals: Sequence[Deal],
    types: Mapping[str, ActivityType],
    milestones: Sequence[MilestoneType],
    *,
    today: date,
) -> None:
    monday = today - timedelta(days=today.weekday())
    before = _noon(monday - timedelta(days=2))
    plans = [
        plan_activity(
            type=types[kind],
            span="day",
            on=monday + timedelta(days=days),
            deal=deals[number % len(deals)],
            milestone=milestones[place],
            purpose=purpose,
            actor=owner,
            at=before,
        )
        for number, (days, kind, purpose, place) in enumerate(WEEK)
    ]
    for plan in plans:
        if plan.first_on < today:
            at = _noon(plan.first_on)
            log_activity(actor=owner, type=plan.type, at=at, recorded_at=at, deal=plan.deal, purpose=plan.purpose)
    if plans[-1].first_on >= today:
        drop_plan(plan=plans[-1], note="They asked us to wait until January", actor=owner, at=_noon(today))
        later = monday + timedelta(days=9)
        move_plan(plan=plans[-2], on=later, note="Their COO is ill", actor=owner, at=_noon(today))
    for span, kind, purpose in (
        ("week", "Call", "Three calls to finance"),
        ("month", "Meeting", "A first talk in food"),
    ):
        plan_activity(type=types[kind], span=span, on=today, purpose=purpose, actor=owner, at=_noon(today))


def _look_back(seller: Membership, *, today: date) -> None:
    """What was kept of the last weeks: most of it was done on its day, some not at all."""
    done = Activity.objects.filter(member=seller, day__lt=today, day__gte=today - timedelta(weeks=8))
    rows = [
        PlannedActivity(
            member=seller,
            type_id=one.type_id,
            deal_id=one.deal_id,
            company_id=one.company_id,
            span="day",
            first_on=one.day,
            last_on=one.day,
            state="planned" if number % 4 == 3 else "done",
            activity=None if number % 4 == 3 else one,
            settled_at=None if number % 4 == 3 else one.at,
            planned_at=one.at - timedelta(days=1),
        )
        for number, one in enumerate(done.order_by("day", "pk")[:28])
    ]
    PlannedActivity.objects.bulk_create(rows)


def _aim(
    owner: Membership,
    team: Team,
    sellers: Sequence[Membership],
    types: Mapping[str, ActivityType],
    milestones: Sequence[MilestoneType],
    *,
    today: date,
) -> None:
    since, at = today - timedelta(days=60), _noon(today - timedelta(days=60))
    aims: Sequence[tuple[str, int, str, int, str, dict[str, Membership | Team]]] = (
        (
            "Meeting",
            12,
            "week",
            0,
            "One first meeting in three ends with what they want, in their words.",
            {"team": team},
        ),
        ("Workshop", 4, "month", 1, "Who sponsors a workshop mostly buys.", {}),
        ("Call", 8, "week", 2, "Calls to finance come before each decision plan.", {"member": sellers[1]}),
    )
    for kind, number, per, place, why, whom in aims:
        set_target(
            type=types[kind],
            number=number,
            per=per,
            milestone=milestones[place],
            why=why,
            from_on=since,
            actor=owner,
            at=at,
            **whom,  # type: ignore[arg-type]
        )


def _ask(
    owner: Membership, company: Company, talks: Sequence[tuple[str, str, str, Sequence[str]]], *, today: date
) -> None:
    contact = Contact.objects.filter(company=company).first()
    for number, (prompt, question, heard, themes) in enumerate(talks):
        keep_question(
            company=company,
            prompt=prompt,
            question=question,
            contact=contact,
            horizon=Conversation.Horizon.H3 if number % 3 else Conversation.Horizon.H2,
            asked_on=today - timedelta(days=20 - number) if heard else None,
            heard=heard,
            themes=themes,
            actor=owner,
            at=_noon(today),
        )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)
