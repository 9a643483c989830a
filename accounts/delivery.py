"""Sending the letters that wait: at least once, each under one Message-ID, and not twice unless a worker dies.

A letter is claimed by moving its next try beyond a lease and committing that; only then does it leave. A worker that is
killed in between loses nothing: the lease ends. One that is killed after the post office took the letter, and before
it wrote that down, sends it again under the same Message-ID.
"""

from __future__ import annotations

import os
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage as Written
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection
from django.utils.encoding import punycode

from accounts.mail import Text, opened
from accounts.models import Letter
from accounts.secrets import NotOpened

log = structlog.get_logger(__name__)

# Longer than a post office may take over one letter: connecting, greeting, and each step of handing it over.
LEASE = timedelta(minutes=5)
PATIENCE = 20
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
# Whoever asked has asked again by then, and a link inside has ended.
GIVE_UP_AFTER = timedelta(days=3)


class PostOffice(Protocol):
    """Where letters are handed over: it takes one, or raises NotTaken or OSError."""

    def hand_over(self, message: EmailMessage) -> None: ...

    def close(self) -> None: ...


class NotTaken(Exception):
    """The post office has not taken the letter now; the message is what it said."""


class NeverTaken(NotTaken):
    """It will not take this letter later either."""


class NoPostOffice(NotTaken):
    """It cannot be reached: the other letters would fare no better now."""


class Smtp:
    """A mail server, by one connection for all letters of a turn."""

    def __init__(self, url: str) -> None:
        given = urlsplit(url)
        self._backend = EmailBackend(
            host=given.hostname,
            port=given.port or {"smtp": 25, "smtps": 465, "submission": 587}[given.scheme],
            username=unquote(given.username or ""),
            password=unquote(given.password or ""),
            use_tls=given.scheme == "submission",
            use_ssl=given.scheme == "smtps",
            timeout=PATIENCE,
        )

    def hand_over(self, message: EmailMessage) -> None:
        try:
            self._backend.open()
        except OSError as error:
            self.close()
            raise NoPostOffice(_said(error)) from error
        try:
            self._backend.send_messages([message])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            self.close()
            raise (NeverTaken if _is_final(error) else NotTaken)(_said(error)) from error
        except OSError as error:  # what smtplib raises is one, too
            self.close()
            raise NotTaken(_said(error)) from error

    def close(self) -> None:
        try:
            self._backend.close()
        except OSError:
            self._backend.connection = None


class Folder:
    """A folder instead of a mail server, in development: a file for each letter, named by its id."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def hand_over(self, message: EmailMessage) -> None:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message.extra_headers["Message-ID"].strip("<>").partition("@")[0]
        draft = self._path / f".{name}"
        draft.write_bytes(message.message().as_bytes())
        os.replace(draft, self._path / f"{name}.eml")

    def close(self) -> None:
        """Nothing is open."""


def deliver(*, clock: Callable[[], datetime], until: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, oldest first; gives how many have left. Without a post office they wait."""
    if not (settings.EMAIL_URL or settings.MAIL_FOLDER):
        return 0
    sent = 0
    with _office() as office:
        while not until() and (letter := _claimed(clock())):
            try:
                sent += _tried(letter, office, clock)
            except NoPostOffice:
                break
    return sent


@contextmanager
def _office() -> Iterator[PostOffice]:
    office = Folder(settings.MAIL_FOLDER) if settings.MAIL_FOLDER else Smtp(settings.EMAIL_URL)
    try:
        yield office
    finally:
        office.close()


def _claimed(now: datetime) -> Letter | None:
    """The letter that has been due longest, for this worker alone until the lease ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_letter SET next_try_at = %s, tries = tries + 1 WHERE id = ("
            "SELECT id FROM accounts_letter WHERE next_try_at <= %s ORDER BY next_try_at, id LIMIT 1"
            " FOR UPDATE SKIP LOCKED) RETURNING id",
            [now + LEASE, now],
        )
        row = cursor.fetchone()
    return Letter.objects.get(pk=row[0]) if row else None


def _tried(letter: Letter, office: PostOffice, clock: Callable[[], datetime]) -> bool:
    """Whether the letter has left. Raises NoPostOffice, after writing down that it was in vain."""
    try:
        office.hand_over(_message(letter, opened(letter)))
    except (NotOpened, NeverTaken, ValueError) as error:
        _give_up(letter, _said(error), clock())
    except (NotTaken, OSError) as error:
        _put_off(letter, _said(error), clock())
        if isinstance(error, NoPostOffice):
            raise
    else:
        _settle(letter, sent_at=clock())
        return True
    return False


def _put_off(letter: Letter, problem: str, now: datetime) -> None:
    if now - letter.created_at >= GIVE_UP_AFTER:
        return _give_up(letter, problem, now)
    log.info("letter_put_off", letter=str(letter.pk), tries=letter.tries, problem=problem)
    pause = min(FIRST_PAUSE * 2 ** min(letter.tries - 1, 16), LONGEST_PAUSE)
    Letter.objects.filter(pk=letter.pk).update(next_try_at=now + pause, problem=problem)
    return None


def _give_up(letter: Letter, problem: str, now: datetime) -> None:
    log.warning("letter_given_up", letter=str(letter.pk), kind=letter.kind, tries=letter.tries, problem=problem)
    _settle(letter, gave_up_at=now, problem=problem)


def _settle(letter: Letter, **facts: object) -> None:
    """It is over with the letter; what it said is nobody's business any more."""
    Letter.objects.filter(pk=letter.pk).update(next_try_at=None, sealed=b"", **facts)


def _message(letter: Letter, text: Text) -> EmailMessage:
    """The letter as it travels. Raises ValueError for an address that no header may hold."""
    # From the site's name and never the machine's: it is the same from every worker.
    place = punycode(urlsplit(settings.SITE_URL).hostname or "localhost")
    headers = {
        "Message-ID": f"<{letter.pk}@{place}>",
        "Date": _date(letter.created_at),
        "Auto-Submitted": "auto-generated",
    }
    answers = [text.reply_to] if text.reply_to else None
    return EmailMessage(
        text.subject, text.body, settings.DEFAULT_FROM_EMAIL, [text.to], headers=headers, reply_to=answers
    )


def _date(at: datetime) -> str:
    written = Written(policy=SMTP)
    written["Date"] = at
    return str(written["Date"])


def _is_final(error: Exception) -> bool:
    """Whether the answer is one of those (5xx) that trying again does not change."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def _said(error: Exception) -> str:
    if isinstance(error, NotTaken):
        return str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _answer(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}".replace("\0", "")[:200]


def _answer(code: int, words: bytes | str) -> str:
    told = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {told}".replace("\0", "")[:200]
