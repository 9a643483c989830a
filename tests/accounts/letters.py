"""What people find in their mailbox."""

from __future__ import annotations

import re

from accounts import mail
from accounts.mail import Text
from accounts.models import Letter


def letters_to(address: str) -> list[Text]:
    """Every letter written to an address, the oldest first."""
    texts = [mail.opened(letter) for letter in Letter.objects.order_by("created_at", "pk")]
    return [text for text in texts if text.to == address]


def secret_in(text: Text) -> str:
    """The secret of the link in a letter of invitation."""
    found = re.search(r"/invitations/([A-Za-z0-9_-]{43})/", text.body)
    assert found is not None, text.body
    return found[1]


def last_secret(address: str) -> str:
    """The secret in the last letter to an address."""
    return secret_in(letters_to(address)[-1])
