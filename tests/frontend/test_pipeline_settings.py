"""Settings → Pipelines, Reasons, Competitors and sources, Exchange rates, in the browser without script."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from strategy.models import Competitor, DealSource, EndReason, ExchangeRate, Pipeline, Stage
from tests.make import make_deal, stage

SETTINGS = "/o/northwind/settings"


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return html.unescape(answer.content.decode())


def undo(client: Client, path: str) -> None:
    """Press Undo in the toast that the next page shows."""
    found = re.search(r'data-toast.*?<form action="([^"]+)"', text(client, path), re.DOTALL)
    assert found is not None
    assert client.post(found[1]).status_code == 303


def test_lena_makes_a_pipeline_of_her_own(as_lena: Client, northwind: Tenant) -> None:
    answer = as_lena.post(f"{SETTINGS}/pipelines/", {"name": "Renewals"})
    page = text(as_lena, answer["Location"])
    assert all(words in page for words in ("Renewals", "Qualified", "Won", "Disqualified", "Add a stage"))
    again = as_lena.post(f"{SETTINGS}/pipelines/", {"name": "RENEWALS"})
    assert (again.status_code, "Renewals is in the list already." in again.content.decode()) == (422, True)
    pilot = {"name": "Pilot", "kind": "open", "position": "2", "patience_days": "14", "requires": ["amount"]}
    assert as_lena.post(f"{answer['Location']}stages/new/", pilot).status_code == 303
    with tenant_scope(northwind.pk):
        made = Stage.objects.get(name="Pilot")
        assert (made.pipeline.name, made.position, made.requires) == ("Renewals", 2, ["amount"])
    one = f"{SETTINGS}/pipelines/stages/{made.pk}/"
    wrong = as_lena.post(one, pilot | {"patience_days": "0", "requires": ["a wish"]})
    assert (wrong.status_code, "Two things to fix" in wrong.content.decode()) == (422, True)
    assert as_lena.post(one, {"name": "Trial", "kind": "open", "position": "1"}).status_code == 303
    assert as_lena.post(f"{one}archive/").status_code == 303
    undo(as_lena, answer["Location"])
    with tenant_scope(northwind.pk):
        made.refresh_from_db()
        assert (made.name, made.position, made.requires, made.is_archived) == ("Trial", 1, [], False)
    assert as_lena.post(f"{answer['Location']}archive/").status_code == 303
    assert "Archived" in text(as_lena, f"{SETTINGS}/pipelines/")


def test_what_cannot_be_archived_says_why(as_lena: Client, lena: Membership, northwind: Tenant) -> None:
    with tenant_scope(northwind.pk):
        make_deal(actor=lena)
        used, sales = stage("Qualified").pk, Pipeline.objects.get().pk
    for path, said in (
        (f"stages/{used}/archive/", "open deals stand in Qualified"),
        (f"{sales}/archive/", "Sales is the last pipeline."),
    ):
        answer = as_lena.post(f"{SETTINGS}/pipelines/{path}")
        assert (answer.status_code, said in answer.content.decode()) == (409, True)


def test_lena_keeps_her_own_words(as_lena: Client, northwind: Tenant) -> None:
    as_lena.post(f"{SETTINGS}/reasons/", {"of": "lost", "name": "Price"})
    as_lena.post(f"{SETTINGS}/competitors/", {"of": "competitor", "name": "Kestrel"})
    as_lena.post(f"{SETTINGS}/competitors/", {"of": "source", "name": "Hannover fair"})
    assert as_lena.post(f"{SETTINGS}/reasons/", {"of": "open", "name": "Price"}).status_code == 422
    with tenant_scope(northwind.pk):
        rows: list[tuple[str, str, Any]] = [
            ("reasons", "reasons", EndReason.objects.get(name="Price")),
            ("competitors", "competitors", Competitor.objects.get()),
            ("competitors/sources", "competitors", DealSource.objects.get()),
        ]
    for path, listed, row in rows:
        assert row.name in text(as_lena, f"{SETTINGS}/{listed}/")
        page = f"{SETTINGS}/{path}/{row.pk}/"
        assert as_lena.post(page, {"name": "", "position": "1"}).status_code == 422
        assert as_lena.post(page, {"name": "Another <b>", "position": "1"}).status_code == 303
        assert "Another <b>" not in as_lena.get(f"{SETTINGS}/{listed}/").content.decode()
        assert as_lena.post(f"{page}archive/").status_code == 303
        undo(as_lena, f"{SETTINGS}/{listed}/")
        with tenant_scope(northwind.pk):
            row.refresh_from_db()
            assert (row.name, row.is_archived) == ("Another <b>", False)


def test_a_rate_is_added_removed_and_brought_back(as_lena: Client, northwind: Tenant) -> None:
    page = f"{SETTINGS}/rates/"
    assert "No rates yet" in text(as_lena, page)
    given = {"currency": "USD", "from_on": "2026-01-02", "rate": "0.92"}
    assert as_lena.post(page, given).status_code == 303
    assert "0.92" in text(as_lena, page)
    for wrong in ({"currency": "EUR"}, {"rate": "0"}, {"rate": "1e400"}, {"from_on": "2099-01-01"}, {"rate": "\0"}, {}):
        assert as_lena.post(page, given | wrong).status_code == 422
    with tenant_scope(northwind.pk):
        key = ExchangeRate.objects.get().pk
    assert as_lena.post(f"{page}{key}/remove/").status_code == 303
    undo(as_lena, page)
    with tenant_scope(northwind.pk):
        assert str(ExchangeRate.objects.get().rate) == "0.92000000"
    assert as_lena.post(f"{page}restore/forged/").status_code == 404


@pytest.mark.parametrize("path", ["pipelines/", "reasons/", "competitors/", "rates/"])
def test_those_who_do_not_direct_are_not_let_in(as_omar: Client, path: str) -> None:
    assert as_omar.get(f"{SETTINGS}/{path}").status_code == 403
    assert as_omar.post(f"{SETTINGS}/{path}", {"name": "Mine", "of": "lost"}).status_code == 403
