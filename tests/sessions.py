"""What a session has shown of its person."""

from __future__ import annotations

import time

from django.test import Client

from accounts import entrance
from accounts.models import User


def shown_second_factor(client: Client, user: User) -> None:
    """Notes in the session what the sign-in library notes after a code."""
    session = client.session
    session[entrance.RECORDS] = [{"method": "password", "at": time.time()}, {"method": "mfa", "type": "totp"}]
    session[entrance.RECORDS_OF] = str(user.pk)
    session.save()


def settle(client: Client) -> None:
    """Make the session's first request, which writes it down among those of its person; what later ones cost counts."""
    client.get("/organisations/")
