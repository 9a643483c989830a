"""Writing letters. They are stored with the deed they tell of and sent by a worker after its commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.template import Context
from django.template.loader import get_template

from accounts.models import Letter
from accounts.secrets import seal, unseal
from accounts.tenancy.scope import active

USE = "letters"
TASK = "accounts.tasks.deliver_letters"


class Text(NamedTuple):
    """What a letter says, and to whom. Who answers it writes to `reply_to`, where there is one."""

    to: str
    subject: str
    body: str
    reply_to: str = ""


def post(*, to: str, kind: str, at: datetime, about: Mapping[str, Any], reply_to: str = "") -> Letter:
    """Write the letter `mail/<kind>.txt` to one address; its first line is the subject.

    Templates find `about`, `product_name` and `site_url`. Nothing leaves before the transaction is committed, and
    nothing is lost after it.
    """
    context: dict[str, Any] = {
        **about,
        "product_name": settings.PRODUCT_NAME,
        "site_url": settings.SITE_URL.rstrip("/"),
    }
    # Plain text: an apostrophe stays one.
    template: Any = get_template(f"mail/{kind}.txt")
    written = template.template.render(Context(context, autoescape=False))
    subject, _, body = written.strip().partition("\n")
    return store(Text(to, " ".join(subject.split()), body.strip() + "\n", reply_to), kind=kind, at=at)


def store(text: Text, *, kind: str, at: datetime) -> Letter:
    """Keep a letter until it is sent, which begins with the commit."""
    sealed = seal(json.dumps(text._asdict()), use=USE)
    # By its name: the task knows this module. If nobody hears the bell, the clock finds the letter.
    transaction.on_commit(lambda: current_app.send_task(TASK, expires=60), robust=True)
    return Letter.objects.create(organisation_id=active.get(), kind=kind, sealed=sealed, created_at=at, next_try_at=at)


def opened(letter: Letter) -> Text:
    """What a letter says. Raises NotOpened when its key is gone."""
    return Text(**json.loads(unseal(letter.sealed, use=USE)))
