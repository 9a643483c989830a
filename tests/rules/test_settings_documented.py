"""Whoever installs the product reads of every variable, and of none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from config import env, gunicorn
from config.devstack.overrides import read_overrides
from config.devstack.postgres import server_binaries

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
# | `NAME` | kind | default | meaning |
ROWS = {found[1]: found[2] for found in re.finditer(r"^\| `([A-Z_]+)` \|[^|]*\| ([^|]*) \| .+ \|$", PAGE, re.MULTILINE)}


def names_read() -> dict[str, env.Variable]:
    """Every variable that the product or its development stack asks for."""
    assert settings.SECRET_KEY
    assert gunicorn.workers
    server_binaries()
    read_overrides()
    return dict(env.READ)


READ = names_read()


@pytest.mark.parametrize("name", sorted(READ))
def test_variable_is_documented_with_its_default(name: str) -> None:
    assert name in ROWS, f"docs/settings.md: add a row for {name}"
    default = READ[name].default
    if default is None:
        assert ROWS[name] == "required"
    elif default not in ("", "0"):
        assert ROWS[name].strip("`") == default


def test_no_documented_variable_is_gone() -> None:
    assert sorted(set(ROWS) - set(READ)) == []


def test_the_example_names_only_what_is_read() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))
    of_compose = set(re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \|$", PAGE, re.MULTILINE))
    assert len(of_compose) == 4
    assert named - set(READ) == of_compose
    assert {name for name, variable in READ.items() if variable.default is None} <= named


@pytest.mark.parametrize("name", sorted(READ))
def test_variable_says_what_it_means(name: str) -> None:
    assert READ[name].help, f"{name}: say what it means with help="
