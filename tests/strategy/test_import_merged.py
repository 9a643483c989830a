"""What was found to be one stays one, whatever the files say again."""

from __future__ import annotations

import pytest

from accounts.models import Membership
from strategy.models import Company, Deal
from strategy.services import merge_companies, open_company
from tests.make import NOON
from tests.strategy import maven

pytestmark = pytest.mark.usefixtures("inside_northwind", "uploads_aside")


def company(name: str) -> Company:
    return Company.objects.get(name=name)


def test_a_merged_company_leads_on_to_the_one_that_stayed(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    kept = open_company(actor=lena, at=NOON, name="Isdom Group", employees=9)
    merge_companies(keep=kept, gone=company("Isdom"), actor=lena, at=NOON)
    kept.refresh_from_db()
    assert Deal.objects.get(external_id="A1").company == kept
    version = kept.version
    again = maven.import_all(maven.FILES, actor=lena)
    kept.refresh_from_db()
    assert {file.kind: file.counts.get("created", 0) for file in again.files.all()}["companies"] == 0
    assert (kept.version, Deal.objects.get(external_id="A1").company) == (version, kept)

    accounts = maven.ACCOUNTS.replace("3178.24,4540", "3178.24,5000").replace("Isdom\n", "Isdom\n") + (
        "Newco,retail,2003,1,2,Norway,Is Dom\n"
    )
    deals = maven.DEALS.replace("Engaging,2017-02-01,,", "Engaging,2017-02-02,,").replace("Special,,", "Special,isdom,")
    maven.import_all({**maven.FILES, "accounts.csv": accounts, "pipeline.csv": deals}, actor=lena)
    kept.refresh_from_db()
    assert (kept.name, kept.employees, kept.merged_into) == ("Isdom Group", 5000, None)
    assert company("Newco").parent == company("Cancity").parent == kept
    assert Deal.objects.get(external_id="A3").company == kept
    assert company("Isdom").merged_into == kept


def test_a_company_entered_by_hand_and_merged_is_known_by_its_old_name(lena: Membership) -> None:
    kept, gone = (open_company(actor=lena, at=NOON, name=name) for name in ("Isdom Group", "is dom"))
    merge_companies(keep=kept, gone=gone, actor=lena, at=NOON)
    maven.import_all(maven.FILES, actor=lena)
    assert Deal.objects.get(external_id="A1").company == kept
    assert not Company.objects.filter(name="Isdom").exists()


def test_companies_that_would_stand_below_themselves_stand_below_nobody(lena: Membership) -> None:
    accounts = maven.ACCOUNTS.replace("United States,\n", "United States,Cancity\n")
    run = maven.import_all({**maven.FILES, "accounts.csv": accounts}, actor=lena)
    assert (company("Isdom").parent, company("Cancity").parent) == (None, None)
    assert run.rows.filter(code="parent_below").count() == 2
