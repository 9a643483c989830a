"""What import contracts cannot say, because they do not look inside Django."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = [
    path
    for app in ("accounts", "strategy", "activities", "outcomes")
    for path in sorted((ROOT / app).rglob("*.py"))
    if not {"migrations", "api", "management"} & set(path.relative_to(ROOT).parts)
    and path.name not in ("middleware.py", "streams.py")
]
HTTP = ("django.http", "django.shortcuts", "django.views", "django.urls", "rest_framework")
VAGUE = {"utils", "helpers", "common", "core", "manager", "managers", "handler", "handlers", "misc"}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_domain_knows_no_http(path: Path) -> None:
    assert not [name for name in imported(path) if name.startswith(HTTP)]


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_deed_is_told_the_time(path: Path) -> None:
    if "services" in path.parts or path.name == "services.py":
        assert "timezone.now" not in path.read_text(encoding="utf-8")


def test_nothing_has_a_vague_name() -> None:
    apps = ("accounts", "strategy", "activities", "outcomes", "frontend", "config")
    named = {path.stem for app in apps for path in (ROOT / app).rglob("*.py")}
    assert not named & VAGUE
