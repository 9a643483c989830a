"""A log says what happened, and never what must stay secret."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAILS = """
import logging, config.logs
config.logs.configure({{"format": "{format}", "level": "INFO"}})
def sign_in(password):
    raise ValueError("no")
try:
    sign_in("open sesame " * 2)
except ValueError:
    logging.getLogger("x").exception("failed")
"""


@pytest.mark.parametrize("written", ["json", "lines"])
def test_a_traceback_shows_no_local_variable(written: str) -> None:
    program = FAILS.format(format=written).replace('"open sesame " * 2', '" ".join(["open", "sesame"])')
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    assert "ValueError: no" in said
    assert "open sesame" not in said


REFUSES = """
import logging, config.logs
config.logs.configure({{"format": "{format}", "level": "INFO"}})
ways = ("/invitations/", "/accounts/confirm-email/", "/accounts/password/reset/key/3f-", "/c/")
for path in (way + "k33p/" for way in ways):
    logging.getLogger("django.request").warning("%s: %s", "Conflict", path)
"""


@pytest.mark.parametrize("written", ["json", "lines"])
def test_an_address_out_of_a_letter_stands_there_without_its_secret(written: str) -> None:
    program = REFUSES.format(format=written)
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    assert said.count("Conflict: /") == 4
    assert "k33p" not in said
