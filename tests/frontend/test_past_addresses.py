"""An organisation that moves is found at the address that it left, by its members and by nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.services import AddressTaken, edit_organisation, open_organisation
from accounts.tenancy.scope import tenant_scope
from tests.api import make_secret
from tests.make import NOON, make_organisation, make_user

NEVER = "/o/never-was/deals/?q=a"


def move(member: Membership, slug: str) -> None:
    with tenant_scope(member.tenant_id):
        edit_organisation(actor=member, at=NOON, slug=slug)


@pytest.fixture(autouse=True)
def moved(lena: Membership) -> None:
    """Northwind has left its address."""
    move(lena, "northwind-sales")


def test_a_link_leads_on_with_all_that_it_asks_for(as_omar: Client) -> None:
    answer = as_omar.get("/o/northwind/deals/?standing=lost&q=%C3%A4%2F")
    assert (answer.status_code, answer["Location"]) == (301, "/o/northwind-sales/deals/?standing=lost&q=%C3%A4%2F")
    # It may be taken back, so no browser keeps it.
    assert "no-store" in answer["Cache-Control"]
    assert as_omar.get(answer["Location"]).status_code == 200


def test_what_was_sent_goes_along(as_omar: Client) -> None:
    answer = as_omar.post("/o/northwind/log/", {"kind": "x"})
    assert (answer.status_code, answer["Location"]) == (308, "/o/northwind-sales/log/")


def test_for_eve_it_never_was(client: Client, eve: Membership) -> None:
    client.force_login(eve.user)
    for method in (client.get, client.post):
        answer, never = method("/o/northwind/deals/?q=a"), method(NEVER)
        assert answer.status_code == never.status_code == 404
        assert len(answer.content) == len(never.content)


def test_nobody_is_sent_to_the_sign_in_as_always(client: Client) -> None:
    for address in ("/o/northwind/deals/", "/o/never-was/deals/"):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")


def test_an_address_without_a_page_leads_on_to_one_that_is_not_there(as_omar: Client) -> None:
    answer = as_omar.get("/o/northwind//evil.example/")
    assert answer["Location"].startswith("/o/northwind-sales/")


def test_programs_notice_nothing(lena: Membership) -> None:
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {make_secret(lena)}"})
    assert answer.json()["organisation"]["slug"] == "northwind-sales"


def test_taken_back_it_is_the_address_again(as_omar: Client, lena: Membership) -> None:
    move(lena, "northwind")
    assert as_omar.get("/o/northwind/deals/").status_code == 200
    assert as_omar.get("/o/northwind-sales/deals/").status_code == 301


def test_a_new_organisation_of_the_same_name_gets_another_one() -> None:
    assert make_organisation("Northwind", owner="max").tenant.slug == "northwind-2"


def test_is_refused_to_who_asks_for_it(eve: Membership) -> None:
    with pytest.raises(AddressTaken):
        open_organisation(owner=make_user("max"), name="Other", slug="northwind", at=NOON)
    with pytest.raises(AddressTaken):
        move(eve, "northwind")
    assert Tenant.objects.get(pk=eve.tenant_id).slug == "southwind"


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_who_takes_it_in_the_moment_in_which_it_is_left_is_refused(self, eve: Membership, lena: Membership) -> None:
        """Whoever is first, the address has one organisation, now or once."""

        def leave() -> None:
            move(lena, "northwind")
            connection.close()

        def take() -> str:
            try:
                move(eve, "northwind-sales")
            except AddressTaken:
                return "refused"
            finally:
                connection.close()
            return "taken"

        with ThreadPoolExecutor(2) as pool:
            left, taken = pool.submit(leave), pool.submit(take)
            left.result()
            assert taken.result() == "refused"
