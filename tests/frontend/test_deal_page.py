"""The page of one deal: its facts, its outcome path, what happened."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, OutputType
from activities.services import Gave, log_activity
from outcomes.models import MilestoneType
from outcomes.services import record_milestone
from strategy.models import Deal
from strategy.services import merge_deals, move_deal
from tests.frontend.conftest import DealMaker
from tests.make import NOON, make_deal, stage
from tests.sessions import settle

HTMX = {"HX-Request": "true"}


def page_of(client: Client, deal: Deal, query: str = "", **options: Any) -> str:
    answer = client.get(f"/o/northwind/deals/{deal.pk}/{query}", **options)
    assert answer.status_code == 200
    return answer.content.decode()


def columns(page: str) -> list[tuple[str, str, str]]:
    """The path as (class, name, state) for each column."""
    name = r"<h3>(?:<a[^>]*>)?([^<]+)(?:</a>)?</h3>"
    found = re.findall(rf'<li class="(is-\w+)">.*?{name}<p class="state">([^<]+)</p>', page, re.DOTALL)
    return [(css, name, state) for css, name, state in found]


@pytest.fixture
def call(northwind: Tenant, omar: Membership, deal: Deal) -> Any:
    """Logs a call of Omar's on the deal."""

    def logged(*, days_ago: int = 0, gave: str = "", note: str = "", **facts: Any) -> None:
        with tenant_scope(northwind.pk):
            kind = OutputType.objects.get(name="Reply")
            log_activity(
                actor=omar,
                type=ActivityType.objects.get(name="Call"),
                deal=deal,
                at=NOON - timedelta(days=days_ago),
                recorded_at=NOON,
                outputs=[Gave(kind, gave)] if gave else [],
                note=note,
                **facts,
            )

    return logged


@pytest.fixture
def agreed(northwind: Tenant, omar: Membership, deal: Deal) -> Any:
    """Records that the customer agreed to something."""

    def recorded(name: str, *, days_ago: int = 0, evidence: str = "https://mail.example/1", **facts: Any) -> None:
        with tenant_scope(northwind.pk):
            record_milestone(
                actor=omar,
                deal=deal,
                type=MilestoneType.objects.get(name=name),
                at=NOON,
                on=NOON.date() - timedelta(days=days_ago),
                evidence=evidence,
                **facts,
            )

    return recorded


class TestFacts:
    def test_the_title_is_what_the_customer_gets(self, as_omar: Client, deal: Deal) -> None:
        page = page_of(as_omar, deal)
        assert "<h1>Leak analytics</h1>" in page
        for words in ("Brightwater", "€10,000", ">Stage: Qualified<", "19 Oct"):
            assert words in page

    def test_a_deal_from_a_crm_names_the_stage_as_the_crms(self, as_omar: Client, make_deal: DealMaker) -> None:
        assert "CRM stage: Qualified" in page_of(as_omar, make_deal(source="hubspot", external_id="7"))

    def test_two_buttons_stand_over_it_and_the_rest_is_in_a_menu(self, as_lena: Client, deal: Deal) -> None:
        page = page_of(as_lena, deal)
        buttons = page.partition('<div class="actions">')[2].partition('<button class="btn plain icon')[0]
        assert re.findall(r"(Record an outcome|Log activity|Change|Move)", buttons) == [
            "Record an outcome",
            "Log activity",
        ]
        menu = page.partition('id="deal-menu"')[2].partition("</ul>")[0]
        for words in ("Move or close", "Change", "Merge"):
            assert words in menu

    def test_an_ended_deal_says_how_and_offers_no_outcome(self, as_omar: Client, make_deal: DealMaker) -> None:
        page = page_of(as_omar, make_deal(ends="Lost"))
        assert "Lost to somebody else, 18 Nov" in page
        assert "Not recorded" in page
        assert "Record an outcome" not in page

    def test_vera_may_look_and_is_offered_nothing(self, as_vera: Client, deal: Deal) -> None:
        page = page_of(as_vera, deal)
        assert "Log activity" not in page
        assert "Record an outcome" not in page

    @pytest.mark.parametrize("key", ["00000000-0000-0000-0000-000000000000", "0190163d-8694-739b-aea5-966c26f8ad90"])
    def test_a_deal_that_is_not_there_is_404(self, as_omar: Client, key: str) -> None:
        assert as_omar.get(f"/o/northwind/deals/{key}/").status_code == 404


class TestPath:
    def test_a_new_deal_has_its_first_outcome_next_and_the_rest_ahead(self, as_omar: Client, deal: Deal) -> None:
        assert [(css, state) for css, _, state in columns(page_of(as_omar, deal))] == [
            ("is-next", "Next"),
            ("is-ahead", "Ahead"),
            ("is-ahead", "Ahead"),
            ("is-ahead", "Ahead"),
            ("is-ahead", "No date yet"),
        ]

    def test_evidence_fills_the_diamond_and_says_who_agreed(self, as_omar: Client, deal: Deal, agreed: Any) -> None:
        agreed("Goal agreed", days_ago=8, agreed_by="Ingrid Falk", words="Leakage to 12%")
        page = page_of(as_omar, deal)
        assert columns(page)[0] == ("is-confirmed", "Goal agreed", "Evidenced 10 Nov, agreed by Ingrid Falk")
        assert "“Leakage to 12%”" in page
        assert columns(page)[1][2] == "Next"

    def test_a_claim_without_evidence_says_that_it_does_not_count(
        self, as_omar: Client, deal: Deal, agreed: Any
    ) -> None:
        agreed("Goal agreed", evidence="")
        page = page_of(as_omar, deal)
        assert columns(page)[0] == ("is-claimed", "Goal agreed", "Recorded 18 Nov, no evidence yet, not counted")
        assert "Not counted until there is evidence." in page

    def test_what_was_done_stands_after_the_outcome_it_followed(
        self, as_omar: Client, deal: Deal, call: Any, agreed: Any
    ) -> None:
        agreed("Goal agreed", days_ago=10)
        agreed("Workshop sponsored", days_ago=4)
        call(days_ago=12)
        call(days_ago=8, gave="Loss map")
        call(days_ago=6)
        call(days_ago=1)
        page = page_of(as_omar, deal)
        assert "then 2 activities, 1 output, 6 days" in page
        assert "since then 1 activity, 0 outputs, 4 days" in page

    def test_what_came_before_the_end_is_over_with_the_deal(
        self, as_omar: Client, deal: Deal, agreed: Any, omar: Membership, northwind: Tenant
    ) -> None:
        agreed("Goal agreed", days_ago=6)
        with tenant_scope(northwind.pk):
            move_deal(deal=deal, to=stage("Won"), actor=omar, at=NOON)
        page = page_of(as_omar, deal)
        assert "then nothing, 7 days" in page
        assert columns(page)[-1] == ("is-confirmed", "Decision", "Won, 18 Nov")

    def test_a_due_date_in_the_past_says_so(self, as_omar: Client, make_deal: DealMaker) -> None:
        late = make_deal("Late", expected_close_on=date(2026, 11, 8))
        assert "Was due 8 Nov, 10 days ago" in page_of(as_omar, late)


class TestTimeline:
    def test_newest_first_with_what_each_gave(self, as_omar: Client, deal: Deal, call: Any, agreed: Any) -> None:
        call(days_ago=3, gave="Named who signs")
        call(days_ago=1, note="Left a message")
        agreed("Goal agreed", days_ago=2, words="Yes")
        page = page_of(as_omar, deal)
        order = [page.index(words) for words in ("Left a message", "with evidence", "Named who signs")]
        assert order == sorted(order)
        assert "All 5" in page
        assert "Outputs 1" in page
        assert "Outcomes 1" in page
        assert "No result 1" in page

    def test_repeats_without_a_result_are_folded(self, as_omar: Client, deal: Deal, call: Any) -> None:
        for days_ago in (2, 3, 4, 5):
            call(days_ago=days_ago)
        page = page_of(as_omar, deal)
        assert "Call, 4 times" in page
        assert "13 Nov to 16 Nov" in page

    def test_a_call_that_gave_an_outcome_says_so(self, as_omar: Client, deal: Deal, call: Any, agreed: Any) -> None:
        key = uuid4()
        call(entry_key=key)
        agreed("Goal agreed", entry_key=key)
        page = page_of(as_omar, deal)
        assert "Nothing yet" not in page
        assert "chip outcome" in page
        assert "No result 0" in page

    @pytest.mark.parametrize(
        ("show", "seen", "unseen"),
        [
            ("outputs", "Named who signs", "Left a message"),
            ("no_result", "Left a message", "Named who signs"),
            ("outcomes", "with evidence", "Left a message"),
        ],
    )
    def test_can_be_filtered(
        self, as_omar: Client, deal: Deal, call: Any, agreed: Any, show: str, seen: str, unseen: str
    ) -> None:
        call(gave="Named who signs")
        call(note="Left a message")
        agreed("Goal agreed")
        page = page_of(as_omar, deal, f"?show={show}", headers=HTMX)
        assert "<html" not in page
        assert seen in page
        assert unseen not in page

    def test_earlier_entries_come_on_request_without_a_gap(self, as_omar: Client, deal: Deal, call: Any) -> None:
        for number in range(40):
            call(days_ago=number % 20, note=f"Note {number:02}")
        page = page_of(as_omar, deal)
        assert "Show 12 earlier" in page
        rest = page_of(as_omar, deal, "?from=30", headers=HTMX)
        seen = set(re.findall(r"Note \d\d", page)) | set(re.findall(r"Note \d\d", rest))
        assert len(seen) == 40

    @pytest.mark.parametrize("query", ["?from=-1", "?from=9999999999", "?from=x", "?show=nonsense"])
    def test_a_mangled_address_is_no_error(self, as_omar: Client, deal: Deal, query: str) -> None:
        page_of(as_omar, deal, query)

    def test_an_address_that_is_no_web_address_is_never_a_link(self, as_omar: Client, deal: Deal, agreed: Any) -> None:
        from accounts.refusals import Invalid

        with pytest.raises(Invalid):
            agreed("Goal agreed", evidence="javascript:alert(1)")

    def test_tells_what_was_written_down_on_a_deal_that_is_part_of_it_now(
        self, as_omar: Client, deal: Deal, agreed: Any, northwind: Tenant, lena: Membership, mara: Membership
    ) -> None:
        with tenant_scope(northwind.pk):
            # Not Omar's: whoever sees a deal sees all of its past.
            Tenant.objects.filter(pk=northwind.pk).update(visibility="own")
            twice, goal = make_deal(actor=mara, name="Leak analytic"), MilestoneType.objects.get(name="Goal agreed")
            minutes = "https://minutes.example/1"
            record_milestone(actor=mara, deal=twice, type=goal, at=NOON, words="Half of it", evidence=minutes)
            deal.refresh_from_db()
            twice.refresh_from_db()
            merge_deals(keep=deal, gone=twice, actor=lena, at=NOON)
        page = page_of(as_omar, deal, "?show=outcomes")
        assert "“Half of it”" in page
        assert "Recorded by Mara with evidence." in page
        assert "Outcomes 1" in page
        assert "<bdi>minutes.example</bdi>" in page

    def test_costs_no_more_for_a_long_history(
        self, as_omar: Client, deal: Deal, call: Any, agreed: Any, django_assert_max_num_queries: Any
    ) -> None:
        call(gave="One")
        agreed("Goal agreed")
        settle(as_omar)
        costs = []
        for more in (0, 60):
            for number in range(more):
                call(days_ago=number % 25, gave="More")
            # Beside the page's twenty-one: the savepoint that stands for the transaction inside a test.
            with django_assert_max_num_queries(21 + 2) as found:
                page_of(as_omar, deal)
            costs.append(len(found))
        assert costs[0] == costs[1]
