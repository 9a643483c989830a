"""What may be chosen in the environment, and how a wrong choice is refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from config.devstack.overrides import read_overrides
from tests.devstack.driver import run, running


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_uses_a_given_database_and_broker_and_starts_neither(state: Path) -> None:
    given = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_MIGRATE_URL", "CELERY_BROKER_URL")}
    answer = run(
        "exec", "--bare", "--", "sh", "-c", 'echo "$DATABASE_URL"; ls "$THROUGHLINE_STATE"', state=state, **given
    )
    assert answer.returncode == 0, answer.stderr
    assert given["DATABASE_URL"] in answer.stdout
    assert "postgres" not in answer.stdout.splitlines()
    assert "broker" not in answer.stdout.splitlines()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "postgresql://tl_web@127.0.0.1/throughline", "DATABASE_MIGRATE_URL is not set"),
        ("DATABASE_URL", "sqlite:///here", "DATABASE_URL is no address of the right kind"),
        ("CELERY_BROKER_URL", "127.0.0.1:6379", "CELERY_BROKER_URL is no address"),
        ("WEB_PORT", "eighty", "WEB_PORT is 'eighty'"),
        ("PG_BIN", "/nowhere", "no PostgreSQL server in /nowhere"),
    ],
)
def test_refuses_a_wrong_choice_in_words(name: str, value: str, words: str, state: Path) -> None:
    answer = run("up", state=state, **{name: value})
    assert answer.returncode == 1
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert running(state) == {}


def test_refuses_a_port_that_somebody_has(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        answer = run("up", state=state, WEB_PORT=str(port))
    assert answer.returncode == 1
    assert f"cannot have port {port} of 127.0.0.1: Address already in use" in answer.stderr


def test_web_port_beats_port(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_MIGRATE_URL", "CELERY_BROKER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "9001")
    assert read_overrides().web_port == 9001
    monkeypatch.setenv("WEB_PORT", "9002")
    assert read_overrides().web_port == 9002


def test_refuses_data_of_another_server_version(state: Path) -> None:
    (state / "postgres").mkdir(parents=True)
    (state / "postgres" / "PG_VERSION").write_text("9\n")
    answer = run("up", state=state)
    assert answer.returncode == 1
    assert "was made by PostgreSQL 9" in answer.stderr
