"""Plans on pages: the week, targets, and questions about a customer's next years."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType
from activities.services import log_activity
from outcomes.models import (
    ActivityTarget,
    Conversation,
    MilestoneType,
    PlannedActivity,
)
from outcomes.services import record_milestone
from outcomes.services.planned_activities import plan_activity
from outcomes.services.targets import set_target
from strategy.models import Company, Deal
from tests.make import NOON, make_deal
from tests.teams import Cast, let_see

HOME = "/o/northwind"
TODAY = NOON.date()


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


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
