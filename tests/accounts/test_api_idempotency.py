"""A request that comes again: one effect, one answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import IdempotencyKey, Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal
from tests.api import Program, make_secret

BODY = {"name": "Leak analytics", "amount": 100}


def deals_of(member: Membership) -> int:
    with tenant_scope(member.tenant_id):
        return Deal.objects.count()


def test_the_same_request_again_is_answered_as_before(lena: Membership) -> None:
    program = Program(make_secret(lena))
    first = program.post("deals", BODY, Idempotency_Key="one")
    again = program.post("deals", b'{ "amount":100,"name":"Leak analytics" }', Idempotency_Key="one")
    assert (again.status_code, again.content, again.headers["Location"]) == (
        201,
        first.content,
        first.headers["Location"],
    )
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert deals_of(lena) == 1


def test_another_request_with_the_same_key_is_refused(lena: Membership) -> None:
    program = Program(make_secret(lena))
    program.post("deals", BODY, Idempotency_Key="one")
    answer = program.post("deals", {**BODY, "amount": 200}, Idempotency_Key="one")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert deals_of(lena) == 1


def test_a_refusal_is_not_kept(lena: Membership) -> None:
    program = Program(make_secret(lena))
    assert program.post("deals", {"name": ""}, Idempotency_Key="one").status_code == 422
    assert program.post("deals", BODY, Idempotency_Key="one").status_code == 201


def test_a_key_is_forgotten_after_a_day(lena: Membership) -> None:
    program = Program(make_secret(lena))
    program.post("deals", BODY, Idempotency_Key="one")
    with tenant_scope(lena.tenant_id):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert program.post("deals", {"name": "Pump watch"}, Idempotency_Key="two").status_code == 201
    with tenant_scope(lena.tenant_id):
        assert [kept.key for kept in IdempotencyKey.objects.all()] == ["two"]
    assert program.post("deals", BODY, Idempotency_Key="one").status_code == 201
    assert deals_of(lena) == 3


def test_a_key_is_the_members_own(lena: Membership, omar: Membership, eve: Membership) -> None:
    answers = [
        Program(make_secret(member)).post("deals", BODY, Idempotency_Key="one").json()["id"]
        for member in (lena, omar, eve)
    ]
    assert len(set(answers)) == 3


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "\t"])
def test_a_key_that_cannot_be_one_is_refused(lena: Membership, key: str) -> None:
    answer = Program(make_secret(lena)).post("deals", BODY, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_unusable")
    assert deals_of(lena) == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_have_one_effect(lena: Membership) -> None:
    secret = make_secret(lena)

    def send(_: int) -> tuple[int, bytes]:
        try:
            answer = Program(secret).post("deals", BODY, Idempotency_Key="one")
            return answer.status_code, answer.content if answer.status_code == 201 else b""
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as many:
        answers = list(many.map(send, range(20)))
    assert {status for status, _ in answers} <= {201, 409}
    assert len({body for status, body in answers if status == 201}) == 1
    assert deals_of(lena) == 1
    assert send(0)[0] == 201
    assert deals_of(lena) == 1
