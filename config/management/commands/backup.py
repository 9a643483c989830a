"""manage.py backup FOLDER [--admin-url URL]"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import env, fingerprint
from config.management.commands.fingerprint import summary

DUMP, UPLOADS, FINGERPRINT = "database.dump", "uploads.tar", "fingerprint.json"


class Command(BaseCommand):
    """While the product runs: dump and fingerprint see the same moment."""

    help = "Write database, uploaded files and their fingerprint into a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that is not there yet")
        parser.add_argument(
            "--admin-url",
            default=settings.DATABASE_ADMIN_URL,
            help="a superuser, or another role that no wall holds back; else DATABASE_ADMIN_URL",
        )
        parser.add_argument("--pg-dump", default="pg_dump", help="the program, not older than the server")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not options["admin_url"]:
            raise CommandError("Name who may read everything by --admin-url, or by DATABASE_ADMIN_URL.")
        if not shutil.which(options["pg_dump"]):
            raise CommandError(f"There is no {options['pg_dump']} on this machine: name it by --pg-dump.")
        if folder.exists():
            raise CommandError(f"{folder} is there already: name a new folder.")
        os.umask(0o077)
        # Written beside and moved when it is whole: nobody takes half a backup for one.
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            found = self._write(draft, options["admin_url"], options["pg_dump"])
            draft.rename(folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        self.stdout.write(f"{folder}: {summary(found)}")

    def _write(self, folder: Path, admin_url: str, program: str) -> fingerprint.Fingerprint:
        with fingerprint.one_moment() as connection:
            moment = connection.execute("SELECT pg_export_snapshot()").fetchone()
            dump(program, admin_url, str(moment and moment[0]), folder / DUMP)
            found = fingerprint.of_database(connection)
        found |= self._write_uploads(folder)
        (folder / FINGERPRINT).write_text(json.dumps(found, indent=1))
        return found

    def _write_uploads(self, folder: Path) -> fingerprint.Fingerprint:
        root = Path(settings.MEDIA_ROOT)
        with tarfile.open(folder / UPLOADS, "w") as archive:
            if root.exists():
                archive.add(root, arcname=".")
        # Of what was really written: files come and go meanwhile.
        with tempfile.TemporaryDirectory(dir=folder) as unpacked:
            with tarfile.open(folder / UPLOADS) as archive:
                # Python before 3.11.4 knows no filter. The archive is the one that was just written here.
                checked: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                archive.extractall(unpacked, **checked)  # noqa: S202  (written by this program)
            return fingerprint.of_files(Path(unpacked))


def dump(program: str, admin_url: str, moment: str, file: Path) -> None:
    """Let pg_dump write the product's database as it is in an exported snapshot. Raises CommandError."""
    login = env.address(admin_url)
    words = [program, "--format=custom", f"--file={file}", f"--snapshot={moment}", "--no-password"]
    words += [f"--host={login.host}", f"--port={login.port or 5432}", f"--username={login.user}"]
    # Not on the command line, which everybody on the machine can read.
    environment = {**os.environ, "PGPASSWORD": login.password}
    name = settings.DATABASES["default"]["NAME"]
    done = subprocess.run([*words, name], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CommandError(f"pg_dump failed: {done.stderr.strip()}")
