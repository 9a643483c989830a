"""The day of somebody who sells: what waits, what was logged, and what came of the last weeks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, OutputType
from activities.services import Gave, log_activity
from outcomes.models import MilestoneType
from outcomes.services import record_milestone
from strategy.models import Deal
from tests.frontend.conftest import DealMaker
from tests.make import NOON

TODAY = "/o/northwind/today/"


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

    def test_costs_the_same_for_ten_deals_as_for_a_thousand(
        self, as_omar: Client, worked: None, make_deal: DealMaker, omar: Membership, django_assert_max_num_queries: Any
    ) -> None:
        template, *_ = [make_deal(f"Deal {number}") for number in range(10)]
        today(as_omar)
        costs = []
        for more in (0, 990):
            with tenant_scope(omar.tenant_id):
                Deal.objects.bulk_create(
                    Deal(name="More", owner=omar, pipeline=template.pipeline, stage=template.stage, currency="EUR")
                    for _ in range(more)
                )
            with django_assert_max_num_queries(12) as found:
                today(as_omar)
            costs.append(len(found))
        assert costs[0] == costs[1]


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
