"""The pages of companies and contacts, who decides about a deal, and attributes of one's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import BuyingRole, Company, Contact, Deal
from strategy.services import define_attribute, edit_company, merge_companies, open_company, open_contact
from tests.make import NOON, make_deal
from tests.sessions import settle

BASE = "/o/northwind/"


def words_of(answer: Any) -> str:
    return str(answer.getvalue().decode())


@pytest.fixture
def alder(lena: Membership) -> Company:
    with tenant_scope(lena.tenant_id):
        return open_company(actor=lena, at=NOON, name="Alder Foods", domain="alderfoods.com", industry="Food")


def test_a_company_is_added_corrected_and_found(as_omar: Client, northwind: Tenant) -> None:
    typed = {"name": "שלום 🚀 Foods", "domain": "not a domain", "revenue": "12.50", "revenue_currency": "eur"}
    answer = as_omar.post(f"{BASE}companies/new/", typed)
    assert answer.status_code == 422
    assert "Give a domain like company.com." in words_of(answer)
    answer = as_omar.post(f"{BASE}companies/new/", typed | {"domain": "https://shalom.example/x", "tags": "a, A, b"})
    assert answer.status_code == 303
    page = words_of(as_omar.get(answer["Location"]))
    for told in ("שלום 🚀 Foods", "shalom.example", "€12.50", "a, b"):
        assert told in page
    key = answer["Location"].rstrip("/").rpartition("/")[2]
    change = words_of(as_omar.get(f"{BASE}companies/{key}/edit/"))
    assert 'value="12.50"' in change
    assert 'name="version" value="1"' in change
    sent = {"name": "Shalom", "parent": "Shalom", "version": "1"}
    assert "There is no company called like this" in words_of(as_omar.post(f"{BASE}companies/{key}/edit/", sent))
    assert as_omar.post(f"{BASE}companies/{key}/edit/", sent | {"parent": ""}).status_code == 303
    stale = as_omar.post(f"{BASE}companies/{key}/edit/", sent | {"parent": "Shalom"})
    assert stale.status_code == 422
    assert "was changed by somebody else" in words_of(stale)
    below = as_omar.post(f"{BASE}companies/{key}/edit/", sent | {"parent": "Shalom", "version": "2"})
    assert "stands below" in words_of(below)
    assert "Shalom" in words_of(as_omar.get(f"{BASE}companies/?q=SHAL"))
    assert "No company fits" in words_of(as_omar.get(f"{BASE}companies/?q=zzz"))


@pytest.mark.parametrize("many", [5, 120])
def test_the_table_costs_the_same_for_few_and_for_many(
    as_lena: Client, northwind: Tenant, django_assert_max_num_queries: Any, many: int
) -> None:
    with tenant_scope(northwind.pk):
        Company.objects.bulk_create(
            Company(name=f"Company {n:03}", name_key=f"company{n:03}", industry="Food") for n in range(many)
        )
    settle(as_lena)
    with django_assert_max_num_queries(14):
        page = words_of(as_lena.get(f"{BASE}companies/"))
    assert page.count('<a class="go"') == min(many, 50)
    assert ("Show more" in page) == (many > 50)
    file = as_lena.get(f"{BASE}companies/?format=csv&q=company")
    assert len(words_of(file).strip().splitlines()) == many + 1
    odd = as_lena.get(f"{BASE}companies/", {"q": "a%b", "after": "x", "owner": "x", "industry": "None such"})
    assert odd.status_code == 200


def test_the_file_has_every_company_and_is_sent_while_it_is_read(as_lena: Client, northwind: Tenant) -> None:
    with tenant_scope(northwind.pk):
        Company.objects.bulk_create(Company(name=f"Company {n}", name_key=f"company{n}") for n in range(501))
    mark, head, *parts = as_lena.get(f"{BASE}companies/?format=csv").streaming_content  # type: ignore[attr-defined]
    assert (mark.decode(), head.decode().strip()) == (
        "\ufeff",
        "Name,Domain,Industry,Country,Owner,Open deals,Won",
    )
    assert [part.count(b"\n") for part in parts] == [500, 1]


def test_vera_looks_and_changes_nothing(as_vera: Client, alder: Company) -> None:
    page = words_of(as_vera.get(f"{BASE}companies/{alder.pk}/"))
    assert "Alder Foods" in page
    assert "Add a contact" not in page
    for path in ("companies/new/", f"companies/{alder.pk}/edit/", "companies/duplicates/", "settings/attributes/"):
        assert as_vera.get(f"{BASE}{path}").status_code == 403
    assert as_vera.post(f"{BASE}companies/{alder.pk}/merge/undo/").status_code == 403


def test_eves_companies_are_as_if_they_had_never_been(as_lena: Client, eve: Membership) -> None:
    with tenant_scope(eve.tenant_id):
        hers = open_company(actor=eve, at=NOON, name="Secret Foods")
        person = open_contact(actor=eve, at=NOON, name="Secret Person", company=hers)
    for path in (f"companies/{hers.pk}/", f"companies/{hers.pk}/edit/", f"contacts/{person.pk}/"):
        assert as_lena.get(f"{BASE}{path}").status_code == 404
    for path in ("companies/?q=secret", "contacts/?q=secret", "jump/?q=secret", f"contacts/?company={hers.pk}"):
        assert "Secret Foods" not in words_of(as_lena.get(f"{BASE}{path}"))
        assert "Secret Person" not in words_of(as_lena.get(f"{BASE}{path}"))


def test_duplicates_are_suggested_merged_and_made_two_again(as_lena: Client, lena: Membership, alder: Company) -> None:
    with tenant_scope(lena.tenant_id):
        same = open_company(actor=lena, at=NOON, name="ALDER  foods", industry="Dairy")
        open_contact(actor=lena, at=NOON, name="Nina", company=same)
    assert "May be the same" in words_of(as_lena.get(f"{BASE}companies/{alder.pk}/"))
    assert "Merge with" in words_of(as_lena.get(f"{BASE}companies/duplicates/"))
    url = f"{BASE}companies/{alder.pk}/merge/?with={same.pk}"
    assert "Industry: Food / Dairy" in words_of(as_lena.get(url))
    answer = as_lena.post(url, {"stays": str(alder.pk), "wins": ["industry"]})
    assert answer.status_code == 303
    page = words_of(as_lena.get(answer["Location"]))
    for told in ("Dairy", "Nina", "was merged into this one"):
        assert told in page
    led = as_lena.get(f"{BASE}companies/{same.pk}/")
    assert (led.status_code, led["Location"]) == (302, f"{BASE}companies/{alder.pk}/")
    assert as_lena.post(url, {"stays": str(alder.pk)}).status_code == 422
    as_lena.post(f"{BASE}companies/{alder.pk}/merge/undo/")
    page = words_of(as_lena.get(f"{BASE}companies/{alder.pk}/"))
    assert "They are two again." in page
    assert "Nina" not in page


def test_whoever_merges_looks_for_the_other_one(as_lena: Client, lena: Membership, alder: Company) -> None:
    with tenant_scope(lena.tenant_id):
        same = open_company(actor=lena, at=NOON, name="Alder Group", employees=1200, revenue=500_000)
        open_company(actor=lena, at=NOON, name="Birch", employees=7)
        nina, twin = (open_contact(actor=lena, at=NOON, name="Nina Berg", company=one) for one in (alder, same))
    url = f"{BASE}companies/{alder.pk}/merge/"
    assert f'href="{url}"' in words_of(as_lena.get(f"{BASE}companies/{alder.pk}/"))
    assert "None looks like it." in words_of(as_lena.get(url))
    found = words_of(as_lena.get(url, {"q": "alder"}))
    assert (f'href="{url}?with={same.pk}"' in found, f"?with={alder.pk}" in found) == (True, False)
    for odd in ("zzz", "a%b"):
        assert as_lena.get(url, {"q": odd}).status_code == 200
    assert "Which company is the same" in words_of(as_lena.get(f"{url}?with={alder.pk}"))
    assert as_lena.get(f"{url}?with=x").status_code == 200
    assert "Nina Berg at Alder Group" in words_of(as_lena.get(f"{BASE}contacts/duplicates/?by=name"))
    assert "No two have this in common." in words_of(as_lena.get(f"{BASE}contacts/duplicates/"))
    assert str(twin.pk) in words_of(as_lena.get(f"{BASE}contacts/{nina.pk}/merge/", {"q": "berg"}))
    assert as_lena.post(f"{url}?with={same.pk}", {"stays": str(same.pk)}).status_code == 303
    assert as_lena.get(url)["Location"] == f"{BASE}companies/{same.pk}/merge/"
    company = as_lena.post(f"{BASE}deals/new/", {"name": "Loss map", "company": "alder foods"})
    assert company.status_code == 303, words_of(company)
    with tenant_scope(lena.tenant_id):
        assert Deal.objects.get(name="Loss map").company == same


def test_who_decides_about_a_deal_stands_on_its_page(as_omar: Client, northwind: Tenant, deal: Deal) -> None:
    assert "Nobody is named yet." in words_of(as_omar.get(f"{BASE}deals/{deal.pk}/"))
    url = f"{BASE}deals/{deal.pk}/people/"
    assert as_omar.post(url, {"role": "champion"}).status_code == 422
    assert as_omar.post(url, {"role": "king", "name": "Ingrid"}).status_code == 422
    assert as_omar.post(url, {"role": "champion", "name": "Ingrid Falk", "title": "COO"}).status_code == 303
    assert "COO, Champion" in words_of(as_omar.get(f"{BASE}deals/{deal.pk}/"))
    with tenant_scope(northwind.pk):
        ingrid = Contact.objects.get(name="Ingrid Falk")
        assert ingrid.company_id == deal.company_id
    assert deal.name in words_of(as_omar.get(f"{BASE}contacts/{ingrid.pk}/"))
    with tenant_scope(northwind.pk):
        role = BuyingRole.objects.get()
    as_omar.post(f"{BASE}deals/people/{role.pk}/remove/")
    with tenant_scope(northwind.pk):
        assert not BuyingRole.objects.exists()


def test_a_contact_is_added_at_a_company_and_found(as_omar: Client, alder: Company) -> None:
    at = f"{BASE}contacts/new/?company={alder.pk}"
    assert "Alder Foods" in words_of(as_omar.get(at))
    wrong = as_omar.post(at, {"name": "Nina", "company": "Alder Foods", "email": "nina@", "phone": "call me"})
    assert wrong.status_code == 422
    assert "Give a telephone number" in words_of(wrong) or "e-mail" in words_of(wrong)
    sent = {"name": "Nina Berg", "company": "alder foods", "email": "NINA@alderfoods.com", "phone": "+47 22 12 34 56"}
    answer = as_omar.post(at, sent)
    assert answer.status_code == 303
    assert "nina@alderfoods.com" in words_of(as_omar.get(answer["Location"]))
    for path in (f"companies/{alder.pk}/", "contacts/?q=berg", f"contacts/?company={alder.pk}", "jump/?q=nina"):
        assert "Nina" in words_of(as_omar.get(f"{BASE}{path}"))


def test_an_attribute_of_ones_own_is_asked_for_in_the_form(as_lena: Client, alder: Company) -> None:
    made = {"of": "company", "name": "Fleet size", "kind": "number"}
    assert as_lena.post(f"{BASE}settings/attributes/", made).status_code == 303
    assert as_lena.post(f"{BASE}settings/attributes/", made).status_code == 422
    url = f"{BASE}companies/{alder.pk}/edit/"
    sent = {"name": "Alder Foods", "attributes.fleet_size": "many"}
    assert as_lena.post(url, sent).status_code == 422
    assert as_lena.post(url, sent | {"attributes.fleet_size": "12000"}).status_code == 303
    assert "12,000" in words_of(as_lena.get(f"{BASE}companies/{alder.pk}/"))
    listed = words_of(as_lena.get(f"{BASE}settings/attributes/"))
    keys = [part[:36] for part in listed.split("/settings/attributes/")[1:] if part[36:37] == "/"]
    key = keys[0]
    changed = as_lena.post(f"{BASE}settings/attributes/{key}/", {"name": "Fleet", "kind": "text"})
    assert changed.status_code == 422
    assert as_lena.post(f"{BASE}settings/attributes/{key}/archive/").status_code == 303
    assert "attributes.fleet_size" not in words_of(as_lena.get(url))


def test_what_a_company_says_yes_to_stays_when_its_form_is_saved(
    as_lena: Client, lena: Membership, alder: Company
) -> None:
    with tenant_scope(lena.tenant_id):
        for name, kind in (("On our list", "switch"), ("Renewed", "day")):
            define_attribute(actor=lena, at=NOON, of="company", name=name, kind=kind)
        given = {"on_our_list": True, "renewed": "2026-11-02"}
        edit_company(company=alder, actor=lena, at=NOON, attributes=given)
    url = f"{BASE}companies/{alder.pk}/"
    assert "2 November 2026" in words_of(as_lena.get(url))
    form = words_of(as_lena.get(f"{url}edit/"))
    assert '<option value="yes" selected>' in form
    assert 'value="2026-11-02"' in form


def test_an_attribute_of_deals_is_written_and_read_on_their_pages(
    as_lena: Client, lena: Membership, deal: Deal
) -> None:
    with tenant_scope(lena.tenant_id):
        define_attribute(actor=lena, at=NOON, of="deal", name="Sites", kind="number")
    url = f"{BASE}deals/{deal.pk}/"
    sent = {"name": deal.name, "company": "Brightwater", "owner": str(deal.owner_id), "amount": "10000"}
    wrong = as_lena.post(f"{url}edit/", sent | {"attributes.sites": "many"})
    assert wrong.status_code == 422
    assert as_lena.post(f"{url}edit/", sent | {"attributes.sites": "1200"}).status_code == 303
    assert "<dt>Sites</dt><dd>1,200</dd>" in words_of(as_lena.get(url))
    assert as_lena.post(f"{url}edit/", sent | {"attributes.sites": ""}).status_code == 303
    assert "<dt>Sites</dt>" not in words_of(as_lena.get(url))


def test_a_deal_is_opened_from_its_company(as_omar: Client, vera: Membership, alder: Company) -> None:
    url = f"{BASE}companies/{alder.pk}/"
    way = f"{BASE}deals/new/?company={alder.pk}"
    assert way in words_of(as_omar.get(url))
    assert 'value="Alder Foods"' in words_of(as_omar.get(way))
    hers = Client()
    hers.force_login(vera.user)
    assert way not in words_of(hers.get(url))


def test_an_attribute_may_be_called_like_a_comparison(as_lena: Client, lena: Membership, alder: Company) -> None:
    for key in ("contains", "a__in"):
        with tenant_scope(lena.tenant_id):
            made = define_attribute(
                actor=lena, at=NOON, of="company", name=key, key=key, kind="choice", choices=["1", "2"]
            )
            edit_company(company=alder, actor=lena, at=NOON, attributes={key: "1"})
        url = f"{BASE}settings/attributes/{made.pk}/"
        assert as_lena.post(url, {"name": key, "kind": "choice", "choices": "2"}).status_code == 422
        assert as_lena.post(url, {"name": key, "kind": "choice", "choices": "1"}).status_code == 303
        assert as_lena.get(f"{BASE}companies/{alder.pk}/edit/").status_code == 200


def test_a_merged_company_is_in_no_list(as_lena: Client, lena: Membership, alder: Company) -> None:
    with tenant_scope(lena.tenant_id):
        gone = open_company(actor=lena, at=NOON, name="Gone Foods")
        merge_companies(keep=alder, gone=gone, actor=lena, at=NOON)
    for path in ("companies/", "companies/?q=gone", "jump/?q=gone", "companies/?format=csv"):
        assert "Gone Foods" not in words_of(as_lena.get(f"{BASE}{path}"))


def test_a_company_leads_to_all_of_its_deals(as_omar: Client, omar: Membership, alder: Company) -> None:
    with tenant_scope(omar.tenant_id):
        like = make_deal(actor=omar, name="Deal 0", company=alder)
        shared = {"pipeline": like.pipeline, "stage": like.stage, "owner": omar, "company": alder, "currency": "EUR"}
        Deal.objects.bulk_create(Deal(name=f"Deal {n}", **shared) for n in range(1, 20))
    way = f'href="{BASE}deals/?standing=all&amp;company={alder.pk}"'
    assert way not in words_of(as_omar.get(f"{BASE}companies/{alder.pk}/"))
    with tenant_scope(omar.tenant_id):
        Deal.objects.create(name="Deal 20", **shared)
    page = words_of(as_omar.get(f"{BASE}companies/{alder.pk}/"))
    assert way in page
    rest = words_of(as_omar.get(f"{BASE}deals/?standing=all&company={alder.pk}"))
    assert rest.count('<a class="go"') == 21
