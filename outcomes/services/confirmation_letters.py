"""The letter with a link, in the language of who reads it."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import translation

from accounts import mail
from accounts.days import day_of_year
from outcomes.models import Confirmation
from outcomes.words_for_customers import opening, subject


def send(asked: Confirmation, secret: str, *, at: datetime) -> None:
    """Write the letter; who answers it writes to the member who asks."""
    member = asked.asked_by
    today = member.tenant.day_of(at)
    with translation.override(asked.language):
        about = {
            "subject": subject(asked.purpose, member.name, member.tenant.name),
            "message": asked.message or opening(asked.purpose, asked.to_name, asked.stated_on, today=today),
            "statement": asked.statement,
            "asker": member.name,
            "seller": member.tenant.name,
            "secret": secret,
            "until": day_of_year(member.tenant.day_of(asked.expires_at), today=today),
        }
        mail.post(
            to=asked.to_email,
            kind="confirmation",
            at=at,
            about=about,
            reply_to=member.user.email if member.user else "",
        )


def drafted(*, language: str, purpose: str, name: str, stated_on: date | None, today: date) -> str:
    """What the letter says to begin with, where the member writes nothing else."""
    with translation.override(language):
        return opening(purpose, name, stated_on, today=today)
