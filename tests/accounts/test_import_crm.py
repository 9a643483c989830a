"""An export comes in from a terminal, without browser and without worker."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ImportRun, Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal
from tests.strategy import maven

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("uploads_aside")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small export, as it lies in a folder."""
    place = tmp_path / "export"
    place.mkdir()
    for name, content in maven.FILES.items():
        (place / name).write_text(content)
    return place


def told(*arguments: object) -> str:
    out = io.StringIO()
    call_command("import_crm", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_a_folder_comes_in_and_comes_again(lena: Membership, folder: Path) -> None:
    words = told("--tenant", "northwind", folder, "--yes")
    assert "pipeline.csv: Deals, 4 rows" in words
    assert "Ends were recorded from 2017-03-01 until 2017-04-01." in words
    assert "Deals: 4 created" in words
    assert "1 deal of “GTXPro” was matched to “GTX Pro” in the price list" in words
    assert "Deals: 4 unchanged" in told("--tenant", "northwind", folder, "--yes")
    with tenant_scope(lena.tenant_id):
        assert Deal.objects.count() == 4


def test_named_files_come_in_with_the_window_that_is_given(lena: Membership, folder: Path) -> None:
    told("--tenant", "northwind", folder / "pipeline.csv", "--observed-from", "2017-02-01", "--yes")
    with tenant_scope(lena.tenant_id):
        assert str(ImportRun.objects.get().observed_from) == "2017-02-01"


def test_nothing_comes_in_without_a_yes(lena: Membership, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert "Nothing was imported." in told("--tenant", "northwind", folder)
    with tenant_scope(lena.tenant_id):
        assert not Deal.objects.exists()
        assert ImportRun.objects.get().state == "cancelled"


@pytest.mark.parametrize("arguments", [["/no/such/folder"], ["{folder}", "--observed-from", "2018-01-01"]])
def test_says_what_is_wrong_and_exits_with_an_error(lena: Membership, folder: Path, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        told("--tenant", "northwind", *(part.format(folder=folder) for part in arguments), "--yes")


def test_tells_why_a_file_is_of_no_use(lena: Membership, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "photo.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    err = io.StringIO()
    with pytest.raises(CommandError):
        call_command("import_crm", "--tenant", "northwind", str(picture), "--yes", stderr=err, stdout=io.StringIO())
    assert "photo.csv is a picture" in err.getvalue()
