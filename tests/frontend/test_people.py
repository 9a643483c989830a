"""The pages of people and teams, and the page behind an invitation's link."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import Invitation, Membership, Team, Tenant, User
from accounts.models.organisation import Role
from accounts.tenancy.scope import tenant_scope
from tests.accounts.letters import last_secret, letters_to
from tests.make import PASSWORD, make_deal, make_member, make_user
from tests.sessions import settle

PEOPLE = "/o/northwind/settings/people/"
TEAMS = "/o/northwind/settings/teams/"


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def hers(lena: Membership) -> Client:
    """Lena's browser, today: what a letter's secret opens is decided by the database's clock."""
    return signed_in(lena)


def words_of(answer: Any) -> str:
    return str(answer.content.decode())


def invite(browser: Client, emails: str, *, role: str = "rep", team: object = "") -> Any:
    return browser.post(f"{PEOPLE}invite/", {"emails": emails, "role": role, "team": team})


class TestTheList:
    def test_shows_everybody_and_to_whom_letters_went(self, hers: Client, omar: Membership) -> None:
        invite(hers, "nora@example.com")
        page = words_of(hers.get(PEOPLE))
        for told in ("Lena", "omar@example.com", "Invited", "nora@example.com", "Take back"):
            assert told in page

    def test_omar_sees_who_is_here_and_no_invitations(self, hers: Client, omar: Membership) -> None:
        invite(hers, "nora@example.com")
        page = words_of(signed_in(omar).get(PEOPLE))
        assert "Lena" in page
        assert "nora@example.com" not in page
        assert "Invite people" not in page

    def test_is_narrowed(self, hers: Client, omar: Membership, vera: Membership) -> None:
        page = words_of(hers.get(PEOPLE, {"role": "viewer"}, headers={"HX-Request": "true"}))
        assert "Vera" in page
        assert "Omar" not in page
        assert "Nobody fits" in words_of(hers.get(PEOPLE, {"q": "zzz"}))

    @pytest.mark.parametrize("many", [5, 120])
    def test_costs_the_same_for_few_and_for_many(
        self, hers: Client, northwind: Tenant, django_assert_max_num_queries: Any, many: int
    ) -> None:
        with tenant_scope(northwind.pk):
            team = Team.objects.create(name="Nordics")
            Membership.objects.bulk_create(Membership(name=f"Seller {n:03}", team=team) for n in range(many))
        settle(hers)
        with django_assert_max_num_queries(13):
            page = words_of(hers.get(PEOPLE))
        assert page.count('<a class="go"') == min(many + 1, 50)
        assert ("Show more" in page) == (many > 50)


class TestInviting:
    def test_several_at_once_each_with_its_own_answer(self, hers: Client, omar: Membership) -> None:
        answer = invite(hers, "nora@example.com, OMAR@example.com\nnonsense; karl@example.com")
        page = words_of(answer)
        assert answer.status_code == 200
        assert "2 people invited" in page
        assert "omar@example.com is a member already" in page
        assert "nonsense: Give an e-mail address" in page
        assert len(letters_to("nora@example.com")) == len(letters_to("karl@example.com")) == 1
        kept = page.split("<textarea")[1].split("</textarea>")[0]
        assert "OMAR@example.com" in kept
        assert "nora@example.com" not in kept

    def test_none_of_whom_can_be_invited_is_an_error(self, hers: Client) -> None:
        assert invite(hers, "nonsense").status_code == 422
        assert invite(hers, "").status_code == 422
        assert invite(hers, "\n".join(f"a{n}@example.com" for n in range(51))).status_code == 422

    def test_all_of_whom_are_invited_leads_back_to_the_list(self, hers: Client) -> None:
        answer = invite(hers, "nora@example.com")
        assert (answer.status_code, answer["Location"]) == (303, PEOPLE)

    def test_mara_is_offered_reps_viewers_and_her_teams(self, mara: Membership) -> None:
        with tenant_scope(mara.tenant_id):
            mine = Team.objects.create(name="Mine", manager=mara)
            other = Team.objects.create(name="Another's")
        browser = signed_in(mara)
        page = words_of(browser.get(f"{PEOPLE}invite/"))
        assert 'value="rep"' in page
        assert 'value="manager"' not in page
        assert "Mine" in page
        assert "Another" not in page
        assert invite(browser, "nora@example.com", team=mine.pk).status_code == 303
        assert invite(browser, "karl@example.com", team=other.pk).status_code == 422
        assert invite(browser, "karl@example.com", team=mine.pk, role="leader").status_code == 422
        assert letters_to("karl@example.com") == []

    def test_omar_invites_nobody(self, omar: Membership) -> None:
        assert signed_in(omar).get(f"{PEOPLE}invite/").status_code == 403
        assert invite(signed_in(omar), "nora@example.com").status_code == 403

    def test_a_letter_is_sent_again_and_taken_back(self, hers: Client, northwind: Tenant) -> None:
        invite(hers, "nora@example.com")
        with tenant_scope(northwind.pk):
            pk = Invitation.objects.get().pk
        first = last_secret("nora@example.com")
        assert hers.post(f"{PEOPLE}invitations/{pk}/resend/").status_code == 303
        second = last_secret("nora@example.com")
        assert hers.post(f"{PEOPLE}invitations/{pk}/revoke/").status_code == 303
        assert {Client().get(f"/invitations/{secret}/").status_code for secret in (first, second)} == {404}
        assert hers.post(f"{PEOPLE}invitations/{pk}/resend/").status_code == 404


class TestTheLink:
    @pytest.fixture
    def link(self, hers: Client) -> str:
        invite(hers, "nora@example.com", role="manager")
        return f"/invitations/{last_secret('nora@example.com')}/"

    def test_says_who_invites_into_what_and_changes_nothing(self, link: str, northwind: Tenant) -> None:
        answer = Client().get(link)
        for told in ("Lena", "Northwind", "Manager", "nora@example.com"):
            assert told in words_of(answer)
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
        assert not User.objects.filter(email="nora@example.com").exists()
        with tenant_scope(northwind.pk):
            assert Invitation.objects.get().accepted_at is None

    def test_makes_an_account_on_the_spot(self, link: str) -> None:
        browser = Client()
        answer = browser.post(link, {"name": "Nora", "password": PASSWORD})
        assert answer.status_code == 303
        assert browser.get("/o/northwind/deals/").status_code == 200
        assert browser.get("/organisations/").content.count(b'class="go"') == 1
        address = EmailAddress.objects.get(email="nora@example.com")
        assert (address.verified, address.primary) == (True, True)
        assert Client().post(link, {"name": "Eve", "password": PASSWORD}).status_code == 404

    @pytest.mark.parametrize(
        "given",
        [
            {"name": "", "password": PASSWORD},
            {"name": "Nora", "password": "short"},
            {"name": "Nora", "password": ""},
            {"name": "nora@example.com", "password": "nora@example.com"},
            {"name": "\u202eNora", "password": PASSWORD},
            {"name": "x" * 121, "password": PASSWORD},
        ],
    )
    def test_says_what_to_do_and_makes_no_account(self, link: str, given: dict[str, str]) -> None:
        assert Client().post(link, given).status_code == 422
        assert not User.objects.filter(email="nora@example.com").exists()

    def test_cannot_be_taken_for_another_address(self, link: str) -> None:
        Client().post(link, {"name": "Eve", "password": PASSWORD, "email": "eve@example.com", "role": "owner"})
        assert not User.objects.filter(email="eve@example.com").exists()

    def test_is_one_button_for_who_is_signed_in_with_the_address(self, link: str, northwind: Tenant) -> None:
        browser = Client()
        browser.force_login(make_user("nora"))
        page = words_of(browser.get(link))
        assert "Join Northwind" in page
        assert "Password" not in page
        assert browser.post(link).status_code == 303
        assert browser.get("/o/northwind/deals/").status_code == 200

    def test_tells_who_is_signed_in_as_somebody_else(self, link: str, eve: Membership) -> None:
        browser = signed_in(eve)
        page = words_of(browser.get(link))
        assert "you are signed in as eve@example.com" in page
        assert "Sign out" in page
        assert browser.post(link).status_code == 409
        assert browser.get("/o/northwind/deals/").status_code == 404
        assert browser.post("/accounts/logout/", {"next": link})["Location"] == link

    def test_sends_who_has_an_account_to_the_sign_in_and_back(self, link: str) -> None:
        make_user("nora")
        page = words_of(Client().get(link))
        assert f"{reverse('account_login')}?next={link}" in page
        assert Client().post(link, {"name": "Nora", "password": PASSWORD}).status_code == 409

    def test_opens_the_same_page_for_whatever_is_wrong_with_it(self, link: str, northwind: Tenant) -> None:
        Client().post(link, {"name": "Nora", "password": PASSWORD})
        pages = {
            (answer.status_code, answer.content.replace(address.encode(), b""))
            for address in (link, f"/invitations/{'x' * 43}/", "/invitations/x/", f"/invitations/{'%F0' * 50}/")
            for answer in (Client().get(address), Client().post(address, {"name": "Nora"}))
        }
        assert len({(status, len(content)) for status, content in pages}) == 1
        assert next(iter(pages))[0] == 404


class TestAMember:
    def page(self, member: Membership, rest: str = "") -> str:
        return f"{PEOPLE}{member.pk}/{rest}"

    def test_is_changed(self, hers: Client, omar: Membership, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            team = Team.objects.create(name="Nordics")
        given = {"name": "Omar Said", "role": "manager", "team": team.pk}
        assert hers.post(self.page(omar), given).status_code == 303
        with tenant_scope(northwind.pk):
            omar.refresh_from_db()
            assert (omar.name, omar.role, omar.team_id) == ("Omar Said", "manager", team.pk)

    def test_leo_is_not_offered_to_change_lena_nor_to_make_owners(
        self, leo: Membership, lena: Membership, omar: Membership
    ) -> None:
        browser = signed_in(leo)
        assert "Save the changes" not in words_of(browser.get(self.page(lena)))
        assert 'value="owner"' not in words_of(browser.get(self.page(omar)))
        assert browser.post(self.page(lena), {"name": "X", "role": "rep"}).status_code == 403
        assert browser.post(self.page(omar), {"name": "Omar", "role": "owner"}).status_code == 422
        assert browser.post(self.page(lena, "deactivate/"), {}).status_code == 403
        assert browser.post(self.page(omar, "ownership/"), {}).status_code == 403

    def test_omar_changes_his_own_name_alone(self, omar: Membership, lena: Membership) -> None:
        browser = signed_in(omar)
        assert browser.post(self.page(omar), {"name": "Omar Said", "role": "owner"}).status_code == 303
        assert browser.post(self.page(lena), {"name": "X"}).status_code == 403
        with tenant_scope(omar.tenant_id):
            omar.refresh_from_db()
            assert (omar.name, omar.role) == ("Omar Said", "rep")

    def test_is_deactivated_and_hands_over_in_one_deed(self, hers: Client, omar: Membership, mara: Membership) -> None:
        with tenant_scope(omar.tenant_id):
            deal = make_deal(actor=omar)
        assert "Hand over the open deals (1)" in words_of(hers.get(self.page(omar, "deactivate/")))
        assert hers.post(self.page(omar, "deactivate/"), {"to": mara.pk}).status_code == 303
        assert signed_in(omar).get("/o/northwind/deals/").status_code == 404
        with tenant_scope(omar.tenant_id):
            deal.refresh_from_db()
            assert deal.owner_id == mara.pk
        assert hers.post(self.page(omar, "reactivate/")).status_code == 303
        assert signed_in(omar).get("/o/northwind/deals/").status_code == 200

    def test_who_gets_nothing_is_not_deactivated_either(self, hers: Client, omar: Membership, vera: Membership) -> None:
        with tenant_scope(omar.tenant_id):
            make_deal(actor=omar)
        assert hers.post(self.page(omar, "deactivate/"), {"to": vera.pk}).status_code == 422
        with tenant_scope(omar.tenant_id):
            omar.refresh_from_db()
            assert omar.is_active

    def test_of_an_import_is_linked_or_invited(self, hers: Client, omar: Membership) -> None:
        with tenant_scope(omar.tenant_id):
            moses, darcel = (Membership.objects.create(name=name) for name in ("Moses", "Darcel"))
            team = Team.objects.create(name="Nordics")
        assert hers.post(self.page(moses, "link/"), {"to": omar.pk}).status_code == 303
        assert "Is another member now" in words_of(hers.get(self.page(moses)))
        given = {"email": "darcel@example.com", "role": "rep", "team": team.pk}
        assert hers.post(self.page(darcel, "invite/"), given).status_code == 303
        link = f"/invitations/{last_secret('darcel@example.com')}/"
        Client().post(link, {"name": "Darcel S.", "password": PASSWORD})
        with tenant_scope(omar.tenant_id):
            darcel.refresh_from_db()
            assert (darcel.name, darcel.is_placeholder, darcel.team_id) == ("Darcel S.", False, team.pk)

    def test_gets_the_ownership(self, hers: Client, lena: Membership, omar: Membership) -> None:
        assert hers.post(self.page(omar, "ownership/")).status_code == 303
        with tenant_scope(lena.tenant_id):
            assert dict(Membership.objects.values_list("name", "role")) == {"Lena": Role.LEADER, "Omar": Role.OWNER}

    def test_too_many_to_list_are_chosen_by_address(
        self, hers: Client, omar: Membership, mara: Membership, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("frontend.forms.people.MOST_LISTED", 1)
        with tenant_scope(omar.tenant_id):
            make_deal(actor=omar)
        page = self.page(omar, "deals/")
        assert "<option" not in words_of(hers.get(page)).split("<main")[1]
        assert hers.post(page, {"to": "nobody@example.com"}).status_code == 422
        assert hers.post(page, {"to": " MARA@example.com"}).status_code == 303

    def test_leaves(self, omar: Membership, hers: Client) -> None:
        browser = signed_in(omar)
        assert browser.post(f"{PEOPLE}leave/").status_code == 303
        assert browser.get("/o/northwind/deals/").status_code == 404
        assert hers.post(f"{PEOPLE}leave/").status_code == 409


class TestTeams:
    def test_are_added_changed_and_removed(self, hers: Client, northwind: Tenant, mara: Membership) -> None:
        assert "No teams yet" in words_of(hers.get(TEAMS))
        assert hers.post(TEAMS, {"name": "Europe", "parent": "", "manager": mara.pk}).status_code == 303
        with tenant_scope(northwind.pk):
            europe = Team.objects.get()
        assert hers.post(TEAMS, {"name": "Oslo", "parent": europe.pk, "manager": ""}).status_code == 303
        page = words_of(hers.get(TEAMS))
        assert page.index("Europe") < page.index('class="deep-1"') < page.index("Oslo")
        with tenant_scope(northwind.pk):
            oslo = Team.objects.get(name="Oslo")
        given = {"name": "Bergen", "parent": "", "manager": ""}
        assert hers.post(f"{TEAMS}{oslo.pk}/", given).status_code == 303
        assert hers.post(f"{TEAMS}{oslo.pk}/remove/").status_code == 303
        assert hers.get(f"{TEAMS}{oslo.pk}/").status_code == 404

    @pytest.mark.parametrize("name", ["", "EUROPE", "\u202eeporuE", "x" * 121])
    def test_are_not_called_anything(self, hers: Client, northwind: Tenant, lena: Membership, name: str) -> None:
        with tenant_scope(northwind.pk):
            services.add_team(name="Europe", actor=lena, at=timezone.now())
        assert hers.post(TEAMS, {"name": name, "parent": "", "manager": ""}).status_code == 422

    def test_cannot_stand_below_themselves(self, hers: Client, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            europe = Team.objects.create(name="Europe")
            oslo = Team.objects.create(name="Oslo", parent=europe)
        given = {"name": "Europe", "parent": oslo.pk, "manager": ""}
        assert hers.post(f"{TEAMS}{europe.pk}/", given).status_code == 422

    def test_omar_looks_and_changes_nothing(self, omar: Membership, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            europe = Team.objects.create(name="Europe")
        browser = signed_in(omar)
        assert "Add the team" not in words_of(browser.get(TEAMS))
        assert "Save" not in words_of(browser.get(f"{TEAMS}{europe.pk}/"))
        for address in (TEAMS, f"{TEAMS}{europe.pk}/", f"{TEAMS}{europe.pk}/remove/"):
            assert browser.post(address, {"name": "Mine", "parent": "", "manager": ""}).status_code == 403


def test_in_two_organisations_one_has_two_roles(lena: Membership, eve: Membership) -> None:
    make_member("eve", tenant=lena.tenant, role=Role.VIEWER)
    browser = signed_in(eve)
    assert browser.get("/o/southwind/settings/people/invite/").status_code == 200
    assert browser.get("/o/northwind/settings/people/invite/").status_code == 403
