"""Files that show what an entry of the ledger tells: judged by their content, kept where no address leads."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.refusals import Invalid
from accounts.storage import Shelf
from outcomes.models import EvidenceFile, MilestoneEvent

SHELF = Shelf("evidence")
LARGEST, MOST_FILES, LONGEST_NAME = 10 * 1024 * 1024, 5, 200
#: Parts of an archive that are looked through. No document has so many, and a list of them takes seconds to read.
MOST_PARTS, PART = 10_000, b"PK\x01\x02"
#: A document of an office: an archive with this part in it. What carries programs is none of these.
OFFICE = {
    "docx": ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}
#: How the content of the others begins.
BEGINS = {
    "pdf": (rb"%PDF-\d", "application/pdf"),
    "png": (rb"\x89PNG\r\n\x1a\n", "image/png"),
    "jpg": (rb"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (rb"\xff\xd8\xff", "image/jpeg"),
    "webp": (rb"RIFF.{4}WEBP", "image/webp"),
}
TEXTS = {"txt": "text/plain", "csv": "text/csv", "eml": "message/rfc822"}
KINDS = (*BEGINS, *OFFICE, *TEXTS)


@dataclass(frozen=True)
class Upload:
    """A file as it came: what it calls itself, how large it is, and its content."""

    name: str
    size: int
    content: BinaryIO


@dataclass(frozen=True)
class Judged:
    """A file that may be kept. `kind` is what its content says it is."""

    name: str
    kind: str
    content: bytes


def judged(uploads: Sequence[Upload]) -> list[Judged]:
    """The files that came, each as what it is. Raises Invalid (`uploads`) for too many, one that is empty, too large,
    of a kind that is not kept, or not what it says."""
    if len(uploads) > MOST_FILES:
        raise Invalid(fields={"uploads": _("Give at most {most} files at once.").format(most=MOST_FILES)})
    found, wrong = [], []
    for upload in uploads:
        name = tidy_name(upload.name)
        if not 0 < upload.size <= LARGEST:
            wrong.append(_("{name} is empty or larger than 10 MB.").format(name=name))
            continue
        upload.content.seek(0)
        content = upload.content.read(LARGEST + 1)
        kind = kind_of(name, content)
        if kind is None:
            told = _("{name} is not what it says, or of a kind that is not kept: {kinds}.")
            wrong.append(told.format(name=name, kinds=", ".join(KINDS)))
            continue
        found.append(Judged(name, kind, content))
    if wrong:
        raise Invalid(fields={"uploads": " ".join(wrong)})
    return found


def tidy_name(name: str) -> str:
    """A name without folders, control characters and what turns text around; its ending stays."""
    last = PurePosixPath(str(name).replace("\\", "/")).name
    plain = "".join(letter for letter in last if letter.isprintable() and letter not in '"<>|:*?').strip(" .")
    plain = plain.encode("utf-8", "ignore").decode()
    stem, _dot, ending = plain.rpartition(".")
    return f"{stem[: LONGEST_NAME - 1 - len(ending)]}.{ending}" if stem and len(ending) < 10 else plain[:LONGEST_NAME]


def kind_of(name: str, content: bytes) -> str | None:
    """What the content is, where it is what the ending of the name says; None else."""
    ending = name.rpartition(".")[2].casefold()
    if ending in BEGINS:
        begins, kind = BEGINS[ending]
        return kind if re.match(begins, content, re.DOTALL) else None
    if ending in OFFICE:
        part, kind = OFFICE[ending]
        return kind if _has_part(content, part) else None
    if ending in TEXTS and _is_text(content):
        return TEXTS[ending] if ending != "eml" or _is_mail(content) else None
    return None


def _has_part(content: bytes, part: str) -> bool:
    if content.count(PART) > MOST_PARTS:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    is_program = any(name.casefold().endswith("vbaproject.bin") for name in names)
    return {"[Content_Types].xml", part} <= names and not is_program


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return "\ufffd" not in text and not re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text)


def _is_mail(content: bytes) -> bool:
    heads = BytesHeaderParser().parsebytes(content[:64_000])
    return bool(heads.get("From")) and any(heads.get(name) for name in ("Date", "Subject", "Message-ID", "Received"))


@contextmanager
def keeping(event: MilestoneEvent, files: Sequence[Judged]) -> Iterator[None]:
    """Keep the files of an event that is being written; they go again where what is written with it is refused."""
    kept = []
    try:
        for one in files:
            path = SHELF.keep(event.deal_id, io.BytesIO(one.content))
            kept.append(path)
            EvidenceFile.objects.create(
                deal=event.deal,
                event=event,
                name=one.name,
                kind=one.kind,
                size=len(one.content),
                digest=hashlib.sha256(one.content).digest(),
                stored=UUID(path.name),
                added_at=event.recorded_at,
            )
        yield
    except BaseException:
        SHELF.forget(event.deal_id, only=kept)
        raise


def clear(*, before: datetime) -> int:
    """Remove content that was kept before a moment and of which no row tells, and say how much of it there was.

    A process that is killed after it wrote a file, or an answer that is refused after that, leaves one.
    """
    removed = 0
    for deal, paths in SHELF.left_before(before):
        told = EvidenceFile.objects.filter(stored__in=[path.name for path in paths]).values_list("stored", flat=True)
        names = {str(stored) for stored in told}
        left = [path for path in paths if path.name not in names]
        SHELF.forget(deal, only=left)
        removed += len(left)
    return removed


def content_of(file: EvidenceFile) -> bytes | None:
    """The content of a file; None where it is not there."""
    try:
        return SHELF.path_of(file.deal_id, str(file.stored)).read_bytes()
    except FileNotFoundError:
        return None
