"""Jumping to a deal, a person or a page by a part of its name."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.lookups import FEW
from strategy.models import Company
from strategy.queries import DealFilter, narrowed
from tests import make
from tests.frontend.conftest import DealMaker

JUMP = "/o/northwind/jump/"
HTMX = {"HX-Request": "true"}


def jump(client: Client, typed: str) -> str:
    answer = client.get(JUMP, {"q": typed}, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def hits(page: str) -> list[str]:
    """The words of each result."""
    found = re.findall(r'role="option".*?<span>(.*?)</span>', page)
    return [re.sub("<.*?>", "", words) for words in found]


class TestDeals:
    @pytest.mark.parametrize(
        "typed", ["leak", "LEAK", "k anal", "kanalyt", "  leak   analytics ", "brig", "rightwater", "le", "br"]
    )
    def test_are_found_by_a_part_of_their_name_or_their_companys(
        self, typed: str, as_omar: Client, make_deal: DealMaker
    ) -> None:
        make_deal("Leak analytics")
        make_deal("Pumps", company="Kestrel")
        assert hits(jump(as_omar, typed))[0] == "Leak analytics, Brightwater"
        assert "Pumps, Kestrel" not in hits(jump(as_omar, typed))

    def test_one_or_two_letters_are_the_beginning_of_a_name(self, as_omar: Client, make_deal: DealMaker) -> None:
        make_deal("Leak analytics")
        assert "Leak analytics, Brightwater" not in hits(jump(as_omar, "ea"))

    @pytest.mark.parametrize(
        "name", ["100% recycled", "snake_case", r"back\slash", "Straße", "ŁÓDŹ metro", "漢字 deal"]
    )
    def test_odd_letters_are_letters(self, name: str, as_omar: Client, make_deal: DealMaker) -> None:
        make_deal(name, company="Kestrel")
        make_deal("100 of the same snakes case, backslash", company="Kestrel")
        assert hits(jump(as_omar, name))[0] == f"{name}, Kestrel"

    @pytest.mark.parametrize("typed", ["%%%", "___", "%", "\\", "'; DROP", "\u202e\u0000x", "x" * 5000, "\ud800"])
    def test_nonsense_finds_nothing_and_says_so(self, typed: str, as_omar: Client, make_deal: DealMaker) -> None:
        make_deal()
        answer = as_omar.get(JUMP, {"q": typed.encode("utf-8", "surrogatepass")}, headers=HTMX)
        assert answer.status_code in (200, 400)
        assert "Brightwater" not in answer.content.decode()

    def test_open_ones_and_those_that_begin_with_the_words_come_first(
        self, as_omar: Client, make_deal: DealMaker
    ) -> None:
        make_deal("Leak one", company="Kestrel")
        make_deal("Leak two", company="Kestrel", ends="Lost")
        make_deal("A leak", company="Kestrel")
        assert hits(jump(as_omar, "leak"))[:3] == ["Leak one, Kestrel", "Leak two, Kestrel", "A leak, Kestrel"]

    def test_what_was_typed_is_marked_and_nothing_is_taken_for_markup(
        self, as_omar: Client, make_deal: DealMaker
    ) -> None:
        make_deal("<b>Leak</b>")
        assert "&lt;b&gt;<mark>Leak</mark>&lt;/b&gt;" in jump(as_omar, "leak")

    def test_a_name_that_was_nearly_typed_is_offered(self, as_omar: Client, make_deal: DealMaker) -> None:
        make_deal("Brightwater metering", company="Kestrel")
        page = jump(as_omar, "brigtwater")
        assert "Nothing called “brigtwater”." in page
        assert "Did you mean Brightwater metering?" in page

    def test_many_of_a_name_are_still_all_in_the_list(
        self, northwind: Tenant, omar: Membership, monkeypatch: pytest.MonkeyPatch, make_deal: DealMaker
    ) -> None:
        monkeypatch.setattr("strategy.lookups.FEW", 3)
        for number in range(6):
            make_deal(f"Leak {number}")
        with tenant_scope(northwind.pk):
            assert narrowed(DealFilter(words="leak")).count() == 6
            assert narrowed(DealFilter(words="brightw")).count() == 6
            assert narrowed(DealFilter(words="leak 5")).count() == 1
        assert FEW > 3


class TestWhoSeesWhat:
    def test_eve_finds_nothing_of_northwind_and_her_own_deal(
        self, client: Client, deal: object, eve: Membership, southwind: Tenant
    ) -> None:
        with tenant_scope(southwind.pk):
            make.make_deal(actor=eve, name="Leak of Eve", company=Company.objects.create(name="Brightwater"))
        client.force_login(eve.user)
        page = client.get("/o/southwind/jump/", {"q": "leak"}, headers=HTMX).content.decode()
        assert hits(page)[0] == "Leak of Eve, Brightwater"
        assert "analytics" not in page
        near = client.get("/o/southwind/jump/", {"q": "analitics"}, headers=HTMX).content.decode()
        assert "analytics" not in near.replace("analitics", "")
        assert client.get(JUMP, {"q": "leak"}).status_code == 404

    def test_where_everybody_sees_their_own_only_omar_finds_no_deal_of_lenas(
        self, as_omar: Client, lena: Membership, northwind: Tenant, make_deal: DealMaker
    ) -> None:
        make_deal("Leak of Omar", company="Kestrel")
        with tenant_scope(northwind.pk):
            make.make_deal(actor=lena, name="Leak of Lena", company=Company.objects.create(name="Norrland"))
        assert "Leak of Lena, Norrland" in hits(jump(as_omar, "leak"))
        Tenant.objects.filter(pk=northwind.pk).update(visibility="own")
        assert hits(jump(as_omar, "leak of"))[0] == "Leak of Omar, Kestrel"
        assert "Lena" not in jump(as_omar, "leak")
        assert "Norrland" not in jump(as_omar, "norrl").replace("norrl", "")
        assert "Did you mean" not in jump(as_omar, "norrlamd")

    def test_vera_is_not_offered_what_she_may_not_do(self, as_vera: Client, deal: object) -> None:
        found = hits(jump(as_vera, "leak"))
        assert found == ["Leak analytics, Brightwater"]
        assert hits(jump(as_vera, "log")) == []
        assert hits(jump(as_vera, "import")) == []

    def test_omar_is_offered_deeds_on_what_he_found(self, as_omar: Client, deal: object) -> None:
        found = hits(jump(as_omar, "leak"))
        assert "Log activity on Leak analytics" in found
        assert "Record an outcome on Leak analytics" in found


class TestPeopleAndPages:
    def test_a_person_leads_to_their_deals(self, as_lena: Client, omar: Membership, make_deal: DealMaker) -> None:
        make_deal("Leak analytics")
        page = jump(as_lena, "oma")
        assert hits(page) == ["Omar"]
        address = re.search(r'role="option"[^>]*href="([^"]+)"', page)
        assert address is not None
        listed = as_lena.get(address[1].replace("&amp;", "&")).content.decode()
        assert "Leak analytics" in listed
        assert f'<option value="{omar.pk}" selected>Omar</option>' in listed

    @pytest.mark.parametrize("whose", ["nonsense", "00000000-0000-0000-0000-000000000000", "\u0661"])
    def test_nobodys_key_narrows_nothing(self, whose: str, as_lena: Client, deal: object) -> None:
        assert "Leak analytics" in as_lena.get("/o/northwind/deals/", {"whose": whose}).content.decode()

    def test_pages_are_found_by_their_names(self, as_lena: Client) -> None:
        assert hits(jump(as_lena, "exec")) == ["Execution"]

    def test_without_a_script_it_is_a_page(self, as_omar: Client, deal: object) -> None:
        page = as_omar.get(JUMP, {"q": "leak"}).content.decode()
        assert "<h1>Search</h1>" in page
        assert 'role="option"' not in page
        assert f"/o/northwind/deals/{deal.pk}/" in page  # type: ignore[attr-defined]

    def test_it_opens_as_a_dialog_with_what_is_near(self, as_omar: Client, deal: object) -> None:
        page = as_omar.get(JUMP, headers=HTMX).content.decode()
        assert "<dialog" in page
        assert "<html" not in page
        assert hits(page)[0] == "Leak analytics, Brightwater"


def test_a_search_costs_the_same_for_one_deal_as_for_many(
    as_omar: Client, make_deal: DealMaker, django_assert_max_num_queries: object
) -> None:
    for number in range(20):
        make_deal(f"Leak {number}")
    jump(as_omar, "leak")  # the first request of a session notes where it is
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        jump(as_omar, "leak")
