"""Tasks that take their time or fail, for workers that are asked to end meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from celery import shared_task

QUEUE = "slow"


@shared_task
def sleep(*, seconds: float, out: str, **_: Any) -> None:
    """Write a line at the start and one at the end."""
    with Path(out).open("a") as file:
        file.write("began\n")
        file.flush()
        time.sleep(seconds)
        file.write("ended\n")


@shared_task
def fail(*, secret: str, **_: Any) -> None:
    raise LookupError(f"nothing for lena@example.com with {secret}")
