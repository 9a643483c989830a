"""Lena brings Northwind's CRM in, and every row of it is accounted for."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date

import pytest

from accounts.models import ImportFile, ImportRow, ImportRun, Membership
from strategy.models import Deal, DealEvent, StageSpan
from tests.strategy import maven

pytestmark = pytest.mark.usefixtures("inside_northwind", "uploads_aside")


def counts(run: ImportRun) -> dict[str, dict[str, int]]:
    return {file.kind: {k: v for k, v in file.counts.items() if v} for file in ImportFile.objects.filter(run=run)}


def notes(run: ImportRun) -> dict[tuple[str, str], int]:
    found = ImportRow.objects.filter(run=run, outcome=ImportRow.Outcome.NOTED)
    return {(row.code, row.value): row.rows for row in found}


@maven.needs_the_real_files
def test_takes_in_the_real_export_within_seconds(lena: Membership) -> None:
    began = time.monotonic()
    run = maven.import_all(maven.real_files(), actor=lena)
    assert time.monotonic() - began < 15
    assert run.state == ImportRun.State.DONE, run.error
    assert (run.observed_from, run.observed_until) == (date(2017, 3, 1), date(2017, 12, 31))
    assert counts(run) == {
        "members": {"created": 35},
        "companies": {"created": 85},
        "products": {"used": 7},
        "deals": {"created": 8800},
    }
    assert notes(run) == {
        ("product_joined", "GTXPro"): 1480,
        ("no_company", ""): 1425,
        ("not_qualified_yet", ""): 500,
    }
    assert Counter(Deal.objects.values_list("end_cause", flat=True)) == {"won": 4238, "lost": 2473, "": 2089}
    assert Deal.objects.filter(qualified_on=None).count() == 500
    assert DealEvent.objects.count() == 8800 + 8300 + 6711
    assert StageSpan.objects.count() == 8300
