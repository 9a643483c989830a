"""What the example organisation wants: its strategy, and the companies and people it is for."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

from accounts.models import Membership
from outcomes.queries.plan import vocabulary
from outcomes.services import begin_strategy
from strategy.models import Company, Contact, PlanPart, Strategy
from strategy.models.customers import name_key
from strategy.plan.templates import Vocabulary
from strategy.services import activate_strategy

UTILITIES, FOOD, WORKS = "Utilities with a leakage target", "Food plants with high water cost", "Works with own pumps"
HOSPITALS = "Hospitals"
#: The industries of each segment's rule; who is in none of them serves no part of the strategy.
INDUSTRIES: Mapping[str, Sequence[str]] = {
    UTILITIES: ("Utilities", "Energy"),
    FOOD: ("Food",),
    WORKS: ("Metals", "Paper and glass", "Building materials", "Chemicals"),
    HOSPITALS: ("Health",),
}
WHY = {
    UTILITIES: "They must report loss by 2029 and cannot replace their meters.",
    FOOD: "Water is 4% of their cost and rising.",
    WORKS: "Every pump that stops halts a line.",
    HOSPITALS: "For 2028 and after. We are listening, not selling.",
}
METERS, RULES, PAYBACK, PEERS, UNKNOWN = (
    "Works on existing meters",
    "We know the 2029 rules",
    "Payback inside a year",
    "Plant managers trust peers",
    "To be found",
)
#: Name, industry, country, employees.
CUSTOMERS = (
    ("Brightwater Utilities", "Utilities", "United Kingdom", 2400),
    ("Vantage Rail", "Transport", "United Kingdom", 5200),
    ("Aldersea Water", "Utilities", "United Kingdom", 1100),
    ("Corvid Steel", "Metals", "Sweden", 3900),
    ("Marrow Foods", "Food", "Denmark", 860),
    ("Pell Ceramics", "Building materials", "Portugal", 420),
    ("Quill Paper", "Paper and glass", "Finland", 1300),
    ("Tern Logistics", "Transport", "Netherlands", 2100),
    ("Osier Glass", "Paper and glass", "France", 640),
    ("Larch Timber", "Paper and glass", "Norway", 510),
    ("Fenwick Dairies", "Food", "Ireland", 930),
    ("Gannet Ports", "Transport", "United Kingdom", 780),
    ("Holm Cement", "Building materials", "Denmark", 1700),
    ("Ivel Pumps", "Metals", "United Kingdom", 360),
    ("Juniper Pharma", "Chemicals", "Switzerland", 2800),
    ("Kestrel Air", "Transport", "Spain", 4100),
    ("Lough Brewing", "Food", "Ireland", 390),
    ("Mallow Textiles", "Textiles", "Portugal", 700),
    ("Nene Quarries", "Building materials", "United Kingdom", 280),
    ("Orchard Packaging", "Paper and glass", "Netherlands", 560),
    ("Plover Shipping", "Transport", "Norway", 1500),
    ("Rook Mining", "Metals", "Sweden", 2200),
    ("Sedge Energy", "Energy", "Germany", 3100),
    ("Thistle Chemicals", "Chemicals", "Germany", 1900),
    ("Umber Paints", "Chemicals", "Italy", 470),
    ("Veld Agri", "Food", "Netherlands", 1200),
    ("Wharf Metals", "Metals", "Belgium", 340),
    ("Yarrow Health", "Health", "United Kingdom", 6300),
    ("Zephyr Wind", "Energy", "Denmark", 950),
    ("Bracken Plastics", "Chemicals", "France", 610),
)
PEOPLE = ("Ingrid Falk", "Samir Haddad", "Joan Petit", "Ruth Okafor", "Milan Novak", "Clara Winther", "Owen Price")
TITLES = ("COO", "Head of operations", "Plant manager", "CFO")


class Plan(NamedTuple):
    """The active strategy with its parts that deals name: each segment, and its plays."""

    strategy: Strategy
    segments: Mapping[str, tuple[PlanPart, Sequence[PlanPart]]]

    def place(self, company: Company, dice: random.Random) -> dict[str, Any]:
        """What a deal with a company serves; some sellers follow no play where they should."""
        for name, industries in INDUSTRIES.items():
            if company.industry in industries and dice.random() > 0.12:
                segment, plays = self.segments[name]
                return {"strategy": self.strategy, "segment": segment, "play": dice.choice(plays)}
        return {}


def find_customers(owner: Membership) -> list[Company]:
    """The companies, with a person each."""
    companies = Company.objects.bulk_create(
        Company(
            name=name,
            name_key=name_key(name),
            industry=industry,
            country=country,
            employees=employees,
            domain=f"{name.split()[0].lower()}.example",
            owner=owner,
        )
        for name, industry, country, employees in CUSTOMERS
    )
    Contact.objects.bulk_create(
        Contact(
            name=PEOPLE[number % len(PEOPLE)],
            name_key=name_key(PEOPLE[number % len(PEOPLE)]),
            title=TITLES[number % len(TITLES)],
            department="Finance" if TITLES[number % len(TITLES)] == "CFO" else "Operations",
            email=f"{PEOPLE[number % len(PEOPLE)].split()[0].lower()}@{company.domain}",
            company=company,
        )
        for number, company in enumerate(companies)
    )
    return companies


def write_plan(owner: Membership, *, at: datetime, until: date) -> Plan:
    """The strategy, activated, and beside it a draft of what could come after."""
    words = vocabulary()
    text = _text(words, until=until)
    strategy = begin_strategy(actor=owner, name="Leakage partner", at=at, content=text)
    activate_strategy(strategy=strategy, actor=owner, at=at, note="What we decided in the spring")
    strategy.refresh_from_db()
    hospitals = {
        **_text(words, until=until),
        "title": "Make water safe where it must not fail",
        "horizon": "H3",
        "must_be_true": ["Seven of ten conversations name the same problem.", "Their regulator asks for proof."],
    }
    begin_strategy(actor=owner, name="Hospitals first", at=at, content=hospitals, alternative_to=strategy)
    named = {(part.kind, part.name): part for part in strategy.parts.all()}
    return Plan(
        strategy,
        {
            segment: (
                named[PlanPart.Kind.SEGMENT, segment],
                [named[PlanPart.Kind.PLAY, play["name"]] for play in text["plays"] if play["segment"] == _key(segment)],
            )
            for segment in INDUSTRIES
        },
    )


def _key(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


def _text(words: Vocabulary, *, until: date) -> dict[str, Any]:
    return {
        "title": "Become the leakage partner for mid-size utilities",
        "goal": {"measure": "New revenue", "amount": 600_000_000, "currency": "EUR", "by": until},
        "customers_achieve": "They lose a third less water, before the regulator asks for it.",
        "we_do": "Show where the water goes with the meters they have, then remove the worst tenth.",
        "value_created": "Water not pumped, not treated and not lost: about €90 a connection and year.",
        "motion": "direct",
        "differences": [{"id": _key(name), "name": name} for name in (METERS, RULES, PAYBACK, PEERS, UNKNOWN)],
        "personas": [
            {"id": _key("Runs the network"), "name": "Runs the network", "titles": ["COO", "Head of operations"]},
            {"id": _key("Runs the plant"), "name": "Runs the plant", "titles": ["Plant manager"]},
        ],
        "segments": [
            {
                "id": _key(name),
                "name": name,
                "why": WHY[name],
                "rules": [{"fact": "industry", "test": "one_of", "words": list(industries)}],
            }
            for name, industries in INDUSTRIES.items()
        ],
        "plays": [
            _play(words, "Loss-map workshop", UTILITIES, METERS, {"Preparation": 1, "Workshop": 1, "Meeting": 2}),
            _play(words, "Regulator briefing for COOs", UTILITIES, RULES, {"Preparation": 1, "Meeting": 2}),
            _play(words, "Free meter audit", FOOD, PAYBACK, {"Call": 3, "Email": 4, "Meeting": 2}),
            _play(words, "One pump, one month", WORKS, PEERS, {"Call": 2, "Meeting": 3}),
            _play(words, "Ten conversations on water safety", HOSPITALS, UNKNOWN, {"Meeting": 1}),
        ],
    }


def _play(words: Vocabulary, name: str, segment: str, difference: str, takes: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": _key(name),
        "name": name,
        "segment": _key(segment),
        "difference": _key(difference),
        "activities": [
            {"type": words.activities[kind], "number": number, "per": "deal"} for kind, number in takes.items()
        ],
        "milestones": list(words.milestones[:3]),
        "factors": ["A sponsor before the workshop", "Their own figures on the table"],
        "rates": {"activity_to_output": 0.3, "output_to_milestone": 0.4, "milestone_to_win": 0.5},
    }
