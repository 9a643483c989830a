"""The table of deals: its filters, orders, columns, views under a name, and the file."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, SavedView, Tenant
from accounts.tenancy.scope import active, tenant_scope
from strategy.models import Deal, DealSource
from tests import make
from tests.frontend.conftest import DealMaker
from tests.frontend.test_deals_list import deals, names
from tests.sessions import settle
from tests.teams import Cast, let_see

VIEWS = "/o/northwind/deals/views"


def heads(page: str) -> list[str]:
    return re.findall(r'role="columnheader"[^>]*>([^<]+)</th>', page)


def file(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/o/northwind/deals.csv{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.fixture
def three(make_deal: DealMaker, northwind: Tenant) -> dict[str, Deal]:
    """Deals that differ in everything that a list is narrowed and ordered by."""
    with tenant_scope(northwind.pk):
        fair = DealSource.objects.create(name="Hannover fair")
    made = {
        "small": make_deal("Small", amount=100, expected_close_on=date(2026, 12, 1), days_ago=10),
        "large": make_deal("Large", amount=9_000_000, company="Kestrel Foods", days_ago=40),
        "none": make_deal("None", amount=None, expected_close_on=date(2026, 11, 20), days_ago=20),
    }
    with tenant_scope(northwind.pk):
        Deal.objects.filter(pk=made["small"].pk).update(came_from=fair)
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["None", "Large", "Small"]),
        ("?order=value", ["Large", "Small", "None"]),
        ("?order=close", ["None", "Small", "Large"]),
        ("?order=nonsense", ["None", "Large", "Small"]),
        ("?qualified_from=2026-11-01", ["Small"]),
        ("?qualified_from=2026-10-01&qualified_until=2026-10-20", ["Large"]),
        ("?qualified_from=yesterday", ["None", "Large", "Small"]),
        ("?company={company}", ["Large"]),
        ("?source={source}", ["Small"]),
        ("?pipeline={pipeline}&play=x&segment=y", ["None", "Large", "Small"]),
    ],
)
def test_the_list_is_narrowed_and_ordered_by_its_address(
    as_omar: Client, three: dict[str, Deal], northwind: Tenant, query: str, found: list[str]
) -> None:
    with tenant_scope(northwind.pk):
        source = DealSource.objects.get().pk
    large = three["large"]
    asked = query.format(company=large.company_id, source=source, pipeline=large.pipeline_id)
    assert names(deals(as_omar, asked)) == found
    assert [row[0] for row in file(as_omar, asked)[1:]] == found


@pytest.mark.parametrize("order", ["newest", "value", "close"])
def test_every_deal_comes_once_in_each_order(as_omar: Client, northwind: Tenant, deal: Deal, order: str) -> None:
    with tenant_scope(northwind.pk):
        shared = {"pipeline": deal.pipeline, "stage": deal.stage, "owner": deal.owner, "currency": "EUR"}
        Deal.objects.bulk_create(
            Deal(
                name=f"Deal {n:03}",
                amount=n // 2 * 100 if n % 3 else None,
                expected_close_on=date(2026, 12, n % 28 + 1) if n % 5 else None,
                **shared,
            )
            for n in range(119)
        )
    found, address = [], f"/o/northwind/deals/?order={order}"
    while address:
        page = as_omar.get(address).content.decode()
        found += names(page)
        more = re.search(r'href="([^"]+)" hx-get="[^"]+" hx-target="closest tr"', page)
        address = html.unescape(more[1]) if more else ""
    assert len(found) == len(set(found)) == 120
    assert [row[0] for row in file(as_omar, f"?order={order}")[1:]] == found
    if order == "value":
        assert found[0] == "Leak analytics"


@pytest.mark.parametrize("after", ["x", "1_x", f"{10**30}_{'0' * 32}", f"0001-01-01_{'0' * 32}", f"-5_{'0' * 32}"])
def test_a_mangled_place_is_no_error(as_omar: Client, deal: Deal, after: str) -> None:
    for order in ("newest", "value", "close"):
        assert as_omar.get("/o/northwind/deals/", {"order": order, "after": after}).status_code == 200


def test_columns_are_chosen_in_the_address(as_omar: Client, deal: Deal) -> None:
    usual = ["Deal", "Value", "Path", "Next outcome", "Waiting since", "People named", "Owner"]
    assert heads(deals(as_omar)) == usual
    assert heads(deals(as_omar, "?columns=stage,close")) == ["Deal", "Stage", "Expected close"]
    assert heads(deals(as_omar, "?columns=close&columns=qualified")) == ["Deal", "Expected close", "Qualified"]
    assert heads(deals(as_omar, "?columns=nonsense")) == usual
    every = ",".join(re.findall(r'name="columns" value="(\w+)"', deals(as_omar)))
    assert len(heads(deals(as_omar, f"?columns={every}"))) == 19


def test_the_file_has_what_is_shown_and_runs_as_no_formula(as_omar: Client, make_deal: DealMaker) -> None:
    make_deal('=HYPERLINK("http://evil")', company="+Brightwater")
    head, row = file(as_omar, "?columns=value,stage")
    assert head == ["Deal", "Company", "Value", "Stage", "Currency"]
    assert row == ['\'=HYPERLINK("http://evil")', "'+Brightwater", "10000.00", "Qualified", "EUR"]


def test_the_file_has_every_deal_and_is_made_while_it_is_sent(as_omar: Client, northwind: Tenant, deal: Deal) -> None:
    shared = {"pipeline": deal.pipeline, "stage": deal.stage, "owner": deal.owner, "currency": "EUR"}
    with tenant_scope(northwind.pk):
        Deal.objects.bulk_create(Deal(name=f"Deal {n:04}", **shared) for n in range(1200))
    answer = as_omar.get("/o/northwind/deals.csv")
    with CaptureQueriesContext(connection) as asked:
        mark, head, *parts = [part.decode() for part in answer.streaming_content]
    assert (mark, head.count("\n")) == ("\ufeff", 1)
    assert [part.count("\n") for part in parts] == [500, 500, 201]
    assert len(asked) < 20
    assert active.get() is None


def test_the_list_and_the_file_have_no_deal_out_of_sight(client: Client, cast: Cast, on_wednesday: None) -> None:
    let_see(cast.lena.tenant, "own")
    with tenant_scope(cast.lena.tenant_id):
        make.make_deal(actor=cast.omar, name="Of Omar")
        make.make_deal(actor=cast.sara, name="Of Sara")
    client.force_login(cast.omar.user)
    for order in ("newest", "value", "close"):
        assert names(deals(client, f"?order={order}")) == ["Of Omar"]
        assert [row[0] for row in file(client, f"?order={order}")[1:]] == ["Of Omar"]


def test_the_list_is_narrowed_to_people_and_teams_in_sight(client: Client, cast: Cast, on_wednesday: None) -> None:
    with tenant_scope(cast.lena.tenant_id):
        for member in (cast.omar, cast.sara):
            make.make_deal(actor=member, name=f"Of {member.name}")
    client.force_login(cast.lena.user)
    north, field = f"?whose=team-{cast.north.pk}", f"?whose=team-{cast.field.pk}"
    page = deals(client)
    for whose in (f"team-{cast.north.pk}", str(cast.sara.pk), "mine"):
        assert f'value="{whose}"' in page
    assert names(deals(client, north)) == ["Of Omar"]
    assert names(deals(client, field)) == ["Of Sara", "Of Omar"], "teams below it, too"
    assert names(deals(client, f"?whose={cast.sara.pk}")) == ["Of Sara"]
    assert names(deals(client, f"?view=board&whose=team-{cast.south.pk}")) == ["Of Sara"]
    assert [row[0] for row in file(client, north)[1:]] == ["Of Omar"]
    let_see(cast.lena.tenant, "own")
    client.force_login(cast.nina.user)
    page = deals(client)
    assert (cast.omar.name in page, cast.sara.name in page, "South" in page) == (True, False, False)
    assert names(deals(client, f"?whose={cast.sara.pk}")) == []
    assert names(deals(client, f"?whose=team-{cast.south.pk}")) == ["Of Omar"]


def test_a_view_is_saved_chosen_shared_renamed_and_removed(
    as_omar: Client, deal: Deal, vera: Membership, northwind: Tenant
) -> None:
    answer = as_omar.post(f"{VIEWS}/new/?order=value&columns=stage&after=x", {"name": "By value", "is_shared": "on"})
    assert answer["Location"] == "/o/northwind/deals/?order=value&columns=stage"
    assert 'aria-current="true">By value</a>' in deals(as_omar, "?order=value&columns=stage")
    twice = as_omar.post(f"{VIEWS}/new/?q=leak", {"name": "By value"})
    assert (twice.status_code, "view named By value already" in twice.content.decode()) == (422, True)
    with tenant_scope(northwind.pk):
        view = SavedView.objects.get()
    hers = Client()
    hers.force_login(vera.user)
    assert "By value" in deals(hers)
    assert hers.post(f"{VIEWS}/{view.pk}/", {"name": "Hers"}).status_code == 422
    assert hers.post(f"{VIEWS}/{view.pk}/remove/").status_code == 403
    assert as_omar.post(f"{VIEWS}/{view.pk}/", {"name": "Mine <i>"}).status_code == 303
    assert hers.post(f"{VIEWS}/{view.pk}/remove/").status_code == 404
    assert as_omar.post(f"{VIEWS}/{view.pk}/remove/").status_code == 303
    undo = re.search(r'data-toast.*?<form action="([^"]+)"', as_omar.get(f"{VIEWS}/").content.decode(), re.DOTALL)
    assert undo is not None
    assert hers.post(html.unescape(undo[1])).status_code == 404
    assert as_omar.post(html.unescape(undo[1])).status_code == 303
    with tenant_scope(northwind.pk):
        again = SavedView.objects.get()
        assert (again.name, again.query, again.is_shared) == ("Mine <i>", "order=value&columns=stage", False)
    for name in ("", "x" * 81, "\u202e", "\0"):
        assert as_omar.post(f"{VIEWS}/new/?q=leak", {"name": name}).status_code == 422
    assert as_omar.post(f"{VIEWS}/new/?q={'x' * 2100}", {"name": "Long"}).status_code == 422


def test_the_page_costs_the_same_with_all_its_columns_and_filters(
    as_omar: Client, northwind: Tenant, three: Any, django_assert_max_num_queries: Any
) -> None:
    with tenant_scope(northwind.pk):
        make.make_deal(actor=three["small"].owner)
        SavedView.objects.create(page="deals", name="A", member=three["small"].owner)
    settle(as_omar)
    query = (
        f"?order=value&company={three['small'].company_id}&columns=stage,source,pipeline,segment,play,reason,owner,path"
    )
    with django_assert_max_num_queries(12):
        deals(as_omar, query)
