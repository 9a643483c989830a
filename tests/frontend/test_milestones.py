"""One outcome of a deal in the browser: what shows it, who checked it, and what became of it."""

from __future__ import annotations

import html
import io
import struct
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.refusals import Refused
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType
from activities.services import log_activity
from outcomes.models import EvidenceFile, Milestone, MilestoneActivity, MilestoneType
from strategy.models import Contact, Deal
from tests.make import NOON

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def goal(northwind: Tenant) -> MilestoneType:
    with tenant_scope(northwind.pk):
        return MilestoneType.objects.get(name="Goal agreed")


def words_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def a_file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def office(part: str, *more: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name in ("[Content_Types].xml", part, *more):
            archive.writestr(name, "<x/>")
    return kept.getvalue()


def record(client: Client, deal: Deal, goal: MilestoneType, **given: Any) -> Any:
    return client.post(
        f"/o/northwind/deals/{deal.pk}/milestones/new/",
        {"milestone": str(goal.pk), "on": "2026-11-17", "entry_key": str(uuid4()), **given},
    )


def say(client: Client, address: str, given: dict[str, str]) -> Any:
    return client.post(address, {"entry_key": str(uuid4()), **given})


def only(northwind: Tenant) -> Milestone:
    with tenant_scope(northwind.pk):
        return Milestone.objects.select_related("contact").get()


def test_files_show_it_and_come_back_as_files_to_keep(
    as_omar: Client, deal: Deal, goal: MilestoneType, northwind: Tenant, omar: Membership
) -> None:
    with tenant_scope(northwind.pk):
        ingrid = Contact.objects.create(name="Ingrid Falk", company_id=deal.company_id)
        activity = log_activity(actor=omar, type=ActivityType.objects.all()[0], at=NOON, recorded_at=NOON, deal=deal)
    form = words_of(as_omar.get(f"/o/northwind/deals/{deal.pk}/milestones/new/"))
    assert "Ingrid Falk" in form
    assert str(activity.pk) in form
    files = [a_file("../../minutes.pdf", PDF), a_file("plan.docx", office("word/document.xml"))]
    answer = record(as_omar, deal, goal, uploads=files, contact=str(ingrid.pk), activities=[str(activity.pk)])
    assert answer.status_code == 303
    made = only(northwind)
    assert (made.grade, made.agreed_by, made.contact) == (1, "Ingrid Falk", ingrid)
    with tenant_scope(northwind.pk):
        assert MilestoneActivity.objects.get().activity_id == activity.pk
        kept = {one.name: one for one in EvidenceFile.objects.all()}
    assert sorted(kept) == ["minutes.pdf", "plan.docx"]
    shown = as_omar.get(f"/o/northwind/evidence/{kept['minutes.pdf'].pk}/")
    assert shown.content == PDF
    assert shown["Content-Disposition"] == 'attachment; filename="minutes.pdf"'
    assert (shown["X-Content-Type-Options"], shown["Content-Type"]) == ("nosniff", "application/pdf")
    assert "sandbox" in shown["Content-Security-Policy"]
    page = words_of(as_omar.get(f"/o/northwind/deals/{deal.pk}/"))
    assert "minutes.pdf" in page


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("minutes.pdf", b"<html><script>alert(1)</script>"),
        ("minutes.html", b"<html></html>"),
        ("minutes.pdf", b""),
        ("plan.docx", b"PK\x03\x04 broken"),
        ("plan.docx", office("xl/workbook.xml")),
        ("sheet.xlsx", office("xl/workbook.xml", "xl/vbaProject.bin")),
        ("notes.txt", b"\x00\x01\x02"),
        ("mail.eml", b"no mail at all"),
        ("picture.png", b"\xff\xd8\xff\xe0"),
        ("minutes.pdf", PDF + b" " * (10 * 1024 * 1024)),
        ("no ending", PDF),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_whole(
    as_omar: Client, deal: Deal, goal: MilestoneType, northwind: Tenant, tmp_path: Path, name: str, content: bytes
) -> None:
    answer = record(as_omar, deal, goal, uploads=[a_file("good.pdf", PDF), a_file(name, content)])
    assert (answer.status_code, "is not what it says" in words_of(answer) or "larger than" in words_of(answer)) == (
        422,
        True,
    )
    with tenant_scope(northwind.pk):
        assert not Milestone.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_goes_again_where_the_entry_is_not_kept(
    as_omar: Client, deal: Deal, goal: MilestoneType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcomes.services.milestones.ledger.watch_deal", Mock(side_effect=Refused))
    record(as_omar, deal, goal, uploads=[a_file("good.pdf", PDF)])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_archive_of_countless_parts_is_not_read(as_omar: Client, deal: Deal, goal: MilestoneType) -> None:
    """A list of parts that all stand at one place: small to send, seconds to read."""
    names = [b"[Content_Types].xml", b"word/document.xml", *(b"%x" % number for number in range(100_000))]
    head = struct.Struct("<4s4B4HL2L5H2L")
    parts = b"".join(head.pack(b"PK\x01\x02", 20, 0, 20, *[0] * 7, 0, len(name), *[0] * 6) + name for name in names)
    whole = parts + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(parts), 0, 0)
    assert record(as_omar, deal, goal, uploads=[a_file("plan.docx", whole)]).status_code == 422


def test_files_that_did_not_come_whole_are_not_left_out(
    as_omar: Client, deal: Deal, goal: MilestoneType, northwind: Tenant, settings: Any
) -> None:
    settings.IMPORT_MAX_BYTES = 3_000
    files = [a_file("good.pdf", PDF), a_file("large.pdf", PDF + b" " * 4_000)]
    answer = record(as_omar, deal, goal, uploads=files)
    assert (answer.status_code, "The files are too large together." in words_of(answer)) == (422, True)
    with tenant_scope(northwind.pk):
        assert not Milestone.objects.exists()


def test_six_files_are_one_too_many(as_omar: Client, deal: Deal, goal: MilestoneType) -> None:
    answer = record(as_omar, deal, goal, uploads=[a_file(f"{n}.pdf", PDF) for n in range(6)])
    assert (answer.status_code, "at most 5 files" in words_of(answer)) == (422, True)


def test_somebody_else_checks_it_and_the_customer_denies_it(
    as_omar: Client, deal: Deal, goal: MilestoneType, northwind: Tenant, mara: Membership
) -> None:
    record(as_omar, deal, goal)
    address = f"/o/northwind/milestones/{only(northwind).pk}/"
    panel = words_of(as_omar.get(address))
    assert "Grade E0" in panel
    assert say(as_omar, f"{address}evidence/", {"on": "2026-11-18"}).status_code == 422
    assert say(as_omar, f"{address}evidence/", {"on": "2026-11-18", "evidence": "mail.example/1"}).status_code == 303
    panel = words_of(as_omar.get(address))
    assert (f"{address}check/" in panel, f"{address}lapse/" in panel) == (False, True)
    own = say(as_omar, f"{address}check/", {"note": "Read it"})
    assert (own.status_code, "Ask somebody else" in words_of(own)) == (422, True)
    maras = Client()
    maras.force_login(mara.user)
    assert f"{address}check/" in words_of(maras.get(address))
    assert say(maras, f"{address}check/", {"note": ""}).status_code == 422
    assert say(maras, f"{address}check/", {"note": "Read the <b>mail</b>"}).status_code == 303
    assert "Checked, agreed 17 Nov" in words_of(as_omar.get(f"/o/northwind/deals/{deal.pk}/"))
    assert "somebody else has to check it" in words_of(maras.get(f"{address}evidence/"))
    assert "somebody else" not in words_of(as_omar.get(f"{address}evidence/"))
    assert "<b>mail</b>" not in as_omar.get(address).content.decode()
    given = {"words": "We never said so", "agreed_by": "Ingrid Falk", "on": "2026-11-18"}
    assert say(as_omar, f"{address}contradict/", given).status_code == 303
    page = words_of(as_omar.get(f"/o/northwind/deals/{deal.pk}/"))
    assert "Next, contradicted 18 Nov" in page
    assert say(as_omar, f"{address}lapse/", {"note": "Gone", "on": "2026-11-18"}).status_code == 422
    assert say(as_omar, f"{address}correct/", {"note": "It was another deal"}).status_code == 303
    panel = words_of(as_omar.get(address))
    assert "taken back" in panel
    assert "evidence/" not in panel, "Nothing is left to say of it."


def test_a_viewer_reads_it_and_says_nothing(
    as_omar: Client, deal: Deal, goal: MilestoneType, northwind: Tenant, vera: Membership
) -> None:
    record(as_omar, deal, goal)
    address = f"/o/northwind/milestones/{only(northwind).pk}/"
    veras = Client()
    veras.force_login(vera.user)
    assert "Take it back" not in words_of(veras.get(address))
    assert say(veras, f"{address}correct/", {"note": "no"}).status_code == 403


def test_settings_hold_eight_outcomes_and_name_the_stages(as_lena: Client, goal: MilestoneType) -> None:
    settings = "/o/northwind/settings/outcomes/"
    for number in range(4):
        assert as_lena.post(settings, {"name": f"Act {number}", "statement": "They did it."}).status_code == 303
    ninth = as_lena.post(settings, {"name": "Act 9", "statement": "They did it."})
    assert (ninth.status_code, "Archive one that tells you least" in words_of(ninth)) == (422, True)
    assert as_lena.post(f"{settings}{goal.pk}/archive/").status_code == 303
    assert as_lena.post(settings, {"name": "Act 9", "statement": "They did it."}).status_code == 303
    given = {"name": "Goal named", "statement": "They named it.", "before": "", "position": "2"}
    assert as_lena.post(f"{settings}{goal.pk}/", given).status_code == 303
    assert "Goal named" in words_of(as_lena.get(settings))
