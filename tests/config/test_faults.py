"""A report of a fault says where the code broke, and nothing of whom it broke for. Told by a real receiver."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.config import slow_tasks
from tests.databases import current_name, url_of
from tests.processes import wait_until
from tests.servers import serving
from tests.workers import working

SECRETS = [
    "hunter2",
    "lena@example.com",
    "tl_live_",
    "sessionid-of-lena",
    "northwind",
    "203.0.113.9",
    "in-the-path",
    "in-the-query",
]


class Receiver(ThreadingHTTPServer):
    """Takes what is sent as Sentry would."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[str] = []

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server_port}/1"

    def events(self) -> list[dict[str, Any]]:
        """The reports, out of the lines of the envelopes."""
        lines = [json.loads(line) for body in self.bodies for line in body.splitlines() if line]
        return [line for line in lines if "exception" in line]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append(body.decode())  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        Thread(target=receiver.serve_forever, daemon=True).start()
        yield receiver
        receiver.shutdown()


def provoke(port: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/fails/in-the-path/?email=lena@example.com&token=in-the-query",
        headers={
            "Authorization": "Bearer tl_live_00000000_secret",
            "Cookie": "session=sessionid-of-lena",
            "X-Forwarded-For": "203.0.113.9",
            "Referer": "http://localhost/o/northwind/deals/",
            "X-Request-Id": "the-number-of-it",
            "User-Agent": "lena@example.com",
        },
    )
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=20)
    assert refusal.value.code == 500


def test_a_fault_of_a_page_arrives_without_anybodys_secret(transactional_db: None, tmp_path: Path) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.config.slow_settings", "SENTRY_ENVIRONMENT": "here"}
    with receiving() as receiver:
        with serving(url_of(current_name()), tmp_path, SENTRY_DSN=receiver.dsn, **settings) as port:
            provoke(port)
            wait_until(receiver.events, what="a report to arrive")
        (event,) = receiver.events()
    assert (event["environment"], event["transaction"]) == ("here", "GET /fails/<str:secret>/")
    assert event["tags"] == {"request_id": "the-number-of-it"}
    assert [fault["type"] for fault in event["exception"]["values"]] == ["ValueError", "LookupError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert (frames[-1]["function"], frames[-1]["module"]) == ("fails", "tests.config.slow_urls")
    assert not [(secret, body) for secret in SECRETS for body in receiver.bodies if secret in said(body)]
    # The log has the message, beside the same number.
    assert "the-number-of-it" in (tmp_path / "web.log").read_text()


def said(body: str) -> str:
    """What a report says besides lines of code."""
    parts = [json.loads(line) for line in body.splitlines() if line]
    for part in parts:
        for fault in part.get("exception", {}).get("values", []):
            for frame in fault["stacktrace"]["frames"]:
                for name in ("pre_context", "context_line", "post_context"):
                    frame.pop(name, None)
    return json.dumps(parts)


def test_a_fault_of_a_task_arrives_without_what_it_was_given(transactional_db: None, tmp_path: Path) -> None:
    with receiving() as receiver:
        modules = slow_tasks.__name__
        queues = {"queues": (slow_tasks.QUEUE,), "SENTRY_DSN": receiver.dsn}
        with working(current_name(), tmp_path / "log", include=modules, **queues):
            slow_tasks.fail.apply_async(kwargs={"secret": "hunter2"}, queue=slow_tasks.QUEUE)
            wait_until(receiver.events, what="a report to arrive")
        (event,) = receiver.events()
    assert event["transaction"] == "tests.config.slow_tasks.fail"
    assert [fault["type"] for fault in event["exception"]["values"]] == ["LookupError"]
    assert not [secret for secret in SECRETS for body in receiver.bodies if secret in said(body)]


def test_nothing_is_sent_or_even_loaded_without_an_address() -> None:
    program = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup();"
        "print('sentry_sdk' in sys.modules, 'prometheus_client' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]
