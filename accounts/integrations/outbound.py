"""HTTP to addresses that an organisation has given: it must reach nothing but the open internet.

The name is looked up once, every address it stands for is judged, and the connection goes to the one that was judged:
a name that changes its mind between a check and a use gains nothing. No redirects, no proxies of the environment, one
deadline over all, and an answer no larger than a page.
"""

from __future__ import annotations

import ipaddress
import socket
from threading import Timer
from typing import Any

import requests
from django.conf import settings
from django.db import connection as database
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from accounts.tenancy.scope import active

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

TO_CONNECT, TO_READ, ALTOGETHER = 4, 5, 10
LARGEST = 256 * 1024
HTTPS = 443
# An address of the old kind dressed up by a translator, which would undress it inside our network.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
# All that is given out of the open internet; the rest was withdrawn, or is somebody's own.
OPEN = ipaddress.ip_network("2000::/3")


class NotReached(Exception):
    """Nothing usable came from the address: `why` is one word for the log and for who set it up."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Elsewhere(OSError):
    """The name stands for an address that is not for tenants to call."""


def may_call(address: Address, *, port: int, is_secret: bool) -> bool:
    """Whether a tenant's address may lead there. Networks of OUTBOUND_NETWORKS are the installation's own wish."""
    if any(address in ipaddress.ip_network(allowed) for allowed in settings.OUTBOUND_NETWORKS):
        return is_secret or address.is_loopback
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None or address in TRANSLATED or address not in OPEN:
            return False
    return is_secret and port == HTTPS and address.is_global and not address.is_multicast


class Guarded:
    """A connection that judges where it goes, and ends when its time is over, however slowly the other side speaks."""

    is_secret = False
    host: str
    port: int
    timeout: Any
    sock: Any
    _dns_host: str
    _ends: Timer | None = None
    #: Seconds for which it may be open, whatever happens; None for one whose user watches over each request.
    lasts: float | None = ALTOGETHER

    def _new_conn(self) -> socket.socket:
        found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        for *_, where in found:
            if not may_call(ipaddress.ip_address(where[0]), port=self.port, is_secret=self.is_secret):
                raise Elsewhere(f"{self.host} is not for tenants to call")
        family, kind, protocol, _, where = found[0]
        sock = socket.socket(family, kind, protocol)
        try:
            # Head and body are sent by two writes: the second would wait 40 ms for the first to be acknowledged.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(TO_CONNECT)
            sock.connect(where)
        except OSError:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        if self.lasts is not None:
            self._ends = Timer(self.lasts, self.end)
            self._ends.daemon = True
            self._ends.start()

    def end(self) -> None:
        """Let whoever reads or writes there go on, with an error."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself

    def close(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
        super().close()  # type: ignore[misc]


class PlainConnection(Guarded, HTTPConnection):
    """For a machine of one's own in development; anywhere else it is refused."""


class SecretConnection(Guarded, HTTPSConnection):
    is_secret = True


class PlainPool(HTTPConnectionPool):
    ConnectionCls = PlainConnection


class SecretPool(HTTPSConnectionPool):
    ConnectionCls = SecretConnection


class Adapter(HTTPAdapter):
    """Sends through guarded connections, and reads no more than LARGEST bytes."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecretPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if active.get() is not None and database.in_atomic_block:
            raise RuntimeError(
                "A call to the outside is made inside a transaction: its locks would wait for a stranger."
            )
        kwargs.update(stream=True, timeout=(TO_CONNECT, TO_READ), proxies={})
        response = super().send(request, *args, **kwargs)
        response._content = _read(response)
        return response


def _read(response: requests.Response) -> bytes:
    # A small answer could unpack to a huge one.
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NotReached("compressed")
    body = b""
    with response:
        for part in response.iter_content(16 * 1024):
            body += part
            if len(body) > LARGEST:
                raise NotReached("too_large")
    return body


def guard(session: requests.Session) -> requests.Session:
    """Make a session one that reaches only what tenants may reach."""
    session.trust_env = False
    session.max_redirects = 0
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter())
    return session


def json_of(response: requests.Response) -> dict[str, Any]:
    """The object that was answered. Raises NotReached for any other status or shape."""
    if response.status_code != requests.codes.ok:
        raise NotReached("status")
    try:
        found = response.json()
    except (ValueError, RecursionError) as error:
        raise NotReached("no_json") from error
    if not isinstance(found, dict):
        raise NotReached("no_json")
    return found
