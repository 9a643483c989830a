"""Figures count the deals that whoever reads them sees, say whose they are, and single out nobody."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Team, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal, Stage
from tests.api import Program, make_secret
from tests.make import NOON, make_member
from tests.teams import Cast, let_see

pytestmark = pytest.mark.usefixtures("on_wednesday")
URL = "/o/northwind/execution/"


def give(owner: Membership, *, won: int, lost: int, word: str = "Deal") -> None:
    """Closed deals of a member, written as rows at once, in the current tenant."""
    today = NOON.date()
    stages = {stage.name: stage for stage in Stage.objects.select_related("pipeline")}
    ends = ["Won"] * won + ["Lost"] * lost
    Deal.objects.bulk_create(
        Deal(
            name=f"{word} {number}",
            pipeline=stages[end].pipeline,
            stage=stages[end],
            owner=owner,
            owner_at_qualification=owner,
            currency="EUR",
            amount=1_000_000,
            amount_at_qualification=1_000_000,
            opened_on=today - timedelta(days=60 + number),
            qualified_on=today - timedelta(days=60 + number),
            end_cause=stages[end].kind,
            closed_on=today - timedelta(days=number),
        )
        for number, end in enumerate(ends)
    )


@pytest.fixture
def closed(cast: Cast, northwind: Tenant, count: Callable[[], None]) -> None:
    """Omar closed 24 deals, Nina 10, Sara 31, a second one in South 4."""
    sam = make_member("sam", tenant=northwind)
    with tenant_scope(northwind.pk):
        Membership.objects.filter(pk=sam.pk).update(team=cast.south)
        give(cast.omar, won=12, lost=12, word="Northern")
        give(cast.nina, won=2, lost=8)
        give(cast.sara, won=30, lost=1, word="Southern")
        give(sam, won=1, lost=3, word="Southern")
    count()


def page_of(client: Client, member: Membership, query: str = "") -> str:
    client.force_login(member.user)
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return answer.content.decode()


def figures_of(client: Client, member: Membership) -> dict[str, dict[str, str]]:
    client.force_login(member.user)
    answer = client.get("/o/northwind/execution.csv")
    rows = csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))
    return {row["metric"]: row for row in rows}


def program_of(member: Membership) -> Program:
    # The database has a clock of its own, by which keys end.
    return Program(make_secret(member, lasts=timedelta(days=3650)))


def statistics_of(member: Membership) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in program_of(member).get("statistics").json()["data"]}


COUNTED = [
    ("all", "omar", 69, "everybody", "Everybody's deals."),
    ("own", "lena", 69, "everybody", "Everybody's deals."),
    ("own", "omar", 24, "own", "Your own deals."),
    ("own", "sara", 31, "own", "Your own deals."),
    ("own", "nina", 34, "group", "Team North: 2 people."),
]


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(("setting", "name", "many", "whose", "said"), COUNTED)
def test_page_file_and_program_count_the_same_deals_and_say_whose(
    cast: Cast, client: Client, setting: str, name: str, many: int, whose: str, said: str
) -> None:
    let_see(cast.lena.tenant, setting)
    member = cast.person(name)
    told = statistics_of(member)["won_of_closed"]
    assert (told["n"], told["whose"]) == (many, whose)
    filed = figures_of(client, member)["won_of_closed"]
    assert (int(filed["n"]), filed["whose"]) == (many, said)
    page = page_of(client, member)
    assert (said in page) == (setting == "own" and name != "lena")
    behind = page_of(client, member, "deals/?rows=closed")
    assert f"{many} deals, as of" in behind
    rows = program_of(member).all("statistics/won_of_closed/rows?limit=100")
    assert len(rows) == many


@pytest.mark.usefixtures("closed")
def test_the_figures_of_a_slice_are_those_of_its_deals_alone(cast: Cast, northwind: Tenant) -> None:
    let_see(northwind, "own")
    omars, lenas = statistics_of(cast.person("omar")), statistics_of(cast.person("lena"))
    assert omars["won_of_closed"]["value"] == 0.5
    assert lenas["won_of_closed"]["value"] == pytest.approx(45 / 69)
    assert omars["waste_deals"]["events"] == 12


@pytest.mark.usefixtures("closed")
def test_too_few_deals_of_ones_own_are_no_figure(cast: Cast, client: Client, northwind: Tenant) -> None:
    let_see(northwind, "own")
    with tenant_scope(northwind.pk):
        Deal.objects.filter(owner=cast.omar, name__in=[f"Northern {n}" for n in range(20)]).update(owner=cast.nina)
    page = page_of(client, cast.person("omar"))
    assert "You have 4." in page
    assert "Northern" not in page
    assert statistics_of(cast.person("omar"))["won_of_closed"]["value"] is None


@pytest.mark.usefixtures("closed")
def test_figures_follow_the_owner_the_team_and_the_setting_at_once(cast: Cast, northwind: Tenant) -> None:
    let_see(northwind, "own")
    assert statistics_of(cast.person("omar"))["won_of_closed"]["n"] == 24
    with tenant_scope(northwind.pk):
        Deal.objects.filter(owner=cast.sara).update(owner=cast.omar)
    assert statistics_of(cast.person("omar"))["won_of_closed"]["n"] == 55
    assert statistics_of(cast.person("nina"))["won_of_closed"]["n"] == 65
    with tenant_scope(northwind.pk):
        Team.objects.filter(pk=cast.north.pk).update(manager=None)
    assert statistics_of(cast.person("nina"))["won_of_closed"]["n"] == 10
    let_see(northwind, "all")
    assert statistics_of(cast.person("nina"))["won_of_closed"]["n"] == 69


@pytest.mark.usefixtures("closed")
def test_a_team_of_two_is_held_back_from_both_of_them(cast: Cast, client: Client, northwind: Tenant) -> None:
    let_see(northwind, "team")
    sara = cast.person("sara")
    told = statistics_of(sara)["won_of_closed"]
    assert (told["n"], told["whose"]) == (31, "own")
    page = page_of(client, sara)
    assert "Your own deals. Figures of fewer than three people would tell of one of them." in page
    # Also behind the figures, while the list of deals is the team's.
    assert "31 deals, as of" in page_of(client, sara, "deals/?rows=closed")
    assert len(program_of(sara).all("deals?limit=100")) == 35


@pytest.mark.usefixtures("closed")
def test_a_team_of_three_is_shown_to_each_of_them(
    cast: Cast, client: Client, northwind: Tenant, count: Callable[[], None]
) -> None:
    let_see(northwind, "team")
    third = make_member("third", tenant=northwind)
    with tenant_scope(northwind.pk):
        Membership.objects.filter(pk=third.pk).update(team=cast.south)
        give(third, won=1, lost=1)
    count()
    sara = cast.person("sara")
    assert "Team South: 3 people." in page_of(client, sara)
    assert statistics_of(sara)["won_of_closed"]["n"] == 37


@pytest.mark.usefixtures("closed")
def test_where_no_figures_tell_of_single_people_a_manager_of_one_reads_their_own(
    cast: Cast, client: Client, northwind: Tenant
) -> None:
    let_see(northwind, "own", group_only=True)
    nina = cast.person("nina")
    assert statistics_of(nina)["won_of_closed"]["n"] == 10
    assert "would tell of one of them" in page_of(client, nina)
    let_see(northwind, "own", group_only=False)
    assert statistics_of(cast.person("nina"))["won_of_closed"]["n"] == 34


@pytest.mark.usefixtures("closed")
def test_no_address_leads_to_another_slice(cast: Cast, client: Client, northwind: Tenant) -> None:
    let_see(northwind, "own")
    omar = cast.person("omar")
    plain = page_of(client, omar, "deals/?rows=closed").count("Northern")
    for asked in ("slice=", f"owner={cast.sara.pk}", f"whose={cast.sara.pk}", f"team={cast.south.pk}"):
        assert page_of(client, omar, f"deals/?rows=closed&{asked}").count("Northern") == plain
        assert "Your own deals." in page_of(client, omar, f"?{asked}")
        assert program_of(omar).get(f"statistics?{asked}").status_code == 400


@pytest.mark.usefixtures("closed")
def test_reading_a_slice_costs_a_fixed_number_of_questions(
    cast: Cast, client: Client, northwind: Tenant, django_assert_max_num_queries: Any
) -> None:
    let_see(northwind, "team")
    client.force_login(cast.nina.user)
    client.get(URL)
    with django_assert_max_num_queries(16):
        client.get(URL)
