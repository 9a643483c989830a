"""An audit of a hundred thousand entries is read as fast as a short one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from tests.databases import as_owner
from tests.make import NOON, make_member
from tests.sessions import settle
from tests.worlds import World

MOST_BLOCKS, MOST_QUERIES = 400, 12


@pytest.fixture(scope="module")
def omar_among_many(made_world: World) -> Membership:
    """Who did one deed in a thousand of Northwind's."""
    northwind = made_world.northwind
    omar = make_member("omar", tenant=northwind.tenant)
    keys = {
        "tenant": northwind.pk,
        "lena": northwind.owner.pk,
        "omar": omar.pk,
        "deal": northwind.deal.pk,
        "noon": NOON,
    }
    with as_owner() as owner:
        owner.execute(
            "INSERT INTO accounts_auditevent"
            " (id, tenant_id, at, actor_id, verb, subject_label, subject_id, data, request_id)"
            " SELECT gen_random_uuid(), %(tenant)s, %(noon)s - n * interval '1 minute',"
            " CASE WHEN n %% 1000 = 0 THEN %(omar)s ELSE %(lena)s END,"
            " CASE WHEN n %% 997 = 0 THEN 'team.added' ELSE 'deal.moved' END,"
            " 'strategy.Deal', CASE WHEN n %% 991 = 0 THEN %(deal)s END,"
            """ '{"left": "Workshop", "entered": "Proposal"}', '' FROM generate_series(0, 99999) AS n""",
            keys,
        )
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
    assert answer.content.count(b"<time datetime") == 50
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
