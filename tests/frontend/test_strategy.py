"""Lena builds a strategy from a template and activates it; others read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType
from activities.services import log_activity
from strategy import strategies
from strategy.models import Company, PlanPart, Strategy
from tests.make import NOON, make_deal, make_deals, make_strategy

LIST = "/o/northwind/strategy/"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def sent(client: Client, path: str, status: int = 303, **given: Any) -> HttpResponse:
    answer = client.post(path, given)
    told = re.findall(r'class="err".*?</p>|<h2 id="[^"]*errors">.*?</ul>', answer.content.decode(), re.DOTALL)
    assert answer.status_code == status, (path, told)
    return answer


def the_strategy(tenant: Tenant) -> Strategy:
    with tenant_scope(tenant.pk):
        return Strategy.objects.order_by("-pk")[0]


def text_of(tenant: Tenant) -> Any:
    with tenant_scope(tenant.pk):
        return strategies.working_text(strategies.strategy(Strategy.objects.order_by("-pk")[0].pk))


@pytest.fixture
def as_omar_too(omar: Membership) -> Client:
    other = Client()
    other.force_login(omar.user)
    return other


def active(lena: Membership) -> Strategy:
    with tenant_scope(lena.tenant_id):
        return make_strategy(actor=lena)


def test_a_leader_builds_a_strategy_from_a_template_and_activates_it(as_lena: Client, northwind: Tenant) -> None:
    nothing = page(as_lena, LIST)
    assert "No strategy written down." in nothing
    assert "new/?template=partner_led" in nothing
    assert "checked" in page(as_lena, f"{LIST}new/?template=mid_market_direct")
    address = sent(as_lena, f"{LIST}new/", name="2026 to 2027", begin_with="mid_market_direct")["Location"]
    sent(as_lena, f"{LIST}new/", 422, name="2026 to 2027", begin_with="blank")
    sent(as_lena, f"{LIST}new/", 422, name="Other", begin_with="astrology")
    draft = page(as_lena, address)
    assert "Give the amount of the goal." in draft
    assert f"{address}goal/" in draft
    stopped = page(as_lena, f"{address}activate/")
    assert "Give the day by which" in stopped
    assert ">Activate</button>" not in stopped
    assert sent(as_lena, f"{address}activate/", 422, note="").status_code == 422

    goal = {"title": "Become the leakage partner", "measure": "New revenue", "currency": "EUR", "by": "2027-12-31"}
    sent(as_lena, f"{address}goal/", amount="6000000", revision=1, **goal)
    text = text_of(northwind)
    assert (text.goal.amount, text.goal.currency) == (600_000_000, "EUR")
    segment, play = text.segments[0].id, text.plays[0].id

    rules = {"fact_0": "employees", "test_0": "between", "low_0": "100", "high_0": "1,500"}
    rules |= {"fact_1": "revenue", "test_1": "between", "low_1": "2000000"}
    shown = page(as_lena, f"{address}segments/{segment}/")
    assert 'name="fact_1"' in shown
    grown = sent(as_lena, f"{address}segments/{segment}/", 200, name="", do="add-rule", revision=2, **rules)
    assert b'name="fact_2"' in grown.content
    assert b"things to fix" not in grown.content
    sent(as_lena, f"{address}segments/{segment}/", name="Utilities", why="They must report", revision=2, **rules)
    rule = text_of(northwind).segments[0].rules[1]
    assert (rule.low, rule.currency) == (200_000_000, "EUR")

    sent(as_lena, f"{address}plays/new/", name="Briefing", segment=segment, number_0="2", per_0="week", revision=3)
    second = text_of(northwind).plays[1]
    assert (second.activities[0].number, second.activities[0].per) == (2, "week")
    sent(as_lena, f"{address}plays/", do=f"up:{second.id}", revision=4)
    assert text_of(northwind).plays[0].name == "Briefing"
    assert b"Remove" in sent(as_lena, f"{address}segments/", 422, do=f"remove:{segment}", revision=5).content
    sent(as_lena, f"{address}plays/", do=f"remove:{second.id}", revision=5)
    assert [one.id for one in text_of(northwind).plays] == [play]

    for part in ("value", "time", "conditions", "differences", "personas", "plays", f"plays/{play}"):
        page(as_lena, f"{address}{part}/")
    sent(as_lena, f"{address}conditions/", must_be_true="One\r\n\r\n Two ", revision=6)
    assert text_of(northwind).must_be_true == ["One", "Two"]
    sent(as_lena, f"{address}activate/", note="We begin")
    read_page = page(as_lena, address)
    assert "€6M, measured by new revenue, by 31 December 2027." in read_page
    assert "No segment" in read_page
    assert "Become the leakage partner" in page(as_lena, LIST)


def test_changes_wait_until_they_are_published_and_versions_stay_readable(
    as_lena: Client, lena: Membership, northwind: Tenant
) -> None:
    strategy = active(lena)
    address = f"{LIST}{strategy.pk}/"
    sent(as_lena, f"{address}conditions/", must_be_true="They measure", revision=strategy.revision)
    assert "They measure" not in page(as_lena, address)
    assert "Changes are written and not published." in page(as_lena, address)
    assert "They measure" in page(as_lena, f"{address}?text=next")
    assert "What must be true" in page(as_lena, f"{address}activate/")
    sent(as_lena, f"{address}activate/", note="Clearer")
    told = page(as_lena, f"{address}versions/")
    assert "Clearer" in told
    differences = page(as_lena, f"{address}between/?from=1&to=2")
    assert "They measure" in differences
    assert "They measure" not in page(as_lena, f"{address}versions/1/")
    for gone in ("versions/9/", "versions/99999999999999/", "between/?from=1&to=9", "between/?from=x&to=1"):
        assert as_lena.get(address + gone).status_code == 404

    sent(as_lena, f"{address}conditions/", must_be_true="Else", revision=strategy.revision + 2)
    page(as_lena, f"{address}drop/")
    sent(as_lena, f"{address}drop/")
    assert "not published" not in page(as_lena, address)
    sent(as_lena, f"{address}retire/", 422, because="")
    sent(as_lena, f"{address}retire/", because="Nobody sponsored a workshop")
    assert "Nobody sponsored a workshop" in page(as_lena, LIST)
    assert "Nobody sponsored a workshop" in page(as_lena, address)
    assert as_lena.get(f"{address}goal/").status_code == 409


def test_an_alternative_stands_beside_with_what_must_be_true(
    as_lena: Client, lena: Membership, leo: Membership
) -> None:
    strategy = active(lena)
    sent(as_lena, f"{LIST}{strategy.pk}/copy/", 422, name="2026 to 2027")
    address = sent(as_lena, f"{LIST}{strategy.pk}/copy/", name="Through partners")["Location"]
    landing = page(as_lena, LIST)
    assert "Alternative to 2026 to 2027" in landing
    assert "One person owns the problem." in landing
    sent(as_lena, f"{address}name/", name="Through few partners", owner=leo.pk)
    assert "Leo answers for it." in page(as_lena, address)
    page(as_lena, f"{address}throw-away/")
    sent(as_lena, f"{address}throw-away/")
    assert "Through few partners" not in page(as_lena, LIST).partition("toasts")[0]


def test_the_second_of_two_writers_is_told_and_keeps_their_words(
    as_lena: Client, lena: Membership, northwind: Tenant
) -> None:
    strategy = active(lena)
    address = f"{LIST}{strategy.pk}/value/"
    sent(as_lena, address, we_do="Hers", revision=strategy.revision)
    told = sent(as_lena, address, 422, we_do="His", revision=strategy.revision).content.decode()
    assert "Somebody else has written on this strategy" in told
    assert ">\nHis</textarea>" in told
    revision = re.search(r'name="revision" value="(\d+)"', told)
    assert revision is not None
    sent(as_lena, address, we_do="His", revision=revision[1])
    assert text_of(northwind).we_do == "His"


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("goal", {"amount": "-5"}, "above 0"),
    ("goal", {"amount": "1" * 14, "currency": "EUR"}, "above 0"),
    ("goal", {"amount": "x"}, "Write a number"),
    ("goal", {"amount": "1.5"}, "whole number"),
    ("goal", {"title": "x" * 201}, "Shorten"),
    ("goal", {"title": "a\0b"}, "cannot be seen"),
    ("goal", {"by": "soon"}, "Write the day"),
    ("time", {"motion": "x", "horizon": "H2"}, "Choose from"),
    (
        "time",
        {"motion": "direct", "horizon": "H2", "starts_on": "2027-01-01", "ends_on": "2026-01-01"},
        "after the first",
    ),
    ("conditions", {"must_be_true": "x" * 201}, "at most 200"),
    ("segments/new", {"name": ""}, "Give it a name"),
    ("segments/new", {"name": "Utili\u200bties"}, "characters that cannot be seen"),
    ("copy", {"name": "\u202eplan"}, "characters that cannot be seen"),
    ("segments/new", {"name": "Mid-size companies"}, "a name of its own"),
    (
        "segments/new",
        {"name": "A", "fact_0": "industry", "test_0": "between", "low_0": "1"},
        "Compare Industry with words",
    ),
    ("segments/new", {"name": "A", "fact_0": "industry", "test_0": "one_of"}, "at least one word"),
    (
        "segments/new",
        {"name": "A", "fact_0": "employees", "test_0": "between", "low_0": "9", "high_0": "1"},
        "must not be above",
    ),
    ("segments/new", {"name": "A", "fact_0": "employees", "test_0": "between", "low_0": "1e999999"}, "whole number"),
    ("segments/new", {"name": "A", "fact_0": "taste"}, "Choose from"),
    ("plays/new", {"name": "B", "segment": "x"}, "Choose from"),
    ("plays/new", {"name": "B", "segment": "{segment}", "number_0": "0"}, "or more"),
    ("plays/new", {"name": "B", "segment": "{segment}", "activity_to_output": "30"}, "Give all three"),
    ("plays/new", {"name": "B", "segment": "{segment}", "activity_to_output": "300"}, "or less"),
    ("personas/new", {"name": "C", "titles": "x" * 121}, "at most 120"),
]


def test_what_cannot_be_used_is_told_at_the_field_and_not_kept(
    as_lena: Client, lena: Membership, northwind: Tenant
) -> None:
    strategy = active(lena)
    before = text_of(northwind)
    for part, given, told in BAD:
        filled = {
            name: value.format(segment=before.segments[0].id) if "{" in value else value
            for name, value in given.items()
        }
        answer = sent(as_lena, f"{LIST}{strategy.pk}/{part}/", 422, revision=strategy.revision, **filled)
        shown = answer.content.decode()
        assert told in shown, (part, given)
        assert "aria-invalid" in shown, (part, given)
        assert "<title>\n" not in shown
    sent(as_lena, f"{LIST}{strategy.pk}/goal/", 422, title="Mine")
    sent(as_lena, f"{LIST}{strategy.pk}/plays/", 422, do="up:nonsense", revision="x")
    assert text_of(northwind) == before


def test_the_map_counts_what_was_done_and_won_for_each_play(
    as_lena: Client, lena: Membership, northwind: Tenant
) -> None:
    strategy = active(lena)
    with tenant_scope(northwind.pk):
        Company.objects.create(name="Brightwater", employees=400)
        segment, play = (PlanPart.objects.get(kind=kind) for kind in ("segment", "play"))
        deal, other = make_deal(actor=lena), make_deal(actor=lena, name="Pump watch")
        type(deal).objects.filter(pk=deal.pk).update(strategy=strategy, segment=segment, play=play)
        call = ActivityType.objects.order_by("position")[0]
        for one in (deal, deal, other):
            log_activity(actor=lena, type=call, deal=one, at=NOON, recorded_at=NOON)
    told = page(as_lena, f"{LIST}{strategy.pk}/")
    assert "1 company, 1 qualified" in told
    assert "0 of 1 won, 1 still open" in told
    assert "2 activities, 0 outcomes" in told
    assert "1 activity, 0 outcomes" in told
    assert "20 more to close" in told
    assert "1 open deal without a segment" in told


def test_the_page_says_which_play_works_and_why(
    as_lena: Client, lena: Membership, northwind: Tenant, count: Callable[[], None]
) -> None:
    strategy = active(lena)
    address = f"{LIST}{strategy.pk}/"
    with tenant_scope(northwind.pk):
        segment, play = (PlanPart.objects.get(kind=kind) for kind in ("segment", "play"))
        plan = {"strategy": strategy, "segment": segment, "play": play}
        make_deals(20, actor=lena, age=100, ended=20, cause="won", **plan)
    assert "Too little is known of all deals" in page(as_lena, address)
    with tenant_scope(northwind.pk):
        make_deals(80, actor=lena, age=100, ended=30, cause="lost")
    count()
    told = page(as_lena, address)
    assert "20 of 20 won, where 4 would be usual." in told
    assert '<p class="v good">' in told
    assert 'aria-label="100% won, interval 84 to 100%; deals of the same ages: 20%"' in told
    assert "Dotted: what all 100 qualified opportunities give at the same ages." in told
    with tenant_scope(northwind.pk):
        make_deals(60, actor=lena, age=100, ended=30, cause="lost", **plan)
        make_deals(60, actor=lena, age=100, ended=20, cause="won")
    count()
    assert '<p class="v bad">' in page(as_lena, address)


def test_a_part_that_was_removed_is_put_back_in_its_place(
    as_lena: Client, lena: Membership, northwind: Tenant, as_omar_too: Client
) -> None:
    strategy = active(lena)
    before = text_of(northwind)
    address, play = f"{LIST}{strategy.pk}/plays/", before.plays[0]
    sent(as_lena, address, do=f"remove:{play.id}", revision=strategy.revision)
    assert text_of(northwind).plays == []
    told = page(as_lena, address)
    undo = f"{address}{play.id}/put-back/"
    assert f'action="{undo}"' in told
    assert as_omar_too.post(undo).status_code == 403
    sent(as_lena, undo)
    assert text_of(northwind) == before
    assert f"“{play.name}” is back" in page(as_lena, address)
    sent(as_lena, undo, 404)


@pytest.mark.parametrize("who", ["omar", "vera"])
def test_others_read_it_and_change_nothing(client: Client, lena: Membership, who: str, request: Any) -> None:
    reader: Membership = request.getfixturevalue(who)
    strategy = active(lena)
    client.force_login(reader.user)
    told = page(client, f"{LIST}{strategy.pk}/")
    assert "Edit strategy" not in told
    assert "Change the" not in page(client, f"{LIST}{strategy.pk}/?text=next")
    page(client, f"{LIST}{strategy.pk}/versions/1/")
    for part in ("goal", "plays", "plays/new", "activate", "retire", "copy", "name", "drop", "throw-away"):
        assert client.get(f"{LIST}{strategy.pk}/{part}/").status_code == 403


def test_strangers_find_nothing(client: Client, lena: Membership, eve: Membership) -> None:
    strategy = active(lena)
    client.force_login(eve.user)
    assert client.get(f"{LIST}{strategy.pk}/").status_code == 404
    assert client.get(f"/o/southwind/strategy/{strategy.pk}/").status_code == 404
