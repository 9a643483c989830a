"""Files are received, judged and kept, and a run is started with them once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.imports import report, services, storage
from accounts.imports.services import NothingToImport
from accounts.models import AuditEvent, ImportRun, Membership
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from tests.make import NOON
from tests.strategy import maven
from tests.strategy.maven import ONLY_DEALS, outcomes, stored

pytestmark = pytest.mark.usefixtures("inside_northwind", "uploads_aside")

WINDOW = {"observed_from": date(2017, 1, 1), "observed_until": date(2017, 12, 31)}


# Receiving


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "is a picture"),
        (b"PK\x03\x04[Content_Types].xml", "is an Excel workbook"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"opportunity_id,deal_stage,engage_date,close_date\n", "has column names and no rows"),
        (b"a,b\n1,2\n", "has columns we do not know: a, b"),
        (bytes(range(256)) * 40_000, "is not a text file"),
        (b"x" * 10_000_000, "too long for a table"),
        (b"word " * 2_000_000, "too long for a table"),
        (b"opportunity_id,deal_stage,engage_date,close_date\n" + b'a,"b\n' * 100_000, "too many quotes"),
        (b"product,sales_price\nGTX,5\n", "alone brings nothing in"),
        (
            b"opportunity_id,deal_stage,engage_date,close_date,deal_stage\n1,Won,,,Won\n",
            "two columns called “deal_stage”",
        ),
        ((maven.HEADER + "".join(f"{n},,,,s{n},,,\n" for n in range(100))).encode(), "more than 60 different values"),
    ],
)
def test_says_why_a_file_cannot_be_used_and_keeps_nothing(
    lena: Membership, settings: Any, content: bytes, words: str
) -> None:
    with pytest.raises(NothingToImport) as caught:
        maven.receive({"thing.csv": content}, actor=lena)
    assert words in caught.value.fields["files"]
    assert not ImportRun.objects.exists()
    assert stored(settings) == []


def test_leaves_out_the_file_that_is_of_no_use_and_takes_the_others(lena: Membership, settings: Any) -> None:
    run = maven.receive({**maven.FILES, "photo.csv": b"\x89PNG\r\n\x1a\n", "copy.csv": maven.TEAMS}, actor=lena)
    assert report.left_out(run) == [
        "photo.csv is a picture, not a table. Export your data as CSV.",
        "copy.csv has the same content as teams.csv. It was left out.",
    ]
    assert run.files.count() == len(stored(settings)) == 4


def test_keeps_uploads_by_tenant_and_run_under_names_of_its_own(lena: Membership, settings: Any) -> None:
    run = maven.receive({"../../etc/passwd": maven.DEALS}, actor=lena)
    (path,) = stored(settings)
    assert path.parent == Path(settings.MEDIA_ROOT) / str(lena.tenant_id) / "imports" / str(run.pk)
    assert run.files.get().name == "passwd"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["../other", "", ".", "..", "a/b"])
def test_reads_no_file_outside_of_the_runs_folder(lena: Membership, name: str) -> None:
    with pytest.raises(storage.Elsewhere):
        storage.path_of(lena.pk, name)


def test_limits_all_files_of_an_import_together(lena: Membership, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = len(maven.DEALS) + 50
    run = maven.receive({**ONLY_DEALS, "accounts.csv": maven.ACCOUNTS}, actor=lena)
    assert "accounts.csv is larger than" in report.left_out(run)[0]


def test_guesses_the_window_from_the_first_end_and_the_last_day(lena: Membership) -> None:
    run = maven.receive(maven.FILES, actor=lena)
    assert (run.observed_from, run.observed_until) == (date(2017, 3, 1), date(2017, 4, 1))
    typo = maven.receive({"p.csv": maven.DEALS + "A8,,,,Engaging,2971-01-01,,\n"}, actor=lena)
    assert typo.observed_until == date(2017, 4, 1)


def test_is_for_those_who_may_import(omar: Membership, lena: Membership) -> None:
    with pytest.raises(NotAllowed):
        maven.receive(maven.FILES, actor=omar)
    run = maven.receive(maven.FILES, actor=lena)
    for deed in (services.stop_import, services.continue_import):
        with pytest.raises(NotAllowed):
            deed(run=run, actor=omar, at=NOON)
    with pytest.raises(NotAllowed):
        maven.start(run, actor=omar)


# Starting


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ({"observed_from": None}, "observed_from"),
        ({"observed_until": None}, "observed_until"),
        ({"observed_until": NOON.date() + timedelta(days=1)}, "observed_until"),
        ({"observed_from": date(2017, 4, 2)}, "observed_from"),
    ],
)
def test_asks_for_a_window_that_can_be(lena: Membership, window: dict[str, date | None], field: str) -> None:
    run = maven.receive(maven.FILES, actor=lena)
    with pytest.raises(Invalid) as caught:
        maven.start(run, actor=lena, **window)
    assert field in caught.value.fields


def test_asks_for_no_window_when_the_files_know_no_days(lena: Membership) -> None:
    run = maven.import_all({"accounts.csv": maven.ACCOUNTS}, actor=lena)
    assert (run.state, outcomes(run)) == ("done", {"created": 2})


def test_starts_once(lena: Membership) -> None:
    run = maven.start(maven.receive(maven.FILES, actor=lena), actor=lena)
    with pytest.raises(services.ImportNotWaiting):
        maven.start(run, actor=lena)


def test_writes_down_who_did_it(lena: Membership) -> None:
    run = maven.import_all(maven.FILES, actor=lena)
    told = AuditEvent.objects.filter(subject_id=run.pk).order_by("id").values_list("verb", "actor")
    verbs = ["received", "started", *["rows_kept"] * 3, "done"]
    assert list(told) == [(f"import.{verb}", lena.pk) for verb in verbs]


def test_forgets_the_files_when_it_is_done(
    lena: Membership, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        run = maven.import_all(maven.FILES, actor=lena)
    for callback in callbacks[1:]:  # the first rings for a worker
        callback()
    assert stored(settings) == []
    assert not storage.folder(run.pk).exists()


def test_gives_up_what_nobody_started_for_a_week(
    lena: Membership, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    old = maven.receive(ONLY_DEALS, actor=lena)
    ImportRun.objects.filter(pk=old.pk).update(created_at=NOON - timedelta(days=8))
    with django_capture_on_commit_callbacks(execute=True):
        new = maven.receive({"accounts.csv": maven.ACCOUNTS}, actor=lena)
    old.refresh_from_db()
    assert old.state == "cancelled"
    assert [path.parent.name for path in stored(settings)] == [str(new.pk)]
