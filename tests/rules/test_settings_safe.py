"""What a deployment's switches do to what strangers can reach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def setting(name: str, **environment: str) -> str:
    """The value that a process with this environment has."""
    program = f"from config import settings; print(settings.{name})"
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, **environment},
    ).stdout.strip()  # fmt: skip


@pytest.mark.parametrize(("behind", "trusted"), [("no", "0"), ("yes", "1")])
def test_a_forwarded_address_is_believed_behind_a_proxy_only(behind: str, trusted: str) -> None:
    assert setting("ALLAUTH_TRUSTED_PROXY_COUNT", BEHIND_PROXY=behind) == trusted
