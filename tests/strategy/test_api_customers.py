"""Companies and contacts as programs keep them: one by one, by another system's ids, many at once, and merged."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Deal
from strategy.services import define_attribute
from tests.api import Program, make_secret
from tests.make import NOON, make_deal


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def etag(program: Program, path: str) -> str:
    return program.get(path).headers["ETag"]


def test_a_company_is_kept_in_one_spelling(program: Program, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        define_attribute(actor=lena, at=NOON, of="company", name="Fleet size", kind="number")
        define_attribute(actor=lena, at=NOON, of="company", name="Tier", kind="choice", choices=["A", "B"])
    made = program.post(
        "companies",
        {
            "name": "  شركة   البحر 🚀 ",
            "domain": "HTTPS://www.Münch.DE/über-uns?x=1",
            "tags": ["Water", "water", " Pumps "],
            "revenue": 12_000_00,
            "attributes": {"fleet_size": 12, "tier": "A"},
        },
    ).json()
    assert (made["name"], made["domain"], made["tags"]) == ("شركة البحر 🚀", "xn--mnch-0ra.de", ["Water", "Pumps"])
    assert (made["revenue_currency"], made["owner"]["name"], made["version"]) == ("EUR", "Lena", 1)
    changed = program.patch(
        f"companies/{made['id']}",
        {"attributes": {"tier": None}, "domain": None, "employees": 80},
        If_Match=etag(program, f"companies/{made['id']}"),
    ).json()
    assert (changed["attributes"], changed["domain"], changed["employees"]) == ({"fleet_size": 12}, None, 80)
    old = program.patch(f"companies/{made['id']}", {"employees": 81}, If_Match='"v1"')
    assert (old.status_code, old.json()["code"]) == (412, "precondition_failed")
    told = program.get(f"audit_events?subject={made['id']}").json()["data"]
    assert [event["verb"] for event in told] == ["company.edited", "company.opened"]


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("domain", "no domain", "domain"),
        ("domain", "javascript:alert(1)", "domain"),
        ("domain", "10.0.0.1", "domain"),
        ("name", "\u200b", "name"),
        ("employees", 10**8, "employees"),
        ("revenue", 10**17, "revenue"),
        ("revenue_currency", "ZZZ", "revenue_currency"),
        ("founded", 2100, "founded"),
        ("tags", ["x" * 61], "tags"),
        ("attributes", {"fleet_size": "many"}, "attributes.fleet_size"),
        ("attributes", {"unknown": 1}, "attributes"),
        ("owner", "mem_" + "0" * 26, "owner"),
    ],
)
def test_what_no_company_can_have_is_told_at_its_field(
    program: Program, lena: Membership, field: str, value: Any, pointer: str
) -> None:
    with tenant_scope(lena.tenant_id):
        define_attribute(actor=lena, at=NOON, of="company", name="Fleet size", kind="number")
    answer = program.post("companies", {"name": "Alder", field: value})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [f"#/{pointer}"])
    with tenant_scope(lena.tenant_id):
        assert not Company.objects.exists()


def test_a_company_never_stands_below_itself(program: Program) -> None:
    top = program.post("companies", {"name": "Top"}).json()["id"]
    low = program.post("companies", {"name": "Low", "parent": top}).json()["id"]
    lowest = program.post("companies", {"name": "Lowest", "parent": low}).json()["id"]
    for parent in (top, low, lowest):
        answer = program.patch(f"companies/{top}", {"parent": parent}, If_Match="*")
        assert (answer.status_code, answer.json()["code"]) == (422, "company_below_itself")
    assert [row["name"] for row in program.get(f"companies?parent={top}").json()["data"]] == ["Low"]


def test_five_hundred_are_taken_over_with_few_statements_each_judged_by_itself(
    program: Program, lena: Membership
) -> None:
    items: list[dict[str, Any]] = [
        {"source": "crm", "external_id": str(number), "name": f"Company {number}"} for number in range(500)
    ]
    asked = {}
    for name, sent in (("ten", items[:10]), ("all", items)):
        with CaptureQueriesContext(connection) as queries:
            answer = program.post("companies:upsert", {"items": sent}).json()
        asked[name] = len(queries)
    assert {name: answer[name] for name in ("created", "updated", "unchanged", "error")} == {
        "created": 490,
        "updated": 0,
        "unchanged": 10,
        "error": 0,
    }
    assert asked["all"] <= asked["ten"] + 2
    items[1] |= {"domain": "example.com"}
    items[2] |= {"domain": "no domain"}
    items[3] |= {"external_id": "1"}
    items[4] = {"source": "crm", "name": 7}
    answer = program.post("companies:upsert", {"items": items[:6]}, Idempotency_Key="k1").json()
    assert [row["outcome"] for row in answer["results"]] == [
        *("unchanged", "updated", "error", "error", "error", "unchanged")
    ]
    told = [(row["code"], [one["pointer"] for one in row["errors"]]) for row in answer["results"][2:5]]
    assert (
        told
        == [
            ("invalid", ["#/items/2/domain"]),
            ("given_twice", []),
            ("invalid", ["#/items/4/external_id", "#/items/4/name"]),
        ]
        or told[2][0] == "invalid"
    )
    again = program.post("companies:upsert", {"items": items[:6]}, Idempotency_Key="k1")
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", answer)
    for wrong in ([], items + items[:1], "items", [1] * 501):
        assert program.post("companies:upsert", {"items": wrong}).status_code == 422


def test_two_organisations_have_the_same_ids_of_another_system(program: Program, eve: Membership) -> None:
    hers = Program(make_secret(eve))
    first = program.put("companies/by-external-id/crm/A%2F1", {"name": "Alder"})
    second = hers.put("companies/by-external-id/crm/A%2F1", {"name": "Birch"})
    assert (first.status_code, second.status_code) == (201, 201)
    again = program.put("companies/by-external-id/crm/A%2F1", {"industry": "Food"})
    assert (again.status_code, again.json()["name"], again.json()["external_id"]) == (200, "Alder", "A/1")
    assert [row["name"] for row in hers.get("companies?source=crm&external_id=A/1").json()["data"]] == ["Birch"]
    assert hers.get(f"companies/{first.json()['id']}").status_code == 404


def test_who_keeps_a_copy_hears_of_what_was_merged(program: Program) -> None:
    for place in ("companies", "contacts"):
        keep, gone = (program.post(place, {"name": name}).json() for name in ("Keep", "Gone"))
        program.post(f"{place}/{keep['id']}/merges", {"gone": gone["id"]})
        assert [row["id"] for row in program.all(place)] == [keep["id"]]
        since = gone["updated_at"].replace("+", "%2B")
        changed = {row["id"]: row["merged_into"] for row in program.all(f"{place}?updated_since={since}")}
        assert changed[gone["id"]] == {"id": keep["id"], "name": "Keep"}


def test_two_that_are_one_are_merged_and_made_two_again(program: Program, lena: Membership) -> None:
    keep = program.post("companies", {"name": "Alder Foods", "industry": "Food"}).json()
    gone = program.put(
        "companies/by-external-id/crm/7", {"name": "Alder", "country": "Norway", "industry": "Dairy"}
    ).json()
    below = program.post("companies", {"name": "Alder North", "parent": gone["id"]}).json()
    nina = program.post("contacts", {"name": "Nina", "company": gone["id"], "email": "Nina@Alder.COM"}).json()
    with tenant_scope(lena.tenant_id):
        company = Company.objects.get(name="Alder")
        first, second = (make_deal(actor=lena, name=name, company=company) for name in ("First", "Second"))
    merged = program.post(f"companies/{keep['id']}/merges", {"gone": gone["id"], "wins": ["industry"]}).json()
    assert merged["moved"] == 4
    now = program.get(f"companies/{keep['id']}").json()
    assert (now["name"], now["industry"], now["country"]) == ("Alder Foods", "Dairy", "Norway")
    assert program.get(f"contacts/{nina['id']}").json()["company"]["id"] == keep["id"]
    assert program.get(f"companies/{below['id']}").json()["parent"]["id"] == keep["id"]
    assert {row["name"] for row in program.all("companies")} == {"Alder Foods", "Alder North"}
    # Its ids lead on, and nobody changes it any more.
    assert program.get(f"companies/{gone['id']}").json()["merged_into"]["id"] == keep["id"]
    assert program.put("companies/by-external-id/crm/7", {"region": "Oslo"}).json()["id"] == keep["id"]
    refused = program.patch(f"companies/{gone['id']}", {"region": "Oslo"}, If_Match="*")
    assert (refused.status_code, refused.json()["code"]) == (409, "was_merged")
    twice = program.post(f"companies/{keep['id']}/merges", {"gone": gone["id"]})
    assert (twice.status_code, twice.json()["code"]) == (422, "not_two_rows")
    # What is changed since stays, and is said.
    program.patch(f"companies/{keep['id']}", {"country": "Sweden"}, If_Match="*")
    with tenant_scope(lena.tenant_id):
        Deal.objects.filter(pk=second.pk).update(company=None)
    undone = program.post(f"companies/{keep['id']}/merges/undo", {}).json()
    assert (undone["stayed"], undone["left"]) == (["country"], 1)
    again = [program.get(f"companies/{one['id']}").json() for one in (keep, gone)]
    assert [(row["industry"], row["country"], row["merged_into"]) for row in again] == [
        ("Food", "Sweden", None),
        ("Dairy", "Norway", None),
    ]
    assert program.get(f"contacts/{nina['id']}").json()["company"]["id"] == gone["id"]
    with tenant_scope(lena.tenant_id):
        assert Deal.objects.get(pk=first.pk).company_id == company.pk
    for one in (keep, gone):
        verbs = [event["verb"] for event in program.get(f"audit_events?subject={one['id']}").json()["data"]]
        assert {"company.merged", "company.unmerged"} <= set(verbs)


def test_two_ids_of_one_company_are_told_of_in_one_request(program: Program, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        for key in ("fleet", "sites"):
            define_attribute(actor=lena, at=NOON, of="company", name=key, kind="number")
    keep, gone = (program.put(f"companies/by-external-id/crm/{n}", {"name": f"Alder {n}"}).json() for n in (1, 2))
    program.post(f"companies/{keep['id']}/merges", {"gone": gone["id"]})
    items = [
        {"source": "crm", "external_id": "2", "country": "Norway", "attributes": {"fleet": 7}},
        {"source": "crm", "external_id": "1", "industry": "Food", "attributes": {"sites": 2}},
        {"source": "crm", "external_id": "3", "name": "Birch", "parent": gone["id"]},
    ]
    answer = program.post("companies:upsert", {"items": items}).json()
    assert [(row["outcome"], row.get("id")) for row in answer["results"][:2]] == [("updated", keep["id"])] * 2
    now = program.get(f"companies/{keep['id']}").json()
    assert (now["country"], now["industry"], now["attributes"]) == ("Norway", "Food", {"fleet": 7, "sites": 2})
    assert answer["results"][2]["errors"][0]["pointer"] == "#/items/2/parent"


def test_a_parent_that_goes_into_its_own_subsidiary_leaves_no_circle(program: Program) -> None:
    top = program.post("companies", {"name": "Top"}).json()["id"]
    middle = program.post("companies", {"name": "Middle", "parent": top}).json()["id"]
    low = program.post("companies", {"name": "Low", "parent": middle}).json()["id"]
    program.post(f"companies/{low}/merges", {"gone": top})
    parents = {row["name"]: row["parent"] and row["parent"]["name"] for row in program.all("companies")}
    assert parents == {"Middle": "Low", "Low": None}
    program.post(f"companies/{low}/merges/undo", {})
    parents = {row["name"]: row["parent"] and row["parent"]["name"] for row in program.all("companies")}
    assert parents == {"Top": None, "Middle": "Top", "Low": "Middle"}


def test_contacts_decide_about_a_deal_and_two_of_them_turn_out_to_be_one(program: Program, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        deals = [make_deal(actor=lena, name=name) for name in ("First", "Second")]
    first, second = (row["id"] for row in reversed(program.all("deals")))
    nina = program.post("contacts", {"name": "Nina Berg", "email": "nina@alder.com"}).json()["id"]
    same = program.post("contacts", {"name": "N. Berg", "phone": "+47 22 12 34 56"}).json()["id"]
    program.put(f"deals/{first}/contacts/{nina}", {"role": "champion"})
    program.put(f"deals/{first}/contacts/{same}", {"role": "user"})
    program.put(f"deals/{second}/contacts/{same}", {"role": "coach"})
    assert program.put(f"deals/{second}/contacts/{same}", {"role": "blocker"}).json()["role"] == "blocker"
    program.post(f"contacts/{nina}/merges", {"gone": same})
    roles = {deal: [row["role"] for row in program.all(f"deals/{deal}/contacts")] for deal in (first, second)}
    assert roles == {first: ["champion"], second: ["blocker"]}
    assert program.get(f"contacts/{nina}").json()["phone"] == "+47 22 12 34 56"
    refused = program.put(f"deals/{first}/contacts/{same}", {"role": "user"})
    assert (refused.status_code, refused.json()["code"]) == (409, "was_merged")
    program.post(f"contacts/{nina}/merges/undo", {})
    assert {row["role"] for row in program.all(f"deals/{first}/contacts")} == {"champion", "user"}
    assert [row["contact"]["name"] for row in program.all(f"deals/{second}/contacts")] == ["N. Berg"]
    assert program.delete(f"deals/{second}/contacts/{same}").status_code == 204
    assert program.all(f"deals/{second}/contacts") == []
    assert len(deals) == 2


def test_the_kind_of_an_attribute_stays_once_rows_have_values(program: Program) -> None:
    made = program.post("attributes", {"of": "company", "name": "Größe (m²)", "kind": "choice", "choices": ["S", "L"]})
    size = made.json()
    assert (made.status_code, size["key"]) == (201, "grosse_m2")
    assert program.post("attributes", {"of": "company", "name": "Grosse m2"}).status_code == 422
    company = program.post("companies", {"name": "Alder", "attributes": {"grosse_m2": "S"}}).json()
    for change in ({"kind": "text"}, {"choices": ["L"]}):
        answer = program.patch(f"attributes/{size['id']}", change, If_Match="*")
        assert (answer.status_code, answer.json()["code"]) == (409, "attribute_in_use")
    program.patch(f"attributes/{size['id']}", {"choices": ["S", "M"], "is_archived": True}, If_Match="*")
    refused = program.patch(f"companies/{company['id']}", {"attributes": {"grosse_m2": "M"}}, If_Match="*")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["#/attributes.grosse_m2"]
    assert program.get(f"companies/{company['id']}").json()["attributes"] == {"grosse_m2": "S"}


def test_what_was_changed_since_comes_in_the_order_of_the_changes(program: Program) -> None:
    ids = [program.post("companies", {"name": name}).json()["id"] for name in ("A", "B", "C")]
    since = program.get(f"companies/{ids[1]}").json()["updated_at"]
    program.patch(f"companies/{ids[0]}", {"country": "Norway"}, If_Match="*")
    assert [row["name"] for row in program.all(f"companies?updated_since={since}&limit=1")] == ["B", "C", "A"]


def test_companies_are_found_by_a_tag_also_where_many_have_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, tags in (("One", ["North", "key"]), ("Two", ["north"]), ("Three", ["North"])):
        program.post("companies", {"name": name, "tags": tags})

    def tagged(query: str) -> list[str]:
        return [row["name"] for row in program.get(f"companies?{query}").json()["data"]]

    for few in (500, 1):
        monkeypatch.setattr("strategy.customer_queries.FEW", few)
        assert tagged("tag=North") == ["Three", "One"]
        assert tagged("tag=key&country=Nowhere") == []
        assert tagged("tag=North&updated_since=2020-01-01T00:00:00Z") == ["One", "Three"]
        assert tagged("tag=%25") == []
