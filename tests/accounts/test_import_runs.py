"""A run is worked off, stopped, killed and gone on with; each row is counted once and none is lost."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from accounts import tasks
from accounts.imports import chunks, report, running, services, storage
from accounts.imports.running import Standing, Worker
from accounts.models import ImportRow, ImportRun, Membership
from accounts.spreadsheets import as_csv
from strategy.models import Deal
from tests.make import NOON
from tests.strategy import maven
from tests.strategy.maven import ONLY_DEALS, many, outcomes

pytestmark = pytest.mark.usefixtures("inside_northwind", "uploads_aside")

WINDOW = {"observed_from": date(2017, 1, 1), "observed_until": date(2017, 12, 31)}


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
