"""The Maven CRM export: the real one where it lies beside the checkout, and a small one of our own."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.imports.running import Standing, Worker
from accounts.imports.services import Upload, receive_files, start_import
from accounts.models import ImportFile, ImportRun, Membership
from tests import real_data
from tests.make import NOON

needs_the_real_files = real_data.needs_maven

TEAMS = "sales_agent,manager,regional_office\nAnna Snelling,Dustin Brinkmann,Central\nBoris Faz,Rocco Neubert,East\n"
ACCOUNTS = (
    "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
    "Isdom,medical,2002,3178.24,4540,United States,\n"
    "Cancity,retail,2001,718.62,2448,United States,Isdom\n"
)
PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n"
HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
DEALS = HEADER + (
    "A1,Anna Snelling,GTX Pro,Isdom,Won,2017-01-10,2017-03-01,4700\n"
    "A2,Anna Snelling,GTXPro,Cancity,Lost,2017-01-20,2017-04-01,0\n"
    "A3,Boris Faz,MG Special,,Engaging,2017-02-01,,\n"
    "A4,Boris Faz,MG Special,Isdom,Prospecting,,,\n"
)
FILES = {"teams.csv": TEAMS, "accounts.csv": ACCOUNTS, "prices.csv": PRODUCTS, "pipeline.csv": DEALS}


def uploads(files: Mapping[str, str | bytes]) -> list[Upload]:
    """Files as a person gives them."""
    return [
        Upload(name, io.BytesIO(content if isinstance(content, bytes) else content.encode()))
        for name, content in files.items()
    ]


def real_files() -> list[Upload]:
    """The real export's files."""
    return [Upload(path.name, io.BytesIO(path.read_bytes())) for path in sorted(real_data.MAVEN.glob("*.csv"))]


def receive(files: Mapping[str, str | bytes] | Iterable[Upload], *, actor: Membership) -> ImportRun:
    """Take files in."""
    given = uploads(files) if isinstance(files, Mapping) else list(files)
    return receive_files(actor=actor, uploads=given, at=NOON)


def start(run: ImportRun, *, actor: Membership, **answers: Any) -> ImportRun:
    """Start a run with its guesses, or with other answers."""
    window: dict[str, date | None] = {"observed_from": run.observed_from, "observed_until": run.observed_until}
    return start_import(run=run, actor=actor, at=NOON, **{**window, **answers})


def work(run: ImportRun) -> ImportRun:
    """Work a started run off to its end."""
    with Worker(run.pk, clock=lambda: NOON) as worker:
        assert worker.work() is Standing.OVER
    with transaction.atomic():
        run.refresh_from_db()
    return run


def import_all(files: Mapping[str, str | bytes] | Iterable[Upload], *, actor: Membership, **answers: Any) -> ImportRun:
    """Take files in, start and finish their import."""
    return work(start(receive(files, actor=actor), actor=actor, **answers))


ONLY_DEALS = {"pipeline.csv": DEALS}


def many(number: int, *, like: str = "A{},Anna Snelling,GTX Pro,Isdom,Won,2017-01-10,2017-03-01,4700\n") -> str:
    """A file of so many deals, all but alike."""
    return HEADER + "".join(like.format(line) for line in range(number))


def outcomes(run: ImportRun) -> dict[str, int]:
    """How the rows of all files of a run ended, without what did not happen."""
    totals: dict[str, int] = {}
    for file in ImportFile.objects.filter(run=run):
        for name, number in file.counts.items():
            totals[name] = totals.get(name, 0) + number
    return {name: number for name, number in totals.items() if number}


def stored(settings_: Any) -> list[Path]:
    """The uploads that are kept."""
    return [path for path in Path(settings_.MEDIA_ROOT).rglob("*") if path.is_file()]
