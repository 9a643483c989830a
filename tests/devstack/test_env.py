"""Settings are read from the environment, typed, and refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import env


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names these tests invent are forgotten after each."""
    monkeypatch.setattr(env, "READ", dict(env.READ))


@pytest.fixture(autouse=True)
def no_stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder, so that the machine's own stack does not answer."""
    monkeypatch.setenv("THROUGHLINE_STATE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("word", ["yes", "true", "1", "on", "YES"])
def test_switch_understands_yes(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNUP_OPEN", word)
    assert env.switch("SIGNUP_OPEN", default=False) is True


@pytest.mark.parametrize("word", ["no", "false", "0", "off"])
def test_switch_understands_no(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNUP_OPEN", word)
    assert env.switch("SIGNUP_OPEN", default=True) is False


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("maybe", lambda: env.switch("ANSWER", default=True)),
        ("4.5", lambda: env.number("ANSWER", default=4)),
        ("0", lambda: env.number("ANSWER", minimum=1)),
        ("70000", lambda: env.number("ANSWER", maximum=65535)),
        ("xml", lambda: env.choice("ANSWER", ["json", "text"], default="text")),
        ("mysql://here/there", lambda: env.url("ANSWER", schemes=["postgresql"])),
        ("postgresql://h:port/there", lambda: env.url("ANSWER", schemes=["postgresql"])),
    ],
)
def test_refuses_what_it_does_not_understand_and_names_the_variable(
    value: str, read: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWER", value)
    with pytest.raises(env.Misconfigured, match="ANSWER"):
        read()


def test_does_not_repeat_a_password_when_it_refuses_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://lena:s3cret@here/there")
    with pytest.raises(env.Misconfigured) as refusal:
        env.url("DATABASE_URL", schemes=["postgresql"])
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("value", [None, ""])
def test_says_what_to_set_when_a_required_value_is_missing(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("SECRET_KEY", value)
    with pytest.raises(env.Misconfigured, match="SECRET_KEY is not set"):
        env.text("SECRET_KEY", help="Signs sessions.")


def test_reads_lists_with_blanks_and_spare_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example,")
    assert env.names("ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_the_stack_file_answers_beneath_the_real_environment(
    no_stack_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (no_stack_file / "env").write_text("# secrets\nCITY=Riga\nRIVER=Daugava=wide\n")
    env._stack_file.cache_clear()
    monkeypatch.setenv("CITY", "Porto")
    assert env.text("CITY") == "Porto"
    assert env.text("RIVER") == "Daugava=wide"


def test_takes_an_address_apart() -> None:
    found = env.address("postgresql://tl%5Fweb:p%40ss@db:5433/through%20line?sslmode=require")
    assert (found.user, found.password, found.host, found.port, found.name) == (
        "tl_web",
        "p@ss",
        "db",
        5433,
        "through line",
    )
    assert found.options == {"sslmode": "require"}
    assert "p@ss" not in repr(found)


def test_remembers_each_name_it_was_asked_for() -> None:
    env.switch("A_NAME_NOBODY_ELSE_ASKS_FOR", default=True, help="Nothing.")
    assert env.READ["A_NAME_NOBODY_ELSE_ASKS_FOR"].default == "yes"
