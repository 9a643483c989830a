"""Imported by the stack's worker: its pool processes die with it, even when it is killed outright."""

from __future__ import annotations

import os
import signal

from celery.signals import worker_process_init

from config.devstack.leash import die_with_starter


@worker_process_init.connect
def tie_to_worker(**_: object) -> None:
    die_with_starter(signal.SIGKILL, os.getppid())
