"""What the clock does of itself: it finds its tasks, and throws away what nobody needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.mail import Text, store
from accounts.models import Letter
from accounts.tasks import sweep_doors
from config.celery import app


def test_everything_the_clock_starts_is_a_task() -> None:
    app.loader.import_default_modules()
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert wanted - set(app.tasks) == set()


@pytest.mark.django_db
def test_old_letters_and_ended_sessions_go_and_others_stay() -> None:
    now = timezone.now()
    letters = [store(Text("lena@example.com", "Hello", "It’s here.\n"), kind="test", at=now) for _ in range(4)]
    long_ago, lately = now - timedelta(days=31), now - timedelta(days=29)
    for letter, told in zip(
        letters, [{"sent_at": long_ago}, {"gave_up_at": long_ago}, {"sent_at": lately}], strict=False
    ):
        Letter.objects.filter(pk=letter.pk).update(**told)
    for key, ends in (("ended", now - timedelta(minutes=1)), ("alive", now + timedelta(days=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
    sweep_doors()
    assert {*Letter.objects.values_list("pk", flat=True)} == {letters[2].pk, letters[3].pk}
    assert [*Session.objects.values_list("session_key", flat=True)] == ["alive"]
