"""Lena brings an export in by the browser, with and without script, and a stranger's files get a clear answer."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import tasks
from accounts.models import ImportRun, Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes.models import Milestone, MilestoneType
from outcomes.services.milestones.types import key_of
from strategy.models import Deal, Stage
from tests.make import NOON
from tests.strategy import maven

pytestmark = pytest.mark.usefixtures("uploads_aside")
PAGE = "/o/northwind/imports/"


def files(given: dict[str, str | bytes]) -> dict[str, list[SimpleUploadedFile]]:
    made = [
        SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode(), "text/csv")
        for name, content in given.items()
    ]
    return {"files": made}


def upload(client: Client, given: dict[str, str | bytes] | None = None) -> str:
    """Upload an export and return the address of its import."""
    answer = client.post(f"{PAGE}new/", files(given if given is not None else dict(maven.FILES)))
    assert answer.status_code == 303, answer.content.decode()
    return str(answer["Location"])


def answers(client: Client, address: str, **other: str) -> dict[str, str]:
    """The form of the page as it stands, with some answers changed."""
    form = client.get(address).context["form"]
    return {field.html_name: str(field.value() or "") for field in form} | other


def start(client: Client, address: str, **other: str) -> Any:
    return client.post(f"{address}start/", answers(client, address, **other))


def work(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        tasks.run_imports()


def run_of(tenant: Tenant) -> ImportRun:
    with tenant_scope(tenant.pk):
        return ImportRun.objects.get()


def test_from_upload_to_report(as_lena: Client, northwind: Tenant) -> None:
    address = upload(as_lena)
    check = as_lena.get(address).content.decode()
    for words in ("Check what we understood", "Maven CRM: 4 files, 10 rows", "2017-03-01", "2017-04-01", "Engaging"):
        assert words in check
    assert "Left out" in check  # the column "series"
    with tenant_scope(northwind.pk):
        assert not Deal.objects.exists()

    assert start(as_lena, address).status_code == 303
    waiting = as_lena.get(address).content.decode()
    assert "Waiting to bring in 10 rows" in waiting
    assert 'http-equiv="refresh"' in waiting

    work(northwind)
    report = as_lena.get(address).content.decode()
    assert "10 rows accounted for" in report
    assert "8 new and 2 looked up" in report
    assert "1 deals were matched" not in report
    assert "GTX Pro" in report
    assert "http-equiv" not in report
    assert "every 1s" not in report
    listing = as_lena.get(PAGE).content.decode()
    assert "Done" in listing
    assert address in listing


def test_tells_which_deals_came_to_a_stage_without_what_it_asks_for(
    as_lena: Client, northwind: Tenant, lena: Membership
) -> None:
    address = upload(as_lena)
    start(as_lena, address)
    work(northwind)
    with tenant_scope(northwind.pk):
        goal = MilestoneType.objects.get(name="Goal agreed")
        Stage.objects.filter(name="Won").update(requires=[key_of(goal), "amount", "competitor"])
    report = as_lena.get(address).content.decode()
    with tenant_scope(northwind.pk):
        won = Deal.objects.filter(end_cause="won").order_by("pk")
        told = "came to “Won” without what it asks for: “Goal agreed”"
        assert told in report
        assert "without what it asks for: value" not in report
        assert all(f"/o/northwind/deals/{deal.pk}/" in report for deal in won)
        for deal in won:
            Milestone.objects.create(
                deal=deal, type=goal, state="reached", grade=1, reached_on=NOON.date(), recorded_at=NOON
            )
    assert told not in as_lena.get(address).content.decode()


def test_what_a_stage_means_and_the_window_are_what_lena_says(as_lena: Client, northwind: Tenant) -> None:
    address = upload(as_lena)
    form = as_lena.get(address).context["form"]
    lost = next(field.html_name for field, _ in form.asked() if field.label == "Lost")
    start(as_lena, address, **{lost: "no_decision", "observed_from": "2017-02-15"})
    work(northwind)
    with tenant_scope(northwind.pk):
        assert Deal.objects.get(external_id="A2").end_cause == "no_decision"
    assert str(run_of(northwind).observed_from) == "2017-02-15"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("observed_from", "", "Give the first day"),
        ("observed_from", "soon", "Write the day like 2025-11-30"),
        ("observed_until", "2099-01-01", "cannot know the future"),
        ("currency", "euro", "three letters of ISO 4217"),
        ("currency", "USD", "Say how many EUR one USD is worth"),
        ("rate", "much", "Write a number like 0.92"),
        ("stages-0", "postponed", "Choose from what is offered."),
    ],
)
def test_asks_again_for_what_cannot_be(as_lena: Client, northwind: Tenant, field: str, value: str, words: str) -> None:
    address = upload(as_lena)
    answer = start(as_lena, address, **{field: value})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert 'role="alert"' in page
    assert f'name="{field}"' in page
    assert run_of(northwind).state == "uploaded"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(300), "is a picture"),
        (b"", "is empty"),
        (b"\x00" * 4000, "is empty"),
        (b"PK\x03\x04xl/workbook.xml", "Excel workbook"),
        (bytes(range(256)) * 40_000, "not a text file"),
        (b"name,age\nx,1\n", "columns we do not know: name, age"),
        (b"{" * 10_000_000, "too long for a table"),
        (b"opportunity_id,deal_stage,engage_date,close_date\nA\x00,Wo\x00n,,\n", ""),
    ],
)
def test_answers_what_a_stranger_might_send(
    as_lena: Client, northwind: Tenant, settings: Any, content: bytes, words: str
) -> None:
    answer = as_lena.post(f"{PAGE}new/", files({"thing.csv": content}))
    if not words:  # rows with NUL characters are refused one by one
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with tenant_scope(northwind.pk):
        assert not ImportRun.objects.exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_asks_for_files_where_none_came(as_lena: Client) -> None:
    answer = as_lena.post(f"{PAGE}new/", {})
    assert answer.status_code == 422
    assert "Choose the files of your export." in answer.content.decode()


def test_stops_an_upload_that_is_too_large(as_lena: Client, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 100_000
    answer = as_lena.post(f"{PAGE}new/", files({"a.csv": maven.DEALS, "b.csv": b"x" * 500_000}))
    assert answer.status_code == 422
    assert "too large for one import" in answer.content.decode()


def test_names_the_file_that_was_left_out(as_lena: Client) -> None:
    address = upload(as_lena, {**maven.FILES, "photo.csv": b"\x89PNG\r\n\x1a\n"})
    assert "photo.csv is a picture" in as_lena.get(address).content.decode()


def test_a_part_is_asked_for_again_only_when_something_changed(as_lena: Client, northwind: Tenant) -> None:
    address = upload(as_lena)
    start(as_lena, address)
    poll = as_lena.get(address).context["poll_url"]
    part = {"HX-Request": "true"}
    assert as_lena.get(poll, headers=part).status_code == 204
    work(northwind)
    answer = as_lena.get(poll, headers=part)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "accounted for" in page
    assert "hx-trigger" not in page
    assert "<html" not in page


def test_refused_rows_can_be_read_and_downloaded(as_lena: Client, northwind: Tenant) -> None:
    bad = "A9,Anna Snelling,=1+1,Isdom,Won,2017-01-10,soon,5\n"
    address = upload(as_lena, {**maven.FILES, "pipeline.csv": maven.DEALS + bad})
    start(as_lena, address)
    work(northwind)
    page = as_lena.get(address)
    text = page.content.decode()
    assert "1 row for you to correct" in text
    assert "“soon” is not a date we can read. Write it like 2025-11-30." in text
    download = as_lena.get(page.context["downloads"][0].url)
    assert download["Content-Disposition"] == 'attachment; filename="pipeline-refused.csv"'
    (row,) = csv.DictReader(io.StringIO(download.content.decode("utf-8-sig")))
    assert (row["opportunity_id"], row["product"], row["close_date"]) == ("A9", "'=1+1", "soon")


def test_an_import_can_be_given_up_and_stopped_and_gone_on_with(as_lena: Client, northwind: Tenant) -> None:
    given_up = upload(as_lena)
    assert as_lena.post(f"{given_up}stop/").status_code == 303
    page = as_lena.get(given_up).content.decode()
    assert "Nothing came in" in page
    assert "Go on with the import" not in page

    stopped = upload(as_lena)
    start(as_lena, stopped)
    as_lena.post(f"{stopped}stop/")
    assert "Go on with the import" in as_lena.get(stopped).content.decode()
    as_lena.post(f"{stopped}continue/")
    work(northwind)
    assert "10 rows accounted for" in as_lena.get(stopped).content.decode()
    assert as_lena.post(f"{stopped}continue/").status_code == 409


def test_is_started_once_however_often_it_is_pressed(as_lena: Client) -> None:
    address = upload(as_lena)
    given = answers(as_lena, address)
    assert as_lena.post(f"{address}start/", given).status_code == 303
    assert as_lena.post(f"{address}start/", given).status_code == 303


def test_those_who_lead_may_look_and_those_who_sell_may_not(as_lena: Client, omar: Membership) -> None:
    address = upload(as_lena)
    as_lena.force_login(omar.user)
    for page in (PAGE, f"{PAGE}new/", address):
        assert as_lena.get(page).status_code == 403


def test_an_import_of_northwind_does_not_exist_for_eve(as_lena: Client, eve: Membership) -> None:
    address = upload(as_lena)
    as_lena.force_login(eve.user)
    assert as_lena.get(address.replace("northwind", "southwind")).status_code == 404
    assert as_lena.post(f"{address.replace('northwind', 'southwind')}stop/").status_code == 404


def test_costs_the_same_for_one_refused_row_as_for_many(
    as_lena: Client, northwind: Tenant, django_assert_max_num_queries: Any
) -> None:
    bad = "".join(f"B{n},,,,Won,2017-01-10,soon,{'x' if n % 2 else '-1'}\n" for n in range(200))
    address = upload(as_lena, {"pipeline.csv": maven.DEALS + bad})
    start(as_lena, address)
    work(northwind)
    with django_assert_max_num_queries(18):
        as_lena.get(address)
