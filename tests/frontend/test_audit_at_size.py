"""An audit of a hundred thousand entries is read as fast as a short one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Membership
from accounts.tenancy.scope import tenant_scope
from tests.databases import as_owner
from tests.make import NOON, make_member
from tests.sessions import settle
from tests.worlds import World

MOST_BLOCKS, MOST_QUERIES = 400, 12


@pytest.fixture(scope="module")
def omar_among_many(made_world: World) -> Membership:
    """Who did one deed in a thousand of Northwind's."""
    lena = made_world.northwind.owner
    omar = make_member("omar", tenant=made_world.northwind.tenant)
    entries = [
        AuditEvent(
            at=NOON - timedelta(minutes=number),
            actor=omar if number % 1000 == 0 else lena,
            verb="team.added" if number % 997 == 0 else "deal.moved",
            subject_label="strategy.Deal",
            subject_id=made_world.northwind.deal.pk if number % 991 == 0 else None,
            data={"left": "Workshop", "entered": "Proposal"},
        )
        for number in range(100_000)
    ]
    for begin in range(0, len(entries), 10_000):
        with tenant_scope(lena.tenant.pk):
            AuditEvent.objects.bulk_create(entries[begin : begin + 10_000], batch_size=5000)
    with as_owner() as owner:
        owner.execute("ANALYZE accounts_auditevent")
    return omar


@pytest.mark.parametrize(
    "narrowed", ["", "who={omar}", "what=team", "about={deal}", "since=2026-10-01&until=2026-10-02"]
)
def test_a_page_touches_few_blocks(made_world: World, omar_among_many: Membership, narrowed: str) -> None:
    client = Client()
    client.force_login(made_world.northwind.owner.user)
    settle(client)
    question = narrowed.format(omar=omar_among_many.pk, deal=made_world.northwind.deal.pk)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(f"/o/northwind/settings/audit/?{question}")
    assert answer.content.count(b"<time") == 50
    assert len(captured) <= MOST_QUERIES
    (text,) = [query["sql"] for query in captured if "FROM accounts_auditevent AS entry" in query["sql"]]
    with tenant_scope(made_world.northwind.pk):
        assert blocks(text) <= MOST_BLOCKS


def blocks(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text.replace('%', '%%')}")
        found: Any = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
