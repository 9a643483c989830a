"""The deployment's own description, for tests that run what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
#: What the file takes from .env: the name, whether it is required, and its default.
ASKED = {
    found[1]: (found[2] == ":?", found[3] if found[2] == ":-" else "")
    for found in re.finditer(r"(?<!\$)\$\{([A-Z_]+)(:[-?])([^}]*)\}", TEXT)
}


def command(service: str, **instead: str) -> list[str]:
    """The words with which a service is started, some of them replaced."""
    return [instead.get(word, word) for word in SERVICES[service]["command"]]
