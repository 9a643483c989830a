"""Two programs and one row: nobody overwrites what they have not seen, and nobody reads again what they have."""

from __future__ import annotations

import pytest

from accounts.api import ids
from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company
from tests.api import Program, Things
from tests.furnished import Furnished

pytestmark = pytest.mark.usefixtures("furnished")


@pytest.fixture
def things(furnished: Furnished, db: None) -> Things:
    return furnished.northwind


@pytest.fixture
def program(furnished: Furnished) -> Program:
    return Program(furnished.secrets["lena"])


READABLE = ["me", "members/{mem}", "companies/{com}", "deals/{deal}", "activities/{act}", "milestones/{mst}"]
READABLE += ["teams/{team}", "invitations/{inv}"]
LISTS = ["members", "companies", "deals", "deals/{deal}/events", "activities", "milestones", "stages", "statistics"]
LISTS += ["teams", "invitations"]


@pytest.mark.parametrize("path", READABLE)
def test_a_row_that_a_program_has_is_not_sent_again(program: Program, things: Things, path: str) -> None:
    asked = path.format(**things._asdict())
    tag = program.get(asked).headers["ETag"]
    assert tag.startswith('"')
    again = program.get(asked, **{"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == "no-store"
    assert program.get(asked, **{"If-None-Match": f'"another", W/{tag}'}).status_code == 304
    assert program.get(asked, **{"If-None-Match": "*"}).status_code == 304
    assert program.get(asked, **{"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_a_page_that_a_program_has_is_not_sent_again(program: Program, things: Things, path: str) -> None:
    asked = path.format(**things._asdict())
    tag = program.get(asked).headers["ETag"]
    assert tag.startswith('W/"')
    assert program.get(asked, **{"If-None-Match": tag}).status_code == 304


def test_a_page_with_one_more_row_is_sent(program: Program, things: Things) -> None:
    tag = program.get("deals").headers["ETag"]
    program.post("deals", {"name": "Pump watch"})
    assert program.get("deals", **{"If-None-Match": tag}).status_code == 200


def test_a_deal_that_has_changed_is_sent(program: Program, things: Things) -> None:
    tag = program.get(f"deals/{things.deal}").headers["ETag"]
    program.post(f"deals/{things.deal}/transitions", {"stage": things.stg})
    assert program.get(f"deals/{things.deal}", **{"If-None-Match": tag}).status_code == 200


def test_a_deal_whose_company_has_another_name_is_sent_and_is_the_same_deal(
    program: Program, things: Things, lena: Membership
) -> None:
    tag = program.get(f"deals/{things.deal}").headers["ETag"]
    with tenant_scope(lena.tenant_id):
        Company.objects.filter(pk=ids.decode("com", things.com)).update(name="Alder")
    assert program.get(f"deals/{things.deal}", **{"If-None-Match": tag}).status_code == 200
    moved = program.post(f"deals/{things.deal}/transitions", {"stage": things.stg}, If_Match=tag)
    assert moved.status_code == 200


def test_of_two_programs_that_read_a_deal_the_second_to_move_it_is_told(program: Program, things: Things) -> None:
    tag = program.get(f"deals/{things.deal}").headers["ETag"]
    path = f"deals/{things.deal}/transitions"
    moved = program.post(path, {"stage": things.stg}, If_Match=tag)
    assert moved.status_code == 200
    late = program.post(path, {"stage": things.end}, If_Match=tag)
    assert (late.status_code, late.json()["type"]) == (412, "/api/errors#precondition_failed")
    assert program.get(f"deals/{things.deal}").json()["stage"]["id"] == things.stg
    assert program.post(path, {"stage": things.end}, If_Match=moved.headers["ETag"]).status_code == 200


def test_the_answer_to_a_move_has_the_tag_of_the_deal_as_it_is_now(program: Program, things: Things) -> None:
    moved = program.post(f"deals/{things.deal}/transitions", {"stage": things.stg})
    assert moved.headers["ETag"] == program.get(f"deals/{things.deal}").headers["ETag"]


@pytest.mark.parametrize("query", ["?fields=name", "?expand=company", "?fields=stage,company&expand=company.owner"])
def test_a_deal_read_in_another_form_is_the_same_deal(program: Program, things: Things, query: str) -> None:
    plain, other = program.get(f"deals/{things.deal}"), program.get(f"deals/{things.deal}{query}")
    assert plain.headers["ETag"] != other.headers["ETag"]
    assert program.get(f"deals/{things.deal}", **{"If-None-Match": other.headers["ETag"]}).status_code == 200
    moved = program.post(f"deals/{things.deal}/transitions", {"stage": things.stg}, If_Match=other.headers["ETag"])
    assert moved.status_code == 200


def test_whatever_it_is_now_is_a_star(program: Program, things: Things) -> None:
    assert program.post(f"deals/{things.deal}/transitions", {"stage": things.stg}, If_Match="*").status_code == 200


def test_one_of_several_tags_is_enough_but_a_weak_one_is_none(program: Program, things: Things) -> None:
    tag = program.get(f"deals/{things.deal}").headers["ETag"]
    path = f"deals/{things.deal}/transitions"
    assert program.post(path, {"stage": things.stg}, If_Match=f"W/{tag}").status_code == 412
    assert program.post(path, {"stage": things.stg}, If_Match=f'"v99", {tag}').status_code == 200


def test_a_move_sent_again_with_its_key_is_answered_as_before(program: Program, things: Things) -> None:
    """The first one has changed the deal, so its own tag is old by then."""
    tag = program.get(f"deals/{things.deal}").headers["ETag"]
    path, headers = f"deals/{things.deal}/transitions", {"If_Match": tag, "Idempotency_Key": "once"}
    first, again = (program.post(path, {"stage": things.stg}, **headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content


@pytest.mark.parametrize(
    "given", ["", "v1", '"v1', "'v1'", '"v1" "v2"', '"a\tb"', '"ä"', "*, *", '"' + "x" * 20_000 + '"']
)
def test_a_tag_that_is_none_is_refused(program: Program, things: Things, given: str) -> None:
    path = f"deals/{things.deal}/transitions"
    moved = program.post(path, {"stage": things.stg}, If_Match=given)
    read = program.get(f"deals/{things.deal}", **{"If-None-Match": given})
    assert {moved.status_code, read.status_code} == {400}
    assert moved.json()["code"] == read.json()["code"] == "precondition_unusable"
    assert program.get(f"deals/{things.deal}").json()["stage"]["id"] != things.stg


def test_a_strangers_deal_has_no_tag(things: Things, furnished: Furnished) -> None:
    eves = Program(furnished.secrets["eve"])
    answer = eves.post(f"deals/{things.deal}/transitions", {"stage": things.stg}, If_Match='"v1"')
    assert answer.status_code == 404
