"""Files that others made are what they were when somebody looked at them."""

import hashlib
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "frontend" / "static"
LISTED = [line.split(maxsplit=1) for line in (STATIC / "vendor" / "SHA256SUMS").read_text().splitlines()]


@pytest.mark.parametrize(("digest", "name"), LISTED)
def test_vendored_file_is_unchanged(digest: str, name: str) -> None:
    found = hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest()
    assert found == digest, f"{name}: take it from its source again, or look at the change and list its checksum"


def test_every_vendored_file_and_font_is_listed() -> None:
    listed = {(STATIC / "vendor" / name).resolve() for _, name in LISTED}
    present = {path.resolve() for folder in ("vendor", "fonts") for path in (STATIC / folder).iterdir()}
    assert present - {(STATIC / "vendor" / "SHA256SUMS").resolve()} == listed
