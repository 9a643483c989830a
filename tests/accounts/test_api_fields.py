"""Less of a row (`fields`), and more than a row (`expand`)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.api.nouns import expandable
from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from config.api import router
from strategy.models import Company
from tests.api import DOCUMENT, FILE, Program, Things, make_secret, operations
from tests.furnished import Furnished
from tests.make import make_deal

pytestmark = pytest.mark.usefixtures("furnished")


@pytest.fixture
def things(furnished: Furnished, db: None) -> Things:
    return furnished.northwind


@pytest.fixture
def program(furnished: Furnished) -> Program:
    return Program(furnished.secrets["lena"])


def test_a_row_has_the_fields_that_were_asked_for_and_its_id(program: Program, things: Things) -> None:
    whole = program.get(f"deals/{things.deal}").json()
    part = program.get(f"deals/{things.deal}?fields=stage,name").json()
    assert part == {"id": things.deal, "name": whole["name"], "stage": whole["stage"]}


def test_so_has_each_row_of_a_page_and_of_the_next(program: Program, things: Things) -> None:
    rows = program.all("deals?fields=name&limit=1")
    assert rows == [{"id": deal["id"], "name": deal["name"]} for deal in program.all("deals")]
    assert {things.fresh, things.deal} <= {row["id"] for row in rows}


def test_a_cursor_goes_on_with_other_fields(program: Program, things: Things) -> None:
    cursor = program.get("deals?limit=1").json()["next_cursor"]
    rows = program.get(f"deals?limit=1&cursor={cursor}&fields=name&expand=company").status_code
    assert rows == 400  # of the two, `company` is not among the fields
    page = program.get(f"deals?limit=1&cursor={cursor}&fields=name").json()
    assert [row["name"] for row in page["data"]] == [program.get("deals").json()["data"][1]["name"]]


def test_a_row_stands_whole_where_it_is_named(program: Program, things: Things) -> None:
    deal = program.get(f"deals/{things.deal}?expand=company,owner,stage,pipeline").json()
    assert deal["company"] == program.get(f"companies/{things.com}").json()
    assert deal["owner"] == program.get(f"members/{things.mem}").json()
    assert deal["stage"]["patience_days"] is not None or "patience_days" in deal["stage"]


def test_two_deep_and_no_deeper(program: Program, things: Things) -> None:
    activity = program.get(f"activities/{things.act}?expand=deal.company,member").json()
    assert activity["deal"]["company"] == {"id": things.com, "name": "Alder Foods"} | activity["deal"]["company"]
    assert activity["deal"]["company"]["revenue"] == 5_000_000_00
    assert activity["deal"]["owner"].keys() == {"id", "name"}
    deeper = program.get(f"activities/{things.act}?expand=deal.company.owner")
    assert (deeper.status_code, deeper.json()["errors"][0]["parameter"]) == (400, "expand")


def test_what_is_not_there_stays_empty(program: Program, things: Things) -> None:
    fresh = program.get(f"deals/{things.fresh}?expand=company,end_reason").json()
    assert (fresh["company"], fresh["end_reason"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "wrong", "told"),
    [
        ("fields=colour", "fields", "There are: id, name, company"),
        ("fields=", "fields", "There are: "),
        ("fields=name,", "fields", "There are: "),
        ("fields=name,name", "fields", "once"),
        ("fields=name&fields=stage", "fields", "once"),
        ("fields=company.name", "fields", "There are: "),
        ("fields=name%00", "fields", "There are: "),
        ("fields=" + "x" * 5000, "fields", "There are: "),
        ("fields=%F0%9F%9A%80", "fields", "There are: "),
        ("fields=%ED%A0%80", "fields", "There are: "),
        ("expand=colour", "expand", "There are: company, company.owner"),
        ("expand=", "expand", "There are: "),
        ("expand=*", "expand", "There are: "),
        ("expand=company,company", "expand", "once"),
        ("expand=tenant", "expand", "There are: "),
        ("expand[]=company", "expand[]", "Known are: "),
        ("fields=name&expand=company", "expand", "not among the fields"),
    ],
)
def test_a_name_that_is_not_there_is_refused_with_those_that_are(
    program: Program, things: Things, query: str, wrong: str, told: str
) -> None:
    for path in ("deals", f"deals/{things.deal}"):
        answer = program.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
        (error,) = answer.json()["errors"]
        assert error["parameter"] == wrong
        assert told in error["detail"]


def test_a_write_has_neither(program: Program, things: Things) -> None:
    assert program.post("deals?fields=name", {"name": "Leak"}).status_code == 400


def test_a_key_sees_in_a_row_what_it_may_see_beside_it(lena: Membership, things: Things) -> None:
    deals = Program(make_secret(lena, "deals:read"))
    assert deals.get("deals?expand=company").status_code == 200
    answer = deals.get("deals?expand=company,owner")
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert answer.json()["data"]["scopes"] == ["organisation:read"]
    assert deals.get("deals?expand=company.owner").status_code == 403
    alone = Program(make_secret(lena, "activities:read"))
    assert [alone.get(f"activities?expand={name}").status_code for name in ("type", "deal", "deal.stage")] == [
        200,
        403,
        403,
    ]


def test_costs_one_question_for_each_name_however_many_rows(program: Program, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        for number in range(7):
            make_deal(actor=lena, company=Company.objects.create(name=f"Buyer {number}", owner=lena))
    program.get("deals")

    def cost(query: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert program.get(f"deals?{query}").status_code == 200
        return len(asked)

    plain = cost("limit=7")
    assert cost("limit=7&fields=name") == plain
    assert [cost(f"limit={limit}&expand=company") - plain for limit in (1, 7)] == [1, 1]
    assert [cost(f"limit={limit}&expand=company.owner,stage") - plain for limit in (1, 7)] == [3, 3]


def test_nothing_of_another_organisation_comes_in(furnished: Furnished, things: Things) -> None:
    hers, program = furnished.southwind, Program(furnished.secrets["eve"])
    text = program.get("deals?expand=company.owner,owner,stage.pipeline").content.decode()
    assert hers.com in text
    assert not any(thing in text for thing in (things.com, things.mem, things.stg, things.pip))


READING = [
    pytest.param(pattern.callback.cls, name, id=f"{pattern.name} {name}")
    for pattern in router.urls
    for method, name in pattern.callback.actions.items()
    if method == "get" and name in pattern.callback.cls.gives
]


@pytest.mark.parametrize(("resource", "action"), READING)
def test_every_field_that_is_named_beside_an_id_can_stand_whole(resource: Any, action: str) -> None:
    """Unless there is no such row to read on its own."""
    shape = resource.gives[action]
    assert set(shape.expands) <= set(shape().fields)
    assert all(name.count(".") < 2 for name in expandable(shape))


def test_the_document_tells_of_both() -> None:
    told = json.loads(DOCUMENT.read_text())
    for _, method, operation in operations(told):
        known = {given["name"]: given for given in operation.get("parameters", ())}
        is_file = FILE in operation["responses"].get("200", {}).get("content", {})
        assert ("fields" in known) is (method == "get" and not is_file)
        for name in known.keys() & {"fields", "expand"}:
            assert (known[name]["style"], known[name]["explode"]) == ("form", False)
    deal = told["components"]["schemas"]["Deal"]["properties"]
    assert {"$ref": "#/components/schemas/Company"} in deal["company"]["anyOf"]
