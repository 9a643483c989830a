"""Posting to a tenant's address, many times over one connection, with a deadline for each time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPException
from threading import Lock, Thread
from typing import NamedTuple
from urllib.parse import urlsplit

import certifi
from urllib3.exceptions import HTTPError

from accounts.integrations.outbound import ALTOGETHER, TO_READ, Elsewhere, PlainConnection, SecretConnection

#: What is read of an answer; of that the log keeps a line or two.
ENOUGH = 4096
KEPT_OF_ANSWER = 500
TICK = 0.25


class Answer(NamedTuple):
    """What came back: a status, or a word for why none did."""

    status: int | None
    problem: str
    text: str
    milliseconds: int

    @property
    def is_good(self) -> bool:
        """Whether the other side has taken it."""
        return self.status is not None and 200 <= self.status < 300


class Plain(PlainConnection):
    lasts = None


class Secret(SecretConnection):
    lasts = None


class Watch:
    """Ends connections whose time is over, however slowly the other side speaks: one thread for all of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: dict[Plain | Secret, float] = {}
        self._thread: Thread | None = None

    def begin(self, connection: Plain | Secret) -> None:
        """From now on the connection has so long."""
        with self._lock:
            self._until[connection] = time.monotonic() + ALTOGETHER
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = Thread(target=self._look, daemon=True, name="deadlines")
                self._thread.start()

    def end(self, connection: Plain | Secret) -> None:
        """It was in time."""
        with self._lock:
            self._until.pop(connection, None)

    def _look(self) -> None:
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            with self._lock:
                late = [connection for connection, until in self._until.items() if until < now]
            for connection in late:
                connection.end()


WATCH = Watch()


class Line:
    """A connection to one address, opened when it is needed and kept until `close`.

    Each time it is opened the name is looked up and judged anew (outbound.py). Redirects are answers like others.
    """

    def __init__(self, url: str) -> None:
        given = urlsplit(url)
        self._target = (given.path or "/") + (f"?{given.query}" if given.query else "")
        self._secret = given.scheme == "https"
        self._host, self._port = given.hostname or "", given.port or (443 if self._secret else 80)
        self._connection: Plain | Secret | None = None

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it once, and once more where a kept connection turns out to have been closed meanwhile."""
        began = time.monotonic()
        is_kept = self._connection is not None and self._connection.sock is not None
        try:
            status, text = self._post(body, headers)
        except (ConnectionError, HTTPException, HTTPError):
            if not is_kept or time.monotonic() - began > 1:
                return self._failed("not_reached", began)
            try:
                status, text = self._post(body, headers)
            except (OSError, HTTPException, HTTPError) as error:
                return self._failed(_why(error), began)
        except (OSError, ValueError) as error:
            return self._failed(_why(error), began)
        return Answer(status, "" if 200 <= status < 300 else "status", text, _since(began))

    def close(self) -> None:
        """Open nothing more; the next post begins anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        connection = self._connection = self._connection or self._fresh()
        WATCH.begin(connection)
        done = False
        try:
            connection.request("POST", self._target, body=body, headers=headers, preload_content=False)
            response = connection.getresponse()
            said = response.read(ENOUGH, decode_content=False)
            # One who says more than that is not listened to; the rest would be taken for the next answer.
            done = len(said) < ENOUGH and response.headers.get("Connection", "").lower() != "close"
            return response.status, said.decode("utf-8", "replace").replace("\0", "")[:KEPT_OF_ANSWER]
        finally:
            WATCH.end(connection)
            if not done:
                self.close()

    def _fresh(self) -> Plain | Secret:
        if self._secret:
            return Secret(self._host, self._port, timeout=TO_READ, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where())
        return Plain(self._host, self._port, timeout=TO_READ)

    def _failed(self, why: str, began: float) -> Answer:
        self.close()
        return Answer(None, why, "", _since(began))


def _why(error: Exception) -> str:
    if isinstance(error, Elsewhere):
        return "not_allowed"
    return "too_slow" if isinstance(error, TimeoutError) else "not_reached"


def _since(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
