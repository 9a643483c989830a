"""Northwind and Southwind with one of everything in each, made once for a test process.

Tests with `furnished` meet that database: the cast are those who are there, and what a test does to it is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import Membership
from accounts.models.organisation import Role
from accounts.tenancy.models import WalledModel
from accounts.tenancy.scope import tenant_scope
from tests.api import Things, furnish, make_secret, viewer_secret
from tests.databases import copied, pointed_at
from tests.make import make_member, make_organisation

TABLES = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, WalledModel))
EVERY_ROW = " UNION ALL ".join(
    f"SELECT '{name}', (to_jsonb(t) - 'last_used_at')::text FROM {name} AS t" for name in TABLES
)


class Furnished(NamedTuple):
    """A database, who is in it, a key of each, its things, and its rows by the owner of the organisation."""

    database: str
    members: dict[str, Membership]
    secrets: dict[str, str]
    northwind: Things
    southwind: Things
    rows: dict[str, list[tuple[str, str]]]

    def member(self, name: str) -> Membership:
        """The member of this name as they were made, for this test alone."""
        return deepcopy(self.members[name])


def everything(member: Membership) -> list[tuple[str, str]]:
    """All rows of an organisation, with the name of their table, except that its keys were used."""
    with tenant_scope(member.tenant_id), connection.cursor() as cursor:
        cursor.execute(f"{EVERY_ROW} ORDER BY 1, 2")
        return list(cursor.fetchall())


def rows_of(members: dict[str, Membership]) -> dict[str, list[tuple[str, str]]]:
    """All rows of both organisations, by their owner."""
    return {owner: everything(members[owner]) for owner in ("lena", "eve")}


def changed(made: Furnished) -> dict[str, set[tuple[str, str]]]:
    """The rows that are there now and were not, and those that are not any more, by the owner of the organisation."""
    now = rows_of(made.members)
    return {owner: found for owner in now if (found := {*now[owner]} ^ {*made.rows[owner]})}


@pytest.fixture(scope="session")
def made_once(django_db_setup: None, django_db_blocker: Any) -> Iterator[Furnished]:
    """The database that others are copies of."""
    with copied() as name:
        with django_db_blocker.unblock(), pointed_at(name):
            made = _make(name)
        yield made


def _make(database: str) -> Furnished:
    lena, eve = make_organisation("Northwind", owner="lena"), make_organisation("Southwind", owner="eve")
    people = {"omar": Role.REP, "mara": Role.MANAGER, "leo": Role.LEADER, "vera": Role.VIEWER}
    members = {name: make_member(name, tenant=lena.tenant, role=role) for name, role in people.items()}
    members |= {"lena": lena, "eve": eve}
    northwind, southwind = furnish(lena), furnish(eve)
    secrets = {name: make_secret(members[name]) for name in members if name != "vera"}
    secrets |= {
        "vera": viewer_secret(members["vera"]),
        "revoked": make_secret(lena, revoked=True),
        "expired": make_secret(lena, lasts=timedelta(days=-1)),
    }
    return Furnished(database, members, secrets, northwind, southwind, rows_of(members))


@pytest.fixture(scope="module")
def furnished(made_once: Furnished, django_db_blocker: Any) -> Iterator[Furnished]:
    """What the tests of a module meet, none of which may commit."""
    with pointed_at(made_once.database):
        yield made_once
        with django_db_blocker.unblock():
            assert changed(made_once) == {}, "What was committed here meets all tests that follow."


@pytest.fixture
def furnished_anew(made_once: Furnished, django_db_blocker: Any) -> Iterator[Furnished]:
    """A copy of it that may be committed to; it is thrown away with the test."""
    with another(made_once, django_db_blocker) as made:
        yield made


@contextmanager
def another(made: Furnished, blocker: Any) -> Iterator[Furnished]:
    """A copy that may be committed to, for the time of the block."""
    connection.close()  # a database that somebody is connected to is not copied
    with blocker.unblock(), copied(made.database) as name, pointed_at(name):
        yield made._replace(database=name)
