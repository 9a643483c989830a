"""Plans on pages: the mutual plan of a deal, the week, targets, and questions about a customer's next years."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType
from activities.services import log_activity
from outcomes.models import (
    ActivityTarget,
    Confirmation,
    Conversation,
    MilestoneType,
    MutualStep,
    PlannedActivity,
    StepProposal,
)
from outcomes.services import ask, record_milestone
from outcomes.services.mutual_steps import add_step
from outcomes.services.planned_activities import plan_activity
from outcomes.services.step_proposals import Proposed, TooManyProposals, propose, propose_by_link
from outcomes.services.targets import set_target
from strategy.models import Company, Deal
from tests.make import NOON, make_deal
from tests.teams import Cast, let_see

HOME = "/o/northwind"
TODAY = NOON.date()


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def steps(northwind: Tenant, omar: Membership, deal: Deal) -> list[MutualStep]:
    """Two steps, of which the first is late."""
    with tenant_scope(northwind.pk):
        plan = MilestoneType.objects.order_by("position")[2]
        late = add_step(
            deal=deal, name="<b>Security</b> review", due_on=TODAY - timedelta(days=3), actor=omar, at=NOON, type=plan
        )
        sign = {"their_name": "Ingrid Falk", "our_owner": omar}
        return [late, add_step(deal=deal, name="Sign", due_on=TODAY, actor=omar, at=NOON, **sign)]


def test_a_late_step_says_so_in_words(as_omar: Client, deal: Deal, steps: list[MutualStep]) -> None:
    answer = as_omar.get(f"{HOME}/deals/{deal.pk}/")
    page = text(answer)
    assert "0 of 2 steps done, 1 is late" in page
    assert "Late by 3 days, was due 15 Nov" in page
    assert "Due today" in page
    assert "Omar with Ingrid Falk" in page
    assert "&lt;b&gt;Security&lt;/b&gt; review" in answer.content.decode()


def test_omar_adds_changes_finishes_and_removes_a_step_without_script(
    as_omar: Client, deal: Deal, northwind: Tenant
) -> None:
    new = f"{HOME}/deals/{deal.pk}/steps/new/"
    assert "What is to happen" in text(as_omar.get(new))
    assert "Say what is to happen." in text(as_omar.post(new, {"name": " ", "due_on": "2026-12-04"}), 422)
    answer = as_omar.post(new, {"name": "Pilot", "due_on": "2026-12-04"})
    assert (answer.status_code, answer["Location"]) == (303, f"{HOME}/deals/{deal.pk}/#mutual-plan-h")
    with tenant_scope(northwind.pk):
        step = MutualStep.objects.get()
    edit = f"{HOME}/deals/steps/{step.pk}/"
    given = {"name": "Pilot in one plant", "due_on": "2026-12-11", "version": "1"}
    assert as_omar.post(edit, given).status_code == 303
    assert "was changed by somebody else" in text(as_omar.post(edit, given), 422)
    assert as_omar.post(f"{edit}done/").status_code == 303
    assert "Done today" in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert as_omar.post(f"{edit}done/?undo=1").status_code == 303
    assert "By 11 Dec" in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert as_omar.post(f"{edit}remove/").status_code == 303
    assert "No step is agreed yet." in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))


def test_vera_reads_the_plan_and_changes_nothing(as_vera: Client, deal: Deal, steps: list[MutualStep]) -> None:
    answer = as_vera.get(f"{HOME}/deals/{deal.pk}/")
    assert f"steps/{steps[0].pk}/" not in answer.content.decode()
    assert as_vera.post(f"{HOME}/deals/steps/{steps[0].pk}/done/").status_code == 403
    week = text(as_vera.get(f"{HOME}/plan/"))
    assert "There is no plan of yours." in week
    assert "Nothing is planned." not in week


@pytest.fixture
def proposals(northwind: Tenant, omar: Membership, deal: Deal, steps: list[MutualStep]) -> list[StepProposal]:
    """Another day for one step, and a new step."""
    with tenant_scope(northwind.pk):
        asked = Confirmation.objects.create(
            purpose="plan",
            deal=deal,
            to_name="Ingrid Falk",
            language="en",
            channel="link",
            statement="Our plan",
            asked_by=omar,
            asked_at=NOON,
            expires_at=NOON + timedelta(days=30),
            digest=b"x" * 32,
        )
        wanted = [
            Proposed(steps[1], name="Sign", due_on=TODAY + timedelta(days=7), comment="Our board meets then"),
            Proposed(steps[0], name=steps[0].name, due_on=steps[0].due_on),
            Proposed(None, name="Ask the works council", due_on=TODAY + timedelta(days=2)),
        ]
        made = propose(confirmation=asked, proposed=wanted, at=NOON)
        with pytest.raises(TooManyProposals):
            propose(confirmation=asked, proposed=wanted[2:] * 29, at=NOON)
        return made


def test_the_seller_settles_each_proposal_and_nothing_changes_by_itself(
    as_omar: Client, deal: Deal, northwind: Tenant, proposals: list[StepProposal]
) -> None:
    page = text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert "“Sign” should be done by 25 Nov" in page
    assert "“Our board meets then”" in page
    assert "A new step: “Ask the works council”, by 20 Nov" in page
    assert "Due today" in page
    moved, added = proposals
    assert as_omar.post(f"{HOME}/deals/proposals/{moved.pk}/decline/").status_code == 303
    assert as_omar.post(f"{HOME}/deals/proposals/{added.pk}/accept/").status_code == 303
    assert as_omar.post(f"{HOME}/deals/proposals/{added.pk}/decline/").status_code == 409
    page = text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert "The customer proposes" not in page
    with tenant_scope(northwind.pk):
        found = [(one.name, one.due_on) for one in MutualStep.objects.order_by("position")][1:]
    assert found == [("Sign", TODAY), ("Ask the works council", TODAY + timedelta(days=2))]


def test_omar_plans_his_week_moves_drops_and_logs(
    as_omar: Client, deal: Deal, northwind: Tenant, omar: Membership
) -> None:
    with tenant_scope(northwind.pk):
        call = ActivityType.objects.get(name="Call")
    new = f"{HOME}/plan/new/?span=day&on={TODAY}"
    assert "Choose from what is offered." in text(as_omar.post(new, {"type": "x", "span": "day", "on": TODAY}), 422)
    past = {"type": call.pk, "span": "day", "on": TODAY - timedelta(days=1)}
    assert "Plan for today or a day to come." in text(as_omar.post(new, past), 422)
    for purpose in ("Agree on the goal", "Ask about 2028", "Hear about the pilot"):
        given = {"type": call.pk, "span": "day", "on": TODAY, "deal": deal.pk, "purpose": purpose}
        assert as_omar.post(new, given)["Location"] == f"{HOME}/plan/?day={TODAY}"
    with tenant_scope(northwind.pk):
        first, second, third = (str(one.pk) for one in PlannedActivity.objects.order_by("pk"))
    assert "Say in a few words why not." in text(as_omar.post(f"{HOME}/plan/{second}/drop/", {"note": ""}), 422)
    assert as_omar.post(f"{HOME}/plan/{second}/drop/", {"note": "They are ill"}).status_code == 303
    assert as_omar.post(f"{HOME}/plan/{third}/move/", {"span": "week", "on": "2026-11-25"}).status_code == 303
    with tenant_scope(northwind.pk):
        meeting = ActivityType.objects.get(name="Meeting")
    offered = as_omar.get(f"{HOME}/log/?kind={meeting.pk}&deal={deal.pk}").content.decode()
    assert re.findall(r'name="kind" value="([^"]+)"[^>]*checked', offered) == [str(meeting.pk)]
    given = {"kind": call.pk, "deal": deal.pk, "gave": "nothing", "entry_key": uuid4()}
    assert as_omar.post(f"{HOME}/log/", given).status_code == 303
    page = text(as_omar.get(f"{HOME}/plan/"))
    assert "Wednesday 18 Nov, today" in page
    assert "Dropped: They are ill" in page
    assert "Moved to the week of 23 Nov" in page
    assert "Agree on the goal" in page
    assert page.count("Log it") == 0
    assert "Call" in text(as_omar.get(f"{HOME}/plan/?day=2026-11-25"))
    with tenant_scope(northwind.pk):
        assert PlannedActivity.objects.get(pk=first).state == "done"


def test_a_manager_sees_the_plans_of_their_people_and_of_nobody_else(client: Client, cast: Cast, deal: Deal) -> None:
    tenant = cast.lena.tenant
    let_see(tenant, "all")
    with tenant_scope(tenant.pk):
        call = ActivityType.objects.get(name="Call")
        for name in ("omar", "sara"):
            who = cast.person(name)
            plan_activity(type=call, span="month", on=TODAY, purpose=f"Call of {name}", actor=who, at=NOON)
    client.force_login(cast.nina.user)
    week = f"{HOME}/plan/?day={TODAY}"
    assert "Call of omar" in text(client.get(f"{week}&member={cast.omar.pk}"))
    assert client.get(f"{week}&member={cast.sara.pk}").status_code == 404
    client.force_login(cast.omar.user)
    assert client.get(f"{week}&member={cast.nina.pk}").status_code == 404
    assert "Whose plan" not in text(client.get(week))


def test_a_target_stands_beside_what_customers_agreed_to(
    client: Client, cast: Cast, northwind: Tenant, on_wednesday: None
) -> None:
    client.force_login(cast.lena.user)
    with tenant_scope(northwind.pk):
        call, goal = ActivityType.objects.get(name="Call"), MilestoneType.objects.order_by("position")[0]
        deal = make_deal(actor=cast.person("omar"), name="Leak analytics")
        for days in (0, 1, 8):
            at = NOON - timedelta(days=days)
            log_activity(actor=cast.person("omar"), type=call, deal=deal, at=at, recorded_at=NOON)
        record_milestone(actor=cast.person("omar"), deal=deal, type=goal, at=NOON, evidence="https://mail.example/1")
    given = {"type": call.pk, "number": 5, "per": "week", "milestone": goal.pk, "from_on": "2026-11-02"}
    new = f"{HOME}/plan/targets/new/"
    for whom in (f"member:{cast.omar.pk}", f"team:{cast.north.pk}", "all"):
        body = {**given, "whom": whom, "why": f"Because of {whom[:4]}"}
        assert client.post(new, body).status_code == 303
    assert "Say why" in text(client.post(new, {**given, "whom": "all"}), 422)
    page = text(client.get(f"{HOME}/plan/targets/"))
    assert "2 of 5 this week" in page
    assert "The three weeks before: 0, 0, 1" in page
    assert f"“{goal.name}” 1 time in the same time" in page
    client.force_login(cast.omar.user)
    seen = text(client.get(f"{HOME}/plan/targets/"))
    # Two sell in North: who is not their manager would read one of them out of it.
    assert "Fewer than three people" in seen
    client.force_login(cast.sara.user)
    assert "Because of memb" not in text(client.get(f"{HOME}/plan/targets/"))
    with tenant_scope(northwind.pk):
        target = ActivityTarget.objects.get(team__isnull=False)
    assert client.get(f"{HOME}/plan/targets/{target.pk}/").status_code == 404


def test_questions_stand_on_the_page_of_the_company_and_are_found_by_theme(
    as_omar: Client, vera: Membership, deal: Deal, northwind: Tenant
) -> None:
    company = deal.company
    assert isinstance(company, Company)
    assert "What will change in their markets?" in text(as_omar.get(f"{HOME}/companies/{company.pk}/"))
    new = f"{HOME}/companies/{company.pk}/questions/new/?prompt=markets"
    given = {"prompt": "markets", "question": "What of <2029>?", "horizon": "H3", "theme_1": "Leakage rules"}
    assert "Leave out the characters" in text(as_omar.post(new, {**given, "theme_1": "a\u202eb"}), 422)
    assert as_omar.post(new, given).status_code == 303
    with tenant_scope(northwind.pk):
        talk = Conversation.objects.get()
    assert "What of &lt;2029&gt;?" in as_omar.get(f"{HOME}/companies/{company.pk}/").content.decode()
    edit = {**given, "asked_on": "2026-11-18", "heard": "Proof of loss", "deal": deal.pk, "version": "1"}
    assert as_omar.post(f"{HOME}/conversations/{talk.pk}/", edit).status_code == 303
    found = text(as_omar.get(f"{HOME}/conversations/?theme=LEAKAGE rules"))
    assert all(told in found for told in ("Asked today", "Proof of loss", "Became", deal.name))
    assert f"/conversations/{talk.pk}/" in as_omar.get(f"{HOME}/conversations/").content.decode()
    as_vera = Client()
    as_vera.force_login(vera.user)
    for page in (f"{HOME}/conversations/", f"{HOME}/companies/{company.pk}/"):
        read = as_vera.get(page).content.decode()
        assert "What of &lt;2029&gt;?" in read
        assert f"/conversations/{talk.pk}/" not in read
    assert "No question has this theme." in text(as_omar.get(f"{HOME}/conversations/?theme=none"))


def test_who_holds_the_link_reads_the_plan_and_proposes_without_script(
    as_omar: Client,
    deal: Deal,
    northwind: Tenant,
    omar: Membership,
    steps: list[MutualStep],
    on_wednesday: None,
) -> None:
    with tenant_scope(northwind.pk):
        asked = ask(actor=omar, deal=deal, at=NOON, purpose="plan", name="Ingrid Falk", language="de", channel="link")
        assert asked.confirmation.statement.startswith("15. November 2026: <b>Security</b> review")
    url, client = reverse("link", args=[asked.secret]), Client()
    page = text(client.get(url))
    assert all(
        told in page for told in ("Ingrid Falk, ist das unser Plan?", "War fällig am", "Sign", "Omar · Ingrid Falk")
    )
    form = client.post(url, {"a": "nearly"})
    assert "Ein Schritt, der fehlt" in text(form)
    found = re.search(r'name="key" value="([^"]+)"', form.content.decode())
    assert found is not None
    send = {"a": "nearly", "key": found[1]}
    for step in steps:
        send |= {f"due_{step.pk.hex}": str(step.due_on), f"comment_{step.pk.hex}": ""}
    assert "Ändern Sie einen Tag" in text(client.post(url, {**send, "new_name": ""}), 422)
    assert "Geben Sie einen Tag dafür an." in text(client.post(url, {**send, "new_name": "Betriebsrat"}), 422)
    send |= {f"due_{steps[1].pk.hex}": "2026-11-25", "new_name": "Betriebsrat", "new_due": "2026-11-20"}
    for _press in range(2):
        assert client.post(url, send).status_code == 303
    with tenant_scope(northwind.pk):
        assert [(one.name, one.is_new) for one in StepProposal.objects.order_by("pk")] == [
            ("", False),
            ("Betriebsrat", True),
        ]
    thanks = client.get(url)
    assert "Eine Änderung des Plans" in text(thanks)
    assert "sagt, dass es so heißen muss" not in text(thanks)
    assert all(step.name.replace("<", "&lt;").replace(">", "&gt;") in thanks.content.decode() for step in steps)
    told = text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert "Proposed a change, 18 Nov" in told
    assert "Nearly, in their words" not in told
    with tenant_scope(northwind.pk):
        assert {one.due_on for one in MutualStep.objects.all()} == {TODAY, TODAY - timedelta(days=3)}
    again = re.search(r'name="key" value="([^"]+)"', client.get(url, {"again": "1"}).content.decode())
    assert again is not None
    client.post(url, {"a": "yes", "key": again[1]})
    agreed = text(client.get(url))
    assert "sagt, dass das stimmt." in agreed
    assert all(told in agreed for told in ("Der Plan, wie er jetzt ist", "Sign", "Omar · Ingrid Falk"))


def test_who_proposed_reads_what_became_of_it(
    as_omar: Client, deal: Deal, northwind: Tenant, omar: Membership, steps: list[MutualStep]
) -> None:
    with tenant_scope(northwind.pk):
        asked = ask(actor=omar, deal=deal, at=NOON, purpose="plan", name="Ingrid Falk", language="de", channel="link")
        later = [Proposed(step, due_on=TODAY + timedelta(days=9)) for step in steps[:2]]
        propose_by_link(confirmation=asked.confirmation, proposed=later, words="-", at=NOON, entry_key=uuid4())
        first, second = StepProposal.objects.order_by("pk")
    url = reverse("link", args=[asked.secret])
    waits = "Der Plan bleibt, wie er ist, bis darauf geantwortet wurde."
    as_omar.post(f"{HOME}/deals/proposals/{first.pk}/accept/")
    assert waits in text(Client().get(url))
    as_omar.post(f"{HOME}/deals/proposals/{second.pk}/decline/")
    page = text(Client().get(url))
    assert "Northwind hat 1 von 2 Änderungen übernommen, die Sie vorgeschlagen haben." in page
    assert waits not in page


@pytest.mark.django_db(transaction=True)
def test_one_proposal_that_is_sent_many_times_at_once_is_kept_once(
    deal: Deal, northwind: Tenant, omar: Membership, steps: list[MutualStep]
) -> None:
    with tenant_scope(northwind.pk):
        asked = ask(actor=omar, deal=deal, at=timezone.now(), purpose="plan", name="Ingrid Falk", channel="link")
    url = reverse("link", args=[asked.secret])
    key = re.search(r'name="key" value="([^"]+)"', Client().post(url, {"a": "nearly"}).content.decode())
    assert key is not None
    send = {"a": "nearly", "key": key[1], "new_name": "Works council", "new_due": "2026-12-20"}
    together = Barrier(8)

    def press() -> int:
        together.wait()
        try:
            return Client().post(url, send).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert {one.result() for one in [pool.submit(press) for _ in range(8)]} == {303}
    with tenant_scope(northwind.pk):
        assert StepProposal.objects.count() == 1


def test_omar_shows_the_plan_by_a_letter_or_a_link(
    as_omar: Client, deal: Deal, northwind: Tenant, steps: list[MutualStep]
) -> None:
    share = f"{HOME}/deals/{deal.pk}/steps/share/"
    assert share in as_omar.get(f"{HOME}/deals/{deal.pk}/").content.decode()
    given = {"name": "Ingrid Falk", "language": "en", "channel": "link"}
    assert "Give a name, or choose somebody." in text(as_omar.post(share, {**given, "name": ""}), 422)
    assert "Copy the link now." in text(as_omar.post(share, given))
    mail = {**given, "channel": "mail", "email": "ingrid@example.com"}
    assert as_omar.post(share, mail)["Location"] == f"{HOME}/deals/{deal.pk}/#mutual-plan-h"
    with tenant_scope(northwind.pk):
        MutualStep.objects.all().delete()
    assert "Nothing is planned yet." in text(as_omar.post(share, given), 422)


def test_a_second_press_shows_the_plan_to_nobody_anew(
    as_omar: Client, deal: Deal, northwind: Tenant, steps: list[MutualStep]
) -> None:
    share = f"{HOME}/deals/{deal.pk}/steps/share/"
    found = re.search(r'name="entry_key" value="([^"]+)"', as_omar.get(share).content.decode())
    assert found is not None
    given = {"name": "Ingrid Falk", "email": "ingrid@example.com", "language": "en", "entry_key": found[1]}
    for _press in range(2):
        assert as_omar.post(share, {**given, "channel": "mail"}).status_code == 303
    with tenant_scope(northwind.pk):
        assert Confirmation.objects.count() == 1


def test_a_proposal_was_made_on_the_day_that_the_organisation_had(
    as_omar: Client, deal: Deal, northwind: Tenant, omar: Membership, steps: list[MutualStep], on_wednesday: None
) -> None:
    after_midnight = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    with tenant_scope(northwind.pk):
        Tenant.objects.filter(pk=northwind.pk).update(time_zone="Europe/Berlin")
        asked = ask(actor=omar, deal=deal, at=after_midnight, purpose="plan", name="Ingrid Falk", channel="link")
        said = Proposed(steps[1], comment="After the review")
        propose(confirmation=asked.confirmation, proposed=[said], at=after_midnight)
    assert "The holder of the link for Ingrid Falk, today" in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))


def test_a_page_of_targets_costs_the_same_for_one_as_for_many(cast: Cast, client: Client, on_wednesday: None) -> None:
    with tenant_scope(cast.lena.tenant_id):
        facts = {
            "type": ActivityType.objects.order_by("position")[0],
            "milestone": MilestoneType.objects.order_by("position")[0],
            "number": 5,
            "per": "week",
            "why": "They name it",
            "from_on": TODAY,
        }

        def aim(**whom: Any) -> None:
            set_target(actor=cast.person("lena"), at=NOON, **facts, **whom)

        for whom in ({"member": cast.omar}, {"team": cast.north}, {}):
            aim(**whom)
    client.force_login(cast.nina.user)  # type: ignore[arg-type]
    url = f"{HOME}/plan/targets/"
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        assert "5 a week" in text(client.get(url))
    with tenant_scope(cast.lena.tenant_id):
        for whom in ({"member": cast.omar}, {"team": cast.north}, {}):
            for _more in range(3):
                aim(**whom)
    with CaptureQueriesContext(connection) as many:
        assert text(client.get(url)).count("5 a week") == 12
    assert len(many) == len(few)
