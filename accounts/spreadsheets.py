"""Tables as text that people open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Where lists are separated by semicolons, a spreadsheet begins a new cell in the middle of a text.
NEXT_CELL = re.compile(r"(?<=.)([;\t\r\n][\s\"]*)(?=[=+@-])", re.DOTALL)
NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV. Text that a spreadsheet would run as a formula begins with an apostrophe, whatever separates cells
    where the file is opened."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula. Numbers with a sign stay as they are."""
    text = NEXT_CELL.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
