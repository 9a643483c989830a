"""The product's settings; only what tests must not share or wait for differs."""

import os
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

from config.settings import *  # noqa: F403
from config.settings import CACHE_URL, CELERY_BROKER_TRANSPORT_OPTIONS, STORAGES

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Many tests ask as fast as they can; those about limits set their own.
API_LIMIT_TOKEN = API_LIMIT_ORGANISATION = API_LIMIT_STRANGERS = 0
# Files are served from where they are written; nothing is collected for a test.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
# Thrown away with the servers of the run. A process that a test starts is told where.
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or Path(os.environ.get("THROUGHLINE_STATE") or gettempdir()) / "uploads")
# Several test processes share one server, and what one empties must not be what another counts in.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if CACHE_URL:
    CACHE_URL = urlsplit(CACHE_URL)._replace(path=f"/{2 + int(WORKER[2:]) % 14}").geturl()
    CACHES["default"]["LOCATION"] = CACHE_URL  # noqa: F405
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,
    "global_keyprefix": f"{WORKER}.",
}
