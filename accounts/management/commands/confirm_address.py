"""manage.py confirm_address ADDRESS"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from accounts.services import confirm_address, open_wanted_organisation


class Command(BaseCommand):
    """For a person whom no letter reaches, and whom the operator knows otherwise."""

    help = "Confirm by hand that an address belongs to the person who signed up with it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["address"].strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody has signed up with {options['address']}.")
        confirm_address(user=user)
        open_wanted_organisation(user=user, at=timezone.now())
        self.stdout.write(f"{user.email} is confirmed.")
