"""What customers read, in their languages: which texts there are, and the catalogues that translate them.

The rest of the product speaks English so far. Another language: name it in outcomes/languages.py, run
`manage.py catalogues`, translate the new file in frontend/locale, and run it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from outcomes.languages import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "frontend" / "locale"
#: Where everything that customers read is written.
SOURCES = (
    "frontend/forms/links.py",
    "frontend/forms/plan_link.py",
    "frontend/plan_link.py",
    "frontend/templates/forms/*.html",
    "frontend/templates/links/*.html",
    "frontend/templates/mail/confirmation.txt",
    "frontend/templatetags/kit.py",
    "frontend/views/links.py",
    "outcomes/services/answers.py",
    "outcomes/words_for_customers.py",
)
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}
FILLED = re.compile(r"\{(\w+)\}|%\((\w+)\)[sd]")
#: English is what the texts are written in.
TRANSLATED = tuple(code for code in LANGUAGES if code != "en")


class Plain(Catalog):
    """A catalogue whose head says neither the day nor the tool: it changes with the texts alone."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        told = [("Language", str(self.locale)), ("MIME-Version", "1.0")]
        told += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")]
        return [*told, ("Plural-Forms", self.plural_forms)]

    header_comment = "# What customers read. Written by manage.py catalogues; translate what is empty."


class Text(NamedTuple):
    """A text, with its plural where it has one."""

    one: str
    many: str = ""


def texts() -> dict[Text, list[str]]:
    """Every text that customers read, with the files in which it stands."""
    found: dict[Text, list[str]] = {}
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            for text in _texts_of(path):
                found.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    return found


def _texts_of(path: Path) -> Iterator[Text]:
    source = path.read_text()
    if path.suffix != ".py":
        source = templatize(source, origin=str(path))
    for _line, said, _comments, _context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        yield Text(*said) if isinstance(said, tuple) else Text(said)


def place(language: str, kind: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"django.{kind}"


def stored(language: str) -> Catalog:
    """The catalogue of a language as it is kept; an empty one for a new language."""
    path = place(language, "po")
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def renewed(language: str) -> Catalog:
    """The catalogue with all texts of today and none of yesterday; what is translated stays."""
    known, made = stored(language), Plain(locale=language, charset="utf-8", fuzzy=False)
    for text, files in sorted(texts().items()):
        key = tuple(text) if text.many else text.one
        was = known.get(text.one)
        made.add(key, string=was.string if was else "", locations=[(file, 0) for file in dict.fromkeys(files)])
    return made


def written(language: str) -> tuple[bytes, bytes]:
    """The two files of a language: what people translate, and what programs read."""
    catalog = renewed(language)
    po, mo = BytesIO(), BytesIO()
    write_po(po, catalog, sort_output=True, width=0, include_lineno=False)
    write_mo(mo, catalog)
    return po.getvalue(), mo.getvalue()


def faults(language: str) -> list[str]:
    """What is missing or wrong in a catalogue, in words for who translates."""
    found = []
    for message in renewed(language):
        if message.id:
            found += [f"{language}: {_first(message)!r} {fault}" for fault in _faults_of(message)]
    return found


def _first(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, (tuple, list)) else message.id)


def _faults_of(message: Message) -> Iterator[str]:
    said = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    if not all(said):
        yield "is not translated"
        return
    may = _filled(_first(message)) | ({"name"} if "first" in _filled(_first(message)) else set())
    for one in said:
        if extra := _filled(str(one)) - may:
            yield f"has {sorted(extra)} in its translation, which nothing fills"


def _filled(text: str) -> set[str]:
    return {one or other for one, other in FILLED.findall(text)}
