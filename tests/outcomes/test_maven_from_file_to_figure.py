"""From a real export to the figures that pages and API show, against plain arithmetic on the same files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from csv import DictReader

import pytest
from django.db import transaction
from django.test import override_settings

from accounts.models import Membership, Team, Tenant
from accounts.tenancy.scope import tenant_bound, tenant_scope
from accounts.visibility import seen_by
from outcomes.queries.statistics import Statistics, Whose, current
from outcomes.statistics import engine
from strategy.models import Deal, Stage
from tests import real_data
from tests.make import NOON, make_organisation
from tests.outcomes.test_maven_by_an_independent_computation import in_floats
from tests.strategy import maven

pytestmark = real_data.needs_maven
EXACT = 1e-9
HORIZON = 388


@pytest.fixture(scope="module")
def mia(database_of_its_own: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Membership]:
    """Has brought the real export in, once for all tests here."""
    owner = make_organisation("Maven", owner="mia")
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("uploads")):
        with tenant_bound(owner.tenant_id):
            with transaction.atomic():
                run = maven.start(maven.receive(maven.real_files(), actor=owner), actor=owner)
            maven.work(run)
        with tenant_scope(owner.tenant_id, repeatable=True):
            engine.refresh(tenant=owner.tenant, now=NOON)
        yield owner


@pytest.fixture
def statistics(mia: Membership) -> Iterator[Statistics]:
    with tenant_scope(mia.tenant_id):
        yield current()


def test_the_figures_equal_plain_arithmetic_on_the_files(statistics: Statistics) -> None:
    found, expected = statistics.results, in_floats(late_entry=True, until=HORIZON)
    assert {result.detail["horizon"] for name, result in found.items() if name.startswith("incidence")} == {HORIZON}
    assert found["chance_to_win"].value == pytest.approx(expected["won"], abs=EXACT)
    assert found["incidence_lost"].value == pytest.approx(expected["lost"], abs=EXACT)
    assert found["still_open"].value == pytest.approx(expected["open"], abs=EXACT)
    assert found["opportunity_waste"].value == pytest.approx(1 - expected["won"], abs=EXACT)
    assert (found["deals_qualified"].n, found["chance_to_win"].n, found["chance_to_win"].events) == (8300, 8300, 4238)
    for name in ("incidence_no_decision", "incidence_disqualified"):
        assert found[name].value is None, "no deal of the export ended so: not a rate of zero"
        assert found[name].not_enough["missing"][0]["have"] == 0


def test_the_waste_by_stage_and_cause_equals_plain_arithmetic_on_the_files(statistics: Statistics) -> None:
    prices = {
        row["product"].replace(" ", ""): int(row["sales_price"])
        for row in DictReader((real_data.MAVEN / "products.csv").open(newline="", encoding="utf-8"))
    }
    deals: Counter[tuple[str, str]] = Counter()
    value: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in DictReader((real_data.MAVEN / "sales_pipeline.csv").open(newline="", encoding="utf-8")):
        if row["engage_date"]:
            end = {"Won": "won", "Lost": "lost", "Engaging": "open"}[row["deal_stage"]]
            deals["Engaging", end] += 1
            value["Engaging", end] += prices[row["product"].replace(" ", "")] * 100
    names = {str(stage.pk): stage.name for stage in Stage.objects.all()}
    cells = statistics.results["waste_deals"].detail["cells"]
    assert {(names[cell["stage"]], cell["cause"]): cell["deals"] for cell in cells} == deals
    assert {(names[cell["stage"]], cell["cause"]): cell["value"] for cell in cells} == value
    closed = value["Engaging", "won"] + value["Engaging", "lost"]
    assert statistics.results["waste_value"].value == pytest.approx(value["Engaging", "lost"] / closed, abs=EXACT)


def test_says_that_no_effort_is_on_record_instead_of_none(statistics: Statistics) -> None:
    assert statistics.results["waste_effort"].value is None
    assert statistics.results["waste_effort"].not_enough is not None


def test_a_grade_falls_for_losses_without_a_reason(statistics: Statistics) -> None:
    won = statistics.results["won_of_closed"]
    assert (won.grade, won.detail["reasons"][-1]["code"]) == ("B", "ends_without_cause")


def test_the_slices_of_the_managers_add_up_to_the_whole(mia: Membership, statistics: Statistics) -> None:
    tenant = mia.tenant
    Tenant.objects.filter(pk=tenant.pk).update(visibility="own")
    managers = Membership.objects.select_related("tenant").filter(pk__in=Team.objects.values("manager"))
    parts: list[Statistics] = []
    for manager in managers:
        with seen_by(manager):
            parts.append(current())
            assert Deal.objects.filter(qualified_on__isnull=False).count() == parts[-1].results["deals_qualified"].n
    assert len(parts) == 6
    for name in ("deals_qualified", "won_of_closed", "waste_deals"):
        for count in ("n", "events"):
            whole = getattr(statistics.results[name], count)
            assert sum(getattr(part.results[name], count) for part in parts) == whole, name
    assert all(part.population.whose == Whose.GROUP and part.results["chance_to_win"].value for part in parts)
