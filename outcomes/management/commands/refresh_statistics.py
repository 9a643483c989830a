"""manage.py refresh_statistics --tenant SLUG|--all-tenants [--rebuild]"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts.models import Tenant
from accounts.tenancy.commands import TenantCommand
from accounts.tenancy.scope import tenant_scope
from outcomes.statistics import engine


class Command(TenantCommand):
    """Refreshes now, in this process."""

    help = "Bring the statistics of organisations up to date, or rebuild them from base rows."
    one_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--rebuild", action="store_true", help="recompute every fact, not only marked ones")

    def handle_tenant(self, tenant: Tenant, **options: Any) -> None:
        with tenant_scope(tenant.pk, repeatable=True):
            made = engine.refresh(tenant=tenant, now=timezone.now(), rebuild=options["rebuild"])
        if made is None:
            raise CommandError("a worker is refreshing it at this moment; try again")
        self.stdout.write(f"{tenant.slug}: generation {made.number}, as of {made.as_of}")
