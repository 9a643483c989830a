"""What happened is told once, in one order, to those who see it: whatever wrote it, and however late it committed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import resolve
from django.utils import timezone

from accounts import tasks
from accounts.api import events as shapes
from accounts.integrations import events
from accounts.models import Event, ImportRun, Membership, OutboxEvent
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityType
from activities.services import log_activity
from config.api import unknown
from outcomes.models import MilestoneType
from outcomes.services import ask, record_milestone
from strategy.models import Company
from tests.api import Program, make_secret
from tests.databases import as_web, current_name
from tests.make import NOON, make_deal
from tests.processes import wait_until
from tests.strategy import maven
from tests.workers import working


def relayed(member: Membership) -> None:
    """As the worker does when the clock rang."""
    tasks.relay_events.apply(headers={"tenant_id": member.tenant_id}, throw=True)


def told(program: Program, **asked: Any) -> list[str]:
    """The types of all events, page by page."""
    found, after = [], ""
    while True:
        query = "&".join(f"{name}={value}" for name, value in {**asked, **({"after": after} if after else {})}.items())
        page = program.get(f"events?{query}").json()
        found += [event["type"] for event in page["data"]]
        if page["next"] is None:
            return found
        after = page["next_cursor"]


def log(member: Membership, **facts: Any) -> Activity:
    kind = ActivityType.objects.order_by("position")[0]
    return log_activity(actor=member, type=kind, at=NOON, recorded_at=NOON, **facts)


def test_each_deed_is_told_where_its_row_can_be_read(lena: Membership, inside_northwind: Any) -> None:
    deal = make_deal(actor=lena)
    activity = log(lena, deal=deal)
    agreed = MilestoneType.objects.order_by("position")[0]
    record_milestone(actor=lena, deal=deal, type=agreed, at=NOON)
    ask(actor=lena, deal=deal, type=agreed, name="Nina Berg", channel="link", at=NOON)
    company = Company.objects.create(name="Alder Foods")
    Company.objects.filter(pk=company.pk).update(industry="Food")
    Company.objects.filter(pk=company.pk).update(industry="Food")  # which says nothing new
    # Past every deed, as a repair by hand would be written.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE activities_activity SET minutes = 7 WHERE id = %s", [activity.pk])
        cursor.execute("DELETE FROM activities_activity WHERE id = %s", [activity.pk])
    relayed(lena)
    program = Program(make_secret(lena))
    page = program.get("events?limit=100").json()
    assert [event["type"] for event in page["data"]] == [
        *("deal.opened", "deal.qualified", "activity.logged", "milestone.claimed", "confirmation.asked"),
        *("company.created", "company.changed", "activity.changed", "activity.removed"),
    ]
    there = [event for event in page["data"] if event["subject"]["id"] != shapes.ids.encode("act", activity.pk)]
    read = [program.get(event["subject"]["url"]) for event in there]
    assert [(one.status_code, one.json()["id"]) for one in read] == [(200, event["subject"]["id"]) for event in there]
    claimed = page["data"][3]
    (entry,) = program.get(f"{claimed['subject']['url']}/events").json()["data"]
    assert entry["id"] == claimed["data"]["milestone_event_id"]
    assert page["next"] is None
    assert program.get(f"events?after={page['next_cursor']}").json()["data"] == []
    assert told(program, limit=1, types="company.changed,deal.opened") == ["deal.opened", "company.changed"]


def test_a_rep_is_told_of_their_own_deals_and_of_what_is_everybodys(
    lena: Membership, omar: Membership, inside_northwind: Any
) -> None:
    lena.tenant.visibility = "own"
    lena.tenant.save()
    make_deal(actor=lena, name="Lena's")
    mine = make_deal(actor=omar, name="Omar's")
    log(lena), log(omar)
    Company.objects.create(name="Alder Foods")
    relayed(lena)
    seen = Program(make_secret(omar)).get("events").json()["data"]
    assert {event["deal_id"] for event in seen if event["deal_id"]} == {shapes.ids.encode("deal", mine.pk)}
    assert [event["type"] for event in seen if not event["deal_id"]] == ["activity.logged", "company.created"]


def test_no_organisation_follows_another_and_takes_none_of_its_places(lena: Membership, eve: Membership) -> None:
    for member in (lena, eve):
        with tenant_scope(member.tenant_id):
            make_deal(actor=member)
        relayed(member)
    mine, theirs = (Program(make_secret(member)).get("events").json() for member in (lena, eve))
    assert {event["id"] for event in mine["data"]}.isdisjoint(event["id"] for event in theirs["data"])
    for forged in (theirs["next_cursor"], "evn_" + "0" * 26, "deal_" + "0" * 26, "1", "%00", "x" * 300):
        refused = Program(make_secret(lena)).get(f"events?after={forged}")
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_parameter")


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_late_is_told_to_those_who_have_read_further(lena: Membership, tmp_path: Path) -> None:
    program = Program(make_secret(lena))
    with tenant_scope(lena.tenant_id):
        company = Company.objects.create(name="Alder Foods")
    relayed(lena)
    with as_web() as slow:
        slow.execute("BEGIN")
        slow.execute("SELECT set_config('app.tenant_id', %s, true)", [str(lena.tenant_id)])
        slow.execute(
            "UPDATE strategy_company SET industry = 'Food' WHERE id = %s",
            [company.pk],
        )
        with tenant_scope(lena.tenant_id):
            Company.objects.create(name="Early")
        relayed(lena)
        first = program.get("events").json()
        assert len(first["data"]) == 2
        slow.execute("COMMIT")
    # This time by the clock, the broker and a worker.
    after = f"events?after={first['next_cursor']}"
    with working(current_name(), tmp_path / "log"):
        assert tasks.sweep_events() == 1
        wait_until(lambda: program.get(after).json()["data"], what="the late event")
    with tenant_scope(lena.tenant_id):
        assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3]
        assert not OutboxEvent.objects.exists()


def test_an_import_tells_one_thing(lena: Membership, uploads_aside: None) -> None:
    with tenant_scope(lena.tenant_id):
        maven.start(maven.receive({"p.csv": maven.DEALS}, actor=lena), actor=lena)
    tasks.run_imports.apply(headers={"tenant_id": lena.tenant_id}, throw=True)
    relayed(lena)
    seen = Program(make_secret(lena)).get("events").json()["data"]
    assert [(event["type"], event["data"]["state"]) for event in seen] == [("import.finished", ImportRun.State.DONE)]


def test_events_of_90_days_ago_are_gone_and_a_reader_who_missed_them_is_told(
    lena: Membership, inside_northwind: Any, settings: Any
) -> None:
    Company.objects.create(name="Alder Foods")
    relayed(lena)
    program = Program(make_secret(lena))
    begun = program.get("events?limit=1").json()["next_cursor"]
    for name in ("Birch Foods", "Cedar Foods"):
        Company.objects.create(name=name)
    relayed(lena)
    assert events.sweep(before=timezone.now() - events.KEPT) == 0
    assert events.sweep(before=timezone.now() + timedelta(hours=1), limit=2) == 2
    gone = program.get(f"events?after={begun}")
    assert (gone.status_code, gone.json()["code"]) == (410, "events_not_kept")
    assert told(program) == ["company.created"]


def test_the_feed_cannot_be_rewritten(lena: Membership, inside_northwind: Any) -> None:
    Company.objects.create(name="Alder Foods")
    relayed(lena)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        Event.objects.update(type="deal.opened")


def test_every_subject_has_an_address_that_is_there() -> None:
    for kind, place in shapes.PLACES.items():
        found = resolve(f"/api/v1/{place}/{shapes.ids.encode(kind, shapes.UUID(int=7))}")
        assert found.func is not unknown, place
