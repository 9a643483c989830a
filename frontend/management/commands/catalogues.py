"""Brings the catalogues of what customers read up to date, or says what is wrong with them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from frontend import catalogues


class Command(BaseCommand):
    help = "Write the texts of today into frontend/locale and compile what is translated."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail where something would change.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        found: list[str] = []
        for language in catalogues.TRANSLATED:
            for kind, made in zip(("po", "mo"), catalogues.written(language), strict=True):
                path = catalogues.place(language, kind)
                if path.exists() and path.read_bytes() == made:
                    continue
                if check:
                    found.append(f"{path.relative_to(catalogues.ROOT)} is not up to date")
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(made)
            found += catalogues.faults(language)
        if found:
            raise CommandError("\n".join([*found, "run: python manage.py catalogues"]))
