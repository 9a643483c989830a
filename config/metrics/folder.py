"""Where the processes of one server write down what they count, so that whichever is asked can tell of all."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# Read by prometheus_client when it is imported: with it each process counts in a file of its own.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare() -> None:
    """Make an empty folder and name it to this process and its children. It goes when this process does."""
    if os.environ.get(VARIABLE):
        return
    made, owner = tempfile.mkdtemp(prefix="metrics-"), os.getpid()
    os.environ[VARIABLE] = made

    def remove() -> None:
        # Children that were forked end with the same list of things to do.
        if os.getpid() == owner:
            shutil.rmtree(made, ignore_errors=True)

    atexit.register(remove)
