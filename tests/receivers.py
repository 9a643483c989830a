"""A program that takes webhooks: a real HTTP server, which keeps what it was sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple

Reply = Callable[["Got"], int]


class Got(NamedTuple):
    """One request, as it came."""

    headers: dict[str, str]
    body: str
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]


@dataclass
class Receiver:
    """`got` are all requests, `seen` the ids of events that it took, in the order in which it first took them."""

    reply: Reply = lambda _: 204
    url: str = ""
    got: list[Got] = field(default_factory=list)
    seen: dict[str, Got] = field(default_factory=dict)
    connections: int = 0
    lock: Lock = field(default_factory=Lock)

    def take(self, headers: dict[str, str], body: str) -> int:
        got = Got(headers, body, time.monotonic())
        status = self.reply(got)
        with self.lock:
            self.got.append(got)
            if status < 300:
                self.seen.setdefault(got.id, got)
        return status


@contextmanager
def receiving(reply: Reply = lambda _: 204, location: str = "") -> Iterator[Receiver]:
    """A receiver on this machine, until the end of the block. `reply` says the status of each answer."""
    receiver = Receiver(reply)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            receiver.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(receiver.take({name.lower(): value for name, value in self.headers.items()}, body))
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """What came is kept, not told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
