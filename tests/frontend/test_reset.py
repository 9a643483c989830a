"""A forgotten password, and a changed address: nobody learns who exists, and links work once and for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Tenant, User
from accounts.services import open_organisation
from accounts.tenancy.scope import tenant_scope
from tests.make import NOON, PASSWORD
from tests.post import letters, link_in

NEW = "five other plain words here"
ASK = "/accounts/password/reset/"
DONE = "/accounts/password/reset/done/"


def ask(address: str = "lena@example.com") -> str:
    """Ask for a new password; gives the link of the letter."""
    assert Client().post(ASK, {"email": address})["Location"] == DONE
    return link_in(letters(to=address, kind="reset-password")[-1])


def choose(client: Client, link: str, password: str = NEW) -> int:
    form = client.get(link)["Location"]
    return client.post(form, {"password1": password}).status_code


def signs_in(password: str, address: str = "lena@example.com") -> bool:
    answer = Client().post("/accounts/login/", {"login": address, "password": password})
    return answer.status_code == 302 and answer["Location"] == "/"


class TestAForgottenPassword:
    def test_is_replaced_by_the_link_of_a_letter(self, client: Client, lena: Membership) -> None:
        assert choose(client, ask()) == 302
        assert signs_in(NEW)
        assert not signs_in(PASSWORD)

    def test_the_answer_is_the_same_for_an_address_nobody_has(self, client: Client, lena: Membership) -> None:
        answers = [client.post(ASK, {"email": address}) for address in ("lena@example.com", "nobody@example.com")]
        assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, DONE)}
        assert "No account" in letters(to="nobody@example.com")[0].subject

    def test_a_link_works_once(self, client: Client, lena: Membership) -> None:
        link = ask()
        choose(client, link)
        again = Client().get(link)
        assert again.status_code == 404
        assert "This link has ended" in again.content.decode()

    def test_a_link_ends_after_two_hours(self, client: Client, lena: Membership) -> None:
        link = ask()
        with time_machine.travel(timezone.now() + timedelta(hours=2, minutes=1)):
            assert client.get(link).status_code == 404

    def test_a_link_ends_when_they_sign_in(self, client: Client, lena: Membership) -> None:
        link = ask()
        assert signs_in(PASSWORD)
        assert client.get(link).status_code == 404

    @pytest.mark.parametrize("link", ["1-x", "zzzzzzzzzz-abc-def", "0-set-password", "a" * 40 + "-" + "b" * 200])
    def test_a_made_up_link_is_told_so(self, client: Client, db: None, link: str) -> None:
        answer = client.get(f"/accounts/password/reset/key/{link}/")
        assert answer.status_code == 404
        assert "This link has ended" in answer.content.decode()

    def test_every_session_ends(self, client: Client, as_lena: Client, lena: Membership) -> None:
        elsewhere = Client()
        elsewhere.force_login(lena.user)
        assert elsewhere.get("/account/").status_code == 200
        choose(Client(), ask())
        assert elsewhere.get("/account/").status_code == 302

    def test_a_letter_tells_of_it(self, client: Client, lena: Membership) -> None:
        choose(client, ask())
        told = letters(kind="password-changed")
        assert [text.to for text in told] == ["lena@example.com"]
        assert "127.0.0.1" in told[0].body

    def test_a_weak_one_is_refused_with_what_to_do(self, client: Client, lena: Membership) -> None:
        link = ask()
        for weak in ("short", "password1234", ""):
            assert choose(client, link, weak) == 422
        assert signs_in(PASSWORD)

    def test_who_never_confirmed_is_confirmed_by_it(self, client: Client, db: None) -> None:
        signed = {"email": "ada@example.com", "name": "Ada", "organisation": "Halden", "password1": PASSWORD}
        client.post("/accounts/signup/", signed)
        choose(Client(), ask("ada@example.com"))
        assert signs_in(NEW, "ada@example.com")
        assert Tenant.objects.get().slug == "halden"

    def test_is_not_written_to_an_address_that_only_waits(self, as_lena: Client) -> None:
        confirm_it_is_her(as_lena)
        as_lena.post("/accounts/email/", {"action_add": "1", "email": "mistyped@example.com"})
        Client().post(ASK, {"email": "mistyped@example.com"})
        assert letters(kind="reset-password") == []

    def test_one_address_is_not_flooded(self, client: Client, lena: Membership) -> None:
        statuses = [client.post(ASK, {"email": "lena@example.com"}).status_code for _ in range(5)]
        assert statuses == [302, 302, 302, 429, 429]
        assert len(letters(kind="reset-password")) == 3


def confirm_it_is_her(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


class TestAChangedAddress:
    URL = "/accounts/email/"

    def change(self, client: Client, address: str = "lena@new.example") -> str:
        confirm_it_is_her(client)
        client.post(self.URL, {"action_add": "1", "email": address})
        return link_in(letters(to=address)[-1])

    def test_asks_for_the_password_first(self, as_lena: Client) -> None:
        answer = as_lena.post(self.URL, {"action_add": "1", "email": "lena@new.example"})
        assert answer["Location"].startswith("/accounts/reauthenticate/")
        assert letters() == []
        as_lena.post(answer["Location"], {"password": PASSWORD})
        assert [text.to for text in letters()] == ["lena@new.example"]

    def test_holds_when_the_new_one_confirms_and_the_old_one_is_told(
        self, as_lena: Client, lena: Membership, northwind: Tenant
    ) -> None:
        link = self.change(as_lena)
        assert User.objects.get(pk=lena.user_id).email == "lena@example.com"
        as_lena.post(link)
        assert User.objects.get(pk=lena.user_id).email == "lena@new.example"
        assert signs_in(PASSWORD, "lena@new.example")
        assert not signs_in(PASSWORD, "lena@example.com")
        (told,) = letters(to="lena@example.com")
        assert "lena@new.example" in told.body
        with tenant_scope(northwind.pk):
            assert Membership.objects.get(pk=lena.pk).email == "lena@new.example"

    def test_is_followed_in_each_organisation(self, as_lena: Client, lena: Membership) -> None:
        other = open_organisation(owner=lena.user, name="Westwind", at=NOON)
        as_lena.post(self.change(as_lena))
        with tenant_scope(other.tenant_id):
            assert Membership.objects.get(pk=other.pk).email == "lena@new.example"

    def test_can_be_taken_back(self, as_lena: Client, lena: Membership) -> None:
        link = self.change(as_lena)
        as_lena.post(self.URL, {"action_remove": "1", "email": "lena@new.example"})
        assert as_lena.post(link).status_code == 404
        assert User.objects.get(pk=lena.user_id).email == "lena@example.com"

    def test_to_somebody_elses_is_not_told_and_does_not_happen(
        self, as_lena: Client, omar: Membership, lena: Membership
    ) -> None:
        link = self.change(as_lena, "omar@example.com")
        assert as_lena.post(link).status_code < 500
        assert User.objects.get(pk=lena.user_id).email == "lena@example.com"
        assert signs_in(PASSWORD, "omar@example.com")

    def test_somebody_who_never_confirmed_does_not_keep_it_from_her(self, as_lena: Client, lena: Membership) -> None:
        squatter = {"email": "lena@new.example", "name": "Eve", "organisation": "Evil", "password1": NEW}
        Client().post("/accounts/signup/", squatter)
        # One address is written to once a minute, whoever asks.
        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            link = self.change(as_lena)
        assert as_lena.post(link).status_code == 302
        assert User.objects.get(pk=lena.user_id).email == "lena@new.example"
        assert not signs_in(NEW, "lena@new.example")


class TestAPersonsOwnName:
    def test_is_kept_and_shown_in_each_organisation(self, as_lena: Client, lena: Membership, northwind: Tenant) -> None:
        assert as_lena.post("/account/", {"name": "Léna Ström"}).status_code == 303
        with tenant_scope(northwind.pk):
            assert Membership.objects.get(pk=lena.pk).name == "Léna Ström"

    @pytest.mark.parametrize("name", ["", " ", "x" * 121, "a\x00b"])
    def test_that_cannot_be_is_refused(self, as_lena: Client, lena: Membership, name: str) -> None:
        assert as_lena.post("/account/", {"name": name}).status_code == 422
        assert User.objects.get(pk=lena.user_id).name == "Lena"
