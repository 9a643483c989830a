"""The Celery application: `celery -A config worker`."""

import os
import signal
from threading import Timer
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_shutting_down
from django.conf import settings

from config.metrics import folder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("throughline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A worker that is asked to end finishes its tasks for so long, and then gives them back. Below the 30 seconds that
# supervisors wait; Celery's own soft shutdown always takes the whole time, however soon the tasks are done.
FINISHES_FOR = 22.0


@celeryd_init.connect
def count_tasks(**_: Any) -> None:
    """Before a worker makes its processes, which then count together."""
    if settings.METRICS_TOKEN:
        folder.prepare()
        from config.metrics import worker

        worker.begin()


@worker_shutting_down.connect
def give_back_in_time(how: str, **_: Any) -> None:
    """End coldly what a warm shutdown would wait for until the end: a task may run for a quarter of an hour."""
    if how == "Warm":
        late = Timer(FINISHES_FOR, os.kill, [os.getpid(), signal.SIGQUIT])
        late.daemon = True
        late.start()
