"""Whatever belongs to a deal is seen with it, and nothing that a door asks goes past that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from accounts.reading import Listing
from accounts.tenancy.models import WalledModel
from accounts.visibility import SeenManager
from activities import listings as activities
from outcomes import listings as outcomes
from outcomes import plan_listings as plans
from strategy import listings as strategy

ROOT = Path(settings.ROOT)
#: Tables that belong to a deal and are read only together with a row that is in sight.
BESIDE = {
    "activities.Output": "outputs are read with their activity",
    "activities.ActivityContact": "contacts are read with their activity",
}
DOORS = sorted([*(ROOT / "frontend").rglob("*.py"), *(p for p in ROOT.glob("*/api/*.py") if p.is_file())])
LISTINGS = [
    listing
    for module in (strategy, activities, outcomes, plans)
    for listing in vars(module).values()
    if isinstance(listing, Listing)
]


def of_deals() -> list[type[models.Model]]:
    """Deals, and every table that refers to one, directly or by another."""
    walled = [m for m in apps.get_models() if issubclass(m, WalledModel) and not m._meta.proxy]
    found = {m for m in walled if m._meta.label == "strategy.Deal"}
    while True:
        more = {m for m in walled if any(_leads_to(field, found) for field in m._meta.local_fields)} - found
        if not more:
            return sorted(found, key=lambda m: m._meta.label)
        found |= more


def _leads_to(field: models.Field, found: set[type[models.Model]]) -> bool:
    if field.is_relation:
        return field.remote_field.model in found
    return field.name == "deal_id"


@pytest.mark.parametrize("model", of_deals(), ids=lambda model: model._meta.label)
def test_rows_of_deals_are_read_in_sight(model: type[models.Model]) -> None:
    if model._meta.label in BESIDE:
        return
    for manager in (model._default_manager, model._meta.base_manager):
        assert isinstance(manager, SeenManager), f"{model._meta.label}: give it `seen` and SeenManager as objects"
    assert model.seen  # type: ignore[attr-defined]


def test_the_tables_of_deals_are_those_we_know_of() -> None:
    known = {"strategy.Deal", "strategy.DealEvent", "activities.Activity", "outcomes.Milestone", "outcomes.DealFact"}
    assert known <= {model._meta.label for model in of_deals()}


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.table)
def test_lists_of_deals_are_read_in_sight(listing: Listing) -> None:
    by_table = {model._meta.db_table: model for model in of_deals()}
    if listing.table in by_table:
        assert listing.seen == by_table[listing.table].seen  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", DOORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_door_looks_past_the_sight_of_its_member(path: Path) -> None:
    said = path.read_text(encoding="utf-8")
    assert not re.search(r"\bof_everybody\b|\bseen_by\b|_base_manager|\.raw\(", said)
    if path.parts[-2:] != ("api", "idempotency.py"):
        assert ".cursor()" not in said, "a question in SQL belongs to queries or to a Listing"


def test_the_results_of_everybody_have_one_reader() -> None:
    """Any other would have to ask itself who reads them."""
    files = [
        path
        for app in ("accounts", "strategy", "activities", "outcomes", "frontend")
        for path in (ROOT / app).rglob("*.py")
    ]
    readers = {str(path.relative_to(ROOT)) for path in files if "StatisticResult.objects" in path.read_text()}
    assert readers == {"outcomes/queries/statistics.py", "outcomes/statistics/engine.py"}
