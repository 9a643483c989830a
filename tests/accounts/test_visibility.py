"""Whose deals somebody sees, by the organisation's setting, told by the lists of pages and programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Team, Tenant
from accounts.models.organisation import Role
from accounts.tenancy.scope import tenant_scope
from accounts.visibility import seen_by, sight_of
from activities.models import ActivityType
from activities.services import log_activity
from strategy.models import Deal
from tests.api import Program, make_secret, viewer_secret
from tests.make import NOON, make_deal, make_member, stage
from tests.teams import Cast, let_see

ALL_OF_THEM = {"Lena's", "Nina's", "Omar's", "Sara's", "Nobody's", "Placeholder's"}
SEEN = [
    *((setting, name, ALL_OF_THEM) for setting in ("own", "team", "all") for name in ("lena", "vera")),
    ("own", "omar", {"Omar's"}),
    ("own", "sara", {"Sara's"}),
    ("own", "nina", {"Nina's", "Omar's", "Placeholder's"}),
    ("team", "omar", {"Omar's", "Nina's", "Placeholder's"}),
    ("team", "sara", {"Sara's"}),
    ("team", "nina", {"Nina's", "Omar's", "Placeholder's"}),
    ("all", "omar", ALL_OF_THEM),
    ("all", "nina", ALL_OF_THEM),
]


@pytest.fixture
def deals(cast: Cast, northwind: Tenant) -> dict[str, Deal]:
    """One deal of each of them, one of nobody, and one of somebody whom an import named in North."""
    with tenant_scope(northwind.pk):
        unknown = Membership(name="P. Unknown", role=Role.REP, team=cast.north)
        unknown.save()
        made = {
            f"{member.name}'s": make_deal(actor=member, name=f"{member.name}'s")
            for member in (cast.lena, cast.nina, cast.omar, cast.sara)
        }
        made["Nobody's"] = make_deal(actor=cast.lena, name="Nobody's")
        Deal.objects.filter(pk=made["Nobody's"].pk).update(owner=None)
        made["Placeholder's"] = make_deal(actor=cast.lena, name="Placeholder's", owner=unknown)
    return made


def secret_of(member: Membership) -> str:
    return viewer_secret(member) if member.role == Role.VIEWER else make_secret(member)


def listed(member: Membership) -> set[str]:
    return {deal["name"] for deal in Program(secret_of(member)).all("deals")}


@pytest.mark.parametrize(("setting", "name", "seen"), SEEN)
def test_each_role_sees_whose_deals_it_should(
    cast: Cast, deals: dict[str, Deal], client: Client, setting: str, name: str, seen: set[str]
) -> None:
    let_see(cast.lena.tenant, setting)
    member = cast.person(name)
    assert listed(member) == seen
    client.force_login(member.user)
    page = client.get("/o/northwind/deals/?standing=all").content.decode()
    assert {each for each in deals if each.replace("'", "&#x27;") in page} == seen


def test_a_manager_sees_the_teams_below_those_they_manage(cast: Cast, deals: dict[str, Deal]) -> None:
    let_see(cast.lena.tenant, "own")
    with tenant_scope(cast.lena.tenant_id):
        Team.objects.filter(pk=cast.field.pk).update(manager=cast.nina)
    assert listed(cast.person("nina")) == {"Nina's", "Omar's", "Sara's", "Placeholder's"}


def test_a_circle_of_teams_has_an_end(cast: Cast, deals: dict[str, Deal]) -> None:
    let_see(cast.lena.tenant, "own")
    with tenant_scope(cast.lena.tenant_id):
        Team.objects.filter(pk=cast.field.pk).update(parent=cast.north)
    assert listed(cast.person("nina")) >= {"Nina's", "Omar's", "Sara's"}


def test_the_deals_of_who_has_left_stay_with_their_manager(cast: Cast, deals: dict[str, Deal]) -> None:
    let_see(cast.lena.tenant, "own")
    with tenant_scope(cast.lena.tenant_id):
        Membership.objects.filter(pk=cast.omar.pk).update(is_active=False)
    assert "Omar's" in listed(cast.person("nina"))


def test_who_changes_the_team_or_the_owner_changes_who_sees(cast: Cast, deals: dict[str, Deal]) -> None:
    let_see(cast.lena.tenant, "team")
    with tenant_scope(cast.lena.tenant_id):
        Membership.objects.filter(pk=cast.omar.pk).update(team=cast.south)
    assert listed(cast.person("omar")) == listed(cast.person("sara")) == {"Omar's", "Sara's"}
    assert listed(cast.person("nina")) == {"Nina's", "Placeholder's"}
    with tenant_scope(cast.lena.tenant_id):
        Deal.objects.filter(pk=deals["Sara's"].pk).update(owner=cast.nina)
    assert listed(cast.person("omar")) == {"Omar's"}
    assert listed(cast.person("nina")) == {"Nina's", "Placeholder's", "Sara's"}


def test_who_gets_a_wider_role_sees_more_at_once(cast: Cast, deals: dict[str, Deal]) -> None:
    let_see(cast.lena.tenant, "own")
    with tenant_scope(cast.lena.tenant_id):
        Membership.objects.filter(pk=cast.omar.pk).update(role=Role.LEADER)
    assert listed(cast.person("omar")) == ALL_OF_THEM


def test_work_without_a_deal_is_seen_by_who_did_it_and_their_manager(cast: Cast, northwind: Tenant) -> None:
    let_see(northwind, "own")
    with tenant_scope(northwind.pk):
        for member in (cast.omar, cast.sara):
            kind = ActivityType.objects.first()
            assert kind
            log_activity(actor=member, type=kind, at=NOON, recorded_at=NOON, note=f"{member.name} prepared")

    def notes(name: str) -> set[str]:
        return {activity["note"] for activity in Program(secret_of(cast.person(name))).all("activities")}

    assert notes("omar") == notes("nina") == {"Omar prepared"}
    assert notes("sara") == {"Sara prepared"}
    assert notes("lena") == {"Omar prepared", "Sara prepared"}


def test_a_rep_cannot_put_a_deal_or_work_out_of_their_own_sight(cast: Cast, northwind: Tenant) -> None:
    let_see(northwind, "own")
    lenas = Program(make_secret(cast.lena))
    members = {row["owner"]["name"]: row["owner"]["id"] for row in _deal_of_each(lenas, cast)}
    program = Program(make_secret(cast.person("omar")))
    refused = program.post("deals", {"name": "Pump watch", "owner": members["Sara"]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/owner")
    assert program.post("deals", {"name": "Pump watch", "owner": members["Omar"]}).status_code == 201
    kind = program.all("activity_types")[0]["id"]
    work = {"type": kind, "at": "2026-11-18T09:00:00Z", "member": members["Sara"]}
    refused = program.post("activities", work)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/member")


def _deal_of_each(program: Program, cast: Cast) -> list[dict[str, Any]]:
    with tenant_scope(cast.lena.tenant_id):
        for member in (cast.omar, cast.sara):
            make_deal(actor=member)
    return program.all("deals")


def test_an_answer_given_before_is_not_given_again_once_its_deal_is_out_of_sight(cast: Cast, northwind: Tenant) -> None:
    let_see(northwind, "own")
    program = Program(make_secret(cast.person("omar")))
    body = {"name": "quietcanary"}
    assert program.post("deals", body, Idempotency_Key="one").status_code == 201
    assert program.post("deals", body, Idempotency_Key="one").headers["Idempotency-Replayed"] == "true"
    with tenant_scope(northwind.pk):
        Deal.objects.filter(name="quietcanary").update(owner=cast.sara)
    again = program.post("deals", body, Idempotency_Key="one")
    assert (again.status_code, again.json()["code"]) == (409, "answer_out_of_sight")
    assert b"quietcanary" not in again.content


def test_imports_which_show_everybodys_rows_are_closed_to_who_does_not_see_them(cast: Cast, client: Client) -> None:
    client.force_login(cast.nina.user)
    assert client.get("/o/northwind/imports/").status_code == 200
    let_see(cast.lena.tenant, "own")
    assert client.get("/o/northwind/imports/").status_code == 403
    assert b"/imports/" not in client.get("/o/northwind/deals/").content


def test_is_asked_once_a_request_and_not_at_all_of_who_sees_everything(cast: Cast, northwind: Tenant) -> None:
    let_see(northwind, "team")
    with tenant_scope(northwind.pk):
        for name, asked in (("lena", 0), ("omar", 1)):
            member = cast.person(name)
            with seen_by(member), CaptureQueriesContext(connection) as queries:
                list(Deal.objects.all())
                Deal.objects.filter(owner=member).exists()
                sight_of(member)
            assert len(queries) == 2 + asked


def test_deeds_that_nobody_asked_for_see_everything(cast: Cast, deals: dict[str, Deal], northwind: Tenant) -> None:
    let_see(northwind, "own")
    with tenant_scope(northwind.pk):
        assert Deal.objects.count() == len(ALL_OF_THEM)
        with seen_by(cast.person("omar")):
            assert Deal.objects.count() == 1
            assert stage("Won").deals.count() == 0
        assert Deal.objects.count() == len(ALL_OF_THEM)


def test_a_rep_without_a_team_sees_their_own(northwind: Tenant, cast: Cast, deals: dict[str, Deal]) -> None:
    let_see(northwind, "team")
    loner = make_member("loner", tenant=northwind)
    assert listed(loner) == set()
    with tenant_scope(northwind.pk):
        make_deal(actor=loner, name="Loner's")
    assert listed(loner) == {"Loner's"}
