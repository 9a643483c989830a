"""On a developer's machine letters can be read at a page, and nowhere else."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts import delivery
from accounts.mail import Text, store
from accounts.models import Letter
from tests.make import NOON


@pytest.fixture
def letter(db: None, settings: Any, tmp_path: Path) -> Letter:
    """A letter that lies in the folder."""
    settings.MAIL_FOLDER = tmp_path / "mail"
    words = "Léna, confirm it here:\n\nhttp://localhost:8000/accounts/confirm/abc:def/\n\n<script>alert(1)</script>\n"
    kept = store(Text("lena@example.com", "Confirm your address", words), kind="test", at=NOON)
    delivery.deliver(clock=lambda: NOON)
    return kept


def test_a_letter_is_found_and_its_link_can_be_followed(client: Client, letter: Letter) -> None:
    listed = client.get("/mailbox/").content.decode()
    assert "Confirm your address" in listed
    assert f'href="/mailbox/{letter.pk}/"' in listed
    page = client.get(f"/mailbox/{letter.pk}/").content.decode()
    assert "lena@example.com" in page
    assert "Léna, confirm it here:" in page
    assert 'href="http://localhost:8000/accounts/confirm/abc:def/"' in page
    assert "<script>alert" not in page


def test_an_empty_one_says_what_to_do(client: Client, db: None, settings: Any, tmp_path: Path) -> None:
    settings.MAIL_FOLDER = tmp_path
    assert "No letters yet" in client.get("/mailbox/").content.decode()


@pytest.mark.parametrize("path", ["/mailbox/", "/mailbox/00000000-0000-0000-0000-000000000000/"])
def test_where_letters_are_sent_there_is_no_mailbox(client: Client, db: None, settings: Any, path: str) -> None:
    settings.MAIL_FOLDER = None
    assert client.get(path).status_code == 404
