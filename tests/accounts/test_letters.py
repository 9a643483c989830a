"""Letters reach their people through a real mail server: once, late rather than never, and not for ever."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import checks, delivery, mail
from accounts.mail import Text, store
from accounts.models import Letter
from tests.databases import current_name
from tests.make import NOON
from tests.post import PostOffice
from tests.processes import PATIENCE, wait_until
from tests.workers import working

MINUTE = timedelta(minutes=1)


def write(to: str = "lena@example.com", subject: str = "Bonjour Léna", at: datetime = NOON) -> Letter:
    return store(Text(to, subject, "It’s Omar’s deal.\n"), kind="test", at=at)


def deliver(at: datetime = NOON) -> int:
    return delivery.deliver(clock=lambda: at)


@pytest.mark.django_db
class TestAPostOfficeThatWorks:
    def test_takes_the_letter_as_it_was_written(self, post_office: PostOffice, settings: Any) -> None:
        letter = write()
        assert deliver() == 1
        (taken,) = post_office.taken
        assert (taken["To"], taken["Subject"]) == ("lena@example.com", "Bonjour Léna")
        assert taken["From"] == settings.DEFAULT_FROM_EMAIL
        assert taken["Message-ID"] == f"<{letter.pk}@localhost>"
        assert taken["Auto-Submitted"] == "auto-generated"
        assert taken.get_content().strip() == "It’s Omar’s deal."

    def test_is_given_each_letter_once(self, post_office: PostOffice) -> None:
        write()
        assert [deliver(), deliver(NOON + timedelta(days=1))] == [1, 0]
        assert len(post_office.taken) == 1

    def test_what_was_sent_can_be_read_by_nobody_any_more(self, post_office: PostOffice) -> None:
        write()
        deliver()
        letter = Letter.objects.get()
        assert bytes(letter.sealed) == b""
        assert (letter.sent_at, letter.next_try_at, letter.problem) == (NOON, None, "")

    def test_takes_a_hundred_by_one_connection_oldest_first(self, post_office: PostOffice) -> None:
        for number in range(100):
            write(subject=str(number))
        assert deliver() == 100
        assert [taken["Subject"] for taken in post_office.taken] == [str(number) for number in range(100)]


@pytest.mark.django_db
class TestAPostOfficeThatSaysNo:
    def test_for_now_is_asked_again_ever_more_seldom(self, post_office: PostOffice) -> None:
        write()
        post_office.answers = ["451 busy"] * 3
        pauses, at = [], NOON
        for _ in range(3):
            assert deliver(at) == 0
            next_try_at = Letter.objects.get().next_try_at
            assert next_try_at is not None
            pauses.append(next_try_at - at)
            assert deliver(next_try_at - timedelta(seconds=1)) == 0
            at = next_try_at
        assert pauses == [MINUTE, 2 * MINUTE, 4 * MINUTE]
        assert Letter.objects.get().problem == "451 busy"
        assert deliver(at) == 1

    def test_for_three_days_is_asked_no_more(self, post_office: PostOffice) -> None:
        write()
        post_office.answers = ["451 busy"] * 999
        at = NOON
        while next_try_at := Letter.objects.get().next_try_at:
            at = next_try_at
            deliver(at)
        letter = Letter.objects.get()
        assert letter.gave_up_at == at
        assert timedelta(days=3) <= at - NOON < timedelta(days=4)
        assert bytes(letter.sealed) == b""
        assert letter.problem == "451 busy"
        assert letter.tries < 40

    def test_for_good_is_believed(self, post_office: PostOffice) -> None:
        write("nobody@example.com")
        write("lena@example.com")
        post_office.answers = ["550 no such box"]
        assert deliver() == 1
        refused = Letter.objects.get(gave_up_at__isnull=False)
        assert (refused.problem, refused.tries) == ("550 no such box", 1)
        assert [taken["To"] for taken in post_office.taken] == ["lena@example.com"]

    def test_nothing_at_all_is_tried_once_a_turn_and_loses_nothing(
        self, post_office: PostOffice, settings: Any
    ) -> None:
        post_office.stop()
        write()
        write()
        assert deliver() == 0
        assert sorted(Letter.objects.values_list("tries", flat=True)) == [0, 1]
        assert "refused" in Letter.objects.get(tries=1).problem.lower()

    def test_by_hanging_up_in_the_middle_is_asked_again(self, post_office: PostOffice) -> None:
        write()
        post_office.answers = ["421 going away"]
        assert deliver() == 0
        assert deliver(NOON + 2 * MINUTE) == 1


@pytest.mark.django_db
class TestALetter:
    def test_waits_where_no_post_office_is_named(self, settings: Any) -> None:
        settings.EMAIL_URL, settings.MAIL_FOLDER = "", None
        write()
        assert deliver() == 0
        assert Letter.objects.get().tries == 0

    def test_is_warned_of_before_people_miss_it(self, settings: Any) -> None:
        settings.EMAIL_URL = ""
        assert [found.id for found in checks.letters_leave()] == ["accounts.W001"]
        settings.EMAIL_URL = "smtp://127.0.0.1"
        assert checks.letters_leave() == []

    def test_whose_key_is_gone_is_given_up_and_holds_up_nobody(self, post_office: PostOffice) -> None:
        Letter.objects.create(kind="test", sealed=b"nonsense", created_at=NOON, next_try_at=NOON)
        write()
        assert deliver() == 1
        assert Letter.objects.get(gave_up_at=NOON).problem.startswith("NotOpened")

    @pytest.mark.parametrize("to", ["a\nBcc: eve@example.com", "a@b\r\n", "no address", "ü@exämple.com", "a" * 400])
    def test_to_an_odd_address_adds_no_header_and_holds_up_nobody(self, post_office: PostOffice, to: str) -> None:
        write(to)
        write()
        deliver()
        assert all(taken["Bcc"] is None for taken in post_office.taken)
        assert "lena@example.com" in [taken["To"] for taken in post_office.taken]

    def test_is_plain_text_in_which_an_apostrophe_stays_one(self, tmp_path: Path, settings: Any) -> None:
        (tmp_path / "mail").mkdir()
        (tmp_path / "mail" / "test.txt").write_text("From {{ name }}\n\n{{ name }} <{{ site_url }}>\n")
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
        letter = mail.post(to="lena@example.com", kind="test", at=NOON, about={"name": "O'Neil & Sons\nBcc: x"})
        text = mail.opened(letter)
        assert text.subject == "From O'Neil & Sons"
        assert "&#x27;" not in text.body


@pytest.mark.django_db
class TestADevelopersMachine:
    def test_keeps_letters_as_files_and_one_that_comes_twice_as_one(self, settings: Any, tmp_path: Path) -> None:
        settings.MAIL_FOLDER = tmp_path / "mail"
        letter = write()
        sealed = bytes(letter.sealed)
        deliver()
        Letter.objects.update(sealed=sealed, sent_at=None, next_try_at=NOON)
        assert deliver() == 1
        assert [file.name for file in settings.MAIL_FOLDER.iterdir()] == [f"{letter.pk}.eml"]


@pytest.mark.django_db(transaction=True)
class TestAWorker:
    def test_is_woken_by_the_commit(self, post_office: PostOffice, tmp_path: Path) -> None:
        with working(current_name(), tmp_path / "log", EMAIL_URL=post_office.url):
            with transaction.atomic():
                write(at=timezone.now())
            wait_until(lambda: post_office.taken, what="the letter")
            wait_until(lambda: Letter.objects.get().sent_at, what="the mark")

    def test_that_is_killed_while_it_sends_loses_nothing(self, tmp_path: Path, settings: Any) -> None:
        silent = socket.create_server(("127.0.0.1", 0))
        silent.settimeout(PATIENCE)
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with working(current_name(), tmp_path / "log", EMAIL_URL=url) as worker:
            write(at=timezone.now())
            called, _ = silent.accept()  # and says nothing
            wait_until(lambda: Letter.objects.get().tries == 1, what="the claim")
            assert worker.pid
            os.kill(worker.pid, signal.SIGKILL)
        called.close()
        silent.close()
        claimed = Letter.objects.get()
        assert claimed.sent_at is None
        office = PostOffice()
        office.start()
        settings.EMAIL_URL = office.url
        try:
            assert claimed.next_try_at is not None
            assert deliver(claimed.next_try_at - timedelta(seconds=1)) == 0, "the lease has not ended"
            assert deliver(claimed.next_try_at) == 1
        finally:
            office.stop()
        assert [taken["Message-ID"] for taken in office.taken] == [f"<{claimed.pk}@localhost>"]

    def test_beside_another_sends_no_letter_twice(self, post_office: PostOffice) -> None:
        for number in range(40):
            write(subject=str(number))

        def work() -> None:
            try:
                deliver()
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        assert sorted(int(taken["Subject"]) for taken in post_office.taken) == list(range(40))


def test_a_folder_is_no_mail_server_of_a_production() -> None:
    for debug, code in (("no", 1), ("yes", 0)):
        run = subprocess.run(
            [sys.executable, "-c", "from config import settings"], capture_output=True, text=True,
            env={**os.environ, "DEBUG": debug, "EMAIL_URL": "file:///tmp/mail"},
        )  # fmt: skip
        assert run.returncode == code, run.stderr


def test_smtplib_says_what_it_always_said() -> None:
    refused = smtplib.SMTPRecipientsRefused({"a@b": (550, b"no")})
    assert delivery._said(refused) == "550 no"
    assert delivery._is_final(refused)
