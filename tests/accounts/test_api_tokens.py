"""The life of a key, as a program lives it: it makes others, and none can do more or lasts longer than itself."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import ApiToken, AuditEvent, IdempotencyKey, Membership
from accounts.tenancy.scope import tenant_scope
from tests.api import Program, make_secret

PART = {"name": "Nightly report", "scopes": ["deals:read"]}


@pytest.fixture
def program(omar: Membership) -> Program:
    """Has some scopes, and ends in a day."""
    return Program(make_secret(omar, "tokens:read", "tokens:write", "deals:read", "activities:write"))


def made(program: Program, **changed: Any) -> dict[str, Any]:
    answer = program.post("tokens", PART | changed)
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def test_a_program_makes_a_key_that_works_and_ends_it(program: Program) -> None:
    new = made(program)
    part = Program(new["secret"])
    assert part.get("deals").status_code == 200
    assert part.get("activities").status_code == 403
    assert [row["name"] for row in program.all("tokens")] == ["Nightly report", "a program"]
    assert program.delete(f"tokens/{new['id']}").status_code == 204
    assert part.get("deals").status_code == 401
    assert program.delete(f"tokens/{new['id']}").status_code == 204
    ended = program.get(f"tokens/{new['id']}").json()
    assert ended["revoked_at"] is not None
    assert ended["last_used_at"] is not None


def test_its_secret_is_shown_once_and_kept_nowhere(program: Program, omar: Membership) -> None:
    first, again = (program.post("tokens", PART, Idempotency_Key="once") for _ in range(2))
    secret = first.json()["secret"]
    assert secret.startswith(first.json()["prefix"])
    assert (again.status_code, again.json()) == (201, first.json() | {"secret": None})
    assert (
        secret
        not in program.get("tokens").content.decode() + program.get(f"tokens/{first.json()['id']}").content.decode()
    )
    with tenant_scope(omar.tenant_id):
        assert ApiToken.objects.filter(name="Nightly report").count() == 1
        assert secret.encode() not in bytes(IdempotencyKey.objects.get().body)
        assert secret not in json.dumps(list(AuditEvent.objects.values_list("data", flat=True)))
    with connection.cursor() as cursor, tenant_scope(omar.tenant_id):
        cursor.execute("SELECT string_agg(token::text, '') FROM accounts_apitoken AS token")
        assert secret not in cursor.fetchone()[0]


def test_it_reaches_no_further_than_the_key_that_made_it(program: Program) -> None:
    for scopes in (["milestones:read"], ["deals:read", "deals:write"], ["audit:read"]):
        answer = program.post("tokens", PART | {"scopes": scopes})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/scopes")


def test_nor_than_the_role_of_its_member(omar: Membership) -> None:
    """A key from the time when Omar led still names the scope, and Omar sells today."""
    secret = make_secret(omar, "tokens:write", "deals:read")
    with tenant_scope(omar.tenant_id):
        ApiToken.objects.update(scopes=["tokens:write", "deals:read", "audit:read"])
    answer = Program(secret).post("tokens", PART | {"scopes": ["audit:read"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/scopes")


def test_it_lasts_no_longer_than_the_key_that_made_it(program: Program) -> None:
    own = datetime.fromisoformat(program.all("tokens")[0]["expires_at"])
    assert datetime.fromisoformat(made(program)["expires_at"]) == own
    later = program.post("tokens", PART | {"expires_at": (own + timedelta(seconds=1)).isoformat()})
    assert (later.status_code, later.json()["errors"][0]["pointer"]) == (422, "#/expires_at")
    sooner = (timezone.now() + timedelta(hours=1)).isoformat()
    assert datetime.fromisoformat(made(program, expires_at=sooner)["expires_at"]) == datetime.fromisoformat(sooner)
    past = program.post("tokens", PART | {"expires_at": "2020-01-01T00:00:00Z"})
    assert past.status_code == 422


def test_it_ends_with_the_key_that_made_it_however_many_are_between(omar: Membership) -> None:
    first = Program(make_secret(omar, "tokens:read", "tokens:write", "deals:read"))
    scopes = ["tokens:read", "tokens:write", "deals:read"]
    second = Program(made(first, scopes=scopes)["secret"])
    third = Program(made(second, scopes=scopes)["secret"])
    aside = Program(make_secret(omar, "deals:read"))
    own = first.all("tokens")[-1]["id"]
    assert first.delete(f"tokens/{own}").status_code == 204
    assert [one.get("deals").status_code for one in (first, second, third, aside)] == [401, 401, 401, 200]
    with tenant_scope(omar.tenant_id):
        assert AuditEvent.objects.filter(verb="token.revoked").count() == 3


def test_a_program_sees_and_ends_no_key_of_another_member(program: Program, lena: Membership) -> None:
    hers = Program(make_secret(lena))
    own = hers.get("me").json()["token"]["id"]
    assert own not in program.get("tokens").content.decode()
    assert program.get(f"tokens/{own}").status_code == 404
    assert program.delete(f"tokens/{own}").status_code == 404
    assert hers.get("me").status_code == 200


def test_a_key_of_somebody_who_may_less_than_before_may_less(omar: Membership, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        Membership.objects.filter(pk=omar.pk).update(role="leader")
        omar.role = "leader"
    program = Program(make_secret(omar))
    assert "organisation:write" in program.get("me").json()["token"]["scopes_in_effect"]
    with tenant_scope(lena.tenant_id):
        Membership.objects.filter(pk=omar.pk).update(role="viewer")
    token = program.get("me").json()["token"]
    assert "organisation:write" in token["scopes"]
    assert token["scopes_in_effect"] == [
        scope for scope in token["scopes"] if scope.endswith(":read") and scope not in ("audit:read", "webhooks:read")
    ]
    assert program.post("deals", {"name": "Leak"}).json()["code"] == "not_allowed"
    assert program.post("tokens", PART).json()["code"] == "not_allowed"
    assert program.get("deals").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": "deals:read"},
        {"scopes": ["deals:read", "deals:read"]},
        {"scopes": ["everything"]},
        {"scopes": [1]},
        {"scopes": [["deals:read"]]},
        {"scopes": None},
        {"name": " "},
        {"name": "x" * 81},
        {"expires_at": "tomorrow"},
        {"membership": "mem_01h2xcejqtf2nbrexx3vqjhp41"},
    ],
)
def test_what_is_no_key_is_refused_at_its_place(program: Program, wrong: dict[str, Any]) -> None:
    answer = program.post("tokens", PART | wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"#/{next(iter(wrong))}"
    assert len(program.all("tokens")) == 1
