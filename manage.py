#!/usr/bin/env python
"""Commands for operators and developers: `python manage.py help`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["migrate"]:
        # Migrations own the tables; everything else meets the wall.
        os.environ["DATABASE_ROLE"] = "migrate"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
