"""What a tenant's address may reach, and what it may not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any

import pytest
import requests

from accounts.integrations import outbound
from accounts.integrations.outbound import guard, may_call
from accounts.models import Tenant
from accounts.tenancy.scope import tenant_scope

NOT_THEIRS = """
    127.0.0.1 10.0.0.1 172.16.3.4 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 192.0.2.1
    ::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 2002:7f00:1:: 64:ff9b::a00:1 2001:db8::1
    fec0::1 ::10.0.0.1 64:ff9b:1::a00:1 4000::1
"""


@pytest.mark.parametrize("address", NOT_THEIRS.split())
def test_nothing_but_the_open_internet(address: str) -> None:
    assert not may_call(ip_address(address), port=443, is_secret=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_the_open_internet_by_https_and_its_own_port(address: str) -> None:
    assert may_call(ip_address(address), port=443, is_secret=True)
    assert not may_call(ip_address(address), port=22, is_secret=True)
    assert not may_call(ip_address(address), port=443, is_secret=False)


def test_networks_of_the_installations_own_by_https_and_the_own_machine_by_any_means(settings: Any) -> None:
    settings.OUTBOUND_NETWORKS = ["10.1.0.0/16", "127.0.0.0/8"]
    assert may_call(ip_address("10.1.2.3"), port=8443, is_secret=True)
    assert not may_call(ip_address("10.1.2.3"), port=80, is_secret=False)
    assert not may_call(ip_address("10.2.2.3"), port=443, is_secret=True)
    assert may_call(ip_address("127.0.0.1"), port=80, is_secret=False)


def asked(address: str) -> requests.Response:
    with guard(requests.Session()) as session:
        return session.get(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0", "2130706433", "0x7f.1", "127.0.0.1.", "ⓛⓞⓒⓐⓛhost"]
)
def test_no_way_of_writing_this_machine_leads_to_it(host: str) -> None:
    with listening(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as (
        port,
        met,
    ):
        with pytest.raises((requests.RequestException, OSError)):
            asked(f"http://{host}:{port}/")
        assert met == []


@contextmanager
def listening(answer: Callable[[socket.socket], Any]) -> Iterator[tuple[int, list[str]]]:
    met: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    met.append("somebody")
                    try:
                        connection.recv(4096)
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], met
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def dripping(connection: socket.socket) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
        connection.sendall(bytes([letter]))
        time.sleep(0.05)


class TestOnThisMachine:
    @pytest.fixture(autouse=True)
    def allowed(self, settings: Any) -> None:
        settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]

    def test_who_speaks_slowly_is_not_heard_to_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outbound.Guarded, "lasts", 0.6)
        with listening(dripping) as (port, _):
            began = time.monotonic()
            with suppress(requests.RequestException, OSError):
                assert asked(f"http://127.0.0.1:{port}/").content == b""
            assert time.monotonic() - began < 5

    @pytest.mark.parametrize(
        "head", [b"Content-Length: 9999999\r\n", b"", b"Content-Encoding: gzip\r\nContent-Length: 3\r\n"]
    )
    def test_no_more_is_read_than_a_page_and_nothing_is_unpacked(self, head: bytes) -> None:
        def flood(connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
            for _ in range(200):
                connection.sendall(b"x" * 65536)

        with listening(flood) as (port, _), pytest.raises((outbound.NotReached, requests.RequestException)):
            asked(f"http://127.0.0.1:{port}/")

    def test_nobody_is_followed_elsewhere(self) -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        with (
            listening(lambda connection: connection.sendall(moved)) as (port, _),
            pytest.raises(requests.TooManyRedirects),
        ):
            asked(f"http://127.0.0.1:{port}/")

    def test_nobody_is_called_while_a_transaction_waits(self, northwind: Tenant) -> None:
        with listening(lambda connection: None) as (port, met):
            with tenant_scope(northwind.pk), pytest.raises(RuntimeError, match="inside a transaction"):
                asked(f"http://127.0.0.1:{port}/")
            assert met == []

    def test_a_proxy_of_the_environment_is_not_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        with listening(lambda connection: connection.sendall(answer)) as (port, _):
            assert asked(f"http://127.0.0.1:{port}/").json() == {}
