"""The list of deals: what a row says, how it is narrowed, paged and kept cheap."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal
from tests import make
from tests.frontend.conftest import DealMaker
from tests.sessions import settle

HTMX = {"HX-Request": "true"}


def names(page: str) -> list[str]:
    return re.findall(r'<a class="go" href="[^"]+">([^<]+)</a>', page)


def deals(client: Client, query: str = "", **options: Any) -> str:
    answer = client.get(f"/o/northwind/deals/{query}", **options)
    assert answer.status_code == 200
    return answer.content.decode()


class TestRows:
    def test_a_row_says_what_the_deal_is_and_what_comes_next(self, as_omar: Client, deal: Deal) -> None:
        page = deals(as_omar)
        for words in ("Leak analytics", "Brightwater", "€10,000", "Goal agreed", "30 days", "Qualified", "Omar"):
            assert words in page
        assert 'aria-label="0 of 4 outcomes reached"' in page

    def test_an_ended_deal_says_how_and_when(self, as_omar: Client, make_deal: DealMaker) -> None:
        make_deal(ends="No decision")
        assert "No decision, 18 Nov" in deals(as_omar, "?standing=no_decision")

    def test_a_deal_without_company_or_amount_is_shown_too(
        self, as_omar: Client, northwind: Tenant, omar: Membership
    ) -> None:
        with tenant_scope(northwind.pk):
            make.make_deal(actor=omar, name="Bare", amount=None)
        assert names(deals(as_omar)) == ["Bare"]

    def test_names_are_text_never_markup(self, as_omar: Client, make_deal: DealMaker) -> None:
        make_deal("<script>alert(1)</script>")
        assert "<script>alert" not in deals(as_omar)

    def test_an_empty_list_says_what_will_stand_here(self, as_lena: Client) -> None:
        assert "No open deals yet" in deals(as_lena)

    def test_eve_sees_none_of_northwind(self, client: Client, eve: Membership, deal: Deal, on_wednesday: None) -> None:
        client.force_login(eve.user)
        assert names(client.get("/o/southwind/deals/?standing=all").content.decode()) == []
        assert client.get(f"/o/southwind/deals/{deal.pk}/").status_code == 404


class TestNarrowing:
    @pytest.fixture(autouse=True)
    def some(self, make_deal: DealMaker, lena: Membership) -> None:
        make_deal("Open one")
        make_deal("Won one", ends="Won")
        make_deal("Lost one", ends="Lost", company="Kestrel Foods")
        make_deal("Lena's own", owner=lena)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"Open one", "Lena's own"}),
            ("?standing=won", {"Won one"}),
            ("?standing=lost", {"Lost one"}),
            ("?standing=all", {"Open one", "Won one", "Lost one", "Lena's own"}),
            ("?whose=mine", {"Open one"}),
            ("?q=OPEN", {"Open one"}),
            ("?standing=all&q=kestrel", {"Lost one"}),
            ("?standing=nonsense", {"Open one", "Lena's own"}),
            ("?stage=nonsense", {"Open one", "Lena's own"}),
            ("?q=%25", set()),
        ],
    )
    def test_shows_what_was_asked_for(self, as_omar: Client, query: str, found: set[str]) -> None:
        assert {name.replace("&#x27;", "'") for name in names(deals(as_omar, query))} == found

    def test_by_stage(self, as_omar: Client, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            workshop = make.stage("Workshop").pk
        assert names(deals(as_omar, f"?stage={workshop}")) == []

    def test_htmx_gets_the_rows_alone_and_a_history_restore_the_page(self, as_omar: Client) -> None:
        assert "<html" not in deals(as_omar, "?standing=won", headers=HTMX)
        restored = deals(as_omar, "?standing=won", headers={**HTMX, "HX-History-Restore-Request": "true"})
        assert "<html" in restored

    def test_says_that_the_answer_depends_on_who_asks(self, as_omar: Client) -> None:
        assert "HX-Request" in as_omar.get("/o/northwind/deals/")["Vary"]


class TestPages:
    @pytest.fixture
    def many(self, northwind: Tenant, deal: Deal) -> None:
        with tenant_scope(northwind.pk):
            Deal.objects.bulk_create(
                Deal(
                    name=f"Deal {number:03}", pipeline=deal.pipeline, stage=deal.stage, owner=deal.owner, currency="EUR"
                )
                for number in range(120)
            )

    def test_every_deal_comes_once_newest_first(self, as_omar: Client, many: None) -> None:
        found, page = [], deals(as_omar)
        while True:
            found += names(page)
            more = re.search(r'href="([^"]+)" hx-get="[^"]+" hx-target="closest tr"', page)
            if more is None:
                break
            page = as_omar.get(more[1].replace("&amp;", "&")).content.decode()
        assert len(found) == len(set(found)) == 121
        assert found[0] == "Deal 119"
        assert found[-1] == "Leak analytics"

    def test_more_rows_are_rows_alone_for_htmx(self, as_omar: Client, many: None) -> None:
        more = re.search(r'hx-get="([^"]+)" hx-target="closest tr"', deals(as_omar))
        assert more is not None
        page = as_omar.get(more[1].replace("&amp;", "&"), headers=HTMX).content.decode()
        assert page.lstrip().startswith("<tr")
        assert len(names(page)) == 50

    @pytest.mark.parametrize("after", ["nonsense", "2026-13-01T00:00:00+00:00_0", "_", "x" * 2000])
    def test_a_mangled_address_shows_the_first_rows(self, as_omar: Client, deal: Deal, after: str) -> None:
        assert names(as_omar.get("/o/northwind/deals/", {"after": after}).content.decode()) == ["Leak analytics"]

    def test_costs_the_same_for_ten_deals_as_for_a_thousand(
        self, as_omar: Client, make_deal: DealMaker, northwind: Tenant, django_assert_max_num_queries: Any
    ) -> None:
        template, *_ = [make_deal(f"Deal {number}") for number in range(10)]
        settle(as_omar)
        costs = []
        for more in (0, 990):
            with tenant_scope(northwind.pk):
                Deal.objects.bulk_create(
                    Deal(name="More", pipeline=template.pipeline, stage=template.stage, currency="EUR")
                    for _ in range(more)
                )
            with django_assert_max_num_queries(12) as found:
                deals(as_omar)
            costs.append(len(found))
        assert costs[0] == costs[1]
