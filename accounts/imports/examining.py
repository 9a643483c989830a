"""What a file is, before anything is read out of it: by its content, never by its name or the type a browser claims."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from accounts.imports.problems import Unusable

BLOCK = 256 * 1024
SAMPLE = 64 * 1024

MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "file_picture"),
    (b"\xff\xd8\xff", "file_picture"),
    (b"GIF8", "file_picture"),
    (b"%PDF-", "file_document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_workbook"),
    (b"\x1f\x8b", "file_compressed"),
    (b"7z\xbc\xaf\x27\x1c", "file_compressed"),
    (b"Rar!\x1a\x07", "file_compressed"),
    (b"SQLite format 3\x00", "file_database"),
    (b"PAR1", "file_database"),
)
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROLS = bytes(set(range(32)) - {0, 9, 10, 12, 13, 26, 27})
LETTERS = bytes([*range(65, 91), *range(97, 123)])
HIGH = bytes(range(128, 256))
BROKEN = re.compile("[\udc80-\udcff]")
FOREIGN = re.compile("[^\x00-\x7f\udc80-\udcff]")


@dataclass(frozen=True)
class Examined:
    """A file's content in three facts: how its characters are written, how long it is, and which file it is."""

    encoding: str
    size: int
    sha256: str


def examine(stream: BinaryIO, *, name: str, limit: int | None = None) -> Examined:
    """Read the whole stream once, in blocks, and say what it is.

    Raises Unusable for what is no text table: empty, larger than `limit` bytes, a picture, a workbook, a zip.
    """
    head = stream.read(SAMPLE)
    _refuse_what_is_no_text(head, name)
    encoding = _by_mark(head) or _by_zeros(head)
    digest, size, text = hashlib.sha256(), 0, _Utf8Count()
    block = head
    while block:
        size += len(block)
        if limit is not None and size > limit:
            raise Unusable("file_too_large", name=name, limit=max(1, limit // 1_000_000))
        digest.update(block)
        if encoding is None:
            text.count(block)
        block = stream.read(BLOCK)
    return Examined(encoding or text.verdict(head, name), size, digest.hexdigest())


def _refuse_what_is_no_text(head: bytes, name: str) -> None:
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"):
        raise Unusable("file_empty", name=name)
    for magic, code in MAGIC:
        if head.startswith(magic):
            raise Unusable(code, name=name)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        workbook = b"[Content_Types].xml" in head or b"xl/" in head
        raise Unusable("file_workbook" if workbook else "file_compressed", name=name)
    if head.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise Unusable("file_web_page", name=name)
    controls = len(head) - len(head.translate(None, CONTROLS))
    if controls > max(8, len(head) // 50) and not _by_mark(head) and not _by_zeros(head):
        raise Unusable("file_binary", name=name)


def _by_mark(head: bytes) -> str | None:
    return next((encoding for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark)), None)


def _by_zeros(head: bytes) -> str | None:
    """UTF-16 without a mark: in any text with Latin letters or digits every second byte is mostly zero."""
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > pairs * 0.4 and even < pairs * 0.1:
        return "utf-16-le"
    if even > pairs * 0.4 and odd < pairs * 0.1:
        return "utf-16-be"
    return None


class _Utf8Count:
    """Counts how far bytes are UTF-8. A text in another encoding practically never is by accident."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self.good = self.broken = 0

    def count(self, block: bytes) -> None:
        if block.isascii() and not self.decoder.getstate()[0]:
            return
        text = self.decoder.decode(block)
        self.broken += len(BROKEN.findall(text))
        self.good += len(FOREIGN.findall(text))

    def verdict(self, head: bytes, name: str) -> str:
        if self.broken == 0 or self.good > self.broken:
            return "utf-8"  # a few broken characters in a text that else is UTF-8 are damage, refused row by row
        high, latin = (
            len(head) - len(head.translate(None, HIGH)),
            len(head) - len(head.translate(None, LETTERS)),
        )
        if high <= 0.3 * (high + latin):
            return "cp1252"
        # Western text is at most a fifth accents; this is another alphabet.
        best = from_bytes(head).best()
        if best is None:
            raise Unusable("file_encoding", name=name)
        return best.encoding
