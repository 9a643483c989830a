"""Commands that work for named tenants or for all of them, one transaction each."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from accounts.models import Tenant
from accounts.tenancy.scope import tenant_bound, tenant_scope


class TenantCommand(BaseCommand):
    """Asks which tenants are meant, has no default, goes on after a failure, and says so at the end."""

    one_transaction = True

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--tenant", action="append", metavar="SLUG", help="work for this one (repeatable)")
        which.add_argument("--all-tenants", action="store_true", help="work for every one")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = []
        tenants = self._tenants(options.pop("tenant"))
        for tenant in tenants:
            try:
                with (tenant_scope if self.one_transaction else tenant_bound)(tenant.pk):
                    self.handle_tenant(tenant, **options)
            except CommandError as error:
                failed.append(tenant.slug)
                self.stderr.write(self.style.ERROR(f"{tenant.slug}: {error}"))
            except Exception as error:  # the other tenants are still to be served; the summary exits non-zero
                failed.append(tenant.slug)
                self.stderr.write(self.style.ERROR(f"{tenant.slug}: {type(error).__name__}: {error}"))
                connection.close_if_unusable_or_obsolete()
        if failed:
            raise CommandError(f"{len(failed)} of {len(tenants)} organisations failed: {', '.join(failed)}")

    def handle_tenant(self, tenant: Tenant, **options: Any) -> None:
        """Do the work for one tenant, inside its scope."""
        raise NotImplementedError

    def _tenants(self, slugs: list[str] | None) -> list[Tenant]:
        if not slugs:
            return list(Tenant.objects.order_by("pk"))
        found = {tenant.slug: tenant for tenant in Tenant.objects.filter(slug__in=slugs)}
        unknown = [slug for slug in slugs if slug not in found]
        if unknown:
            raise CommandError(f"No organisation is called {', '.join(unknown)}. Look in the address: /o/<name>/.")
        return [found[slug] for slug in dict.fromkeys(slugs)]
