"""Who reads on a shared machine, or through a shared cache, is not shown what somebody else was."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership
from strategy.models import Deal
from tests.frontend.conftest import DealMaker

PAGES = ["", "deals/", "deals/{deal}/", "execution/", "log/", "imports/", "settings/", "deals/nothing/"]


@pytest.fixture
def deal(make_deal: DealMaker) -> Deal:
    return make_deal()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_an_organisation_is_kept_by_anybody(as_lena: Client, deal: Deal, page: str) -> None:
    answer = as_lena.get("/o/northwind/" + page.format(deal=deal.pk))
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("page", ["/", "/organisations/"])
def test_nor_is_where_a_person_belongs(as_lena: Client, lena: Membership, page: str) -> None:
    assert as_lena.get(page)["Cache-Control"] == "private, no-store"


def test_what_is_the_same_for_everybody_may_be_kept(client: Client, db: None) -> None:
    assert "public" in client.get("/api/v1/openapi.json")["Cache-Control"]
