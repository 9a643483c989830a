"""What the product does when the sign-in library says that something has happened."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import email_changed, email_confirmed
from django.dispatch import receiver
from django.utils import timezone

from accounts import services


@receiver(email_confirmed)
def open_what_was_asked_for(email_address: Any, **_: Any) -> None:
    """The organisation of a sign-up is opened when its address is confirmed."""
    services.open_wanted_organisation(user=email_address.user, at=timezone.now())


@receiver(email_changed)
def show_the_new_address(user: Any, from_email_address: Any, to_email_address: Any, **_: Any) -> None:
    """Tell the organisations of a person."""
    if from_email_address is not None:
        user.refresh_from_db(fields=["email"])
        services.follow_address(user=user, before=from_email_address.email, at=timezone.now())
