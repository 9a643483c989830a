"""Give an operator leave to read an organisation for an hour, or end it: the page /operators/ from a terminal."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import queries
from accounts.models import User
from accounts.refusals import Refused
from accounts.services.operators import enter_organisation, leave_organisation


class Command(BaseCommand):
    """`manage.py enter_organisation --operator ada@example.com --tenant northwind --reason "…"`"""

    help = "Give an operator leave to read an organisation for an hour. Its owners are told, with the reason."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--operator", required=True, help="E-mail address of somebody with is_staff.")
        parser.add_argument("--tenant", required=True, help="Address (slug) of the organisation.")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--reason", help="Why, in 20 characters at the least.")
        what.add_argument("--end", action="store_true", help="End the operator's leave now.")

    def handle(self, *args: Any, **options: Any) -> None:
        operator = User.objects.filter(email=options["operator"].strip().lower()).first()
        if operator is None:
            raise CommandError("Nobody has this e-mail address.")
        tenant = queries.organisation_at(options["tenant"].strip().lower())
        if tenant is None:
            raise CommandError("No organisation has this address.")
        if options["end"]:
            for place in queries.operator_places(operator):
                if place.tenant_id == tenant.pk:
                    leave_organisation(
                        operator=operator, tenant_id=tenant.pk, access_id=place.access_id, at=timezone.now()
                    )
            self.stdout.write(f"{operator.email} has no leave to read {tenant.slug}.")
            return
        try:
            access = enter_organisation(operator=operator, tenant=tenant, reason=options["reason"], at=timezone.now())
        except Refused as refusal:
            raise CommandError(" ".join([str(refusal), *refusal.fields.values()])) from refusal
        self.stdout.write(f"{operator.email} may read /o/{tenant.slug}/ until {access.expires_at:%Y-%m-%d %H:%M} UTC.")
