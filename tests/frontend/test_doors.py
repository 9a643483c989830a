"""Getting in: signing up with an organisation, signing in, and finding one's way."""

import json

import pytest
from django.test import Client

from accounts.models import Membership, Tenant, User
from accounts.models.organisation import RESERVED_SLUGS
from tests.make import PASSWORD, make_organisation

ADA = {
    "email": "ada@example.com",
    "name": "Ada Byron",
    "organisation": "Halden Controls",
    "password1": PASSWORD,
}


@pytest.mark.django_db
class TestSigningUp:
    def test_makes_a_person_and_the_organisation_they_own(self, client: Client) -> None:
        answer = client.post("/accounts/signup/", ADA)
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert Tenant.objects.get().slug == "halden-controls"
        assert client.get("/", follow=True).redirect_chain[-1][0] == "/o/halden-controls/start/"
        assert User.objects.get().name == "Ada Byron"

    def test_a_second_organisation_of_the_same_name_gets_another_address(self, client: Client) -> None:
        make_organisation("Halden Controls", owner="marta")
        client.post("/accounts/signup/", ADA)
        assert set(Tenant.objects.values_list("slug", flat=True)) == {"halden-controls", "halden-controls-2"}

    @pytest.mark.parametrize("reserved", ["API", "Admin", "Sign up"])
    def test_a_word_that_addresses_need_is_not_given_away(self, client: Client, reserved: str) -> None:
        client.post("/accounts/signup/", {**ADA, "organisation": reserved})
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
        client.post("/accounts/signup/", {**ADA, "organisation": "株式会社"})
        assert Tenant.objects.get().slug.isascii()

    def test_nul_bytes_are_refused_not_stored(self, client: Client) -> None:
        answer = client.post("/accounts/signup/", {**ADA, "organisation": "Hal\x00den"})
        assert answer.status_code == 422
        assert not Tenant.objects.exists()

    def test_an_address_that_has_signed_up_is_told_nothing_and_makes_nothing(self, client: Client) -> None:
        make_organisation("Northwind", owner="ada")
        client.post("/accounts/signup/", ADA)
        assert User.objects.count() == Tenant.objects.count() == 1

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
        assert (answer.status_code, answer["Location"]) == (302, "/")
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
