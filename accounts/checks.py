"""What an operator is told of before people are: the checks of `manage.py check --deploy`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register


@register(Tags.security, deploy=True)
def letters_leave(**_: Any) -> list[CheckMessage]:
    """Somebody who cannot be written to can neither confirm an address nor choose a new password."""
    if settings.EMAIL_URL:
        return []
    told = "EMAIL_URL is not set: letters are kept and wait, and nobody can sign up or choose a new password."
    return [
        checks.Warning(told, hint="Set it to the mail server, as submission://user:password@host.", id="accounts.W001")
    ]
