"""Getting in: signing up with an organisation, signing in, and finding one's way."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Tenant, User
from accounts.models.organisation import RESERVED_SLUGS
from accounts.services import AddressTaken
from frontend.forms.doors import SignUp
from tests.make import PASSWORD, make_organisation
from tests.post import letters, link_in

ADA = {
    "email": "ada@example.com",
    "name": "Ada Byron",
    "organisation": "Halden Controls",
    "password1": PASSWORD,
}


def sign_up(client: Client, **given: str) -> str:
    """Sign up and confirm the address; gives the link of the letter."""
    answer = client.post("/accounts/signup/", {**ADA, **given})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/confirm-email/")
    link = link_in(letters(kind="confirm-sign-up")[-1])
    assert client.post(link).status_code == 302
    return link


@pytest.mark.django_db
class TestSigningUp:
    def test_makes_a_person_and_the_organisation_they_own(self, client: Client) -> None:
        sign_up(client)
        assert Tenant.objects.get().slug == "halden-controls"
        assert client.get("/", follow=True).redirect_chain[-1][0] == "/o/halden-controls/start/"
        assert User.objects.get().name == "Ada Byron"

    def test_a_second_organisation_of_the_same_name_gets_another_address(self, client: Client) -> None:
        make_organisation("Halden Controls", owner="marta")
        sign_up(client)
        assert set(Tenant.objects.values_list("slug", flat=True)) == {"halden-controls", "halden-controls-2"}

    @pytest.mark.parametrize("reserved", ["API", "Admin", "Sign up"])
    def test_a_word_that_addresses_need_is_not_given_away(self, client: Client, reserved: str) -> None:
        sign_up(client, organisation=reserved)
        assert Tenant.objects.get().slug not in RESERVED_SLUGS

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("email", "", "Give your e-mail address"),
            ("name", "", "Give your name"),
            ("organisation", "", "Give the name of your organisation"),
            ("password1", "", "Give a password"),
            ("password1", "password", "at least 12 characters"),
            ("organisation", "x" * 121, "120 characters"),
        ],
    )
    def test_says_what_to_do_and_stores_nothing(self, client: Client, field: str, value: str, told: str) -> None:
        answer = client.post("/accounts/signup/", {**ADA, field: value})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert told in page
        assert f'href="#id_{field}"' in page
        assert 'role="alert"' in page
        assert not User.objects.exists()
        assert not Tenant.objects.exists()

    def test_a_name_without_letters_still_gets_an_address(self, client: Client) -> None:
        sign_up(client, organisation="株式会社")
        assert Tenant.objects.get().slug.isascii()

    def test_nul_bytes_are_refused_not_stored(self, client: Client) -> None:
        answer = client.post("/accounts/signup/", {**ADA, "organisation": "Hal\x00den"})
        assert answer.status_code == 422
        assert not Tenant.objects.exists()

    def test_an_address_that_has_signed_up_is_told_by_letter_only_and_makes_nothing(self, client: Client) -> None:
        make_organisation("Northwind", owner="ada")
        known = client.post("/accounts/signup/", ADA)
        new = Client().post("/accounts/signup/", {**ADA, "email": "new@example.com"})
        assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
        pages = [one.get("/accounts/confirm-email/").content for one in (client, Client())]
        assert b"We have written to the address you gave" in pages[0]
        assert set(User.objects.values_list("email", flat=True)) == {"ada@example.com", "new@example.com"}
        assert Tenant.objects.count() == 1
        assert [text.subject for text in letters(to="ada@example.com")] == [
            "You have signed up with Throughline already"
        ]

    def test_two_at_once_with_one_address_are_one_person(self, client: Client, monkeypatch: Any) -> None:
        make_organisation("Northwind", owner="ada")
        monkeypatch.setattr(SignUp, "validate_unique_email", lambda form, value: value)
        answer = client.post("/accounts/signup/", ADA)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/confirm-email/")
        assert User.objects.count() == 1


@pytest.mark.django_db
class TestConfirming:
    def test_nothing_can_be_used_before(self, client: Client) -> None:
        client.post("/accounts/signup/", ADA)
        assert not Tenant.objects.exists()
        assert client.get("/organisations/").status_code == 302
        answer = client.post("/accounts/login/", {"login": ADA["email"], "password": PASSWORD})
        assert answer["Location"] == "/accounts/confirm-email/"
        assert client.get("/organisations/").status_code == 302

    def test_a_press_confirms_and_looking_does_not(self, client: Client) -> None:
        client.post("/accounts/signup/", ADA)
        link = link_in(letters(to=ADA["email"])[0])
        assert "Is ada@example.com yours?" in client.get(link).content.decode()
        assert not Tenant.objects.exists()
        assert client.post(link)["Location"] == "/"
        assert Tenant.objects.get().slug == "halden-controls"

    def test_in_another_browser_leads_to_the_sign_in(self, client: Client) -> None:
        client.post("/accounts/signup/", ADA)
        elsewhere = Client()
        assert elsewhere.post(link_in(letters()[0]))["Location"] == "/accounts/login/"
        assert elsewhere.get("/organisations/").status_code == 302
        assert Tenant.objects.exists()

    def test_a_second_time_says_that_the_link_has_ended(self, client: Client) -> None:
        link = sign_up(client)
        for answer in (client.get(link), client.post(link)):
            assert answer.status_code == 404
            assert "This link has ended" in answer.content.decode()
        assert Tenant.objects.count() == 1

    def test_after_three_days_says_that_the_link_has_ended(self, client: Client) -> None:
        client.post("/accounts/signup/", ADA)
        link = link_in(letters()[0])
        with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
            assert client.post(link).status_code == 404
        assert not Tenant.objects.exists()

    @pytest.mark.parametrize("key", ["x", "MTIz:1abc:zzzz", "-" * 200, "_:_"])
    def test_a_made_up_link_says_the_same(self, client: Client, key: str) -> None:
        for answer in (client.get(f"/accounts/confirm-email/{key}/"), client.post(f"/accounts/confirm-email/{key}/")):
            assert answer.status_code == 404
            assert "This link has ended" in answer.content.decode()

    def test_the_letter_is_sent_again_at_a_press_and_not_at_each(self, client: Client) -> None:
        client.post("/accounts/signup/", ADA)
        assert "Send it again" in client.get("/accounts/confirm-email/").content.decode()
        client.post("/accounts/confirm-email/")
        assert len(letters()) == 1
        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            client.post("/accounts/confirm-email/")
            client.post("/accounts/confirm-email/")
        assert len(letters()) == 2

    def test_a_stranger_has_no_letter_sent(self, client: Client) -> None:
        client.post("/accounts/confirm-email/")
        assert letters() == []

    def test_an_organisation_whose_name_cannot_be_used_is_asked_for_again(
        self, client: Client, monkeypatch: Any
    ) -> None:
        def refuse(**_: Any) -> None:
            raise AddressTaken(slug="halden-controls")

        monkeypatch.setattr("accounts.services.persons.open_organisation", refuse)
        sign_up(client)
        assert 'value="Halden Controls"' in client.get("/organisations/").content.decode()

    def test_an_operator_can_do_it_by_hand(self, client: Client) -> None:
        client.post("/accounts/signup/", ADA)
        call_command("confirm_address", ADA["email"], stdout=StringIO())
        assert Tenant.objects.get().slug == "halden-controls"
        answer = Client().post("/accounts/login/", {"login": ADA["email"], "password": PASSWORD})
        assert answer["Location"] == "/"

    def test_an_operator_is_told_of_an_address_nobody_has(self) -> None:
        with pytest.raises(CommandError, match="Nobody has signed up"):
            call_command("confirm_address", "nobody@example.com")

    @pytest.mark.parametrize(
        "address", [f"{'a' * 250}@example.com", "a\x00@example.com", "no address", "a@b", "ada@example.com\nBcc: x@y.z"]
    )
    def test_an_odd_address_is_refused_clearly(self, client: Client, address: str) -> None:
        answer = client.post("/accounts/signup/", {**ADA, "email": address})
        assert answer.status_code == 422
        assert not User.objects.exists()
        assert letters() == []

    @pytest.mark.parametrize(
        "address", ["Ada@Example.COM", "ada@exämple.com", "ada+sales@example.com", "o'neil@example.com"]
    )
    def test_an_unusual_one_is_taken(self, client: Client, address: str) -> None:
        sign_up(client, email=address)
        assert User.objects.get().email == address.lower()

    def test_can_be_closed(self, client: Client, settings: object) -> None:
        settings.SIGNUP_OPEN = False  # type: ignore[attr-defined]
        assert "Sign-up is closed" in client.get("/accounts/signup/").content.decode()
        client.post("/accounts/signup/", ADA)
        assert not Tenant.objects.exists()


class TestSigningIn:
    def test_leads_to_the_organisation(self, client: Client, lena: Membership) -> None:
        answer = client.post("/accounts/login/", {"login": "lena@example.com", "password": PASSWORD}, follow=True)
        assert answer.redirect_chain[-1][0] == "/o/northwind/start/"

    def test_a_wrong_password_says_so_without_saying_which(self, client: Client, lena: Membership) -> None:
        answer = client.post("/accounts/login/", {"login": "lena@example.com", "password": "wrong"})
        assert answer.status_code == 422

    def test_comes_back_to_the_page_that_was_wanted(self, client: Client, lena: Membership) -> None:
        wanted = client.get("/o/northwind/deals/")["Location"]
        answer = client.post(wanted, {"login": "lena@example.com", "password": PASSWORD})
        assert answer["Location"] == "/o/northwind/deals/"

    def test_signing_out_needs_a_press(self, as_lena: Client) -> None:
        assert as_lena.get("/accounts/logout/").status_code == 200
        assert as_lena.get("/o/northwind/deals/").status_code == 200
        as_lena.post("/accounts/logout/")
        assert as_lena.get("/o/northwind/deals/").status_code == 302

    def test_a_part_of_a_page_is_told_401_instead_of_a_sign_in_inside_the_page(
        self, client: Client, lena: Membership
    ) -> None:
        assert client.get("/o/northwind/log/", headers={"HX-Request": "true"}).status_code == 401


class TestChangingThePassword:
    URL = "/accounts/password/change/"
    NEW = "five other plain words here"

    def test_the_new_one_opens_and_the_old_one_does_not(self, as_lena: Client, client: Client) -> None:
        answer = as_lena.post(self.URL, {"oldpassword": PASSWORD, "password1": self.NEW})
        assert (answer.status_code, answer["Location"]) == (302, self.URL)
        assert as_lena.get("/o/northwind/deals/").status_code == 200
        stranger = Client()
        for password, status in ((PASSWORD, 422), (self.NEW, 302)):
            answer = stranger.post("/accounts/login/", {"login": "lena@example.com", "password": password})
            assert answer.status_code == status

    @pytest.mark.parametrize(
        ("old", "new"), [("wrong", NEW), (PASSWORD, ""), (PASSWORD, "short"), ("", NEW), (PASSWORD, "password1234")]
    )
    def test_says_what_to_do_and_keeps_the_old_one(self, as_lena: Client, lena: Membership, old: str, new: str) -> None:
        assert as_lena.post(self.URL, {"oldpassword": old, "password1": new}).status_code == 422
        assert User.objects.get(pk=lena.user.pk).check_password(PASSWORD)

    def test_nobody_is_sent_to_the_sign_in(self, client: Client, db: None) -> None:
        assert client.get(self.URL).status_code == 302


class TestOrganisations:
    def test_somebody_with_two_chooses(self, client: Client, lena: Membership) -> None:
        from accounts.services import open_organisation
        from tests.make import NOON

        open_organisation(owner=lena.user, name="Westwind", at=NOON)
        client.force_login(lena.user)
        assert client.get("/")["Location"] == "/organisations/"
        page = client.get("/organisations/").content.decode()
        assert "/o/northwind/" in page
        assert "/o/westwind/" in page

    def test_one_more_can_be_opened(self, as_lena: Client) -> None:
        answer = as_lena.post("/organisations/", {"name": "Westwind"})
        assert answer["Location"] == "/o/westwind/"

    def test_none_while_sign_up_is_closed(self, as_lena: Client, settings: object) -> None:
        settings.SIGNUP_OPEN = False  # type: ignore[attr-defined]
        assert as_lena.post("/organisations/", {"name": "Westwind"}).status_code == 403
        assert not Tenant.objects.filter(slug="westwind").exists()

    def test_one_without_a_name_is_not(self, as_lena: Client) -> None:
        assert as_lena.post("/organisations/", {"name": " "}).status_code == 422


class TestTheme:
    def test_is_written_into_the_page_so_that_nothing_flashes(self, client: Client, lena: Membership) -> None:
        answer = client.post("/theme/", {"theme": "dark", "next": "/accounts/login/"})
        assert (answer.status_code, answer["Location"]) == (303, "/accounts/login/")
        assert 'data-theme="dark"' in client.get("/accounts/login/").content.decode()

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
    def test_leads_nowhere_else(self, client: Client, elsewhere: str, db: None) -> None:
        assert client.post("/theme/", {"theme": "dark", "next": elsewhere})["Location"] == "/"

    def test_an_unknown_one_is_not_kept(self, client: Client, db: None) -> None:
        assert "theme" not in client.post("/theme/", {"theme": "pink<script>"}).cookies


class TestAgain:
    """A page was left open until its session had ended."""

    URL = "/accounts/login/again/"
    HTMX = {"HX-Request": "true"}

    def test_a_part_of_a_page_is_answered_with_a_dialog_that_asks(self, client: Client, lena: Membership) -> None:
        answer = client.get("/o/northwind/log/", headers=self.HTMX)
        assert answer.status_code == 401
        assert "<dialog" in answer.content.decode()
        assert 'id="again_login"' in answer.content.decode()
        # The same for an organisation that does not exist.
        assert client.get("/o/no-such/log/", headers=self.HTMX).status_code == 401

    def test_whoever_signs_in_is_told_to_the_page_with_a_new_form_token(self, client: Client, lena: Membership) -> None:
        answer = client.post(self.URL, {"login": "lena@example.com", "password": PASSWORD}, headers=self.HTMX)
        told = json.loads(answer["HX-Trigger"])
        assert answer.status_code == 200
        assert told["signed-in"]["person"] == str(lena.user_id)
        assert len(told["signed-in"]["token"]) == 64
        assert client.get("/o/northwind/deals/").status_code == 200

    def test_a_wrong_password_keeps_the_dialog_and_says_so(self, client: Client, lena: Membership) -> None:
        answer = client.post(self.URL, {"login": "lena@example.com", "password": "wrong"}, headers=self.HTMX)
        assert answer.status_code == 422
        assert "<html" not in answer.content.decode()
        assert 'role="alert"' in answer.content.decode()
        assert client.get("/o/northwind/deals/").status_code == 302
