"""A deal that turned out to be another one: gone from lists, still found by its ids, and changed by nothing."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from accounts.api import ids
from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from outcomes.models import MilestoneType
from outcomes.queries.plan import done_for
from outcomes.services import record_milestone
from strategy.models import PlanPart
from strategy.services import change_deal, merge_deals
from tests.api import Program, Things, furnish, make_secret
from tests.make import NOON, make_deal, make_strategy
from tests.strategy.test_api_deal_changes import days_ago, opened
from tests.teams import Cast, let_see


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


def test_a_merged_deal_is_in_no_list_until_its_own_id_is_asked(program: Program) -> None:
    keep = opened(program, name="Keep")
    gone = program.put("deals/by-external-id/crm/7", {"name": "Gone", "opened_on": days_ago(60)}).json()
    since = quote((timezone.now() - timedelta(hours=1)).isoformat())
    asked = ("", "is_open=true", "source=crm", f"updated_since={since}", f"as_of={days_ago(1)}")
    found = {query: {row["id"] for row in program.all(f"deals?{query}")} for query in asked}
    assert all(gone["id"] in ids for ids in found.values())
    assert program.post(f"deals/{keep['id']}/merges", {"gone": gone["id"]}).status_code == 200

    def kept_back(query: str) -> set[str]:
        return set() if "updated_since" in query else {gone["id"]}

    for query in asked:
        assert {row["id"] for row in program.all(f"deals?{query}")} == found[query] - kept_back(query), query
    for query in ("", f"&as_of={days_ago(1)}", f"&updated_since={since}"):
        (named,) = program.all(f"deals?source=crm&external_id=7{query}")
        assert (named["id"], named["merged_into_id"]) == (gone["id"], keep["id"])
    assert program.get(f"deals/{gone['id']}?as_of={days_ago(1)}").status_code == 200


def test_nothing_is_written_down_for_a_deal_that_was_merged(program: Program, things: Things) -> None:
    keep, gone = opened(program, name="Keep")["id"], opened(program, name="Gone")["id"]
    program.put(f"deals/{gone}/contacts/{things.like}", {"role": "coach"})
    program.put(f"deals/{keep}/contacts/{things.like}", {"role": "user"})
    program.post("milestones", {"deal": gone, "type": things.mty})
    assert program.post(f"deals/{keep}/merges", {"gone": gone}).status_code == 200
    reached = [row["deal"]["id"] for row in program.all("milestones")]
    assert (reached.count(keep), reached.count(gone)) == (1, 0)
    assert [row["deal"]["id"] for row in program.all(f"milestones?deal={gone}")] == [gone]
    for answer in (
        program.post("activities", {"deal": gone, "type": things.aty, "at": f"{days_ago(1)}T09:00:00Z"}),
        program.post("milestones", {"deal": gone, "type": things.mty}),
        program.put(f"deals/{gone}/contacts/{things.con}", {"role": "champion"}),
        program.delete(f"deals/{gone}/contacts/{things.like}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "was_merged")


def test_who_does_not_see_what_a_deal_became_is_not_told_its_name(cast: Cast) -> None:
    with tenant_scope(cast.lena.tenant_id):
        keep, gone = make_deal(actor=cast.sara, name="Sara's secret"), make_deal(actor=cast.omar, name="Omar's")
        merge_deals(keep=keep, gone=gone, actor=cast.lena, at=NOON)
    let_see(cast.lena.tenant, "own")
    sells, leads = Program(make_secret(cast.omar)), Program(make_secret(cast.lena))
    path, stages = f"deals/{ids.encode(ids.DEAL, gone.pk)}", {one["name"]: one["id"] for one in sells.all("stages")}
    told = sells.post(f"{path}/transitions", {"stage": stages["Proposal"]})
    assert (told.status_code, told.json()["code"]) == (409, "was_merged")
    assert b"secret" not in told.content
    assert b"secret" in leads.post(f"{path}/transitions", {"stage": stages["Proposal"]}).content


def test_an_outcome_of_two_deals_that_are_one_counts_once_for_their_play(lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        strategy = make_strategy(actor=lena)
        play = PlanPart.objects.get(strategy=strategy, kind="play")
        keep, gone = make_deal(actor=lena, name="Keep"), make_deal(actor=lena, name="Gone")
        for deal in (keep, gone):
            change_deal(deal=deal, play=play, actor=lena, at=NOON)
            record_milestone(actor=lena, deal=deal, type=MilestoneType.objects.earliest("position"), at=NOON)
            deal.refresh_from_db()
        merge_deals(keep=keep, gone=gone, actor=lena, at=NOON)
        done = done_for(strategy, since=NOON.date(), counts_from=0)
    assert sum(part.outcomes for part in done.values()) == 1
