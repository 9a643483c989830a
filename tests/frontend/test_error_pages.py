"""The pages that say no: in words, in the product's look, without a database."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts.models import Membership
from frontend.http import RefusalMiddleware
from frontend.views import errors
from strategy.services.refusals import DealIsOver


def request(path: str = "/", **headers: str) -> HttpRequest:
    made = RequestFactory().get(path, headers=headers)
    made.request_id = "f00ba4"  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (errors.bad_request, 400),
        (errors.forbidden, 403),
        (errors.forged, 403),
        (errors.not_found, 404),
        (errors.not_allowed, 405),
        (errors.too_large, 413),
        (errors.too_often, 429),
        (errors.failed, 500),
    ],
)
def test_says_what_happened_and_where_to_go_without_touching_the_database(view: object, status: int) -> None:
    # No `db` fixture: a query would fail this test.
    answer = view(request())  # type: ignore[operator]
    page = answer.content.decode()
    assert answer.status_code == status
    assert page.count("<h1>") == 1
    assert "f00ba4" in page
    assert 'class="btn"' in page


def test_a_member_is_shown_the_way_back_into_the_organisation() -> None:
    for view in (errors.forbidden, errors.not_allowed, errors.too_large):
        assert 'href="/o/northwind/"' in view(request("/o/northwind/imports/new/")).content.decode()
    # A stranger may not learn that there is one.
    assert 'href="/"' in errors.not_found(request("/o/northwind/imports/new/")).content.decode()


def test_a_fault_that_breaks_the_templates_too_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(errors, "render_to_string", broken)
    answer = errors.failed(request())
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
    assert '<a href="/">' in answer.content.decode()


def test_a_form_address_that_is_opened_like_a_page_is_a_page(as_lena: Client) -> None:
    answer = as_lena.get("/o/northwind/imports/00000000-0000-0000-0000-000000000000/start/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "This address is not a page" in answer.content.decode()


def test_a_form_that_is_too_large_is_413_and_a_page(as_omar: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = as_omar.post("/o/northwind/log/", {"note": "x" * 2000})
    assert answer.status_code == 413
    assert "This is too large to be sent" in answer.content.decode()


def test_the_sign_in_library_says_too_many_tries_on_our_page(client: Client, lena: Membership) -> None:
    tries = [client.post("/accounts/signup/", {"email": "nonsense"}) for _ in range(21)]
    last = tries[-1]
    assert last.status_code == 429
    assert "Too many tries" in last.content.decode()
    assert 'class="xs faint"' in last.content.decode()


def test_an_address_that_is_not_there_is_a_page(client: Client, db: None) -> None:
    answer = client.get("/nonsense/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_no_such_organisation_and_not_a_member_are_the_same_page(
    client: Client, eve: Membership, lena: Membership
) -> None:
    client.force_login(eve.user)
    answers = [client.get(url) for url in ("/o/northwind/deals/", "/o/no-such/deals/")]
    pages = [answer.content.decode().split('<p class="xs faint">')[0] for answer in answers]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert pages[0] == pages[1]


def test_a_forged_host_is_a_400_not_a_500(client: Client, db: None) -> None:
    assert client.get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400


def test_a_suspicious_request_is_a_400() -> None:
    assert errors.bad_request(request(), SuspiciousOperation()).status_code == 400


def test_a_refusal_outside_a_form_is_a_page_with_its_sentence() -> None:
    answer = RefusalMiddleware(lambda request: None).process_exception(request(), DealIsOver(deal="Pumps"))  # type: ignore[arg-type, return-value]
    assert answer is not None
    assert answer.status_code == 409
    assert "Pumps" in answer.content.decode()


def test_other_exceptions_are_not_answered_here() -> None:
    assert RefusalMiddleware(lambda request: None).process_exception(request(), ValueError()) is None  # type: ignore[arg-type, return-value]


def test_the_policy_forbids_everything_inline(client: Client, db: None) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_pages_travel_compressed_and_programs_answers_as_they_are(client: Client, db: None) -> None:
    asked = {"Accept-Encoding": "gzip"}
    assert client.get("/accounts/signup/", headers=asked)["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/api/v1/deals", headers=asked)
