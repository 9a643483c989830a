"""The execution report: figures with their doubt, the deals behind each, and what is missing for a first one."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes.models import Milestone, MilestoneType
from outcomes.queries.statistics import current
from strategy.models import Deal, Stage, StageSpan
from tests.frontend.conftest import DealMaker
from tests.make import NOON
from tests.sessions import settle

HTMX = {"HX-Request": "true"}
URL = "/o/northwind/execution/"


def page_of(client: Client, query: str = "", **options: Any) -> str:
    answer = client.get(URL + query, **options)
    assert answer.status_code == 200
    return answer.content.decode()


ENDS = ["Won"] * 12 + ["Lost"] * 10 + ["No decision"] * 6 + ["Disqualified"] * 2 + [""] * 5


@pytest.fixture
def quarter(count: Callable[[], None], northwind: Tenant, omar: Membership) -> None:
    """Thirty closed deals and five open ones: 12 won, 10 lost, 6 without a decision, 2 disqualified.

    Written as rows at once: by the deeds, one test would take longer than all others of this page together.
    """
    today = NOON.date()
    with tenant_scope(northwind.pk):
        stages = {stage.name: stage for stage in Stage.objects.select_related("pipeline")}
        begun = stages["Qualified"]
        deals = [
            Deal(
                name=f"Deal {number}",
                pipeline=begun.pipeline,
                stage=stages.get(end, begun),
                owner=omar,
                currency="EUR",
                amount=1_000_000 + number,
                amount_at_qualification=1_000_000 + number,
                opened_on=today - timedelta(days=40 + number),
                qualified_on=today - timedelta(days=40 + number),
                end_cause=stages[end].kind if end else "",
                closed_on=today if end else None,
            )
            for number, end in enumerate(ENDS)
        ]
        Deal.objects.bulk_create(deals)
        StageSpan.objects.bulk_create(
            StageSpan(deal=deal, stage=begun, entered_on=deal.qualified_on, left_on=deal.closed_on) for deal in deals
        )
        goal = MilestoneType.objects.get(name="Goal agreed")
        Milestone.objects.bulk_create(
            Milestone(deal=deal, type=goal, state="reached", grade=1, reached_on=today, recorded_at=NOON)
            for deal in deals[::3]
        )
    count()


class TestBeforeThereIsEnough:
    def test_says_how_many_closed_deals_are_missing(
        self, as_lena: Client, make_deal: DealMaker, count: Callable[[], None]
    ) -> None:
        for number in range(3):
            make_deal(f"Deal {number}", ends="Lost")
        count()
        page = page_of(as_lena)
        assert "Your first execution report needs 20 closed deals." in page
        assert "You have 3." in page
        assert "figures" not in page

    def test_an_organisation_without_anything_is_no_error(self, as_lena: Client) -> None:
        assert "You have 0." in page_of(as_lena)

    def test_the_deals_behind_nothing_are_404(self, as_lena: Client) -> None:
        assert as_lena.get(f"{URL}deals/").status_code == 404
        assert as_lena.get("/o/northwind/execution.csv").status_code == 404


class TestReport:
    def test_each_figure_has_an_interval_a_count_and_a_grade_or_says_what_is_missing(
        self, as_lena: Client, quarter: None
    ) -> None:
        page = page_of(as_lena)
        figures = re.findall(r"<div><dt>(.*?)</div>", page, re.DOTALL)
        assert len(figures) == 4
        for figure in figures:
            whole = re.search(r"\d+ to \d+%, \d+ opportunities, grade [A-D]", figure)
            assert whole or "Not enough data" in figure

    def test_the_fall_adds_up(self, as_lena: Client, quarter: None) -> None:
        page = page_of(as_lena)
        rows = re.findall(r"<small>(\d+) in, (\d+) went on</small>", page)
        assert rows[0][0] == "30"
        assert rows[-1][1] == "12"
        for (_, went_on), (came_in, _) in itertools.pairwise(rows):
            assert went_on == came_in
        assert "30 qualified opportunities were closed by 18 November 2026. 12 were won." in page

    def test_says_until_when_an_old_source_knew_its_open_deals(
        self, as_lena: Client, quarter: None, northwind: Tenant, count: Callable[[], None]
    ) -> None:
        assert "was known until" not in page_of(as_lena)
        with tenant_scope(northwind.pk):
            Deal.objects.filter(end_cause="").update(observed_until=NOON.date() - timedelta(days=3))
        count()
        assert "What was imported was known until 15 Nov." in page_of(as_lena)

    def test_can_be_read_in_each_unit_and_cut(self, as_lena: Client, quarter: None) -> None:
        for measure in ("count", "value", "effort"):
            for by in ("milestone", "stage"):
                page = page_of(as_lena, f"?measure={measure}&by={by}")
                assert page.count('aria-current="true"') == 2

    def test_the_curve_ends_where_the_figures_are_read(self, as_lena: Client, quarter: None) -> None:
        page = page_of(as_lena)
        told = re.search(r"Of 100 qualified, (\d+) are won", page)
        assert told
        assert f">Won {told[1]}%<" in page

    def test_says_which_grade_counts(self, as_lena: Client, quarter: None) -> None:
        assert "Outcomes count from evidence grade E1." in page_of(as_lena)

    def test_a_mangled_address_shows_the_first_view(self, as_lena: Client, quarter: None) -> None:
        page_of(as_lena, "?measure=nonsense&by=nonsense&seen=x")

    def test_costs_at_most_twelve_queries(
        self, as_lena: Client, quarter: None, django_assert_max_num_queries: Any
    ) -> None:
        settle(as_lena)
        # Beside the page's twelve: the savepoint that stands for the transaction inside a test.
        with django_assert_max_num_queries(12 + 2):
            page_of(as_lena)

    def test_reps_see_it_and_eve_sees_hers(
        self, as_omar: Client, quarter: None, eve: Membership, client: Client
    ) -> None:
        assert "12 were won" in page_of(as_omar)
        client.force_login(eve.user)
        assert "You have 0." in client.get("/o/southwind/execution/").content.decode()


class TestWithoutOutcomesOnRecord:
    """As after the import of an export: a stage for each deal, and no word of a customer."""

    @pytest.fixture
    def silent(self, quarter: None, northwind: Tenant, count: Callable[[], None]) -> None:
        with tenant_scope(northwind.pk):
            Milestone.objects.all().delete()
        count()

    def test_the_report_opens_by_stage(self, as_lena: Client, silent: None) -> None:
        page = page_of(as_lena)
        assert "were lost in the stage Qualified" in page
        assert re.search(r'by=stage"[^>]*aria-current="true"[^>]*>By stage', page)
        assert "before the goal was agreed" not in page.lower()

    def test_by_outcome_it_claims_nothing(self, as_lena: Client, silent: None) -> None:
        page = page_of(as_lena, "?by=milestone")
        assert "No outcome is on record for the opportunities that closed" in page
        assert "30 qualified opportunities were closed, none of them with an outcome on record." in page
        assert "went on" not in page
        assert "before the goal was agreed" not in page.lower()

    def test_few_outcomes_are_counted_and_not_read_as_a_fall(self, as_lena: Client, quarter: None) -> None:
        page = page_of(as_lena, "?by=milestone")
        assert "10 of the 30 closed opportunities have an outcome on record. From 20 on" in page
        assert "went on" not in page

    def test_it_opens_by_outcome_once_there_are_enough(
        self, as_lena: Client, quarter: None, northwind: Tenant, count: Callable[[], None]
    ) -> None:
        with tenant_scope(northwind.pk):
            goal = MilestoneType.objects.get(name="Goal agreed")
            Milestone.objects.bulk_create(
                Milestone(deal=deal, type=goal, state="reached", grade=1, reached_on=NOON.date(), recorded_at=NOON)
                for deal in Deal.objects.exclude(end_cause="").exclude(milestones__type=goal)[:10]
            )
        count()
        page = page_of(as_lena)
        assert "Before the goal was agreed" in page
        assert re.search(r'by=milestone"[^>]*aria-current="true"[^>]*>By outcome', page)


class TestTheDealsBehind:
    def test_every_number_leads_to_as_many_deals_as_it_counts(
        self, as_lena: Client, quarter: None, northwind: Tenant
    ) -> None:
        page = page_of(as_lena)
        links = re.findall(r'<a href="([^"]*/execution/deals/[^"]*)">([^<]*)</a>', page)
        assert len(links) >= 6
        for url, words in links:
            behind = as_lena.get(unescape(url)).content.decode()
            told = int(re.search(r"(\d+) deals?, as of", behind)[1])  # type: ignore[index]
            listed = len(re.findall(r'<a class="go"', behind))
            assert told == listed
            if words.isdigit():
                assert told == int(words)

    def test_the_figures_sample_is_the_length_of_its_list(
        self, as_lena: Client, quarter: None, northwind: Tenant
    ) -> None:
        with tenant_scope(northwind.pk):
            results = current().results
        page = page_of(as_lena)
        for metric in ("chance_to_win", "waste_value"):
            url = re.search(rf'href="([^"]*figure={metric}[^"]*)"', page)[1]  # type: ignore[index]
            behind = as_lena.get(unescape(url)).content.decode()
            assert f"{results[metric].n} deals, as of" in behind

    def test_a_mangled_address_is_no_error(self, as_lena: Client, quarter: None) -> None:
        nonsense = f"stage={36 * '-'}", f"reason={36 * 'a'}"
        for query in ("rows=nonsense", "milestone=nonsense", "cause=x", "after=nonsense", "reason=none", *nonsense):
            assert as_lena.get(f"{URL}deals/?{query}").status_code == 200


class TestFreshness:
    def test_asks_again_while_something_waits_to_be_counted(
        self, as_lena: Client, quarter: None, make_deal: DealMaker, count: Callable[[], None]
    ) -> None:
        assert "every 1s" not in page_of(as_lena)
        make_deal("Just now", ends="Won")
        page = page_of(as_lena)
        assert "every 1s" in page
        assert "Updating" in page
        count()
        fresh = page_of(as_lena, "?seen=1u", headers=HTMX)
        assert "every 1s" not in fresh
        assert "13 were won" in fresh
        assert "<html" not in fresh

    def test_answers_204_when_nothing_changed(self, as_lena: Client, quarter: None) -> None:
        seen = re.search(r"seen=(\w+)", page_of(as_lena))[1]  # type: ignore[index]
        answer = as_lena.get(f"{URL}?seen={seen}", headers=HTMX)
        assert (answer.status_code, answer.content) == (204, b"")

    def test_watching_keeps_asking(self, as_lena: Client, quarter: None) -> None:
        assert "every 1s" in page_of(as_lena, "?watch=1")


class TestNumbersAsCsv:
    def rows(self, client: Client, chart: str) -> list[dict[str, str]]:
        answer = client.get("/o/northwind/execution.csv", {"chart": chart} if chart else {})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/csv")
        return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))

    def test_the_figures(self, as_lena: Client, quarter: None, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            known = current().results["waste_deals"]
        row = next(row for row in self.rows(as_lena, "") if row["metric"] == "waste_deals")
        assert (float(row["value"]), float(row["low"]), int(row["n"])) == (known.value, known.low, known.n)

    def test_the_waste(self, as_lena: Client, quarter: None) -> None:
        rows = self.rows(as_lena, "waste")
        assert sum(int(row["deals"]) for row in rows) == 35
        assert sum(int(row["deals"]) for row in rows if row["cause"] == "won") == 12

    def test_a_cell_without_anything_is_empty(self, as_lena: Client, quarter: None) -> None:
        assert {row["reason"] for row in self.rows(as_lena, "waste")} >= {""}
        assert not [row for row in self.rows(as_lena, "") if "'" in row.values()]

    def test_the_curve(self, as_lena: Client, quarter: None) -> None:
        for row in self.rows(as_lena, "incidence"):
            parts = [float(row[name]) for name in ("won", "lost", "no_decision", "disqualified", "open")]
            assert sum(parts) == pytest.approx(1)

    def test_an_unknown_chart_is_404(self, as_lena: Client, quarter: None) -> None:
        assert as_lena.get("/o/northwind/execution.csv?chart=nonsense").status_code == 404

    def test_a_name_that_a_spreadsheet_would_run_is_text(
        self, as_lena: Client, quarter: None, northwind: Tenant
    ) -> None:
        with tenant_scope(northwind.pk):
            Stage.objects.filter(name="Qualified").update(name="=1+1")
        assert {row["stage"] for row in self.rows(as_lena, "waste")} >= {"'=1+1"}
