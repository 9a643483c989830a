"""manage.py seed_demo [--today YYYY-MM-DD]"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes import demo
from outcomes.statistics import engine


class Command(BaseCommand):
    """Leaves an example organisation that is there already as it is."""

    help = "Make the example organisation, told as of a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--today", type=date.fromisoformat, help="the story's last day; today unless given")

    def handle(self, *args: Any, **options: Any) -> None:
        if Tenant.objects.filter(slug=demo.SLUG).exists():
            return
        if not settings.DEMO_PASSWORD:
            raise CommandError("Set DEMO_PASSWORD: the example organisation's owner signs in with it.")
        owner = demo.seed(today=options["today"] or timezone.now().date(), password=settings.DEMO_PASSWORD)
        with tenant_scope(owner.tenant_id, repeatable=True):
            engine.refresh(tenant=owner.tenant, now=timezone.now(), rebuild=True)
        self.stdout.write(f"{demo.NAME}: sign in as {demo.EMAIL}")
