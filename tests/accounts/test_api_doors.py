"""Who gets in: programs with keys, without, and with the wrong ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import AuditEvent, Membership
from accounts.tenancy.scope import tenant_scope
from tests.api import Program, make_secret


def test_a_program_learns_for_whom_it_speaks(lena: Membership) -> None:
    me = Program(make_secret(lena)).get("me").json()
    assert (me["organisation"]["slug"], me["member"]["name"]) == ("northwind", "Lena")
    assert me["token"]["prefix"].startswith("tl_live_")
    assert "deals:read" in me["token"]["scopes"]


def test_without_a_key_it_is_told_how_to_send_one(db: None) -> None:
    answer = Program().get("deals")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "given",
    [
        "Bearer",
        "Bearer ",
        "Bearer tl_live_00000000_" + "a" * 43,
        "Bearer tl_live_" + "x" * 4000,
        "Bearer tl_live_é",
        "Basic bGVuYTpmb3VyIHBsYWluIHdvcmRz",
        "Token 1",
        "bearer bearer bearer",
    ],
)
def test_a_key_that_is_none_opens_nothing(lena: Membership, given: str) -> None:
    answer = Program().get("deals", Authorization=given)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_revoked_an_expired_and_an_unknown_key_get_the_same_answer(lena: Membership) -> None:
    fixed = {"X-Request-Id": "the-same-for-all"}
    good = make_secret(lena)
    answers = {
        Program(secret).get("deals", **fixed).content
        for secret in (
            make_secret(lena, revoked=True),
            make_secret(lena, lasts=timedelta(days=-1)),
            good[:-1] + ("a" if good[-1] != "a" else "b"),
        )
    }
    assert len(answers) == 1
    assert b"invalid_token" in answers.pop()


def test_a_key_ends_with_its_member(lena: Membership, omar: Membership) -> None:
    program = Program(make_secret(omar))
    assert program.get("me").status_code == 200
    with tenant_scope(omar.tenant_id):
        Membership.objects.filter(pk=omar.pk).update(is_active=False)
    assert program.get("me").status_code == 401


def test_a_key_may_no_more_than_its_scopes(lena: Membership) -> None:
    answer = Program(make_secret(lena, "deals:read")).post("deals", {"name": "Leak analytics"})
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert answer.json()["data"]["scopes"] == ["deals:write"]
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_key_may_no_more_than_its_member_does_today(lena: Membership, omar: Membership) -> None:
    program = Program(make_secret(omar))
    with tenant_scope(omar.tenant_id):
        Membership.objects.filter(pk=omar.pk).update(role="viewer")
    answer = program.post("deals", {"name": "Leak analytics"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_browser_session_opens_nothing_here(lena: Membership) -> None:
    program = Program()
    program.client.force_login(lena.user)
    assert program.get("deals").status_code == 401


def test_the_deed_is_written_down_with_the_key(lena: Membership) -> None:
    program = Program(make_secret(lena))
    token = program.get("me").json()["token"]["name"]
    program.post("deals", {"name": "Leak analytics"}, X_Request_Id="request-of-lena")
    with tenant_scope(lena.tenant_id):
        event = AuditEvent.objects.select_related("token", "actor").get(verb="deal.opened")
    assert (event.actor, event.token.name, event.request_id) == (lena, token, "request-of-lena")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_an_unknown_method_is_told_which_are_known(lena: Membership, method: str) -> None:
    program = Program(make_secret(lena))
    answer = program.client.generic(method, "/api/v1/deals")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_an_unknown_address_is_a_problem_too(lena: Membership) -> None:
    answer = Program(make_secret(lena)).get("nothing/here")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_forged_host_is_a_problem_too(lena: Membership) -> None:
    answer = Program(make_secret(lena)).call("GET", "deals", SERVER_NAME="evil.example")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_fault_of_ours_is_a_problem_with_its_number_and_nothing_more(
    lena: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = make_secret(lena)
    monkeypatch.setattr("accounts.api.shapes.me", lambda *_: 1 / 0)
    answer = Program(secret).get("me", **{"X-Request-Id": "what-broke-here"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["request_id"] == "what-broke-here"
    assert b"division" not in answer.content
