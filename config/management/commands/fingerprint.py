"""manage.py fingerprint --to FILE | --compare FILE"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import fingerprint


class Command(BaseCommand):
    """Counts and checksums; nothing of what the rows say."""

    help = "Write down how many rows of which content each organisation has, or compare with what was written down."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--to", type=Path, metavar="FILE", help="write the fingerprint")
        what.add_argument("--compare", type=Path, metavar="FILE", help="name every difference and fail if there is one")

    def handle(self, *args: Any, **options: Any) -> None:
        with fingerprint.one_moment() as connection:
            found = fingerprint.of_database(connection) | fingerprint.of_files(Path(settings.MEDIA_ROOT))
        if options["to"]:
            options["to"].write_text(json.dumps(found, indent=1))
            self.stdout.write(f"{options['to']}: {summary(found)}")
            return
        before = json.loads(options["compare"].read_text())
        different = fingerprint.differences(before, found)
        for one in different:
            self.stderr.write(f"{one.whose}, {one.what}: {told(one.was)} then, {told(one.now)} now")
        if different:
            raise CommandError(f"{len(different)} differences to {options['compare']}")
        self.stdout.write(f"The same as in {options['compare']}: {summary(found)}")


def summary(found: fingerprint.Fingerprint) -> str:
    """How much there is, in words."""
    tables = [part for whose, part in found.items() if not whose.startswith("files")]
    rows = sum(counted for part in tables for counted, _ in part.values())
    files = sum(len(part) for whose, part in found.items() if whose.startswith("files"))
    return f"{len(tables) - 1} organisations, {rows} rows, {files} files"


def told(part: list[Any] | None) -> str:
    return "nothing" if part is None else f"{part[0]} ({part[1][:12]}…)"
