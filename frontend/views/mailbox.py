"""The letters of a developer's machine, which lie in a folder instead of being sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from frontend import words
from frontend.access import public

MOST = 100


@dataclass(frozen=True, kw_only=True)
class LetterRow:
    """One letter: to whom, what about, when; and what it says."""

    to: str
    subject: str
    at: str
    url: str
    body: str = ""


@public(because="only a developer's machine has a mailbox")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The newest letters, newest first."""
    files = sorted(folder().glob("*.eml"), reverse=True)[:MOST]
    context = {"title": gettext("Letters"), "rows": [row(file) for file in files]}
    return render(request, "mailbox/list.html", context)


@public(because="only a developer's machine has a mailbox")
@require_GET
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One letter with its links."""
    file = folder() / f"{pk}.eml"
    if not file.is_file():
        raise Http404(pk)
    return render(request, "mailbox/letter.html", {"letter": row(file)})


def folder() -> Path:
    """Where letters lie. Raises Http404 where they are really sent."""
    if settings.MAIL_FOLDER is None:
        raise Http404
    return settings.MAIL_FOLDER


def row(file: Path) -> LetterRow:
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    content = letter.get_body(("plain",))
    return LetterRow(
        to=str(letter["To"]),
        subject=str(letter["Subject"]),
        at=when(parsedate_to_datetime(str(letter["Date"]))),
        url=reverse("mailbox-letter", args=[file.stem]),
        body=content.get_content() if isinstance(content, EmailMessage) else "",
    )


def when(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{words.day(local.date(), today=timezone.localdate())}, {local:%H:%M}"
