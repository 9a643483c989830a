"""Deals in the browser without script: opened by hand, changed, moved on the board, and many at once."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Deal, DealEvent, EndReason, Stage
from strategy.services import merge_deals
from strategy.services.pipelines import change_stage
from tests.frontend.conftest import DealMaker
from tests.frontend.test_deals_list import deals, names
from tests.make import NOON, make_deal, make_strategy, stage
from tests.sessions import settle

DEALS = "/o/northwind/deals"


def read(northwind: Tenant, key: Any) -> Deal:
    with tenant_scope(northwind.pk):
        return Deal.objects.select_related("stage", "company", "owner", "end_reason").get(pk=key)


def words_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def stages(northwind: Tenant) -> dict[str, str]:
    with tenant_scope(northwind.pk):
        return {one.name: str(one.pk) for one in Stage.objects.all()}


def test_a_deal_is_opened_by_hand_with_a_company_newly_named(
    as_omar: Client, northwind: Tenant, stages: dict[str, str]
) -> None:
    given = {"name": "Pump watch", "company": "Alder Foods", "amount": "1250.50", "stage": stages["Qualified"]}
    answer = as_omar.post(f"{DEALS}/new/", given)
    assert answer.status_code == 303
    made = read(northwind, answer["Location"].split("/")[-2])
    assert (made.name, made.company.name, made.amount, made.owner.name) == ("Pump watch", "Alder Foods", 125050, "Omar")
    again = as_omar.post(f"{DEALS}/new/", given | {"name": "Second", "company": " alder FOODS"})
    assert read(northwind, again["Location"].split("/")[-2]).company_id == made.company_id
    unsure = as_omar.post(f"{DEALS}/new/", given | {"company": "Alder"})
    assert (unsure.status_code, "A new company, Alder" in words_of(unsure)) == (422, True)
    new = as_omar.post(f"{DEALS}/new/", given | {"company": "Alder", "which": "new"})
    assert read(northwind, new["Location"].split("/")[-2]).company.name == "Alder"
    for wrong in ({"name": ""}, {"amount": "-1"}, {"amount": "1e30"}, {"stage": stages["Won"]}, {"name": "x" * 201}):
        assert as_omar.post(f"{DEALS}/new/", given | wrong).status_code == 422
    with tenant_scope(northwind.pk):
        assert (Deal.objects.count(), Company.objects.count()) == (3, 2)


def test_a_refused_move_is_supplied_in_the_same_step(
    as_omar: Client, lena: Membership, deal: Deal, northwind: Tenant, stages: dict[str, str]
) -> None:
    with tenant_scope(northwind.pk):
        change_stage(stage=stage("Workshop"), actor=lena, at=NOON, requires=["expected_close_on"])
    move = f"{DEALS}/{deal.pk}/move/"
    refused = as_omar.post(move, {"stage": stages["Workshop"], "version": deal.version})
    assert (refused.status_code, "id_expected_close_on" in words_of(refused)) == (422, True)
    assert read(northwind, deal.pk).stage.name == "Qualified"
    usual = f'value="{stages["Workshop"]}" selected'
    assert (usual in words_of(as_omar.get(move)), "id_expected_close_on" in words_of(as_omar.get(move))) == (True, True)
    given = {"stage": stages["Workshop"], "version": deal.version, "expected_close_on": "2026-12-24"}
    assert as_omar.post(move, given | {"back": f"{DEALS}/?view=board"})["Location"] == f"{DEALS}/?view=board"
    moved = read(northwind, deal.pk)
    assert (moved.stage.name, str(moved.expected_close_on)) == ("Workshop", "2026-12-24")
    second = as_omar.post(move, {"stage": stages["Proposal"], "version": deal.version})
    assert (second.status_code, "changed by somebody else" in words_of(second)) == (422, True)
    assert as_omar.post(move, {"stage": "nonsense", "back": "https://evil.example/"}).status_code == 422


def test_an_end_asks_why_and_can_be_backdated_and_opened_again(
    as_omar: Client, deal: Deal, northwind: Tenant, stages: dict[str, str]
) -> None:
    with tenant_scope(northwind.pk):
        price = EndReason.objects.create(kind="lost", name="Price")
    move = f"{DEALS}/{deal.pk}/move/"
    first = as_omar.post(move, {"stage": stages["Lost"], "version": deal.version})
    assert "Price" in words_of(first)
    in_dialog = as_omar.post(move, {"stage": stages["Lost"], "version": deal.version}, headers={"HX-Request": "true"})
    assert ("Price" in words_of(in_dialog), "<dialog" in words_of(in_dialog)) == (True, False)
    assert read(northwind, deal.pk).is_open
    given = {"stage": stages["Lost"], "version": deal.version, "reason": str(price.pk), "amount": "900"}
    assert as_omar.post(move, given | {"on": "2026-11-10"}).status_code == 303
    lost = read(northwind, deal.pk)
    assert (lost.end_cause, lost.end_reason.name, lost.amount, str(lost.closed_on)) == (
        "lost",
        "Price",
        90000,
        "2026-11-10",
    )
    assert "Written down 18 Nov" in words_of(as_omar.get(f"{DEALS}/{deal.pk}/"))
    assert as_omar.post(move, {"stage": stages["Proposal"], "version": lost.version}).status_code == 303
    assert (read(northwind, deal.pk).is_open, read(northwind, deal.pk).episode) == (True, 2)


def test_facts_are_changed_and_the_second_of_two_is_told(as_omar: Client, deal: Deal, northwind: Tenant) -> None:
    page = as_omar.get(f"{DEALS}/{deal.pk}/edit/")
    assert "Brightwater" in words_of(page)
    assert 'value="10000"' in words_of(page)
    given = {"name": "Leak analytics, 3 regions", "company": "Brightwater", "amount": "12000", "version": deal.version}
    given["owner"] = str(deal.owner_id)
    assert as_omar.post(f"{DEALS}/{deal.pk}/edit/", given).status_code == 303
    changed = read(northwind, deal.pk)
    assert (changed.name, changed.amount) == ("Leak analytics, 3 regions", 1_200_000)
    assert as_omar.post(f"{DEALS}/{deal.pk}/edit/", given | {"amount": "1"}).status_code == 422
    with tenant_scope(northwind.pk):
        assert DealEvent.objects.filter(deal=deal, kind="repriced").count() == 1


def test_many_are_changed_at_once_and_changed_back(
    as_omar: Client, make_deal: DealMaker, northwind: Tenant, stages: dict[str, str]
) -> None:
    keys = [str(make_deal(f"Deal {n}").pk) for n in range(3)]
    over = str(make_deal("Over", ends="Won").pk)
    ticked = {"deal": [*keys, over, "nonsense"]}
    assert "Deal 1" in words_of(as_omar.post(f"{DEALS}/change/", ticked))
    assert as_omar.post(f"{DEALS}/change/", {**ticked, "ask": "1"}).status_code == 422
    done = words_of(as_omar.post(f"{DEALS}/change/", {**ticked, "ask": "1", "stage": stages["Workshop"]}))
    assert "3 deals changed" in done
    assert "Over is over." in done
    undo = re.search(r'<form action="([^"]+undo/)"', done)
    assert undo is not None
    assert "3 deals are as they were before" in words_of(as_omar.post(undo[1]))
    assert {read(northwind, key).stage.name for key in keys} == {"Qualified"}
    assert as_omar.post(undo[1]).status_code == 409


def test_the_board_shows_the_stages_with_counts_sums_and_cards(
    as_omar: Client, make_deal: DealMaker, northwind: Tenant, stages: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    for n in range(14):
        make_deal(f"Deal {n}")
    with tenant_scope(northwind.pk):
        Deal.objects.filter(name="Deal 3").update(stage=stages["Workshop"])
    settle(as_omar)
    with django_assert_max_num_queries(12):
        page = html.unescape(deals(as_omar, "?view=board"))
    assert "13 deals, €130K" in page
    assert len(names(page)) == 13
    assert "Show all of them" in page
    assert names(deals(as_omar, "?view=board&q=Deal+3")) == ["Deal 3"]
    part = as_omar.get(f"{DEALS}/?view=board&q=Deal+3", headers={"HX-Request": "true"})
    assert (part.status_code, names(html.unescape(part.content.decode()))) == (200, ["Deal 3"])
    assert "<html" not in part.content.decode()
    assert "board.js" in page


def test_a_viewer_looks_and_another_tenant_finds_nothing(
    as_vera: Client, deal: Deal, eve: Membership, northwind: Tenant
) -> None:
    page = deals(as_vera, "?view=board")
    assert "Leak analytics" in page
    assert "/move/" not in page
    assert 'name="deal"' not in deals(as_vera)
    hers = Client()
    hers.force_login(eve.user)
    for path in ("move/", "edit/"):
        assert as_vera.get(f"{DEALS}/{deal.pk}/{path}").status_code == 403
        assert hers.get(f"/o/southwind/deals/{deal.pk}/{path}").status_code == 404
    with tenant_scope(northwind.pk):
        make_deal(actor=deal.owner)
    assert as_vera.get(f"{DEALS}/new/").status_code == 403


def test_a_way_back_with_a_line_break_breaks_no_answer(as_omar: Client, deal: Deal, stages: dict[str, str]) -> None:
    given = {"stage": stages["Workshop"], "version": deal.version, "back": f"{DEALS}/?q=ü\r\nX-Evil: 1"}
    moved = as_omar.post(f"{DEALS}/{deal.pk}/move/", given, headers={"HX-Request": "true"})
    assert (moved.status_code, moved["HX-Redirect"], "X-Evil" in moved) == (
        200,
        f"{DEALS}/?q=%C3%BC%0D%0AX-Evil:%201",
        False,
    )


def test_the_form_shows_itself_anew_for_another_stage_and_does_nothing(
    as_omar: Client, deal: Deal, northwind: Tenant, stages: dict[str, str]
) -> None:
    move, look = f"{DEALS}/{deal.pk}/move/", {"version": deal.version, "on": "2026-11-10", "look": "1"}
    first = words_of(as_omar.get(move))
    assert ("Move the deal</button>" in first, "Reason" in first) == (True, False)
    ends = words_of(as_omar.post(move, look | {"stage": stages["Lost"]}, headers={"HX-Request": "true"}))
    assert ("Close the deal</button>" in ends, "Reason" in ends, 'value="2026-11-10"' in ends) == (True, True, True)
    assert "Move the deal" not in ends
    with tenant_scope(northwind.pk):
        Stage.objects.filter(name="Proposal").update(requires=["champion"])
    asks = words_of(as_omar.post(move, look | {"stage": stages["Proposal"]}, headers={"HX-Request": "true"}))
    assert "Nobody of the company is known yet." in asks
    for odd in ({"stage": "nonsense"}, {"stage": "\0"}, {"on": "\0", "amount": "x" * 999}):
        assert as_omar.post(move, look | odd).status_code == 200
    assert read(northwind, deal.pk).version == deal.version


def test_two_who_move_the_same_card_meet_in_one_stage(
    as_omar: Client, lena: Membership, deal: Deal, northwind: Tenant, stages: dict[str, str]
) -> None:
    move, hers = f"{DEALS}/{deal.pk}/move/", Client()
    hers.force_login(lena.user)
    seen = {"version": deal.version, "back": f"{DEALS}/?view=board"}
    assert hers.post(move, seen | {"stage": stages["Proposal"]}).status_code == 303
    told = as_omar.post(move, seen | {"stage": stages["Workshop"]}, headers={"HX-Request": "true"})
    assert (told.status_code, "was changed by somebody else" in words_of(told)) == (422, True)
    assert read(northwind, deal.pk).stage.name == "Proposal"
    with tenant_scope(northwind.pk):
        assert DealEvent.objects.filter(deal=deal, kind="moved").count() == 1


def test_the_form_suggests_a_segment_with_the_reason(as_omar: Client, lena: Membership, northwind: Tenant) -> None:
    with tenant_scope(northwind.pk):
        make_strategy(actor=lena)
        alder = Company.objects.create(name="Alder <b>Foods</b>", employees=400)
    said = "Alder <b>Foods</b> is in Mid-size companies: Employees is 400."
    page = as_omar.get(f"{DEALS}/new/?company={alder.pk}")
    assert said in words_of(page)
    assert "<b>Foods" not in page.content.decode()
    assert said not in words_of(as_omar.get(f"{DEALS}/new/"))
    look = {"look": "1", "name": "Pump watch", "company": " alder <B>foods</b>"}
    again = words_of(as_omar.post(f"{DEALS}/new/", look, headers={"HX-Request": "true"}))
    assert (said in again, 'value="Pump watch"' in again) == (True, True)
    assert as_omar.post(f"{DEALS}/new/", look | {"company": "\0"}).status_code == 200
    with tenant_scope(northwind.pk):
        assert not Deal.objects.exists()
        made = make_deal(actor=lena, company=alder)
    assert f"{DEALS}/{made.pk}/edit/" in words_of(as_omar.get(f"{DEALS}/{made.pk}/"))
    edit = words_of(as_omar.get(f"{DEALS}/{made.pk}/edit/"))
    assert (said in edit, read(northwind, made.pk).segment_id) == (True, None)


def test_a_deal_that_is_part_of_another_leads_there_and_offers_nothing(
    as_lena: Client, make_deal: DealMaker, lena: Membership, northwind: Tenant
) -> None:
    keep, gone = make_deal("Keep"), make_deal("Gone")
    with tenant_scope(northwind.pk):
        merge_deals(keep=keep, gone=gone, actor=lena, at=NOON)
    page = words_of(as_lena.get(f"{DEALS}/{gone.pk}/"))
    assert "This deal is part of Keep now" in page
    assert f"{DEALS}/{keep.pk}/" in page
    for deed in ("move/", "edit/", "milestones/new/"):
        assert f"{DEALS}/{gone.pk}/{deed}" not in page
    for deed in ("move/", "edit/"):
        assert as_lena.get(f"{DEALS}/{gone.pk}/{deed}")["Location"] == f"{DEALS}/{gone.pk}/"
    assert "Gone became part of Keep" in words_of(as_lena.get(f"{DEALS}/{keep.pk}/"))


def test_two_deals_are_made_one_by_hand_and_two_again(
    as_lena: Client, make_deal: DealMaker, northwind: Tenant, vera: Membership
) -> None:
    one, other = make_deal("Leak analytics"), make_deal("Leak analytics, north")
    make_deal("Smart valves", company="Alder")
    page = f"{DEALS}/{one.pk}/merge/"
    assert page in words_of(as_lena.get(f"{DEALS}/{one.pk}/"))
    near = words_of(as_lena.get(page))
    assert ("Leak analytics, north" in near, "Smart valves" in near) == (True, False)
    assert "Smart valves" in words_of(as_lena.get(page, {"q": "valves"}))
    asked = f"{page}?with={other.pk}"
    assert as_lena.post(asked, {}).status_code == 422
    kept = as_lena.post(asked, {"stays": str(other.pk)})
    assert (kept.status_code, kept["Location"]) == (303, f"{DEALS}/{other.pk}/")
    assert read(northwind, one.pk).merged_into_id == other.pk
    assert "Leak analytics is part of Leak analytics, north now" in words_of(as_lena.get(kept["Location"]))
    assert as_lena.post(asked, {"stays": str(other.pk)}).status_code == 302
    undo = f"{DEALS}/{other.pk}/merge/undo/"
    assert undo in words_of(as_lena.get(f"{DEALS}/{other.pk}/merge/"))
    hers = Client()
    hers.force_login(vera.user)
    assert (hers.get(page).status_code, hers.post(undo).status_code) == (403, 403)
    assert as_lena.post(undo).status_code == 303
    assert read(northwind, one.pk).merged_into_id is None
    assert as_lena.post(undo).status_code == 404


def test_the_board_is_kept_under_a_name_too(as_omar: Client, deal: Deal) -> None:
    assert "views/new/?view=board" in words_of(as_omar.get(f"{DEALS}/?view=board"))


def test_what_happened_begins_with_who_opened_the_deal(as_omar: Client, stages: dict[str, str]) -> None:
    given = {"name": "Pump watch", "stage": stages["Qualified"]}
    made = as_omar.post(f"{DEALS}/new/", given)["Location"]
    page = words_of(as_omar.get(made))
    assert '<h3>Opened <span class="faint">Omar</span></h3>' in page
    assert "selected>Qualified</option>" in words_of(as_omar.post(f"{DEALS}/new/", given | {"name": ""}))


def test_earlier_changes_of_many_deals_are_undone_from_their_list(
    as_omar: Client, make_deal: DealMaker, vera: Membership, northwind: Tenant, stages: dict[str, str]
) -> None:
    past = f"{DEALS}/changes/"
    assert "Nothing was changed many at once" in words_of(as_omar.get(past))
    keys = [str(make_deal(f"Deal {n}").pk) for n in range(3)]
    as_omar.post(f"{DEALS}/change/", {"deal": keys, "ask": "1", "stage": stages["Workshop"]})
    page = words_of(as_omar.get(past))
    assert "3 deals: stage" in page
    hers = Client()
    hers.force_login(vera.user)
    assert "/undo/" not in words_of(hers.get(past))
    undo = re.search(r'<form action="([^"]+undo/)"', page)
    assert undo is not None
    assert hers.post(undo[1]).status_code == 403
    assert "3 deals are as they were before" in words_of(as_omar.post(undo[1]))
    assert "Undone" in words_of(as_omar.get(past))
    assert "/undo/" not in words_of(as_omar.get(past))


def test_a_refusal_says_days_as_people_write_them(
    as_omar: Client, deal: Deal, northwind: Tenant, stages: dict[str, str]
) -> None:
    move = f"{DEALS}/{deal.pk}/move/"
    early = words_of(as_omar.post(move, {"stage": stages["Workshop"], "version": deal.version, "on": "2026-01-02"}))
    assert "Give a day between 19 October 2026 and today." in early
    with tenant_scope(northwind.pk):
        Tenant.objects.filter(pk=northwind.pk).update(closed_until="2026-11-01")
    closed = words_of(as_omar.post(move, {"stage": stages["Workshop"], "version": deal.version, "on": "2026-11-01"}))
    assert "The figures are closed up to 1 November 2026." in closed
