"""An example organisation: eighteen months of nine sellers, told by the real deeds with a fixed dice.

What there is to see: customers who sponsor a workshop mostly buy, and half of the opportunities are gone before a
goal is agreed; Dele is busy without outcomes, Hanne does little and wins; deals go silent and are never ended.
The same day and dice give the same story.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import Membership, Team, Tenant, User
from accounts.models.organisation import Role
from accounts.services import confirm_address, open_organisation
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, Horizon, OutputType
from activities.services import Gave, log_activity
from outcomes.demo_ahead import look_ahead
from outcomes.demo_plan import find_customers, write_plan
from outcomes.models import Grade, Milestone, MilestoneType
from outcomes.services.milestones import (
    check_milestone,
    contradict_milestone,
    lapse_milestone,
    record_milestone,
)
from outcomes.services.milestones.types import key_of
from strategy.models import BuyingRole, Contact, Deal, EndReason, Stage
from strategy.services import give_buying_role, move_deal, open_deal
from strategy.services.pipelines import change_stage

SLUG, NAME = "halden", "Halden Controls"
EMAIL = "marta@haldencontrols.example"
MONTHS = 18


@dataclass(frozen=True)
class Seller:
    """How somebody sells: activities a deal, and how likely each next milestone is."""

    name: str
    busy: int
    luck: float


SELLERS = (
    Seller("Hanne Solberg", 5, 0.80),
    Seller("Priya Raman", 6, 0.74),
    Seller("Aisha Bello", 5, 0.72),
    Seller("Mei Tanaka", 7, 0.66),
    Seller("Tomás Ibarra", 8, 0.64),
    Seller("Jonas Weiss", 8, 0.60),
    Seller("Colm Byrne", 8, 0.55),
    Seller("Dele Akande", 14, 0.30),
    Seller("Noor Haidari", 4, 0.60),
)
OFFERS = ("Leak analytics", "Pressure control", "Pump monitoring", "Meter retrofit", "Control room", "Energy audit")
REASONS = {
    "no_decision": ("No decision made", "Went quiet"),
    "lost": ("Chose another", "Built it themselves"),
    "disqualified": ("Poor fit, found late",),
}
WORDS = (
    "“Leakage from 18% to 12% by 2029, before the regulator's new target bites.”",
    "“I'll bring the three leads and pay for the room. Show us where the water goes.”",
    "“Steps, people and dates to decide, agreed with finance.”",
    "“Finance and operations both say this is right for us.”",
)
OTHERWISE = "“That was one person's wish. We have not agreed it.”"
WHO = ("Ingrid Falk", "Samir Haddad", "Joan Petit", "Ruth Okafor")
GAVE = ("Named who signs", "Plan reviewed line by line", "List of blocked repairs", "Payback for each region")


def seed(*, today: date, password: str, deals: int = 110) -> Membership:
    """Make the example organisation as of a day; returns its owner. Raises AddressTaken when it is there already."""
    marta = User.objects.create_user(EMAIL, password, name="Marta Lindqvist")
    confirm_address(user=marta)
    began = today - timedelta(days=MONTHS * 30)
    owner = open_organisation(owner=marta, name=NAME, slug=SLUG, at=_noon(began), is_demo=True)
    with tenant_scope(owner.tenant_id):
        story = Story(owner, today)
        story.tell(deals)
        look_ahead(owner, story.team, [member for member, _ in story.sellers], today=today)
    return owner


class Story:
    """One telling; holds the cast, the catalogues and the dice."""

    def __init__(self, owner: Membership, today: date) -> None:
        self.owner, self.today, self.dice = owner, today, random.Random(1887)  # noqa: S311  (a story, no secret)
        # Another dice than that of what happens: who changes the plan does not change the story.
        self.whim = random.Random(1888)  # noqa: S311
        self.team = Team.objects.create(name="Nordics", manager=owner)
        self.sellers = [(_member(seller, self.team, owner.tenant), seller) for seller in SELLERS]
        self.companies = find_customers(owner)
        self.contacts = {contact.company_id: contact for contact in Contact.objects.all()}
        self.plan = write_plan(owner, at=_noon(today - timedelta(days=MONTHS * 30)), until=date(today.year + 1, 12, 31))
        self.types = {kind.name: kind for kind in ActivityType.objects.all()}
        self.outputs = list(OutputType.objects.all())
        self.milestones = list(MilestoneType.objects.all())
        self.stages = {stage.name: stage for stage in Stage.objects.select_related("pipeline")}
        self.reasons = {
            kind: [EndReason.objects.create(kind=kind, name=name) for name in names] for kind, names in REASONS.items()
        }

    def tell(self, deals: int) -> None:
        """Play every deal from its first day to its end, or to today."""
        for number in range(deals):
            age = int((1 - (number + self.dice.random()) / deals) * MONTHS * 30)
            self._play(number, self.today - timedelta(days=age))
        self._look_again()

    def _look_again(self) -> None:
        """What colleagues and customers say of the outcomes of open deals today; and from now on a deal needs the goal
        agreed to enter the workshop."""
        looks = random.Random(1889)  # noqa: S311
        members, at = [member for member, _seller in self.sellers], _noon(self.today)
        standing = Milestone.objects.filter(deal__end_cause="", grade=Grade.E1).select_related("deal", "type")
        for found in standing.order_by("deal__created_at", "type__position"):
            second = looks.choice([one for one in members if one.pk != found.deal.owner_id])
            chance = looks.random()
            if chance < 0.3:
                check_milestone(milestone=found, actor=second, at=at, note="Read the notes with Ingrid's answer.")
            elif chance < 0.36:
                contradict_milestone(
                    milestone=found, actor=self.owner, at=at, words=OTHERWISE, agreed_by=looks.choice(WHO)
                )
            elif chance < 0.4:
                lapse_milestone(milestone=found, actor=self.owner, at=at, note="Their sponsor has left the company.")
        workshop, goal = self.stages["Workshop"], key_of(self.milestones[0])
        change_stage(stage=workshop, actor=self.owner, at=at, requires=[*workshop.requires, goal])

    def _play(self, number: int, began: date) -> None:
        member, seller = self.sellers[self.dice.randrange(len(self.sellers))]
        offer = OFFERS[number % len(OFFERS)]
        amount = self.dice.randrange(20, 240) * 100_000
        company = self.companies[self.dice.randrange(len(self.companies))]
        deal = open_deal(
            actor=member,
            name=f"{offer}, {self.dice.choice(('three regions', 'north works', 'pilot', 'all sites'))}",
            company=company,
            at=_noon(began),
            amount=amount,
            qualified_on=began,
            qualification_note="Budget holder named, problem priced",
            expected_close_on=began + timedelta(days=self.dice.randrange(60, 160)),
            **self.plan.place(company, self.whim),
        )
        day = began
        for step, milestone in enumerate(self.milestones):
            spent = day + timedelta(days=self.dice.randrange(8, 40))
            self._work(deal, member, seller, day, spent)
            # Who has got so far that they sponsor a workshop mostly goes on.
            chance = seller.luck + (0.12 if step > 1 else -0.06)
            if self.dice.random() > chance:
                self._stop(deal, member, spent)
                return
            day = spent
            if day >= self.today:
                return
            self._reach(deal, member, milestone, step, day)
        self._end(deal, member, "Won", day + timedelta(days=self.dice.randrange(3, 15)))

    def _work(self, deal: Deal, member: Membership, seller: Seller, since: date, until: date) -> None:
        for _ in range(self.dice.randrange(1, seller.busy)):
            on = since + timedelta(days=self.dice.randrange(max(1, (until - since).days)))
            if on > self.today:
                continue
            kind = self.types[self.dice.choice(("Call", "Call", "Email", "Email", "Meeting", "Preparation"))]
            at = datetime.combine(on, time(8 + self.dice.randrange(9), 10), UTC)
            at = min(at, _noon(self.today))
            gave = self._gave() if self.dice.random() < seller.luck / 2 else []
            horizon = self.dice.choice((Horizon.H1, Horizon.H1, Horizon.H1, Horizon.H2, Horizon.H3))
            log_activity(actor=member, type=kind, deal=deal, at=at, recorded_at=at, outputs=gave, horizon=horizon)

    def _gave(self) -> list[Gave]:
        return [Gave(self.outputs[self.dice.randrange(len(self.outputs))], self.dice.choice(GAVE))]

    def _reach(self, deal: Deal, member: Membership, milestone: MilestoneType, step: int, day: date) -> None:
        proof = "https://docs.haldencontrols.example/notes" if self.dice.random() < 0.85 else ""
        record_milestone(
            actor=member,
            deal=deal,
            type=milestone,
            at=_noon(day),
            words=WORDS[step],
            agreed_by=self.dice.choice(WHO),
            evidence=proof,
        )
        if step == 0 and (contact := self.contacts.get(deal.company_id)):
            role = self.whim.choice((BuyingRole.Role.CHAMPION, BuyingRole.Role.ECONOMIC_BUYER, BuyingRole.Role.USER))
            give_buying_role(deal=deal, contact=contact, role=role, actor=member, at=_noon(day))
        following: Sequence[str] = ("Workshop", "Proposal", "Decision")
        if step < len(following):
            move_deal(deal=deal, to=self.stages[following[step]], actor=member, at=_noon(day))

    def _stop(self, deal: Deal, member: Membership, day: date) -> None:
        """Some are ended when they stop; as many are left to rot, which is the point."""
        lingering = self.dice.random()
        if lingering < 0.12:
            return
        name = self.dice.choice(("No decision", "No decision", "No decision", "Lost", "Disqualified"))
        self._end(deal, member, name, day + timedelta(days=self.dice.randrange(5, 60)))

    def _end(self, deal: Deal, member: Membership, name: str, day: date) -> None:
        if day > self.today:
            return
        stage = self.stages[name]
        known = self.reasons.get(stage.kind, [])
        reason = known[self.dice.randrange(len(known))] if known and self.dice.random() < 0.93 else None
        move_deal(deal=deal, to=stage, actor=member, at=_noon(day), reason=reason)


def _member(seller: Seller, team: Team, tenant: Tenant) -> Membership:
    email = f"{seller.name.split()[0].lower().replace('á', 'a')}@haldencontrols.example"
    member = Membership.objects.create(name=seller.name, email=email, role=Role.REP, team=team)
    member.tenant = tenant
    return member


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
