"""How gunicorn serves: `gunicorn --config python:config.gunicorn config.wsgi`. Its options are stronger."""

from __future__ import annotations

from config import env
from config.metrics import folder

workers = env.number("WEB_WORKERS", default=2, minimum=1, help="Processes of the web server.")
threads = env.number("WEB_THREADS", default=4, minimum=1, help="Requests that each of them serves at a time.")
worker_class = "gthread"
# Loaded once and forked: less memory, and half the time to the first page.
preload_app = True
# Asked to end, it takes no new request and finishes those it has. Below the 30 seconds that supervisors wait.
graceful_timeout = 25
# A process that has not moved for so long is replaced. Statements of the web role end after ten seconds.
timeout = 60
# It would lie in the home folder, where two servers meet and which may be closed.
control_socket_disable = True

if env.text("METRICS_TOKEN", default=""):
    # Here, before the processes are forked, so that they count together.
    folder.prepare()
