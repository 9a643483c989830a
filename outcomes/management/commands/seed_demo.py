"""manage.py seed_demo [--today YYYY-MM-DD]"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes import demo
from outcomes.models import StatisticGeneration
from outcomes.statistics import engine


class Command(BaseCommand):
    """Leaves an example organisation that is whole as it is, and finishes one whose statistics are missing."""

    help = "Make the example organisation, told as of a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--today", type=date.fromisoformat, help="the story's last day; today unless given")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=demo.SLUG).first()
        if tenant is not None and (not tenant.is_demo or _has_statistics(tenant)):
            return
        if tenant is None:
            if not settings.DEMO_PASSWORD:
                raise CommandError("Set DEMO_PASSWORD: the example organisation's owner signs in with it.")
            # All or nothing: half a story would be taken for the whole the next time.
            with transaction.atomic():
                today = options["today"] or timezone.now().date()
                tenant = demo.seed(today=today, password=settings.DEMO_PASSWORD).tenant
        with tenant_scope(tenant.pk, repeatable=True):
            engine.refresh(tenant=tenant, now=timezone.now(), rebuild=True)
        self.stdout.write(f"{demo.NAME}: sign in as {demo.EMAIL}")


def _has_statistics(tenant: Tenant) -> bool:
    with tenant_scope(tenant.pk, read_only=True):
        return StatisticGeneration.objects.filter(is_current=True).exists()
