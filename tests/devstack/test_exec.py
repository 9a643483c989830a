"""`exec --temp`: servers for one command, of which nothing remains."""

from __future__ import annotations

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.devstack import prepared
from tests.devstack.driver import ROOT, devstack, own_environment, run, running, until

WHERE = 'echo "state $THROUGHLINE_STATE"; echo "database $DATABASE_URL"; exit 3'


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "unused"


def test_two_at_once_have_servers_of_their_own_and_leave_nothing(state: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda _: run_temp(WHERE, state, tmp_path), range(2)))
    assert [answer.returncode for answer in answers] == [3, 3], answers
    said = [dict(line.split(" ", 1) for line in answer.stdout.splitlines()) for answer in answers]
    assert said[0]["database"] != said[1]["database"]
    assert not any(Path(one["state"]).exists() for one in said)
    assert running(state) == {}


def test_never_uses_the_database_of_the_environment(state: Path, tmp_path: Path) -> None:
    precious = "postgresql://tl_web:secret@127.0.0.1:1/precious"
    answer = run_temp(WHERE, state, tmp_path, DATABASE_URL=precious, DATABASE_MIGRATE_URL=precious)
    assert "precious" not in answer.stdout


def test_a_killed_run_leaves_no_process_and_the_next_removes_its_folder(state: Path, tmp_path: Path) -> None:
    environment = own_environment(state, {"TMPDIR": str(tmp_path)})
    process = subprocess.Popen(devstack("exec", "--temp", "--bare", "--", "sleep", "60"), cwd=ROOT, env=environment)
    until(lambda: "sleep 60" in running(state).values() or process.poll() is not None, "the command to run")
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not running(state), "everything to end with its supervisor", seconds=15)
    (left,) = tmp_path.glob("throughline-*")
    long_ago = left.stat().st_mtime - 3600
    os.utime(left, (long_ago, long_ago))
    assert run_temp("true", state, tmp_path).returncode == 0
    assert not list(tmp_path.glob("throughline-*"))


SQL = """import os, psycopg; at = psycopg.connect(os.environ["DATABASE_MIGRATE_URL"], autocommit=True)
at.execute("SET ROLE tl_owner"); print(at.execute("SELECT count(*) FROM accounts_tenant").fetchone()[0])
at.execute("CREATE TABLE public.left_behind (id int)")"""


def test_the_next_run_finds_its_tables_made_and_nothing_of_the_last_one(state: Path, tmp_path: Path) -> None:
    for _turn in range(2):
        answer = run("exec", "--temp", "--", "python", "-c", SQL, state=state, TMPDIR=str(tmp_path))
        assert (answer.returncode, answer.stdout.split()) == (0, ["0"]), answer.stderr
    assert prepared.digest() in {folder.name for folder in prepared.FOLDER.iterdir()}


def run_temp(script: str, state: Path, folder: Path, **chosen: str) -> subprocess.CompletedProcess[str]:
    return run("exec", "--temp", "--bare", "--", "sh", "-c", script, state=state, TMPDIR=str(folder), **chosen)
