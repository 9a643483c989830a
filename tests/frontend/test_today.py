"""The day of somebody who sells: what waits, what was logged, and what came of the last weeks."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityContact, ActivityType, OutputType
from activities.services import Gave, log_activity
from outcomes.models import MilestoneType, PlannedActivity
from outcomes.services import record_milestone
from outcomes.services.conversations import keep_question
from outcomes.services.planned_activities import plan_activity
from strategy.models import Company, Contact, Deal
from tests.frontend.conftest import DealMaker
from tests.make import NOON
from tests.teams import let_see

TODAY = "/o/northwind/today/"
LOG = "/o/northwind/log/"


def today(browser: Client) -> str:
    answer = browser.get(TODAY)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def worked(northwind: Tenant, omar: Membership, deal: Deal) -> None:
    """Omar called twice, once for something, and looked far ahead once."""
    with tenant_scope(northwind.pk):
        call, reply = ActivityType.objects.get(name="Call"), OutputType.objects.get(name="Reply")
        log_activity(
            actor=omar,
            type=call,
            at=NOON - timedelta(hours=1),
            recorded_at=NOON,
            deal=deal,
            outputs=[Gave(reply, "Named who signs")],
            horizon="H3",
        )
        log_activity(actor=omar, type=call, at=NOON - timedelta(days=9), recorded_at=NOON, deal=deal, horizon="H1")


class TestPage:
    def test_a_rep_lands_on_it_and_a_leader_on_the_report(
        self, as_omar: Client, lena: Membership, vera: Membership, deal: Deal
    ) -> None:
        assert as_omar.get("/o/northwind/")["Location"] == TODAY
        for member, page in ((lena, "execution"), (vera, "deals")):
            browser = Client()
            browser.force_login(member.user)
            assert browser.get("/o/northwind/")["Location"] == f"/o/northwind/{page}/"

    def test_vera_who_only_reads_has_none(self, as_vera: Client) -> None:
        assert as_vera.get(TODAY).status_code == 403

    def test_begins_with_the_log_and_says_what_came_of_the_day(self, as_omar: Client, worked: None) -> None:
        page = today(as_omar)
        assert "Wednesday" in page
        assert 'id="log-form"' in page
        assert "Named who signs" in page
        assert "2 customer conversations in two weeks, 1 beyond this quarter." in page
        assert "2 activities (bars), 0 outcomes that count (diamonds)." in page

    def test_nobodys_work_but_ones_own(self, as_lena: Client, worked: None) -> None:
        page = today(as_lena)
        assert "Named who signs" not in page
        assert "Nothing is logged for today yet." in page

    def test_says_what_to_do_where_there_is_nothing(self, as_omar: Client) -> None:
        page = today(as_omar)
        assert "You have no open deal." in page
        assert "Open a deal" in page

    @pytest.mark.parametrize(("whose", "most"), [("all", 11), ("own", 12)])
    def test_costs_the_same_for_ten_deals_as_for_a_thousand(
        self,
        as_omar: Client,
        worked: None,
        make_deal: DealMaker,
        omar: Membership,
        django_assert_max_num_queries: Any,
        count: Callable[[], None],
        whose: str,
        most: int,
    ) -> None:
        let_see(omar.tenant, whose)
        count()
        template, *_ = [make_deal(f"Deal {number}") for number in range(10)]
        today(as_omar)
        costs = []
        for more in (0, 990):
            with tenant_scope(omar.tenant_id):
                Deal.objects.bulk_create(
                    Deal(name="More", owner=omar, pipeline=template.pipeline, stage=template.stage, currency="EUR")
                    for _ in range(more)
                )
            with django_assert_max_num_queries(most) as found:
                today(as_omar)
            costs.append(len(found))
        assert costs[0] == costs[1]


class TestLookingAhead:
    def test_one_sets_an_aim_for_oneself_and_reads_what_became_of_it(
        self, as_omar: Client, worked: None, northwind: Tenant
    ) -> None:
        assert "Set an aim" in today(as_omar)
        for number, status in (("4", 303), ("201", 422), ("-1", 422), ("many", 422)):
            answer = as_omar.post(f"{TODAY}aim/", {"number": number})
            assert answer.status_code == status
        told = "2 customer conversations, last two weeks. You aimed for 4 beyond this quarter and had 1."
        assert told in today(as_omar)
        assert as_omar.post(f"{TODAY}aim/", {"number": ""}).status_code == 303
        assert "You aimed for" not in today(as_omar)
        with tenant_scope(northwind.pk):
            told = AuditEvent.objects.filter(verb="member.aimed_ahead").values_list("data", flat=True)
            assert list(told) == [{}, {}]  # nobody else is shown how high

    def test_takes_one_question_along_and_another_and_the_first_again(
        self, as_omar: Client, omar: Membership, deal: Deal
    ) -> None:
        assert "No question of yours waits to be asked." in today(as_omar)
        with tenant_scope(omar.tenant_id):
            elsewhere = Company.objects.create(name="Kestrel Foods")
            asked = {"prompt": "markets", "actor": omar, "at": NOON}
            for company, question in ((elsewhere, "Who merges?"), (deal.company, "What of 2029?")):
                assert company is not None
                keep_question(company=company, question=question, **asked)
        page = today(as_omar)
        assert "“What of 2029?”" in page
        assert "For Brightwater. One to three years." in page
        for question in ("Who merges?", "What of 2029?"):
            page = as_omar.get(another(page)).content.decode()
            assert f"“{question}”" in page
        url = re.search(r'href="([^"]+asked=1)"', page)
        assert url
        assert 'name="asked_on" value="2026-11-18"' in as_omar.get(url[1]).content.decode()
        assert as_omar.get(f"{TODAY}?but=nonsense").status_code == 200

    def test_what_is_planned_for_today_is_logged_from_there(
        self, as_omar: Client, omar: Membership, northwind: Tenant, deal: Deal
    ) -> None:
        # The tabs of a phone have no room for the plan.
        free = today(as_omar).partition("Planned for today")[2]
        assert "Nothing is planned." in free
        assert 'href="/o/northwind/plan/"' in free
        with tenant_scope(northwind.pk):
            call, company = ActivityType.objects.get(name="Call"), deal.company
            ingrid = Contact.objects.create(name="Ingrid Falk", name_key="ingrid falk", company=company)
            about = {"actor": omar, "at": NOON, "type": call, "span": "day", "on": omar.tenant.day_of(NOON)}
            plan_activity(deal=deal, contact=ingrid, purpose="Hear who signs", **about)
            plan_activity(company=company, purpose="A first talk", **about)
        page = today(as_omar)
        assert "Hear who signs" in page
        urls = [html.unescape(url) for url in re.findall(r'class="btn sm" href="([^"]+/log/[^"]+)"', page)]
        for url in urls:
            form = as_omar.get(url).context["form"]
            names = ("kind", "deal", "purpose", "contacts", "entry_key", "gave")
            given = {name: form[name].value() for name in names if name in form.fields}
            assert as_omar.post(LOG, given).status_code == 303
        with tenant_scope(northwind.pk):
            rows = Activity.objects.order_by("-purpose")
            assert [(one.purpose, one.deal, one.company) for one in rows] == [
                ("Hear who signs", deal, company),
                ("A first talk", None, company),
            ]
            assert [one.contact for one in ActivityContact.objects.all()] == [ingrid]
            assert set(PlannedActivity.objects.values_list("state", flat=True)) == {"done"}


def another(page: str) -> str:
    url = re.search(r'id="another" href="([^"#]+)', page)
    assert url
    return html.unescape(url[1])


class TestPursuing:
    def test_the_dearest_wait_comes_first_and_says_by_what(self, as_omar: Client, make_deal: DealMaker) -> None:
        make_deal("Small and old", company="Kestrel", amount=100_000, days_ago=60)
        make_deal("Large and young", company="Norrland", amount=9_000_000, days_ago=14)
        page = today(as_omar)
        assert page.index("Large and young") < page.index("Small and old")
        assert "Ordered by value × weeks of waiting" in page
        assert "14 days without an outcome." in page
        assert "2 of your 2 open deals wait for their next outcome." in page

    def test_a_deal_that_moved_this_week_waits_for_nothing(
        self, as_omar: Client, omar: Membership, northwind: Tenant, deal: Deal
    ) -> None:
        with tenant_scope(northwind.pk):
            goal = MilestoneType.objects.get(name="Goal agreed")
            record_milestone(actor=omar, deal=deal, type=goal, at=NOON, evidence="https://mail.example/1")
        page = today(as_omar)
        assert "Every open deal moved this week." in page
        assert "1 outcome this week." in page
        assert "1 outcome that count" in page
