"""Where one is signed in, for how long, and how many may try to be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import Membership
from frontend.doors.devices import device_words
from tests.make import PASSWORD

LIST = "/accounts/sessions/"
LENA = {"login": "lena@example.com", "password": PASSWORD}
WRONG = {**LENA, "password": "wrong wrong wrong"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"
NOW = datetime.fromisoformat("2026-11-18T12:00:00+00:00")


def browser(said: str = FIREFOX, ip: str = "192.0.2.1") -> Client:
    """A browser on a machine of its own."""
    return Client(headers={"user-agent": said}, REMOTE_ADDR=ip, raise_request_exception=False)


def signs_in(client: Client, given: dict[str, str] = LENA) -> bool:
    return client.post("/accounts/login/", given).status_code == 302


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


class TestTheList:
    def test_names_each_device_and_where_it_is(self, lena: Membership) -> None:
        here, phone = browser(), browser(IPHONE, "192.0.2.7")
        assert signs_in(here)
        assert signs_in(phone)
        page = here.get(LIST).content.decode()
        for words in ("Firefox on Linux", "Safari on iPhone", "192.0.2.1", "192.0.2.7", "This one"):
            assert words in page

    def test_ends_one_session_at_once(self, lena: Membership) -> None:
        here, phone = browser(), browser(IPHONE)
        signs_in(here)
        signs_in(phone)
        other = UserSession.objects.get(user_agent=IPHONE)
        assert here.post(f"{LIST}{other.pk}/end/").status_code == 303
        assert not is_in(phone)
        assert is_in(here)

    def test_ends_all_others_at_once(self, lena: Membership) -> None:
        clients = [browser() for _ in range(3)]
        for client in clients:
            signs_in(client)
        clients[0].post(f"{LIST}end-others/")
        assert [is_in(client) for client in clients] == [True, False, False]

    def test_eve_ends_no_session_of_lena(self, lena: Membership, eve: Membership) -> None:
        here, hers = browser(), browser()
        signs_in(here)
        signs_in(hers, {**LENA, "login": "eve@example.com"})
        session = UserSession.objects.get(user=lena.user)
        assert hers.post(f"{LIST}{session.pk}/end/").status_code == 404
        assert hers.post(f"{LIST}{2**70}/end/").status_code == 404
        assert is_in(here)
        assert "192.0.2.1" in hers.get(LIST).content.decode()
        assert hers.get(LIST).content.decode().count("<li class=") == 1

    @pytest.mark.parametrize("said", ["", "x" * 5000, "<script>alert(1)</script>", "Fïréfox \u202e"])
    def test_takes_whatever_a_browser_says_of_itself(self, lena: Membership, said: str) -> None:
        client = browser(said.encode("utf-8").decode("latin-1"))
        assert signs_in(client)
        page = client.get(LIST)
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()

    def test_says_devices_in_words(self) -> None:
        assert device_words(FIREFOX) == "Firefox on Linux"
        assert device_words("curl/8") == "A device that does not say what it is"


class TestASession:
    def test_ends_after_twelve_hours_without_use(self, lena: Membership) -> None:
        client = browser()
        with time_machine.travel(NOW, tick=False):
            signs_in(client)
            assert is_in(client)
        with time_machine.travel(NOW + timedelta(hours=11, minutes=59), tick=False):
            assert is_in(client)
        with time_machine.travel(NOW + timedelta(hours=24), tick=False):
            assert not is_in(client)

    def test_ends_after_fourteen_days_however_busy(self, lena: Membership) -> None:
        client, at = browser(), NOW
        with time_machine.travel(at, tick=False):
            signs_in(client)
            assert is_in(client)
        while at < NOW + timedelta(days=14) - timedelta(hours=11):
            at += timedelta(hours=11)
            with time_machine.travel(at, tick=False):
                assert is_in(client), at
        with time_machine.travel(NOW + timedelta(days=14, minutes=1), tick=False):
            assert not is_in(client)

    def test_is_written_seldom(self, lena: Membership, django_assert_num_queries: Any) -> None:
        client = browser()
        signs_in(client)
        is_in(client)
        with django_assert_num_queries(3):  # session, person, and the address that waits
            is_in(client)


class TestTries:
    def test_a_stranger_who_hammers_her_address_does_not_stop_lena(self, lena: Membership) -> None:
        stranger = browser(ip="198.51.100.66")
        statuses = [stranger.post("/accounts/login/", WRONG).status_code for _ in range(40)]
        assert set(statuses) == {422}
        assert "Too many tries" in stranger.post("/accounts/login/", LENA).content.decode()
        assert signs_in(browser(ip="192.0.2.1"))

    def test_nor_from_her_own_office_when_she_has_signed_in_there_before(self, lena: Membership) -> None:
        hers = browser()
        assert signs_in(hers)
        hers.post("/accounts/logout/")
        colleague = browser()
        for _ in range(60):
            colleague.post("/accounts/login/", WRONG)
        assert not signs_in(browser())
        assert signs_in(hers)

    def test_a_stranger_with_many_addresses_stops_only_themselves(self, lena: Membership, eve: Membership) -> None:
        stranger = browser(ip="198.51.100.66")
        for number in range(40):
            stranger.post("/accounts/login/", {**WRONG, "login": f"{number}@example.com"})
        assert not signs_in(stranger, {**LENA, "login": "eve@example.com"})
        assert signs_in(browser(), {**LENA, "login": "eve@example.com"})

    def test_ends_by_waiting(self, lena: Membership) -> None:
        stranger = browser()
        with time_machine.travel(NOW, tick=False):
            for _ in range(6):
                stranger.post("/accounts/login/", WRONG)
            assert not signs_in(stranger)
        with time_machine.travel(NOW + timedelta(minutes=1, seconds=1), tick=False):
            assert signs_in(stranger)

    def test_a_dozen_wait_longer(self, lena: Membership) -> None:
        stranger = browser()
        for minute in range(4):
            with time_machine.travel(NOW + timedelta(minutes=2 * minute), tick=False):
                for _ in range(5):
                    stranger.post("/accounts/login/", WRONG)
        with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
            assert not signs_in(stranger)
        with time_machine.travel(NOW + timedelta(minutes=40), tick=False):
            assert signs_in(stranger)

    def test_a_forged_forwarding_header_makes_nobody_somebody_else(self, lena: Membership) -> None:
        stranger = browser()
        for number in range(8):
            stranger.post("/accounts/login/", WRONG, headers={"x-forwarded-for": f"203.0.113.{number}"})
        assert not stranger.post("/accounts/login/", LENA, headers={"x-forwarded-for": "203.0.113.99"}).has_header(
            "Location"
        )

    @pytest.mark.parametrize("forged", ["garbage", "1.2.3.4, x\x7f", "::1%eth0", "", "9" * 3000])
    def test_behind_a_proxy_nonsense_is_no_fault_of_ours(self, lena: Membership, settings: Any, forged: str) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        client = browser()
        answer = client.post("/accounts/login/", LENA, headers={"x-forwarded-for": forged})
        assert answer.status_code < 500
        assert client.get(LIST).status_code < 500

    def test_behind_a_proxy_only_what_it_wrote_last_counts(self, lena: Membership, settings: Any) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        stranger = browser()
        for number in range(8):
            stranger.post("/accounts/login/", WRONG, headers={"x-forwarded-for": f"203.0.113.{number}, 198.51.100.66"})
        answer = stranger.post("/accounts/login/", LENA, headers={"x-forwarded-for": "192.0.2.1, 198.51.100.66"})
        assert answer.status_code == 422
        assert signs_in(browser())

    def test_the_password_is_not_looked_at_after_too_many(self, lena: Membership, monkeypatch: Any) -> None:
        stranger = browser()
        for _ in range(6):
            stranger.post("/accounts/login/", WRONG)
        looked: list[int] = []
        monkeypatch.setattr("django.contrib.auth.base_user.check_password", lambda *_, **__: looked.append(1))
        stranger.post("/accounts/login/", LENA)
        assert looked == []

    @pytest.mark.parametrize("cookie", ["", "x", "a:b:c", "e30:1:zz", "\x7f", "9" * 5000])
    def test_a_made_up_device_is_no_device(self, lena: Membership, cookie: str) -> None:
        stranger = browser()
        stranger.cookies["device"] = cookie
        for _ in range(6):
            stranger.post("/accounts/login/", WRONG)
        assert not signs_in(stranger)

    def test_go_on_without_the_shared_cache_and_stay_limited(self, lena: Membership, settings: Any) -> None:
        nowhere = {"BACKEND": "accounts.cache.SharedCache", "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {"default": nowhere}
        assert signs_in(browser())
        stranger = browser(ip="198.51.100.66")
        for _ in range(6):
            stranger.post("/accounts/login/", WRONG)
        assert not signs_in(stranger)
