"""`manage.py import_crm --tenant SLUG FOLDER|FILES`: bring an export in from a terminal, without a worker."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.imports import report
from accounts.imports.problems import say
from accounts.imports.running import Standing, Worker
from accounts.imports.services import NothingToImport, Upload, receive_files, start_import, stop_import
from accounts.models import ImportRun, Membership, Tenant
from accounts.models.organisation import Role
from accounts.refusals import Refused
from accounts.tenancy.commands import TenantCommand

# A file on this machine is not limited like one that a stranger sends.
LIMIT = 64 * 1024**3


class Command(TenantCommand):
    """Reads the files, says what it understood, asks once, and reports every row."""

    help = "Import the export of a CRM: a folder, or its files. Sent again, the same files change nothing."
    one_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("paths", nargs="+", type=Path, metavar="FOLDER|FILE")
        parser.add_argument("--observed-from", type=_day, help="first day from which the system recorded ends")
        parser.add_argument("--observed-until", type=_day, help="last day that the export knows of")
        parser.add_argument("--yes", action="store_true", help="start without asking")

    def handle_tenant(self, tenant: Tenant, **options: Any) -> None:
        """Import the files into one organisation."""
        actor = _owner()
        try:
            with transaction.atomic():
                run = _receive(options["paths"], actor)
        except NothingToImport as refusal:
            raise CommandError(" ".join(refusal.fields.values())) from refusal
        window = (options["observed_from"] or run.observed_from, options["observed_until"] or run.observed_until)
        self._tell_what_is_understood(run, *window)
        if not options["yes"] and input("Import? [y/N] ").strip().lower() not in ("y", "yes"):
            with transaction.atomic():
                stop_import(run=run, actor=actor, at=timezone.now())
            self.stdout.write("Nothing was imported.")
            return
        try:
            with transaction.atomic():
                start_import(
                    run=run,
                    actor=actor,
                    at=timezone.now(),
                    observed_from=window[0],
                    observed_until=window[1],
                    ring=False,
                )
        except Refused as refusal:
            raise CommandError(" ".join(refusal.fields.values()) or str(refusal)) from refusal
        self._work(run)

    def _work(self, run: ImportRun) -> None:
        with Worker(run.pk, clock=timezone.now) as worker:
            while (standing := worker.step()) is Standing.MORE:
                with transaction.atomic():
                    run.refresh_from_db(fields=["rows_done"])
                self.stderr.write(f"{run.rows_done:,} of {run.rows_total:,} rows", ending="\n")
        if standing is Standing.WAITING:
            raise CommandError("Another import of this organisation goes first. The workers will go on with this one.")
        with transaction.atomic():
            run.refresh_from_db()
            self._tell_what_became(run)
        if run.state != ImportRun.State.DONE:
            raise CommandError(say(run.error["code"], run.error) if run.error else "The import was stopped.")

    def _tell_what_is_understood(self, run: ImportRun, first: date | None, last: date | None) -> None:
        with transaction.atomic():
            for sheet in report.sheets(run):
                self.stdout.write(f"{sheet.file.name}: {sheet.title}, {sheet.file.rows:,} rows")
            for question in report.asked(run):
                for value, rows, answer in question.values:
                    self.stdout.write(f"  {value} ({rows:,} rows): {answer}")
            for sentence in (*report.left_out(run), *map(str, report.missing(run))):
                self.stdout.write(sentence)
        self.stdout.write(f"Ends were recorded from {first} until {last}.")

    def _tell_what_became(self, run: ImportRun) -> None:
        for sheet in report.sheets(run):
            told = ", ".join(f"{number:,} {outcome}" for outcome, number in sheet.file.counts.items() if number)
            self.stdout.write(f"{sheet.title}: {told}")
        for trouble in report.notes(run):
            self.stdout.write(trouble.heading(f"{trouble.rows:,}"))
        for trouble in report.troubles(run):
            self.stdout.write(f"Refused: {trouble.heading(f'{trouble.rows:,}')}.")
            self.stdout.write(f"  {trouble.file}, line {trouble.line}: {trouble.sentence}")
        self.stdout.write(f"{run.rows_done:,} rows in {run.checkpoint.get('seconds', 0):.1f} s")


def _owner() -> Membership:
    with transaction.atomic():
        owner = (
            Membership.objects.select_related("tenant")
            .filter(role=Role.OWNER, is_active=True)
            .order_by("created_at")
            .first()
        )
    if owner is None:
        raise CommandError("This organisation has no owner in whose name it could be done.")
    return owner


def _receive(paths: list[Path], actor: Membership) -> ImportRun:
    files = [
        file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if not file.is_dir()
    ]
    unknown = [str(file) for file in files if not file.is_file()]
    if unknown or not files:
        raise CommandError(f"There is no file {', '.join(unknown or map(str, paths))}.")
    uploads = [Upload(file.name, file.open("rb")) for file in files]
    try:
        return receive_files(actor=actor, uploads=uploads, at=timezone.now(), limit=LIMIT)
    finally:
        for upload in uploads:
            upload.content.close()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date. Write it like 2017-03-01.") from None
