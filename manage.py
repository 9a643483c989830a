#!/usr/bin/env python
"""Commands for operators and developers: `python manage.py help`."""

import os
import secrets
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["migrate"]:
        # Migrations own the tables; everything else meets the wall.
        os.environ["DATABASE_ROLE"] = "migrate"
    if sys.argv[1:2] == ["bootstrap_database"]:
        # It makes what these are to say.
        os.environ["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_urlsafe(48)
        os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or "postgresql:///none-yet"
        os.environ["CACHE_URL"] = os.environ.get("CACHE_URL") or "redis://none-yet"
    from django.core.management import execute_from_command_line

    from config.env import Misconfigured

    try:
        execute_from_command_line(sys.argv)
    except Misconfigured as missing:
        sys.exit(str(missing))
