"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
# All pages are imported now, before workers are forked. Otherwise each worker's first visitor would wait for it
# inside a transaction, and the database ends one that stands idle.
_ = get_resolver().url_patterns
# What is loaded now stays for ever: no collection looks through it again, which of a long request takes a fifth, and
# forked workers go on sharing it.
gc.collect()
gc.freeze()
