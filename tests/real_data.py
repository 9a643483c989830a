"""Where the real CRM exports lie: beside the checkout, or where THROUGHLINE_SHARED_DATA points.

Their licences do not let the project carry them; a test that needs them is skipped with the reason.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def _folder() -> Path:
    told = os.environ.get("THROUGHLINE_SHARED_DATA")
    places = [Path(told)] if told else [parent / "shared" / "data" for parent in CHECKOUT.parents]
    return next((place for place in places if place.is_dir()), places[0])


FOLDER = _folder()
MAVEN = FOLDER / "maven_crm"
needs_maven = pytest.mark.skipif(not MAVEN.is_dir(), reason=f"the Maven CRM export is not at {MAVEN}")
