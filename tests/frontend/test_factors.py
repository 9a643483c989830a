"""A second step and what helps when the phone is lost. Passkeys are used in tests/frontend/browser/test_passkeys.py."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from accounts.models import Membership
from tests.make import PASSWORD
from tests.post import letters

INDEX = "/accounts/2fa/"
ADD = "/accounts/2fa/app/add/"
CODES = "/accounts/2fa/codes/"
STEP = "/accounts/2fa/authenticate/"
AGAIN = "/accounts/reauthenticate/"
LENA = {"login": "lena@example.com", "password": PASSWORD}


def code_of(secret: str, at: float | None = None) -> str:
    """What an authenticator app shows (RFC 6238), and will for some seconds more: who types waits for the next."""
    if at is None and (left := 30 - time.time() % 30) < 5:
        time.sleep(left)
    return str(format_hotp_value(hotp_value(secret, int((at or time.time()) // 30))))


@pytest.fixture
def signed_in(client: Client, lena: Membership) -> Client:
    client.post("/accounts/login/", LENA)
    client.post(AGAIN, {"password": PASSWORD})
    return client


def add_app(client: Client) -> str:
    """Add an authenticator app; gives its secret."""
    page = client.get(ADD).content.decode()
    secret = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert secret is not None
    plain = secret[1].replace(" ", "")
    answer = client.post(ADD, {"code": code_of(plain)})
    assert (answer.status_code, answer["Location"]) == (302, CODES)
    return plain


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li><code>([0-9a-f]+)</code></li>", client.get(CODES).content.decode())


class TestAnAuthenticatorApp:
    def test_is_asked_for_after_the_password(self, signed_in: Client) -> None:
        secret = add_app(signed_in)
        client = Client()
        assert client.post("/accounts/login/", LENA)["Location"] == STEP
        assert client.get("/account/").status_code == 302
        with time_machine.travel(time.time() + 60):
            assert client.post(STEP, {"code": code_of(secret)})["Location"] == "/"
        assert client.get("/account/").status_code == 200

    def test_needs_the_password_once_more(self, client: Client, lena: Membership) -> None:
        client.post("/accounts/login/", LENA)
        for path in (ADD, CODES, "/accounts/2fa/codes/make/", "/accounts/2fa/passkeys/add/"):
            assert client.get(path)["Location"].startswith(AGAIN)

    def test_a_code_works_once(self, signed_in: Client) -> None:
        secret = add_app(signed_in)
        with time_machine.travel(time.time() + 60, tick=False):
            for expected in (302, 422):
                client = Client()
                client.post("/accounts/login/", LENA)
                assert client.post(STEP, {"code": code_of(secret)}).status_code == expected

    @pytest.mark.parametrize("code", ["000000", "", "abc", "१२३४५६", "1" * 5000, "a\x00b", "  "])
    def test_a_wrong_code_says_what_to_do(self, signed_in: Client, code: str) -> None:
        add_app(signed_in)
        client = Client()
        client.post("/accounts/login/", LENA)
        answer = client.post(STEP, {"code": code})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert client.get("/account/").status_code == 302

    def test_codes_cannot_be_tried_without_end(self, signed_in: Client) -> None:
        secret = add_app(signed_in)
        client = Client()
        client.post("/accounts/login/", LENA)
        for _ in range(8):
            client.post(STEP, {"code": "000000"})
        with time_machine.travel(time.time() + 60):
            assert client.post(STEP, {"code": code_of(secret)}).status_code == 422
        with time_machine.travel(time.time() + 660):
            assert client.post(STEP, {"code": code_of(secret)}).status_code == 302

    def test_its_secret_lies_sealed(self, signed_in: Client, lena: Membership) -> None:
        secret = add_app(signed_in)
        for kept in Authenticator.objects.values_list("data", flat=True):
            assert secret not in str(kept)
            assert all(code not in str(kept) for code in recovery_codes(signed_in))

    def test_can_be_removed_again_and_letters_tell_of_both(
        self, signed_in: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            add_app(signed_in)
        with django_capture_on_commit_callbacks(execute=True):
            assert signed_in.post("/accounts/2fa/app/remove/")["Location"] == INDEX
        assert Client().post("/accounts/login/", LENA)["Location"] == "/"
        subjects = [text.subject for text in letters(to="lena@example.com")]
        assert any("app was added" in subject for subject in subjects)
        assert any("app was removed" in subject for subject in subjects)

    def test_a_wrong_first_code_adds_nothing(self, signed_in: Client) -> None:
        signed_in.get(ADD)
        assert signed_in.post(ADD, {"code": "000000"}).status_code == 422
        assert not Authenticator.objects.exists()


class TestRecoveryCodes:
    def test_open_the_account_once_each_when_the_phone_is_lost(self, signed_in: Client) -> None:
        add_app(signed_in)
        code = recovery_codes(signed_in)[0]
        for expected in (302, 422):
            client = Client()
            client.post("/accounts/login/", LENA)
            assert client.post(STEP, {"code": code}).status_code == expected

    def test_may_be_written_in_groups(self, signed_in: Client) -> None:
        add_app(signed_in)
        code = recovery_codes(signed_in)[0]
        client = Client()
        client.post("/accounts/login/", LENA)
        assert client.post(STEP, {"code": f" {code[:4]} {code[4:]} "}).status_code == 302

    def test_new_ones_take_the_place_of_the_old(
        self, signed_in: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        add_app(signed_in)
        old = recovery_codes(signed_in)
        with django_capture_on_commit_callbacks(execute=True):
            assert signed_in.post("/accounts/2fa/codes/make/").status_code == 302
        assert not set(old) & set(recovery_codes(signed_in))
        assert any("recovery codes" in text.subject for text in letters())

    def test_there_are_none_without_a_second_step(self, signed_in: Client) -> None:
        assert signed_in.get(CODES).status_code == 404
        assert signed_in.post("/accounts/2fa/codes/make/").status_code == 422


class TestAPasskey:
    @pytest.mark.parametrize(
        "credential",
        [
            *("", "null", "[]", "{}", "7", '"x"', "{", "[" * 3000, "\x00"),
            '{"id":"x","rawId":"x","type":"public-key","response":{}}',
            '{"id":1,"rawId":[],"type":{},"response":{"clientDataJSON":"!","userHandle":"!"}}',
            '{"response":{"userHandle":"AAAA"},"rawId":"AA","type":"public-key"}',
        ],
    )
    def test_that_no_device_has_made_is_refused_everywhere(self, signed_in: Client, credential: str) -> None:
        signed_in.get("/accounts/2fa/passkeys/add/")
        given: dict[str, Any] = {"name": "Phone", "credential": credential}
        assert signed_in.post("/accounts/2fa/passkeys/add/", given).status_code == 422
        stranger = Client(raise_request_exception=False)
        stranger.get("/accounts/2fa/passkeys/sign-in/", headers={"accept": "application/json"})
        answer = stranger.post("/accounts/2fa/passkeys/sign-in/", given)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
        assert not Authenticator.objects.exists()

    def test_of_omar_is_not_lenas_to_remove(self, signed_in: Client, omar: Membership) -> None:
        omars = Authenticator.objects.create(user=omar.user, type="webauthn", data={"name": "Phone"})
        for deed in ("remove", "name"):
            path = f"/accounts/2fa/passkeys/{omars.pk}/{deed}/"
            assert signed_in.get(path).status_code == signed_in.post(path).status_code == 404
        assert signed_in.post(f"/accounts/2fa/passkeys/{2**70}/remove/").status_code == 404

    def test_a_question_is_asked_anew_each_time(self, client: Client, db: None) -> None:
        asked = [
            client.get("/accounts/2fa/passkeys/sign-in/", headers={"accept": "application/json"}).json()
            for _ in range(2)
        ]
        challenges = [one["request_options"]["publicKey"]["challenge"] for one in asked]
        assert challenges[0] != challenges[1]
        assert asked[0]["request_options"]["publicKey"]["rpId"] == "localhost"


def test_the_page_says_what_belongs_to_the_sign_in(signed_in: Client) -> None:
    assert "Add a passkey" in signed_in.get(INDEX).content.decode()
    add_app(signed_in)
    page = signed_in.get(INDEX).content.decode()
    assert "10 codes are left" in page
    assert "Remove the app" in page
