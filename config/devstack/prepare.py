"""Tables and example data in one process, because starting Django twice costs more than either.

python -m config.devstack.prepare [--demo]
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["DATABASE_ROLE"] = "migrate"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=1)
    if "--demo" in arguments:
        _log_in_as_web_role()
        call_command("seed_demo")


def _log_in_as_web_role() -> None:
    from django.db import connections

    from config import settings

    connections["default"].close()
    del connections["default"]
    connections.settings["default"] |= settings.database("web")


if __name__ == "__main__":
    main(sys.argv[1:])
