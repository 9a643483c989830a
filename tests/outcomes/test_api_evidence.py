"""Programs send files that show what customers did, and take them away again."""

from __future__ import annotations

import os
from datetime import timedelta
from hashlib import sha256
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.api import ids
from accounts.tenancy.scope import tenant_scope
from outcomes.models import EvidenceFile, Milestone
from outcomes.services.milestones import lapse_milestone
from outcomes.services.milestones.files import SHELF
from outcomes.tasks import clear_evidence
from tests.api import FILE, Program
from tests.furnished import Furnished

pytestmark = pytest.mark.usefixtures("uploads_aside")

MINUTES = b"We want this before the audit.\n"
RAW = FILE


def address(furnished: Furnished, name: str = "minutes.txt", **more: str) -> str:
    asked = {"milestone": furnished.northwind.mst, "name": name, **more}
    return "evidence_files?" + "&".join(f"{key}={quote(value)}" for key, value in asked.items())


def send(furnished: Furnished, content: bytes, name: str = "minutes.txt", key: str = "", **more: str):  # type: ignore[no-untyped-def]
    headers = {"Idempotency-Key": key} if key else {}
    program = Program(furnished.secrets["omar"])
    return program.call("POST", address(furnished, name, **more), content, content_type=RAW, headers=headers)


def test_file_is_added_listed_and_taken_away_by_whoever_sees_the_deal(furnished: Furnished, db: None) -> None:
    key, omars = str(uuid4()), Program(furnished.secrets["omar"])
    first, again = (send(furnished, MINUTES, "Minutes 🙂.txt", key, note="Minutes of May") for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    made = first.json()
    known = {"name": "Minutes 🙂.txt", "kind": "text/plain", "size": 31, "sha256": sha256(MINUTES).hexdigest()}
    assert known.items() <= made.items()
    assert omars.get(f"evidence_files/{made['id']}").json() == made
    assert made in omars.all(f"evidence_files?deal={furnished.northwind.deal}")
    told = omars.all(f"milestones/{furnished.northwind.mst}/events")[-1]
    assert (told["id"], told["kind"], told["grade"], told["note"]) == (
        made["event_id"],
        "evidenced",
        1,
        "Minutes of May",
    )
    assert [one["id"] for one in told["files"]] == [made["id"]]
    kept = omars.get(f"evidence_files/{made['id']}/content")
    assert (kept.content, kept["Content-Type"], kept["Cache-Control"]) == (MINUTES, RAW, "private, no-store")
    assert kept["Content-Disposition"].startswith("attachment; filename*=utf-8''Minutes")
    assert (kept["X-Content-Type-Options"], kept["Content-Security-Policy"]) == (
        "nosniff",
        "default-src 'none'; sandbox",
    )
    assert omars.get(f"evidence_files/{made['id']}/content", **{"If-None-Match": kept["ETag"]}).status_code == 304
    other = send(furnished, b"Another file", "Minutes 🙂.txt", key, note="Minutes of May")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "minutes.txt"),
        (b"MZ\x90\x00", "minutes.pdf"),
        (MINUTES, "minutes.exe"),
        (MINUTES, "minutes.txt.html"),
        (b"a\0b", "minutes.txt"),
        (b"PK\x03\x04", "minutes.docx"),
    ],
)
def test_content_is_judged_as_on_the_page(furnished: Furnished, db: None, content: bytes, name: str) -> None:
    answer = send(furnished, content, name)
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, ["#"])


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"on": "2199-01-01"}, 400),
        ({"note": "x" * 301}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 201}, 400),
        ({"milestone": ids.encode(ids.MILESTONE, uuid4())}, 400),
        ({"colour": "red"}, 400),
    ],
)
def test_address_that_cannot_be_is_told_by_its_parameter(
    furnished: Furnished, db: None, more: dict[str, str], status: int
) -> None:
    answer = Program(furnished.secrets["omar"]).call("POST", address(furnished, **more), MINUTES, content_type=RAW)
    assert (answer.status_code, [one["parameter"] for one in answer.json()["errors"]]) == (status, list(more))


def test_bodies_that_are_no_file_or_too_large_are_refused(furnished: Furnished, db: None) -> None:
    omars, url = Program(furnished.secrets["omar"]), address(furnished)
    assert omars.call("POST", url, MINUTES, content_type="application/json").json()["code"] == "unsupported_media_type"
    large = omars.call("POST", url, b"x" * (10 * 1024 * 1024 + 1), content_type=RAW)
    assert (large.status_code, large.json()["data"]) == (413, {"limit": 10 * 1024 * 1024})
    without = omars.call("POST", "evidence_files", MINUTES, content_type=RAW).json()
    assert {one["parameter"] for one in without["errors"]} == {"milestone", "name"}


def test_nothing_is_added_to_what_does_not_hold(furnished: Furnished, db: None) -> None:
    omar = furnished.member("omar")
    with tenant_scope(omar.tenant_id):
        milestone = Milestone.objects.get(pk=ids.decode(ids.MILESTONE, furnished.northwind.mst))
        lapse_milestone(milestone=milestone, actor=omar, at=timezone.now(), note="A new owner")
    answer = send(furnished, MINUTES)
    assert (answer.status_code, answer.json()["code"]) == (409, "milestone_not_reached")


def test_files_that_nothing_tells_of_are_gone_after_a_day(furnished: Furnished, db: None) -> None:
    """A process that is killed between the file and its row leaves the one without the other."""
    send(furnished, MINUTES)
    with tenant_scope(furnished.member("omar").tenant_id):
        row = EvidenceFile.objects.order_by("-pk")[0]
        kept = SHELF.path_of(row.deal_id, str(row.stored))
        left, fresh = (kept.with_name(str(uuid4())) for _ in range(2))
        for path in (left, fresh):
            path.write_bytes(b"left")
        old = (timezone.now() - timedelta(hours=25)).timestamp()
        for path in (kept, left):
            os.utime(path, (old, old))
        clear_evidence()
        assert (kept.exists(), left.exists(), fresh.exists()) == (True, False, True)
