"""A real mail server, and reading what has been written to somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings

from accounts.mail import Text, opened
from accounts.models import Letter
from tests.processes import free_port

LINK = re.compile(r"https?://\S+")


class PostOffice:
    """A mail server of this machine. `answers` are its next replies to a letter, then it takes all of them."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answers: list[str] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        if self._controller.loop.is_running():
            self._controller.stop()


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    """A mail server to which letters go."""
    office = PostOffice()
    office.start()
    settings.EMAIL_URL = office.url
    yield office
    office.stop()


def letters(to: str = "", kind: str = "") -> list[Text]:
    """What has been written and not sent yet, oldest first."""
    waiting = Letter.objects.filter(sent_at=None, gave_up_at=None).order_by("created_at", "pk")
    texts = [opened(letter) for letter in waiting if kind in ("", letter.kind)]
    return [text for text in texts if to in ("", text.to)]


def link_in(text: Text) -> str:
    """The address in a letter, as a path of this site."""
    found = LINK.findall(text.body)
    assert len(found) == 1, text.body
    assert found[0].startswith(settings.SITE_URL)
    return str(found[0].removeprefix(settings.SITE_URL.rstrip("/")))
