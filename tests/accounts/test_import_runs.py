"""A run is received, started, stopped, killed and gone on with; each row is counted once and none is lost."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from accounts import tasks
from accounts.imports import chunks, report, running, services, storage
from accounts.imports.running import Standing, Worker
from accounts.imports.services import NothingToImport
from accounts.models import AuditEvent, ImportFile, ImportRow, ImportRun, Membership
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from accounts.spreadsheets import as_csv
from strategy.models import Deal
from tests.make import NOON
from tests.strategy import maven

pytestmark = pytest.mark.usefixtures("inside_northwind", "uploads_aside")

WINDOW = {"observed_from": date(2017, 1, 1), "observed_until": date(2017, 12, 31)}
ONLY_DEALS = {"pipeline.csv": maven.DEALS}


def many(number: int, *, like: str = "A{},Anna Snelling,GTX Pro,Isdom,Won,2017-01-10,2017-03-01,4700\n") -> str:
    return maven.HEADER + "".join(like.format(line) for line in range(number))


def outcomes(run: ImportRun) -> dict[str, int]:
    totals: dict[str, int] = {}
    for file in ImportFile.objects.filter(run=run):
        for name, number in file.counts.items():
            totals[name] = totals.get(name, 0) + number
    return {name: number for name, number in totals.items() if number}


def stored(settings_: Any) -> list[Path]:
    return [path for path in Path(settings_.MEDIA_ROOT).rglob("*") if path.is_file()]


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


# Working


def test_counts_add_up_to_the_rows_of_the_files(lena: Membership) -> None:
    deals = maven.DEALS + "A9,Anna Snelling\n" + "A1,,,,Won,2017-01-01,2017-03-01,\n\n,,,,,,,\n" + "B1,,,,Won,,,"
    run = maven.import_all({**maven.FILES, "pipeline.csv": deals}, actor=lena)
    assert outcomes(run) == {"created": 8, "used": 2, "refused": 3}
    assert run.rows_done == run.rows_total == 13


CELL = st.sampled_from(
    [
        "",
        "x",
        "2017-02-01",
        "2017-03-09",
        "2019-01-01",
        "31.12.2016",
        "Won",
        "Lost",
        "Engaging",
        "A1",
        "7",
        "-7",
        "=1+1",
        "é",
    ]
)
ROWS = st.lists(st.lists(CELL, min_size=1, max_size=9), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_accounts_for_every_row_whatever_is_in_it(lena: Membership, rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    with transaction.atomic():
        run = maven.import_all({"pipeline.csv": maven.DEALS + out.getvalue()}, actor=lena)
        assert run.state == ImportRun.State.DONE, run.error
        assert sum(outcomes(run).values()) == run.rows_done == run.rows_total
        refused = ImportRow.objects.filter(run=run, outcome="refused").values("file", "line").distinct().count()
        assert refused == outcomes(run).get("refused", 0)
        transaction.set_rollback(True)


def test_works_in_chunks_of_which_each_stays(lena: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    run = maven.start(maven.receive({"p.csv": many(8)}, actor=lena), actor=lena)
    done = []
    with Worker(run.pk, clock=lambda: NOON) as worker:
        while worker.step() is Standing.MORE:
            run.refresh_from_db()
            done.append((run.rows_done, Deal.objects.count()))
    assert done == [(3, 3), (6, 6), (8, 8)]


def test_notes_of_later_chunks_grow_the_first_one(lena: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    run = maven.import_all({"p.csv": many(8, like="A{},,,,Engaging,,,\n")}, actor=lena, **WINDOW)
    note = next(note for note in report.notes(run) if note.code == "not_qualified_yet")
    assert (note.rows, note.line) == (8, 2)


def test_a_worker_that_dies_between_chunks_is_followed_by_one_that_goes_on(
    lena: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    run = maven.start(maven.receive({"p.csv": many(8)}, actor=lena), actor=lena)
    with Worker(run.pk, clock=lambda: NOON) as first:
        first.step()
        first.step()
    maven.work(run)
    assert (outcomes(run), Deal.objects.count()) == ({"created": 8}, 8)


def test_what_fails_inside_a_chunk_leaves_no_half_of_it(lena: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    run = maven.start(maven.receive({"p.csv": many(8)}, actor=lena), actor=lena)
    with Worker(run.pk, clock=lambda: NOON) as worker:
        worker.step()
        monkeypatch.setattr(chunks, "_report", _break)
        with pytest.raises(RuntimeError):
            worker.step()
    run.refresh_from_db()
    assert (run.state, run.error["code"], Deal.objects.count()) == ("failed", "broken_off", 3)
    monkeypatch.undo()
    services.continue_import(run=run, actor=lena, at=NOON)
    maven.work(run)
    assert (run.state, run.error, outcomes(run), Deal.objects.count()) == ("done", {}, {"created": 8}, 8)


def _break(*_: Any) -> None:
    raise RuntimeError("the power went")


def test_a_chunk_that_met_somebody_elses_is_done_again(lena: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    run = maven.start(maven.receive(ONLY_DEALS, actor=lena), actor=lena)
    times = []

    def meet(*given: Any) -> Any:
        times.append(1)
        if len(times) < 3:
            raise OperationalError("deadlock detected") from errors.DeadlockDetected()
        return chunks.absorb(*given)

    monkeypatch.setattr(running, "absorb", meet)
    maven.work(run)
    assert (len(times), outcomes(run)) == (3, {"created": 4})


def test_two_workers_with_one_run_take_turns(lena: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    run = maven.start(maven.receive({"p.csv": many(9)}, actor=lena), actor=lena)
    with Worker(run.pk, clock=lambda: NOON) as one, Worker(run.pk, clock=lambda: NOON) as other:
        while one.step() is Standing.MORE and other.step() is Standing.MORE:
            pass
    run.refresh_from_db()
    assert (run.state, outcomes(run), Deal.objects.count()) == ("done", {"created": 9}, 9)


def test_a_second_import_waits_for_the_first(lena: Membership) -> None:
    first = maven.start(maven.receive(ONLY_DEALS, actor=lena), actor=lena)
    second = maven.receive(ONLY_DEALS, actor=lena)
    services.start_import(
        run=second,
        actor=lena,
        at=NOON + timedelta(seconds=1),
        observed_from=second.observed_from,
        observed_until=second.observed_until,
    )
    with Worker(second.pk, clock=lambda: NOON) as worker:
        assert worker.work() is Standing.WAITING
    maven.work(first)
    maven.work(second)
    assert (outcomes(first), outcomes(second)) == ({"created": 4}, {"unchanged": 4})


def test_stops_after_the_chunk_under_way_and_goes_on_from_there(
    lena: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    run = maven.start(maven.receive({"p.csv": many(8)}, actor=lena), actor=lena)
    with Worker(run.pk, clock=lambda: NOON) as worker:
        worker.step()
        services.stop_import(run=run, actor=lena, at=NOON)
        assert worker.work() is Standing.OVER
    run.refresh_from_db()
    assert (run.state, run.rows_done, Deal.objects.count()) == ("cancelled", 3, 3)
    services.continue_import(run=run, actor=lena, at=NOON)
    maven.work(run)
    assert (run.state, outcomes(run)) == ("done", {"created": 8})


def test_stops_at_once_while_it_waits(lena: Membership) -> None:
    run = maven.start(maven.receive(ONLY_DEALS, actor=lena), actor=lena)
    services.stop_import(run=run, actor=lena, at=NOON)
    run.refresh_from_db()
    assert run.state == "cancelled"
    with Worker(run.pk, clock=lambda: NOON) as worker:
        assert worker.work() is Standing.OVER
    assert not Deal.objects.exists()
    with pytest.raises(services.ImportOver):
        services.stop_import(run=run, actor=lena, at=NOON)


def test_says_that_a_stored_file_is_gone(lena: Membership) -> None:
    run = maven.start(maven.receive(ONLY_DEALS, actor=lena), actor=lena)
    storage.forget(run.pk)
    run = maven.work(run)
    assert (run.state, run.error) == ("failed", {"code": "file_gone", "name": "pipeline.csv"})


def test_refuses_a_repeat_across_chunks_and_files(lena: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    files = {"one.csv": many(5), "two.csv": many(6) + "A5,,,,Lost,2017-01-10,2017-03-01,0\n"}
    run = maven.import_all(files, actor=lena)
    assert outcomes(run) == {"created": 6, "refused": 6}
    last = ImportRow.objects.filter(run=run, outcome="refused").order_by("file__position", "line").last()
    assert last is not None
    assert report.say_of(last) == "“A5” was already on line 7 of two.csv. Keep one of the rows."
    assert Deal.objects.get(external_id="A5").end_cause == "won"


def test_notes_that_the_last_row_may_be_cut(lena: Membership) -> None:
    run = maven.import_all({"p.csv": maven.DEALS.rstrip() + "\nA7,,,,Won,2017-01-10,2017-03-01,47"}, actor=lena)
    assert [note.line for note in report.notes(run) if note.code == "maybe_cut"] == [6]


def test_cut_in_the_middle_of_a_row_all_but_that_row_come_in(lena: Membership) -> None:
    run = maven.import_all({"p.csv": maven.DEALS + "A7,Anna Snelling,GTX P"}, actor=lena)
    assert outcomes(run) == {"created": 4, "refused": 1}
    assert report.troubles(run)[0].sentence.startswith("The file ends in the middle of this row")


# Reporting


def test_refused_rows_come_back_corrected(lena: Membership) -> None:
    bad = "A7,Anna Snelling,GTX Pro,=cmd|' /C calc'!A0,Won,2017-01-10,soon,-5\n"
    run = maven.import_all({"p.csv": maven.DEALS + bad}, actor=lena)
    text = as_csv(report.refused_table(run.files.get()))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["account"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["close_value"] == "-5"
    assert rows[0]["Line"] == "6"
    assert "“soon” is not a date" in rows[0]["What to do"]
    again = maven.import_all({"again.csv": text.replace("soon", "2017-03-01").replace("-5", "5")}, actor=lena)
    assert outcomes(again) == {"created": 1}


def test_groups_what_is_wrong_and_shows_examples(lena: Membership) -> None:
    bad = "".join(f"B{n},,,,Won,2017-01-10,{text},\n" for n, text in enumerate(["soon", "Q3 sometime", "soon"]))
    run = maven.import_all({"p.csv": maven.DEALS + bad}, actor=lena)
    (trouble,) = report.troubles(run)
    assert (trouble.rows, trouble.line, trouble.file) == (3, 6, "p.csv")
    assert trouble.heading("3") == "3 values of “close_date” we cannot read as dates"
    assert list(trouble.values) == ["soon", "Q3 sometime", "soon"]


# Delayed


def test_the_task_works_all_that_waits_off(lena: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [maven.start(maven.receive(ONLY_DEALS, actor=lena), actor=lena) for _ in range(2)]
    tasks.run_imports()
    for run in runs:
        run.refresh_from_db()
        assert run.state == "done"


def test_the_task_leaves_a_run_to_the_worker_that_has_it(
    lena: Membership, monkeypatch: pytest.MonkeyPatch, northwind: Any
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.run_imports, "apply_async", lambda **options: sent.append(options))
    run = maven.start(maven.receive(ONLY_DEALS, actor=lena), actor=lena)
    ImportRun.objects.filter(pk=run.pk).update(state="running", touched_at=tasks.timezone.now())
    tasks.run_imports()
    run.refresh_from_db()
    assert (run.rows_done, sent) == (0, [{"countdown": tasks.ALIVE}])
