"""What members do with milestones: each deed is an entry of its own, nothing is rewritten, any day can be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.db import connection

from accounts.api import ids
from accounts.models import ApiToken, Membership, Tenant
from outcomes.models import DealFact, Milestone, MilestoneEvent, MilestoneType
from outcomes.models.ledger import EVER
from outcomes.services import record_milestone
from outcomes.services.milestones.types import change_milestone_type, key_of
from outcomes.statistics import engine
from strategy.models import BuyingRole, Company, Contact, Deal
from strategy.services import merge_contacts, merge_deals, move_deal
from strategy.services.pipelines import change_stage
from tests.api import Program, make_secret, viewer_secret
from tests.make import NOON, make_deal, stage

TODAY = NOON.date()
#: Keys run out by the database's clock, which does not stand on the day of the story.
LASTS = timedelta(days=300)
MINUTES = "https://example.com/minutes"


@pytest.fixture(autouse=True)
def on_wednesday() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def goal(inside_northwind: Tenant) -> MilestoneType:
    return MilestoneType.objects.get(position=1)


@pytest.fixture
def deal(inside_northwind: Tenant, omar: Membership) -> Deal:
    return make_deal(actor=omar, company=Company.objects.create(name="Alder Foods"))


@pytest.fixture
def omars(omar: Membership) -> Program:
    return Program(make_secret(omar, lasts=LASTS))


@pytest.fixture
def maras(mara: Membership) -> Program:
    return Program(make_secret(mara, lasts=LASTS))


class Ledger:
    """One milestone through the API."""

    def __init__(self, program: Program, deal: Deal, goal: MilestoneType, **said: Any) -> None:
        body = {"deal": ids.encode(ids.DEAL, deal.pk), "type": key_of(goal), **said}
        answer = program.post("milestones", body)
        assert answer.status_code == 201, answer.content
        self.key, self.program = answer.json()["id"], program

    def write(self, kind: str, by: Program | None = None, **said: Any) -> Any:
        answer = (by or self.program).post(f"milestones/{self.key}/events", {"kind": kind, **said})
        return answer.json()

    def wrong(self, kind: str, by: Program | None = None, **said: Any) -> set[str]:
        told = self.write(kind, by, **said)
        return {one["pointer"].removeprefix("#/") for one in told["errors"]} or {told["code"]}

    def kinds(self) -> list[str]:
        return [one["kind"] for one in self.program.all(f"milestones/{self.key}/events")]


def day(ago: int) -> str:
    return (TODAY - timedelta(days=ago)).isoformat()


def test_from_a_claim_to_what_the_customer_denies(
    deal: Deal, goal: MilestoneType, omars: Program, maras: Program
) -> None:
    ledger = Ledger(omars, deal, goal, on=day(20), words="Leakage from 18% to 12%", agreed_by="Ingrid Falk")
    shown = ledger.write("evidenced", evidence=MINUTES)
    assert (shown["grade"], shown["reached_on"], shown["words"]) == (1, day(20), "Leakage from 18% to 12%")
    assert ledger.wrong("checked", note="Read the minutes") == {"own_milestone"}
    assert ledger.wrong("checked", by=maras) == {"note"}
    assert ledger.write("checked", by=maras, note="Read the minutes")["grade"] == 2
    denied = ledger.write("contradicted", words="We never said 12%", agreed_by="Ingrid Falk")
    assert (denied["state"], denied["grade"]) == ("contradicted", 0)
    for kind in ("checked", "lapsed", "contradicted", "evidenced"):
        assert ledger.wrong(kind, by=maras, **({"evidence": MINUTES} if kind == "evidenced" else {"note": "no"})) == {
            "milestone_not_reached"
        }
    assert ledger.kinds() == ["claimed", "evidenced", "checked", "contradicted"]
    again = ledger.write("claimed", words="Then 13%")
    assert (again["state"], again["grade"], again["words"]) == ("reached", 0, "Then 13%")


def test_whoever_checked_and_shows_evidence_of_their_own_is_no_second_member(
    deal: Deal, goal: MilestoneType, omars: Program, maras: Program, lena: Membership
) -> None:
    ledger = Ledger(omars, deal, goal, on=day(20), words="From 18% to 12%")
    assert ledger.write("checked", by=maras, note="Called her")["grade"] == 2
    # Nor does anybody put other words over those that were checked.
    assert ledger.write("claimed", words="From 18% to 2%")["words"] == "From 18% to 12%"
    assert ledger.write("evidenced", by=maras, evidence=MINUTES)["grade"] == 1
    lenas = Program(make_secret(lena, lasts=LASTS))
    assert ledger.write("checked", by=lenas, note="Read the minutes")["grade"] == 2
    assert omars.get(f"milestones/{ledger.key}?as_of={TODAY.isoformat()}").json()["grade"] == 2


def test_what_was_taken_back_was_never_so(deal: Deal, goal: MilestoneType, omars: Program) -> None:
    ledger = Ledger(omars, deal, goal, on=day(20), evidence=MINUTES)
    assert ledger.wrong("corrected") == {"note"}
    assert ledger.write("corrected", note="It was another deal")["state"] == "withdrawn"
    then = omars.get(f"milestones/{ledger.key}?as_of={day(10)}").json()
    assert then["state"] == "withdrawn"
    assert omars.get(f"milestones/{ledger.key}?as_of={day(21)}").status_code == 404
    assert ledger.wrong("corrected", note="Twice") == {"milestone_not_reached"}


def test_any_past_day_can_be_asked_for(deal: Deal, goal: MilestoneType, omars: Program) -> None:
    ledger = Ledger(omars, deal, goal, on=day(20))
    ledger.write("evidenced", evidence=MINUTES, on=day(10))
    ledger.write("lapsed", note="A new owner", on=day(5))

    def was(ago: int, more: str = "") -> list[tuple[str, int]]:
        rows = omars.all(f"milestones?as_of={day(ago)}{more}")
        assert rows == [] or rows[0] == omars.get(f"milestones/{ledger.key}?as_of={day(ago)}{more}").json()
        return [(one["state"], one["grade"]) for one in rows]

    assert [was(ago) for ago in (21, 20, 10, 5)] == [[], [("reached", 0)], [("reached", 1)], [("lapsed", 0)]]
    assert was(5, "&known_at=2026-01-01T00:00:00Z") == []
    assert omars.get("milestones?as_of=2199-01-01").status_code == 400
    assert omars.get(f"milestones?as_of={day(1)}&state=lapsed").status_code == 400
    assert omars.get("milestones?known_at=2026-01-01T00:00:00Z").status_code == 400
    assert [one["state"] for one in omars.all("milestones?state=lapsed&grade=0")] == ["lapsed"]


def test_a_system_of_record_tells_once(deal: Deal, goal: MilestoneType, lena: Membership, omars: Program) -> None:
    said = {"source": "erp", "external_id": "order 7", "on": day(3)}
    body = {"deal": ids.encode(ids.DEAL, deal.pk), "type": key_of(goal), **said}
    # The best grade there is takes a key that was made for it, of somebody who answers for what is connected.
    assert omars.post("milestones", body).json()["code"] == "not_allowed"
    sellers = Program(make_secret(lena, "milestones:read", "milestones:write", lasts=LASTS))
    assert sellers.post("milestones", body).json()["code"] == "insufficient_scope"
    assert Ledger(omars, deal, goal).wrong("evidenced", **said) == {"not_allowed"}
    omars.post(f"milestones/{omars.all('milestones')[0]['id']}/events", {"kind": "corrected", "note": "No"})
    omars = Program(make_secret(lena, lasts=LASTS))
    ledger = Ledger(omars, deal, goal, **said)
    assert ledger.write("evidenced", **said)["grade"] == 4
    assert Ledger(omars, deal, goal, **said).key == ledger.key
    assert ledger.kinds() == ["claimed", "corrected", "evidenced"]
    other = {"deal": ids.encode(ids.DEAL, make_deal(actor=deal.owner).pk), "type": key_of(goal), **said}  # type: ignore[arg-type]
    assert omars.post("milestones", other).json()["code"] == "external_id_taken"
    nameless = omars.post("milestones", {**other, "external_id": ""})
    assert nameless.json()["errors"][0]["pointer"] == "#/external_id"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("claimed", {}),
        ("evidenced", {"evidence": MINUTES}),
        ("checked", {"note": "Read"}),
        ("contradicted", {"words": "No"}),
        ("lapsed", {"note": "Gone"}),
        ("corrected", {"note": "Wrong deal"}),
    ],
)
class TestEachDeedRefuses:
    def test_a_day_that_cannot_be(
        self, kind: str, said: Any, deal: Deal, goal: MilestoneType, omars: Program, maras: Program
    ) -> None:
        ledger = Ledger(omars, deal, goal, on=day(20))
        for wrong in (day(31), day(-1), *(() if kind == "claimed" else (day(21),))):
            assert ledger.wrong(kind, by=maras, on=wrong, **said) == {"on"}
        assert len(ledger.kinds()) == 1

    def test_a_deal_that_is_over_and_a_closed_period(
        self, kind: str, said: Any, deal: Deal, goal: MilestoneType, omars: Program, maras: Program
    ) -> None:
        ledger = Ledger(omars, deal, goal, on=day(20))
        Tenant.objects.filter(pk=deal.tenant_id).update(closed_until=TODAY)
        assert ledger.write(kind, by=maras, **said | ({} if kind == "corrected" else {"on": day(10)}))["code"] == (
            "period_closed"
        )
        Tenant.objects.filter(pk=deal.tenant_id).update(closed_until=None)
        move_deal(deal=Deal.objects.get(pk=deal.pk), to=stage("Lost"), actor=deal.owner, at=NOON)  # type: ignore[arg-type]
        assert ledger.wrong(kind, by=maras, **said) == {"deal_is_over"}

    def test_what_a_viewer_sends(
        self, kind: str, said: Any, deal: Deal, goal: MilestoneType, omars: Program, vera: Membership
    ) -> None:
        ledger, secret = Ledger(omars, deal, goal), viewer_secret(vera)
        ApiToken.objects.update(expires_at=NOON + LASTS)
        assert ledger.write(kind, by=Program(secret), **said)["code"] == "not_allowed"


def test_somebody_of_another_company_agrees_to_nothing(deal: Deal, goal: MilestoneType, omars: Program) -> None:
    stranger = Contact.objects.create(name="Nora Beck", company=Company.objects.create(name="Birch Foods"))
    activity = ids.encode(ids.ACTIVITY, deal.pk)
    body = {
        "deal": ids.encode(ids.DEAL, deal.pk),
        "type": key_of(goal),
        "contact": ids.encode(ids.CONTACT, stranger.pk),
    }
    refused = omars.post("milestones", {**body, "activities": [activity]}).json()
    assert {one["pointer"] for one in refused["errors"]} == {"#/contact", "#/activities"}
    # Named on the deal they are one of its people, wherever they work.
    BuyingRole.objects.create(deal=deal, contact=stranger, role="coach")
    assert omars.post("milestones", body).json()["contact"]["name"] == "Nora Beck"


def test_a_contact_that_was_merged_is_the_one_that_stays(
    deal: Deal, goal: MilestoneType, omars: Program, lena: Membership
) -> None:
    kept, gone = (Contact.objects.create(name=name, company=deal.company) for name in ("Ingrid Falk", "I. Falk"))
    ledger = Ledger(omars, deal, goal, contact=ids.encode(ids.CONTACT, gone.pk), on=day(3))
    merge_contacts(keep=kept, gone=gone, actor=lena, at=NOON)
    shown = omars.get(f"milestones/{ledger.key}").json()
    assert (shown["contact"]["name"], shown["agreed_by"]) == ("Ingrid Falk", "I. Falk")
    assert omars.get(f"milestones/{ledger.key}?as_of={day(1)}").json()["contact"]["name"] == "Ingrid Falk"
    assert omars.all(f"milestones/{ledger.key}/events")[0]["contact"]["name"] == "Ingrid Falk"


def test_a_deal_that_was_merged_takes_its_ledger_along(
    deal: Deal, goal: MilestoneType, omars: Program, lena: Membership, omar: Membership
) -> None:
    twice = make_deal(actor=omar, name="Leak analytic")
    Ledger(omars, twice, goal, on=day(9), evidence=MINUTES)
    merge_deals(keep=deal, gone=twice, actor=lena, at=NOON)
    (row,) = omars.all(f"milestones?as_of={day(5)}")
    assert (row["deal"]["name"], row["grade"]) == ("Leak analytics", 1)
    assert len(omars.all(f"milestones/{row['id']}/events")) == 1


def test_a_milestone_from_before_its_first_day_was_kept_learns_it(
    deal: Deal, goal: MilestoneType, omars: Program, lena: Membership, omar: Membership
) -> None:
    twice = make_deal(actor=omar, name="Leak analytic")
    Ledger(omars, twice, goal, on=day(9))
    Ledger(omars, deal, goal, on=day(4))
    merge_deals(keep=deal, gone=twice, actor=lena, at=NOON)
    Milestone.objects.update(first_on=EVER)
    with connection.cursor() as cursor:
        cursor.execute(import_module("outcomes.migrations.0014_evidence_and_first_days").FIRST_DAYS)
    assert {one.first_on.isoformat() for one in Milestone.objects.all()} == {day(9)}


def test_the_statistics_follow_each_deed(deal: Deal, goal: MilestoneType, omars: Program, maras: Program) -> None:
    """Counted from E1: a claim is none, its evidence is, and a contradiction takes it out again."""

    def counted() -> int:
        engine.refresh(tenant=Tenant.objects.get(pk=deal.tenant_id), now=NOON)
        return int(DealFact.objects.get(deal_id=deal.pk).milestones)

    assert counted() == 0
    ledger = Ledger(omars, deal, goal, on=day(20))
    assert counted() == 0
    ledger.write("evidenced", evidence=MINUTES)
    assert counted() == 1
    ledger.write("contradicted", by=maras, words="No")
    assert counted() == 0


def test_nine_milestones_are_one_too_many(lena: Membership, goal: MilestoneType) -> None:
    program = Program(make_secret(lena, lasts=LASTS))
    made = [program.post("milestone_types", {"name": f"Act {n}", "statement": "They did it."}) for n in range(5)]
    assert [one.status_code for one in made] == [201, 201, 201, 201, 409]
    told = made[-1].json()
    assert told["code"] == "too_many_milestone_types"
    assert "Archive one" in told["detail"]
    change_stage(stage=stage("Workshop"), actor=lena, at=NOON, requires=[key_of(goal)])
    address = f"milestone_types/{key_of(goal)}"
    assert program.get(address).json()["required_by"][0]["name"] == "Workshop"
    held = program.patch(address, {"is_archived": True}, if_match="*").json()
    assert (held["code"], "Workshop" in held["detail"]) == ("milestone_type_required", True)
    change_stage(stage=stage("Workshop"), actor=lena, at=NOON, requires=[])
    assert program.patch(address, {"is_archived": True}, if_match="*").status_code == 200
    assert program.post("milestone_types", {"name": "Act 9", "statement": "They did it."}).status_code == 201
    assert program.patch(address, {"is_archived": False}, if_match="*").json()["code"] == "too_many_milestone_types"
    first = made[0].json()["id"]
    assert program.patch(f"milestone_types/{first}", {"position": 1}, if_match="*").json()["position"] == 1


def test_an_archived_milestone_is_recorded_no_more(
    deal: Deal, goal: MilestoneType, omar: Membership, lena: Membership, omars: Program
) -> None:
    record_milestone(actor=omar, deal=deal, type=goal, at=NOON)
    change_milestone_type(type=goal, actor=lena, at=NOON, is_archived=True)
    body = {"deal": ids.encode(ids.DEAL, deal.pk), "type": key_of(goal)}
    assert omars.post("milestones", body).json()["errors"][0]["pointer"] == "#/type"
    assert (Milestone.objects.count(), MilestoneEvent.objects.count()) == (1, 1)
