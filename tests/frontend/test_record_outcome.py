"""Recording what a customer agreed on a deal."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes.models import Milestone, MilestoneEvent, MilestoneType
from strategy.models import Deal
from tests.frontend.conftest import DealMaker

HTMX = {"HX-Request": "true"}


@pytest.fixture
def url(deal: Deal) -> str:
    return f"/o/northwind/deals/{deal.pk}/milestones/new/"


@pytest.fixture
def given(northwind: Tenant) -> dict[str, Any]:
    with tenant_scope(northwind.pk):
        goal = MilestoneType.objects.get(name="Goal agreed")
    return {
        "milestone": str(goal.pk),
        "words": "“Leakage to 12%”",
        "agreed_by": "Ingrid Falk",
        "on": "2026-11-17",
        "evidence": "",
        "entry_key": str(uuid4()),
    }


@pytest.mark.parametrize(("evidence", "grade"), [("", 0), ("https://mail.example/1", 1), ("mail.example/1", 1)])
def test_is_graded_by_whether_an_artefact_is_linked(
    as_omar: Client, url: str, given: dict[str, Any], northwind: Tenant, evidence: str, grade: int
) -> None:
    answer = as_omar.post(url, {**given, "evidence": evidence})
    assert answer.status_code == 303
    with tenant_scope(northwind.pk):
        milestone = Milestone.objects.get()
        assert (milestone.grade, milestone.reached_on.isoformat()) == (grade, "2026-11-17")


def test_offers_today_and_the_next_outcome(as_omar: Client, url: str, given: dict[str, Any]) -> None:
    page = as_omar.get(url).content.decode()
    assert 'value="2026-11-18"' in page
    assert f'value="{given["milestone"]}" id="id_milestone_0" checked' in page


def test_today_is_the_organisations(as_omar: Client, url: str, northwind: Tenant) -> None:
    northwind.time_zone = "Pacific/Kiritimati"
    northwind.save()
    assert 'value="2026-11-19"' in as_omar.get(url).content.decode()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"milestone": ""}, "Choose what they agreed."),
        ({"on": ""}, "Give the day on which they agreed."),
        ({"on": "31.12.2026"}, "Give the day on which they agreed."),
        ({"on": "2026-11-19"}, "Give a day that is not to come."),
        ({"on": "2020-01-01"}, "when the deal was opened"),
        ({"evidence": "javascript:alert(1)"}, "Give an address that begins with https://"),
        ({"evidence": "ftp://files.example"}, "Give an address that begins with https://"),
        ({"agreed_by": "x" * 121}, "Shorten this to 120 characters; it has 121."),
        ({"words": "nul\x00"}, "Take out the character that cannot be seen."),
    ],
)
def test_says_what_to_do_and_stores_nothing(
    as_omar: Client, url: str, given: dict[str, Any], northwind: Tenant, change: dict[str, str], told: str
) -> None:
    answer = as_omar.post(url, {**given, **change}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert told in page
    assert "Ingrid Falk" in page or "agreed_by" in change
    with tenant_scope(northwind.pk):
        assert not MilestoneEvent.objects.exists()


def test_a_second_press_records_once(as_omar: Client, url: str, given: dict[str, Any], northwind: Tenant) -> None:
    as_omar.post(url, given)
    as_omar.post(url, given)
    with tenant_scope(northwind.pk):
        assert MilestoneEvent.objects.count() == 1


def test_a_deal_that_is_over_takes_none(
    as_omar: Client, make_deal: DealMaker, given: dict[str, Any], northwind: Tenant
) -> None:
    over = make_deal("Over", ends="Lost")
    answer = as_omar.post(f"/o/northwind/deals/{over.pk}/milestones/new/", given)
    assert answer.status_code == 422
    with tenant_scope(northwind.pk):
        assert not MilestoneEvent.objects.exists()


def test_vera_may_not(as_vera: Client, url: str, given: dict[str, Any]) -> None:
    assert as_vera.get(url).status_code == 403
    assert as_vera.post(url, given).status_code == 403
